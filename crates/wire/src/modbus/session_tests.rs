//! Conversations in Modbus/TCP, played whole and in pieces.

use super::*;
use crate::testing::Piece::{Client, Gap, Server};
use crate::testing::{stream, stream_split};

/// A unit with its header.
fn unit(transaction: u8, unit: u8, pdu: &[u8]) -> Vec<u8> {
    let length = u8::try_from(pdu.len() + 1).unwrap();
    [&[0, transaction, 0, 0, 0, length, unit], pdu].concat()
}

#[test]
fn many_units_in_a_segment_are_each_read_and_answered() {
    let asked =
        [unit(1, 9, &[3, 0, 10, 0, 2]), unit(2, 9, &[5, 0, 3, 0xff, 0]), unit(3, 9, &[1, 0, 0, 0, 9])];
    let answered = [unit(1, 9, &[3, 4, 0, 1, 0, 2]), unit(2, 9, &[0x85, 2]), unit(3, 9, &[1, 2, 7, 1])];
    let said = stream_split::<Session>(&[Client(&asked.concat()), Server(&answered.concat())]);
    assert_eq!(
        said,
        [
            "> read unit 9 read_holding_registers holding_register[10..12]",
            "> write unit 9 write_single_coil coil[3] = bits [1]",
            "> read unit 9 read_coils coil[0..9]",
            "< read unit 9 read_holding_registers holding_register[10..12] = words [0, 1, 0, 2]",
            "< write unit 9 write_single_coil coil[3] refused 2",
            "< read unit 9 read_coils coil[0..9] = bits [7, 1]",
        ]
    );
}

#[test]
fn a_read_and_write_at_once_is_told_and_answered_as_both() {
    let asked = unit(1, 9, &[23, 0, 1, 0, 1, 0, 2, 0, 1, 2, 0, 9]);
    let answered = unit(1, 9, &[23, 2, 0, 7]);
    assert_eq!(
        stream_split::<Session>(&[Client(&asked), Server(&answered)]),
        [
            "> write unit 9 read_write_multiple_registers holding_register[2] = words [0, 9]",
            "> read unit 9 read_write_multiple_registers_read holding_register[1]",
            "< write unit 9 read_write_multiple_registers holding_register[2]",
            "< read unit 9 read_write_multiple_registers_read holding_register[1] = words [0, 7]",
        ]
    );
}

#[test]
fn an_answer_to_nothing_is_an_orphan() {
    let said = stream_split::<Session>(&[
        Server(&unit(1, 9, &[16, 0, 1, 0, 2])),
        Client(&unit(2, 9, &[3, 0, 0, 0, 1])),
        Server(&unit(2, 8, &[3, 2, 0, 1])),
        Server(&unit(3, 9, &[0x83, 11])),
    ]);
    assert_eq!(
        said,
        [
            "? write unit 9 write_multiple_registers holding_register[1..3]",
            "> read unit 9 read_holding_registers holding_register[0]",
            "? read unit 8 read_holding_registers",
            "? read unit 9 read_holding_registers refused 11",
        ]
    );
}

#[test]
fn under_one_transaction_an_answer_goes_to_the_request_it_fits() {
    let said = stream_split::<Session>(&[
        Client(&unit(0, 9, &[3, 0, 0, 0, 1])),
        Client(&unit(0, 9, &[3, 0, 9, 0, 2])),
        Server(&unit(0, 9, &[3, 4, 0, 1, 0, 2])),
        Server(&unit(0, 9, &[3, 2, 0, 1])),
    ]);
    assert_eq!(
        said[2..],
        [
            "< read unit 9 read_holding_registers holding_register[9..11] = words [0, 1, 0, 2]",
            "? read unit 9 read_holding_registers",
        ]
    );
}

#[test]
fn what_breaks_the_rules_is_said_once_and_the_verb_is_kept() {
    let said = stream_split::<Session>(&[
        Client(&unit(1, 9, &[16, 0, 1, 0, 2, 2, 0, 1])),
        Client(&unit(2, 9, &[3, 0, 0, 0xff, 0xff])),
        Client(&unit(3, 9, &[0])),
    ]);
    assert_eq!(
        said,
        [
            "malformed: byte count contradicts the quantity",
            "> write unit 9 write_multiple_registers",
            "malformed: quantity is zero or more than the function allows",
            "> read unit 9 read_holding_registers holding_register[0..65535]",
            "> admin unit 9 unknown_function #0",
        ]
    );
    let foreign = stream::<Session>(&[Client(b"GET / HTTP/1.1"), Client(b"Host: plc\r\n")]);
    assert_eq!(foreign, ["malformed: MBAP protocol identifier is not 0", "lost", "lost"]);
}

