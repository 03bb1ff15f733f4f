//! Messages made by hand, and what is said of them.

use super::*;
use crate::testing::Piece::{self, Client, Server};
use crate::testing::datagrams;

/// DUID-LL of 00:90:f5:91:cd:1f.
const DUID: &[u8] = &[0, 3, 0, 1, 0x00, 0x90, 0xf5, 0x91, 0xcd, 0x1f];

fn options(options: &[(u16, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (code, value) in options {
        bytes.extend(code.to_be_bytes());
        bytes.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        bytes.extend(*value);
    }
    bytes
}

/// A message of transaction 7.
fn message(kind: u8, with: &[(u16, &[u8])]) -> Vec<u8> {
    [&[kind, 0, 0, 7][..], &options(with)].concat()
}

/// A relay agent's message for the client fe80::9.
fn relayed(kind: u8, with: &[(u16, &[u8])]) -> Vec<u8> {
    let peer = [&[0xfe, 0x80][..], &[0; 13], &[9]].concat();
    [&[kind, 0][..], &[0; 16], &peer, &options(with)].concat()
}

/// An association with the address 2001:db8::`last`, valid for `valid` seconds.
fn association(last: u8, valid: u32, more: &[(u16, &[u8])]) -> Vec<u8> {
    let address = [&[0x20, 1, 0x0d, 0xb8][..], &[0; 11], &[last], &[0; 4], &valid.to_be_bytes()].concat();
    [&[0; 12][..], &options(&[(5, &address)]), &options(more)].concat()
}

fn said(pieces: &[Piece<'_>]) -> Vec<String> {
    datagrams(&mut Session::default(), pieces)
}

#[test]
fn an_exchange_is_paired_by_transaction_and_ends_in_a_binding() {
    let held = association(9, 60, &[]);
    let given_up = association(8, 0, &[]);
    let reply = message(7, &[(1, DUID), (3, &held), (3, &given_up)]);
    assert_eq!(
        said(&[Client(&message(3, &[])), Server(&reply), Server(&reply)]),
        [
            "> connect REQUEST",
            "< connect REQUEST",
            "fact server device-role: dhcpv6 server",
            "binding client 2001:db8::9 dhcp-lease",
            "? connect REPLY",
            "fact server device-role: dhcpv6 server",
            "binding client 2001:db8::9 dhcp-lease",
        ]
    );
}

#[test]
fn a_refusal_binds_nothing_wherever_it_stands() {
    let refused = association(9, 60, &[(13, &[0, 2])]);
    for (options, code) in [(vec![(13, &[0, 4][..])], 4), (vec![(3, refused.as_slice())], 2)] {
        assert_eq!(
            said(&[Server(&message(7, &options))]),
            [format!("? connect REPLY refused {code}"), "fact server device-role: dhcpv6 server".to_owned(),]
        );
    }
}

#[test]
fn every_message_has_its_verb() {
    for (kind, line) in [
        (1, "> connect SOLICIT"),
        (2, "? connect SOLICIT"),
        (4, "> connect CONFIRM"),
        (5, "> connect RENEW"),
        (6, "> connect REBIND"),
        (8, "> connect RELEASE"),
        (9, "> connect DECLINE"),
        (10, "> configure RECONFIGURE"),
        (11, "> connect INFORMATION_REQUEST"),
        (99, "> admin unknown_function #99"),
    ] {
        assert_eq!(said(&[Client(&message(kind, &[]))])[0], line);
    }
}

#[test]
fn facts_are_about_the_client_even_behind_relay_agents() {
    let solicit = message(
        1,
        &[
            (1, DUID),
            (39, b"\x00\x05cam-1\x05plant\0"),
            (16, b"\0\0\x01\x37\0\x08MSFT 5.0"),
            (6, &[0, 23, 0, 24]),
            (112, b"https://example.com/cam.json"),
        ],
    );
    let facts = |subject: &str| {
        [
            "client-id: 000300010090f591cd1f",
            "hostname: cam-1.plant",
            "vendor-class: MSFT 5.0",
            "dhcp-fingerprint: 23,24",
            "mud-url: https://example.com/cam.json",
        ]
        .map(|fact| format!("fact {subject} {fact}"))
    };
    assert_eq!(said(&[Client(&solicit)])[1..], facts("client"));
    let once = relayed(12, &[(9, &solicit)]);
    let named = relayed(12, &[(79, &[0, 1, 2, 0, 0, 0, 0, 9]), (9, &solicit)]);
    let twice = relayed(12, &[(9, &named)]);
    for (bytes, subject) in
        [(once, "00:90:f5:91:cd:1f"), (named, "02:00:00:00:00:09"), (twice, "02:00:00:00:00:09")]
    {
        let lines = said(&[Client(&bytes)]);
        assert_eq!(lines[..2], ["> connect SOLICIT", "fact client device-role: dhcpv6 relay"]);
        assert_eq!(lines[2..], facts(subject));
    }
}

#[test]
fn a_relayed_reply_binds_only_whom_its_identifier_names() {
    let held = association(9, 60, &[]);
    let with_time = [0, 1, 0, 1, 9, 9, 9, 9, 0x00, 0x90, 0xf5, 0x91, 0xcd, 0x1f];
    for (duid, binds) in
        [(DUID, true), (&with_time, true), (b"\0\x04uuid".as_slice(), false), (&[0, 3, 0, 1], false)]
    {
        let reply = relayed(13, &[(9, &message(7, &[(1, duid), (3, &held)]))]);
        let lines = said(&[Server(&reply)]);
        let binding = "binding 00:90:f5:91:cd:1f 2001:db8::9 dhcp-lease".to_owned();
        assert_eq!(lines.contains(&binding), binds, "{duid:?}");
    }
}

#[test]
fn relay_agents_in_a_row_are_bounded() {
    let mut bytes = message(1, &[]);
    for _ in 0..8 {
        bytes = relayed(12, &[(9, &bytes)]);
    }
    assert_eq!(said(&[Client(&bytes)])[0], "> connect SOLICIT");
    bytes = relayed(12, &[(9, &bytes)]);
    assert_eq!(said(&[Client(&bytes)]), ["malformed: relayed too often"]);
    assert_eq!(said(&[Client(&relayed(12, &[]))]), ["malformed: relay agent message without a message"]);
}

#[test]
fn a_message_cut_anywhere_or_with_a_lying_length_claims_nothing() {
    let held = association(9, 60, &[]);
    let whole = message(7, &[(1, DUID), (3, &held)]);
    for end in (0..whole.len()).filter(|end| ![4, 18].contains(end)) {
        assert_eq!(said(&[Server(&whole[..end])]), ["malformed: ends before its own length says"], "{end}");
    }
    for with in [
        (3, &[0; 11][..]),
        (3, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 1, 9]),
        (13, &[0]),
        (16, &[0; 5]),
    ] {
        assert_eq!(said(&[Server(&message(7, &[with]))]).len(), 1, "{with:?}");
    }
}

#[test]
fn a_flood_of_addresses_binds_eight() {
    let many = vec![association(9, 60, &[]); 100];
    let with: Vec<(u16, &[u8])> = many.iter().map(|association| (3, association.as_slice())).collect();
    assert_eq!(said(&[Server(&message(7, &with))]).len(), 2 + 8);
}
