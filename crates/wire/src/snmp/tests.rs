//! SNMP flows, played over hand-made datagrams.

use super::*;
use crate::testing::Piece::{self, Client, Server};
use crate::testing::datagrams;

/// 1.3.6.1.2.1.1.5.0
const SYS_NAME: &[u8] = &[0x2b, 6, 1, 2, 1, 1, 5, 0];
/// 1.3.6.1.2.1.2.2.1.10.1, an instance of a column.
const IF_IN_OCTETS: &[u8] = &[0x2b, 6, 1, 2, 1, 2, 2, 1, 10, 1];
const NULL: &[u8] = &[5, 0];

fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let length = u16::try_from(contents.len()).unwrap().to_be_bytes();
    [&[tag, 0x82], &length[..], &contents].concat()
}

fn integer(value: u8) -> Vec<u8> {
    vec![2, 1, value]
}

fn variable(name: &[u8], value: &[u8]) -> Vec<u8> {
    element(0x30, &[&element(6, &[name]), value])
}

fn pdu(tag: u8, id: u8, error: u8, variables: &[Vec<u8>]) -> Vec<u8> {
    element(tag, &[&integer(id), &integer(error), &integer(0), &element(0x30, &[&variables.concat()])])
}

/// A message of version 2c.
fn v2(tag: u8, id: u8, error: u8, variables: &[Vec<u8>]) -> Vec<u8> {
    element(0x30, &[&integer(1), &element(4, &[b"public"]), &pdu(tag, id, error, variables)])
}

/// A message of version 3.
fn v3(id: u8, scoped: &[u8]) -> Vec<u8> {
    let header = element(0x30, &[&integer(id), &integer(100), &element(4, &[&[3]]), &integer(3)]);
    element(0x30, &[&integer(3), &header, &element(4, &[b"security"]), scoped])
}

fn scoped(pdu: &[u8]) -> Vec<u8> {
    element(0x30, &[&element(4, &[]), &element(4, &[]), pdu])
}

