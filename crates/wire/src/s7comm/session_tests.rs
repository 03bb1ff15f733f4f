//! Conversations in S7, played whole and in pieces.

use super::*;
use crate::parser::Probe;
use crate::testing::Piece::{Client, Gap, Server};
use crate::testing::{stream, stream_split, unhex};

/// A packet of transport data.
fn data(payload: &str) -> Vec<u8> {
    fragment(&unhex(payload), true)
}

fn fragment(payload: &[u8], last: bool) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 7).unwrap().to_be_bytes();
    [&[3, 0, length[0], length[1], 2, 0xf0, if last { 0x80 } else { 0 }], payload].concat()
}

const READ: &str = "320100001900000e00000401120a10080001000083000080";
const READ_ANSWER: &str = "32030000190000020008 0000 0401 ff07000442f6e979";

#[test]
fn a_session_is_told_from_its_connection_to_its_values() {
    let said = stream_split::<Session>(&[
        Client(&unhex("0300001611e00000000100c0010ac1020100c2020101")),
        Server(&unhex("0300001611d00001000100c0010ac1020100c2020101")),
        Client(&data("32010000000000080000f0000001000101e0")),
        Server(&data("3203000000000008000000 00 f0000001000101e0")),
        Client(&data(READ)),
        Server(&data(READ_ANSWER)),
    ]);
    assert_eq!(
        said,
        [
            "> connect connect_request 0101",
            "< connect connect_request 0101",
            "> connect setup_communication",
            "< connect setup_communication",
            "> read read_var M[16..20]",
            "< read read_var M[16..20] = 123456",
        ]
    );
}

#[test]
fn every_item_of_a_job_is_told_and_answered_by_its_own_code() {
    let items = "120a10010001000584000003 120a10020002000584000010";
    let said = stream_split::<Session>(&[
        Client(&data(&format!("32010000 0100 001a 000b 0502 {items} 00030001 01 00 00040010 cafe 00"))),
        Client(&data(&format!("32010000 0100 001a 000c 0502 {items} 00030001 01 00 00040010 cafe"))),
        Server(&data("320300000100000200020000 0502 ff05")),
        Client(&data(&format!("32010000 0100 001a 0000 0402 {items}"))),
        Server(&data("320300000100000200050000 0402 ff03000101")),
    ]);
    assert_eq!(
        said,
        [
            "malformed: S7 unit is longer than its lengths",
            "> write write_var DBX5[3] = bits [1]",
            "> write write_var DB5[2..4] = 51966000",
            "< write write_var DBX5[3]",
            "< write write_var DB5[2..4] refused 5",
            "> read read_var DBX5[3]",
            "> read read_var DB5[2..4]",
            "< read read_var DBX5[3] = bits [1]",
            "< read read_var DB5[2..4] refused 0",
            "malformed: fewer answers than items asked",
        ]
    );
}

#[test]
fn a_write_that_brings_too_few_values_is_noted_once() {
    let items = "120a10020001000584000003".repeat(3);
    let said = stream_split::<Session>(&[Client(&data(&format!(
        "32010000 0100 0026 0006 0503 {items} 00040008 2a00"
    )))]);
    assert_eq!(
        said,
        [
            "> write write_var DB5[0] = 42000",
            "> write write_var DB5[0]",
            "> write write_var DB5[0]",
            "malformed: fewer values than items written",
        ]
    );
}

#[test]
fn every_item_of_the_largest_job_is_answered() {
    let items = "120a10020001000584000003".repeat(255);
    let job = format!("32010000 0100 0bf6 0000 04ff {items}");
    let answer = format!("32030000 0100 0002 05fa 0000 04ff {}", "ff0400082a00".repeat(255));
    let said = stream::<Session>(&[Client(&data(&job)), Server(&data(&answer))]);
    let answered = said.iter().filter(|line| *line == "< read read_var DB5[0] = 42000").count();
    assert_eq!((said.len(), answered), (510, 255));
}

#[test]
fn a_transport_payload_in_fragments_is_read_when_it_is_whole() {
    let payload = unhex(READ);
    let pieces = [fragment(&payload[..5], false), fragment(&[], false), fragment(&payload[5..], true)];
    assert_eq!(stream_split::<Session>(&[Client(&pieces.concat())]), ["> read read_var M[16..20]"]);
    let endless = fragment(&[0x32; 60_000], false);
    let said = stream::<Session>(&[Client(&endless), Client(&endless), Client(&data(READ))]);
    assert_eq!(said, ["malformed: transport payload has no end", "> read read_var M[16..20]"]);
}

#[test]
fn a_job_answered_without_its_function_is_still_paired() {
    let said = stream_split::<Session>(&[
        Client(&data("3201000006000012 0000 1d00000000000000095f3042303030303041")),
        Server(&data("320200000600000000 00d241")),
        Server(&data("320200000700000000 00d241")),
    ]);
    assert_eq!(
        said,
        [
            "> program start_upload _0B00000A",
            "< program start_upload _0B00000A refused 53825",
            "? admin unknown_function #0 refused 53825",
        ]
    );
}

#[test]
fn a_controller_that_fetches_a_block_asks_and_is_answered() {
    let said = stream_split::<Session>(&[
        Server(&data("32010000 0100 0012 0000 1b00000000000000095f3038303030303150")),
        Client(&data("320300000100000200030000 1b00 000000")),
    ]);
    assert_eq!(said, ["> program download_block _0800001P", "< program download_block _0800001P"]);
}

#[test]
fn a_password_is_noted_and_never_told() {
    let said = stream_split::<Session>(&[Client(&data(
        "3207000001000008000c 0001120411450100 ff0900080102030405060708",
    ))]);
    assert_eq!(said, ["login: S7 password", "> connect enter_password"]);
}

#[test]
fn other_payloads_on_the_port_are_told_as_unknown() {
    let said = stream_split::<Session>(&[
        Client(&data("0d01")),
        Client(&data("1603")),
        Client(&data("3201")),
        Client(&data("32010000000000000000")),
        Client(&unhex("0300000702aa80")),
    ]);
    assert_eq!(
        said,
        [
            "> admin unknown_pdu #13",
            "> admin unknown_pdu #22",
            "malformed: ends before its own length says",
            "malformed: job without a function",
            "malformed: unknown COTP unit",
        ]
    );
}

#[test]
fn after_a_gap_only_a_sound_packet_is_believed() {
    for (segment, believed) in [
        (data(READ), true),
        ([data(READ), data(READ)[..9].to_vec()].concat(), true),
        ([data(READ), vec![9; 9]].concat(), false),
        (data(READ)[1..].to_vec(), false),
        (data("0d01"), false),
        (data("3201"), false),
        (unhex("0300ffff000000000000"), false),
        (vec![0; 64], false),
    ] {
        let said = stream::<Session>(&[Gap(Direction::FromClient), Client(&segment)]);
        assert_eq!(said.iter().any(|line| line.starts_with('>')), believed, "{segment:?} {said:?}");
        assert_eq!(said.iter().any(|line| line == "lost"), !believed, "{segment:?} {said:?}");
    }
}

#[test]
fn the_first_bytes_tell_iso_transport_from_others() {
    for (bytes, expected) in [
        (&unhex("0300001611e0")[..], Probe::Match),
        (&unhex("0300001f02f0"), Probe::Match),
        (&unhex("0300"), Probe::Unsure),
        (&unhex("0300001f0210"), Probe::Mismatch),
        (b"GET / HTTP", Probe::Mismatch),
    ] {
        assert_eq!(probe(Direction::FromClient, bytes), expected, "{bytes:?}");
    }
}
