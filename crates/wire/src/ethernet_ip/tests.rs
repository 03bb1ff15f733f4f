//! Whole messages through the sessions; the long ones are from captures (see `tests/data/ethernet-ip`).

use super::*;
use crate::testing::Piece::{Client, Gap, Server};
use crate::testing::{datagrams, datagrams_on, flow, stream, stream_split, unhex};
use nullius_model::Transport;

/// An encapsulated message of session 1 with sender context 7.
fn encapsulated(command: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = command.to_le_bytes().to_vec();
    bytes.extend(u16::try_from(payload.len()).unwrap().to_le_bytes());
    bytes.extend([1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend(payload);
    bytes
}

fn unconnected(cip: &str) -> Vec<u8> {
    let cip = unhex(cip);
    let mut payload = unhex("00000000 0000 0200 0000 0000 b200");
    payload.extend(u16::try_from(cip.len()).unwrap().to_le_bytes());
    payload.extend(cip);
    encapsulated(0x6f, &payload)
}

fn connected(connection: &str, cip: &str) -> Vec<u8> {
    let cip = unhex(cip);
    let mut payload = unhex("00000000 0000 0200 a100 0400");
    payload.extend(unhex(connection));
    payload.extend([0xb1, 0]);
    payload.extend(u16::try_from(cip.len() + 2).unwrap().to_le_bytes());
    payload.extend([9, 0]);
    payload.extend(cip);
    encapsulated(0x70, &payload)
}

/// Frame 372 of the capture: a 1756-ENBT answers `ListIdentity`.
const IDENTITY: &str = "6300 3300 00000000 00000000 c1debed100000000 00000000 0100 0c00 2d00 0100 \
    0002af120a0101a40000000000000000 0100 0c00 3a00 0403 3000 8e4d5200 0b 313735362d454e42542f41 03";

#[test]
fn every_service_has_its_name_object_and_class() {
    for (cip, said) in [
        ("01 02 20 01 24 01", "> discover get_attributes_all 0x1/1"),
        ("01 02 20 f5 24 01", "> read get_attributes_all 0xf5/1"),
        ("0e 03 20 04 24 65 30 03", "> read get_attribute_single 0x4/101/3"),
        ("10 03 20 04 24 65 30 03 0100", "> write set_attribute_single 0x4/101/3"),
        ("10 03 20 f5 24 01 30 05 0100", "> configure set_attribute_single 0xf5/1/5"),
        ("10 03 20 a1 24 01 30 05 0100", "> firmware set_attribute_single 0xa1/1/5"),
        ("10 03 20 5e 24 01 30 05 0100", "> admin set_attribute_single 0x5e/1/5"),
        ("05 02 20 01 24 01 00", "> command reset 0x1/1"),
        ("07 02 20 8e 24 01", "> command stop 0x8e/1"),
        ("09 02 20 6d 24 01", "> program delete 0x6d/1"),
        ("4b 02 20 37 24 c8", "> firmware initiate_upload 0x37/200"),
        ("4b 02 20 68 24 01", "> program unknown_function 0x68/1 service 0x4b ≤1 B"),
        ("4b 02 20 99 24 01 0102", "> admin unknown_function 0x99/1 service 0x4b ≤4 B"),
        ("4c 03 91 03 41 62 63 00 0100", "> read read_tag Abc"),
        ("4d 03 91 03 41 62 63 00 c400 0100 01000000", "> write write_tag Abc ≤16 B"),
        ("52 03 91 03 41 62 63 00 0100 00000000", "> read read_tag_fragmented Abc"),
        ("55 02 20 6b 24 00 0100 0100", "> read get_instance_attribute_list 0x6b/0"),
        (
            "4b 02 20 67 24 01 07 4d00 01020304 0f 00 0100 a2 04 07 89 03 00",
            "> read pccc_typed_logical_read N7[3..5]",
        ),
        ("4b 02 20 67 24 01 07 4d00 01020304 0f 00 0100 80 06", "> command pccc_change_cpu_mode"),
        ("4b 02 20 67 24 01 07 4d00 01020304 0f 00 0100 99", "> program execute_pccc #3993 ≤16 B"),
        ("4b 02 20 67 24 01 ff", "> admin execute_pccc ≤1 B"),
        (
            "54 02 20 06 24 01 0a0e 00000000 01000000 0100 4d00 01020304 00 000000 00000000 0000 00000000 0000 a3 \
             03 01 00 20 02 24 01",
            "> connect forward_open 1,0:0x2/1",
        ),
        (
            "4e 02 20 06 24 01 0a0e 0100 4d00 01020304 03 00 01 00 20 02 24 01",
            "> connect forward_close 1,0:0x2/1",
        ),
    ] {
        assert_eq!(stream_split::<Session>(&[Client(&unconnected(cip))]), [said], "{cip}");
    }
}

#[test]
fn an_answer_is_paired_by_its_context_and_tells_the_status() {
    assert_eq!(
        stream_split::<Session>(&[
            Client(&unconnected("4d 03 91 03 41 62 63 00 c400 0100 01000000")),
            Server(&unconnected("cd 00 ff 01 0421")),
            Server(&unconnected("cc 00 00 00 c400 01000000")),
        ]),
        [
            "> write write_tag Abc ≤16 B",
            "< write write_tag Abc ≤16 B refused 255",
            "? admin unknown_function #76",
        ]
    );
}

#[test]
fn two_connections_with_the_same_sequence_count_are_told_apart_once_their_opening_was_seen() {
    let open = "54 02 20 06 24 01 0a0e 00000000 01000000 0100 4d00 01020304 00 000000 00000000 0000 00000000 0000 a3 \
                02 20 02 24 01";
    let granted = |to_target: u8, to_originator: u8| {
        unconnected(&format!("d4 00 00 00 {to_target:02x}000000 {to_originator:02x}000000"))
    };
    let said = stream_split::<Session>(&[
        Client(&unconnected(open)),
        Server(&granted(0x10, 0x20)),
        Client(&unconnected(open)),
        Server(&granted(0x11, 0x21)),
        Client(&connected("10000000", "0e 03 20 01 24 01 30 01")),
        Client(&connected("11000000", "0e 03 20 01 24 01 30 02")),
        Server(&connected("21000000", "8e 00 00 00 0000")),
        Server(&connected("20000000", "8e 00 08 00")),
    ]);
    assert_eq!(
        said[6..],
        ["< read get_attribute_single 0x1/1/2", "< read get_attribute_single 0x1/1/1 refused 8"]
    );
}

#[test]
fn every_service_in_a_packet_is_told_and_answered() {
    let ask = "0a 02 20 02 24 01 0200 0600 0e00 0e 03 20 01 24 01 30 01 10 03 20 04 24 65 30 03 01";
    let answer = "8a 00 1e 00 0200 0600 0c00 8e 00 00 00 0100 90 00 0f 00";
    assert_eq!(
        stream_split::<Session>(&[Client(&unconnected(ask)), Server(&unconnected(answer))]),
        [
            "> write multiple_service_packet 0x2/1",
            "> read get_attribute_single 0x1/1/1",
            "> write set_attribute_single 0x4/101/3",
            "< write multiple_service_packet 0x2/1 refused 30",
            "< read get_attribute_single 0x1/1/1",
            "< write set_attribute_single 0x4/101/3 refused 15",
        ]
    );
}

#[test]
fn an_envelope_in_an_envelope_is_not_opened_and_is_of_the_gravest_class() {
    assert_eq!(
        stream_split::<Session>(&[Client(&unconnected(
            "0a 02 20 02 24 01 0100 0400 0a 02 20 02 24 01 0100 0400 05 02 20 01 24 01"
        ))]),
        ["> admin multiple_service_packet 0x2/1", "> admin multiple_service_packet 0x2/1"]
    );
}

#[test]
fn a_forwarded_request_is_told_with_its_route_and_says_nothing_of_the_bridge() {
    let ask = "52 02 20 06 24 01 0a 0e 0600 01 02 20 01 24 01 01 00 01 02";
    let answer = "81 00 00 00 0100 0e00 3a00 1403 3000 01020304 04 50 4c 43 31";
    assert_eq!(
        stream_split::<Session>(&[Client(&unconnected(ask)), Server(&unconnected(answer))]),
        ["> discover get_attributes_all 1,2:0x1/1", "< discover get_attributes_all 1,2:0x1/1"]
    );
}

#[test]
fn an_identity_is_told_once_however_it_is_asked_for() {
    let answer = "81 00 00 00 0100 0c00 3a00 0403 3000 8e4d5200 0b 313735362d454e42542f41";
    let facts = [
        "fact server vendor: Rockwell Automation/Allen-Bradley",
        "fact server device-role: Communications Adapter",
        "fact server product-code: 58",
        "fact server firmware: 4.3",
        "fact server serial: 00524d8e",
        "fact server model: 1756-ENBT/A",
    ];
    let said = stream_split::<Session>(&[
        Client(&unconnected("01 02 20 01 24 01")),
        Server(&unconnected(answer)),
        Client(&unconnected("01 02 20 01 24 01")),
        Server(&unconnected(answer)),
    ]);
    assert_eq!(said[2..8], facts);
    assert_eq!(said.len(), 4 + facts.len());
    let broadcast =
        datagrams(&mut DatagramSession::default(), &[Server(&unhex(IDENTITY)), Server(&unhex(IDENTITY))]);
    assert_eq!(broadcast[0], "? discover list_identity");
    assert_eq!(broadcast[1..7], facts);
    assert_eq!(broadcast.len(), 2 + facts.len());
}

#[test]
fn a_session_is_opened_kept_and_closed() {
    let register = unhex("6500 0400 00000000 00000000 0000000000000000 00000000 0100 0000");
    let registered = unhex("6500 0400 01000000 00000000 0000000000000000 00000000 0100 0000");
    let refused = unhex("6500 0000 00000000 69000000 0000000000000000 00000000");
    assert_eq!(
        stream_split::<Session>(&[
            Client(&register),
            Server(&registered),
            Client(&register),
            Server(&refused),
            Client(&encapsulated(0, &[])),
            Client(&encapsulated(0x66, &[])),
            Client(&encapsulated(0x1234, &[])),
        ]),
        [
            "> connect register_session",
            "< connect register_session",
            "> connect register_session",
            "< connect register_session refused 105",
            "> connect nop",
            "> connect unregister_session",
            "> admin unknown_function #4660",
        ]
    );
}

#[test]
fn messages_are_the_same_however_they_are_split() {
    let mut bytes = encapsulated(0, &[]);
    bytes.extend(unconnected("01 02 20 01 24 01"));
    bytes.extend(connected("10000000", "0e 03 20 01 24 01 30 01"));
    let whole = stream_split::<Session>(&[Client(&bytes)]);
    for split in 0..=bytes.len() {
        let (before, after) = bytes.split_at(split);
        assert_eq!(stream::<Session>(&[Client(before), Client(after)]), whole, "{split}");
    }
}

#[test]
fn after_a_gap_only_a_plausible_message_is_believed() {
    let gap = Gap(Direction::FromClient);
    let zeros = stream::<Session>(&[gap, Client(&[0; 64])]);
    assert_eq!(zeros, ["> connect nop", "> connect nop", "16 bytes left"], "zeros read as empty NOPs");
    let said = stream::<Session>(&[
        gap,
        Client(&[0; 64]),
        gap,
        Client(&[0x11; 64]),
        Client(&unconnected("01 02 20 01 24 01")),
        Client(&[0xff; 64]),
    ]);
    let malformed = "malformed: encapsulation length above 65511";
    assert_eq!(said[2..], ["lost", "> discover get_attributes_all 0x1/1", malformed, "lost"]);
}

#[test]
fn io_data_is_told_by_its_size_and_never_malformed_when_whole() {
    let io = unhex("0200 0280 0800 03064b00 db943f00 b100 0600 a587e80f0300");
    let mut flow = flow(Transport::Udp);
    flow.server.port = IO_PORT;
    let said = datagrams_on(&flow, &mut DatagramSession::default(), &[Client(&io), Server(&io[..10])]);
    assert_eq!(said, ["> publish io_data ≤16 B", "malformed: ends before its own length says"]);
}

#[test]
fn a_message_cut_anywhere_is_malformed_once_in_a_datagram() {
    let whole = unconnected("0a 02 20 02 24 01 0100 0400 0e 03 20 01 24 01 30 01");
    for cut in 0..whole.len() {
        let said = datagrams(&mut DatagramSession::default(), &[Client(&whole[..cut])]);
        assert_eq!(said, ["malformed: ends before its own length says"], "{cut}");
    }
}

#[test]
fn a_broken_service_in_a_packet_does_not_hide_those_before_it() {
    let ask = "0a 02 20 02 24 01 0200 0600 ff00 05 02 20 01 24 01";
    assert_eq!(
        stream_split::<Session>(&[Client(&unconnected(ask))]),
        ["> connect multiple_service_packet 0x2/1", "malformed: service offset outside its packet"]
    );
}