fn play_all(script: &[Piece<'_>]) -> Vec<String> {
    datagrams(&mut Session::default(), script)
}

#[test]
fn objects_are_asked_by_column_and_answered_together() {
    let asked = v2(
        0xa0,
        7,
        0,
        &[
            variable(IF_IN_OCTETS, NULL),
            variable(&[0x2b, 6, 1, 2, 1, 2, 2, 1, 10, 2], NULL),
            variable(SYS_NAME, NULL),
        ],
    );
    let answer = v2(0xa2, 7, 0, &[variable(SYS_NAME, &element(4, &[b"plc-7"]))]);
    assert_eq!(
        play_all(&[Client(&asked), Server(&answer), Client(&asked), Server(&answer)]),
        [
            "login: SNMP community",
            "> read get_request 1.3.6.1.2.1.2.2.1.10",
            "> read get_request 1.3.6.1.2.1.1.5.0",
            "login: SNMP community",
            "< read get_request 1.3.6.1.2.1.2.2.1.10",
            "< read get_request 1.3.6.1.2.1.1.5.0",
            "fact server hostname: plc-7",
            "> read get_request 1.3.6.1.2.1.2.2.1.10",
            "> read get_request 1.3.6.1.2.1.1.5.0",
            "< read get_request 1.3.6.1.2.1.2.2.1.10",
            "< read get_request 1.3.6.1.2.1.1.5.0",
        ]
    );
}

#[test]
fn a_set_names_its_instance_and_may_be_refused() {
    let set = v2(0xa3, 9, 0, &[variable(IF_IN_OCTETS, &integer(2))]);
    assert_eq!(
        play_all(&[Client(&set), Server(&v2(0xa2, 9, 17, &[])), Server(&v2(0xa2, 9, 0, &[]))])[1..],
        [
            "> write set_request 1.3.6.1.2.1.2.2.1.10.1",
            "login: SNMP community",
            "< write set_request 1.3.6.1.2.1.2.2.1.10.1 refused 17",
            "? read response",
        ]
    );
}

#[test]
fn a_trap_is_called_by_its_own_name() {
    let cold_start = element(6, &[&[0x2b, 6, 1, 6, 3, 1, 1, 5, 1]]);
    let trap = v2(0xa7, 1, 0, &[variable(SYS_NAME, &integer(1)), variable(SYS_NAME, &cold_start)]);
    assert_eq!(play_all(&[Client(&trap)])[1..], ["> publish trap 1.3.6.1.6.3.1.1.5.1"]);
    let header = [
        &element(6, &[&[0x2b, 6, 1, 4, 1, 99]])[..],
        &element(0x40, &[&[10, 0, 0, 1]]),
        &integer(6),
        &integer(1),
        &element(0x43, &[&[0]]),
        &element(0x30, &[]),
    ]
    .concat();
    let old = element(0x30, &[&integer(0), &element(4, &[b"public"]), &element(0xa4, &[&header])]);
    assert_eq!(play_all(&[Client(&old)])[1..], ["> publish trap 1.3.6.1.4.1.99"]);
}

#[test]
fn version_3_is_paired_by_message_and_read_where_plain() {
    let get = v3(5, &scoped(&pdu(0xa0, 77, 0, &[])));
    let unknown_engine = variable(&[0x2b, 6, 1, 6, 3, 15, 1, 1, 4, 0], &integer(1));
    let report = v3(5, &scoped(&pdu(0xa8, 0, 0, &[unknown_engine])));
    let secret = v3(6, &element(4, &[&[0xee; 100]]));
    assert_eq!(
        play_all(&[Client(&get), Server(&report), Client(&secret), Server(&secret), Server(&secret)]),
        [
            "> read get_request",
            "< read get_request refused 260",
            "> connect encrypted_pdu ≤256 B",
            "< connect encrypted_pdu ≤256 B",
            "? connect encrypted_pdu ≤256 B",
        ]
    );
}

#[test]
fn what_an_agent_is_made_of_is_told_once() {
    let part = |column: u8, text: &[u8]| {
        variable(&[0x2b, 6, 1, 2, 1, 47, 1, 1, 1, 1, column, 1], &element(4, &[text]))
    };
    let descr = variable(&[0x2b, 6, 1, 2, 1, 1, 1, 0], &element(4, &[b"Switch"]));
    let object_id = variable(&[0x2b, 6, 1, 2, 1, 1, 2, 0], &element(6, &[&[0x2b, 6, 1, 4, 1, 9]]));
    let answer = v2(
        0xa2,
        1,
        0,
        &[descr, object_id, part(11, b"SN1"), part(11, b"SN2"), part(13, b""), part(13, b"X4")],
    );
    assert_eq!(
        play_all(&[Server(&answer), Server(&answer)])[2..],
        [
            "fact server description: Switch",
            "fact server product-code: 1.3.6.1.4.1.9",
            "fact server serial: SN1",
            "fact server model: X4",
            "? read response",
        ]
    );
}

#[test]
fn a_crowd_of_variables_hides_nothing() {
    let many: Vec<_> = (0..100).map(|arc| variable(&[0x2b, 6, 1, arc, 1], NULL)).collect();
    let lines = play_all(&[Client(&v2(0xa1, 1, 0, &many))]);
    assert_eq!(lines.len(), 1 + 32 + 1);
    assert_eq!(lines.last().unwrap(), "> read get_next_request further variables");
    let broken = v2(0xa3, 1, 0, &[variable(SYS_NAME, NULL), vec![0x31, 0]]);
    assert_eq!(
        play_all(&[Client(&broken)])[1..],
        [
            "> write set_request 1.3.6.1.2.1.1.5.0",
            "> write set_request unread variables",
            "malformed: another BER type than belongs here",
        ]
    );
}

#[test]
fn a_datagram_cut_anywhere_is_malformed_and_nothing_else() {
    let get = v2(0xa0, 7, 0, &[variable(SYS_NAME, NULL)]);
    for cut in 0..get.len() {
        assert_eq!(play_all(&[Client(&get[..cut])]), ["malformed: ends before its own length says"], "{cut}");
    }
    assert_eq!(play_all(&[Client(b"GET /")]), ["malformed: another BER type than belongs here"]);
}