#[test]
fn after_a_gap_only_a_segment_that_is_modbus_throughout_is_believed() {
    let read = unit(1, 9, &[3, 0, 0, 0, 1]);
    let odd = unit(1, 9, &[65, 0, 0, 0, 1]);
    let tail = [&[0, 0, 0, 0][..], &read].concat();
    for (segment, believed) in [
        (read.clone(), true),
        ([read.clone(), read[..5].to_vec()].concat(), true),
        (odd.clone(), true),
        ([odd, read[..5].to_vec()].concat(), false),
        ([read.clone(), vec![1, 2, 3, 4, 5]].concat(), false),
        (unit(1, 9, &[3, 0, 0, 0, 0]), true),
        ([unit(1, 9, &[3, 0, 0, 0, 0]), read[..5].to_vec()].concat(), false),
        (unit(1, 9, &[0x83, 2]), false),
        (read[3..].to_vec(), false),
        (tail, false),
        (vec![0; 300], false),
    ] {
        let said = stream::<Session>(&[Gap(Direction::FromClient), Client(&segment)]);
        assert_eq!(said.iter().any(|line| line.starts_with('>')), believed, "{segment:?} {said:?}");
        assert_eq!(said.iter().any(|line| line == "lost"), !believed, "{segment:?} {said:?}");
    }
}

#[test]
fn a_flow_picked_up_is_paired_at_once_and_after_lost_bytes_answers_are_orphans() {
    let ask = unit(1, 9, &[3, 0, 0, 0, 1]);
    let answer = unit(1, 9, &[3, 2, 0, 1]);
    let script = [
        Gap(Direction::FromClient),
        Client(&ask),
        Gap(Direction::FromServer),
        Server(&answer),
        Client(&ask),
        Gap(Direction::FromServer),
        Server(&answer),
    ];
    assert_eq!(
        stream::<Session>(&script),
        [
            "> read unit 9 read_holding_registers holding_register[0]",
            "< read unit 9 read_holding_registers holding_register[0] = words [0, 1]",
            "> read unit 9 read_holding_registers holding_register[0]",
            "? read unit 9 read_holding_registers",
        ]
    );
}

#[test]
fn identities_are_told_as_facts_of_the_server() {
    let device = [&[43, 14, 1, 1, 0, 0, 3, 0, 3][..], b"ACM", &[1, 2], b"P1", &[2, 3], b"1.2"].concat();
    let said = stream_split::<Session>(&[
        Client(&unit(1, 9, &[43, 14, 1, 0])),
        Server(&unit(1, 9, &device)),
        Client(&unit(2, 9, &[17])),
        Server(&unit(2, 9, b"\x11\x06\x01Unit\xff")),
        Server(&unit(3, 9, &[43, 14, 1, 0, 0x4d, 0xb7, 0, 9])),
    ]);
    assert_eq!(
        said,
        [
            "> discover unit 9 read_device_identification category1[0]",
            "fact server vendor: ACM",
            "fact server product-code: P1",
            "fact server firmware: 1.2",
            "< discover unit 9 read_device_identification category1[0]",
            "> discover unit 9 report_server_id",
            "fact server description: Unit",
            "< discover unit 9 report_server_id",
            "malformed: more device identification than it counts",
            "? admin unit 9 encapsulated_interface_transport",
        ]
    );
}

#[test]
fn the_first_bytes_tell_modbus_from_what_else_is_tried_on_its_port() {
    for (bytes, expected) in [
        (&[0, 1, 0, 0, 0, 6, 1, 3][..], Probe::Match),
        (&[0, 1, 0, 0], Probe::Unsure),
        (&[], Probe::Unsure),
        (&[0, 1, 0, 0, 0, 6, 1, 0], Probe::Mismatch),
        (b"\x16\x03\x01\x02\x00\x01", Probe::Mismatch),
        (b"GET / HTTP/1.1", Probe::Mismatch),
        (&[0, 1, 0, 0, 1, 0], Probe::Mismatch),
    ] {
        assert_eq!(probe(Direction::FromClient, bytes), expected, "{bytes:?}");
    }
}
