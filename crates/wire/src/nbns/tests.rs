//! Packets by hand.

use super::*;
use crate::reader::ParseError;
use crate::testing::Piece::{self, Client, Server};
use crate::testing::datagrams;

/// `HMI-1`, workstation.
const NAME: &[u8] = b"\x20EIENEJCNDBCACACACACACACACACACAAA\0";

fn packet(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

fn told(script: &[Piece<'_>]) -> Vec<String> {
    datagrams(&mut Session::default(), script)
}

#[test]
fn names_are_asked_claimed_and_given_up() {
    let query = packet(&[b"\0\x01\x01\x10\0\x01\0\0\0\0\0\0", NAME, b"\0\x20\0\x01"]);
    let answer =
        packet(&[b"\0\x01\x85\0\0\0\0\x01\0\0\0\0", NAME, b"\0\x20\0\x01\0\0\0\0\0\x06\0\0\x0a\0\0\x01"]);
    let refusal = packet(&[b"\0\x01\x85\x03\0\0\0\x01\0\0\0\0", NAME, b"\0\x0a\0\x01\0\0\0\0\0\0"]);
    let claim = |operation: u8, flags: u8| {
        let head = [0, 2, operation, 0x10, 0, 1, 0, 0, 0, 0, 0, 1];
        let record = b"\0\x20\0\x01\xc0\x0c\0\x20\0\x01\0\0\0\0\0\x06";
        packet(&[&head, NAME, record, &[flags, 0], b"\x0a\0\0\x02"])
    };
    assert_eq!(
        told(&[
            Client(&query),
            Server(&answer),
            Server(&refusal),
            Client(&claim(0x29, 0)),
            Client(&claim(0x29, 0x80)),
            Client(&claim(0x30, 0)),
        ]),
        [
            "> discover name_query HMI-1<00>",
            "< discover name_query HMI-1<00>",
            "fact 10.0.0.1 hostname: HMI-1<00>",
            "? discover name_query HMI-1<00> refused 3",
            "> publish name_registration HMI-1<00>",
            "fact client hostname: HMI-1<00>",
            "> publish name_registration HMI-1<00>",
            "> publish name_release HMI-1<00>",
        ]
    );
}

#[test]
fn a_node_tells_its_own_names_and_not_its_groups() {
    let query = packet(&[b"\0\x01\0\0\0\x01\0\0\0\0\0\0", NAME, b"\0\x21\0\x01"]);
    let names = packet(&[b"\x02HMI-1          \x20\x04\0", b"WORKGROUP      \0\x84\0", &[0; 46]]);
    let length = [0, u8::try_from(names.len()).unwrap()];
    let status = packet(&[b"\0\x01\x84\0\0\0\0\x01\0\0\0\0", NAME, b"\0\x21\0\x01\0\0\0\0", &length, &names]);
    assert_eq!(
        told(&[Client(&query), Server(&status)]),
        [
            "> discover status_query HMI-1<00>",
            "< discover status_query HMI-1<00>",
            "fact server hostname: HMI-1<20>"
        ]
    );
}

#[test]
fn every_rule_broken_is_named() {
    let question = |name: &[u8], end: &[u8]| packet(&[b"\0\x01\x01\x10\0\x01\0\0\0\0\0\0", name, end]);
    for (bytes, why) in [
        (question(NAME, b"\0\x20\0\x01\0"), "bytes behind the end of the packet"),
        (question(NAME, b"\0\x01\0\x01"), "unknown question type"),
        (question(NAME, b"\0\x20\0\x02"), "class is not internet"),
        (question(b"\x03www\0", b"\0\x20\0\x01"), "first label of a name is not of 32 letters"),
        (question(&[&[32][..], &[b'Z'; 32], &[0]].concat(), b""), "letter of an encoded name is not A to P"),
        (
            question(&[&NAME[..33], &[1, b'a'].repeat(200)].concat(), b""),
            "scope of more labels than any honest one",
        ),
        (question(&[&NAME[..33], &[0x40]].concat(), b""), "scope label is too long"),
        (b"\0\x01\x01\x10\xff\xff\0\0\0\0\0\0".to_vec(), "counts of records no packet of this kind has"),
        (b"\0\x01\x85\0\0\0\0\0\0\0\0\0".to_vec(), "response without a record"),
        (b"\0\x01\x85\0\0\0\0\x01\0\0\0\0\xc0\x0c".to_vec(), "name points elsewhere than to the question"),
        (packet(&[b"\0\x01\x09\x10\0\x01\0\0\0\0\0\0", NAME, b"\0\x20\0\x01"]), "unknown operation"),
    ] {
        assert_eq!(Packet::parse(&bytes), Err(ParseError::Invalid(why)), "{bytes:?}");
    }
    let whole = question(NAME, b"\0\x20\0\x01");
    for end in 0..whole.len() {
        assert_eq!(Packet::parse(&whole[..end]), Err(ParseError::Short), "{end}");
    }
}
