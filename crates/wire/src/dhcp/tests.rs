//! Messages made by hand, and what is said of them.

use super::*;
use crate::reader::ParseError;
use crate::testing::Piece::{self, Client, Server};
use crate::testing::{datagrams, datagrams_on, flow};
use nullius_model::{Endpoint, Transport};
use std::net::{IpAddr, Ipv4Addr};

const REQUEST: u8 = 1;
const REPLY: u8 = 2;

/// A message of client 00:90:f5:91:cd:1f with `options` as (code, value).
fn message(operation: u8, your_ip: [u8; 4], options: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![operation, 1, 6, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0];
    bytes.extend(your_ip);
    bytes.extend([0; 8]);
    bytes.extend([0x00, 0x90, 0xf5, 0x91, 0xcd, 0x1f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend([0; 192]);
    bytes.extend([0x63, 0x82, 0x53, 0x63]);
    for (code, value) in options {
        bytes.extend([*code, u8::try_from(value.len()).unwrap()]);
        bytes.extend(*value);
    }
    bytes.push(255);
    bytes
}

fn said(pieces: &[Piece<'_>]) -> Vec<String> {
    datagrams(&mut Session::default(), pieces)
}

#[test]
fn an_exchange_is_paired_by_transaction_and_ends_in_a_binding() {
    let lines = said(&[
        Client(&message(REQUEST, [0; 4], &[(53, &[1])])),
        Server(&message(REPLY, [10, 0, 0, 9], &[(53, &[2]), (54, &[10, 0, 0, 2])])),
        Client(&message(REQUEST, [0; 4], &[(53, &[3])])),
        Server(&message(REPLY, [10, 0, 0, 9], &[(53, &[5]), (54, &[10, 0, 0, 2])])),
    ]);
    assert_eq!(
        lines,
        [
            "> connect DISCOVER",
            "< connect DISCOVER",
            "fact server device-role: dhcp server",
            "> connect REQUEST",
            "< connect REQUEST",
            "fact server device-role: dhcp server",
            "binding 00:90:f5:91:cd:1f 10.0.0.9 dhcp-lease",
        ]
    );
}

#[test]
fn a_reply_without_its_request_still_says_what_was_asked() {
    for (kind, your_ip, line) in [
        (2, [10, 0, 0, 9], "? connect DISCOVER"),
        (5, [10, 0, 0, 9], "? connect REQUEST"),
        (5, [0; 4], "? connect INFORM"),
        (6, [0; 4], "? connect REQUEST refused 6"),
        (13, [0; 4], "? read LEASEQUERY"),
    ] {
        assert_eq!(said(&[Server(&message(REPLY, your_ip, &[(53, &[kind])]))])[0], line, "{kind}");
    }
    assert_eq!(said(&[Server(&message(REPLY, [0; 4], &[]))])[0], "? connect BOOTREQUEST");
}

#[test]
fn what_a_client_has_no_business_to_say_has_the_highest_class() {
    for (operation, kind, line) in [
        (REQUEST, 4, "> connect DECLINE"),
        (REQUEST, 7, "> connect RELEASE"),
        (REPLY, 9, "> configure FORCERENEW"),
        (REQUEST, 99, "> admin unknown_function #99"),
        (REQUEST, 5, "> admin unknown_function #5"),
    ] {
        assert_eq!(said(&[Client(&message(operation, [0; 4], &[(53, &[kind])]))])[0], line, "{kind}");
    }
}

#[test]
fn facts_are_about_the_client_in_the_message() {
    let options: &[(u8, &[u8])] = &[
        (53, &[1]),
        (12, b"cam-1"),
        (81, b"\x04\0\0\x05cam-1\x05plant\0"),
        (60, b"MSFT 5.0"),
        (61, &[1, 0x00, 0x90, 0xf5, 0x91, 0xcd, 0x1f]),
        (55, &[1, 3, 6, 15]),
        (161, b"https://example.com/cam.json"),
        (82, b"\x01\x04port"),
    ];
    assert_eq!(
        said(&[Client(&message(REQUEST, [0; 4], options))])[1..],
        [
            "fact 00:90:f5:91:cd:1f hostname: cam-1",
            "fact 00:90:f5:91:cd:1f hostname: cam-1.plant",
            "fact 00:90:f5:91:cd:1f vendor-class: MSFT 5.0",
            "fact 00:90:f5:91:cd:1f dhcp-fingerprint: 1,3,6,15",
            "fact 00:90:f5:91:cd:1f mud-url: https://example.com/cam.json",
        ]
    );
}

#[test]
fn a_client_identifier_is_text_only_where_it_is_text() {
    for (id, text) in [
        (&b"\x00R0-Fa0/0"[..], "R0-Fa0/0"),
        (b"wago-750", "wago-750"),
        (&[0xff, 0, 1], "ff0001"),
        (&[1, 2, 0, 0, 0, 0, 9], "01020000000009"),
    ] {
        let lines = said(&[Client(&message(REQUEST, [0; 4], &[(53, &[1]), (61, id)]))]);
        assert_eq!(lines[1], format!("fact 00:90:f5:91:cd:1f client-id: {text}"));
    }
}

#[test]
fn a_relayed_reply_speaks_for_its_server_and_not_its_sender() {
    let mut reply = message(REPLY, [10, 0, 0, 9], &[(53, &[2]), (54, &[192, 0, 2, 1])]);
    reply[24..28].copy_from_slice(&[10, 0, 0, 2]);
    assert_eq!(
        said(&[Server(&reply)])[1..],
        ["fact 192.0.2.1 device-role: dhcp server", "fact server device-role: dhcp relay"]
    );
    // On its way from the server to the relay, the sender is the server itself.
    let mut flow = flow(Transport::Udp);
    flow.server = Endpoint { ip: Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))), ..flow.server };
    let lines = datagrams_on(&flow, &mut Session::default(), &[Server(&reply)]);
    assert_eq!(lines[1..], ["fact server device-role: dhcp server"]);
}

#[test]
fn an_acknowledgement_binds_nothing_without_one_station_and_one_address() {
    for your_ip in [[0; 4], [255; 4], [224, 0, 0, 1], [127, 0, 0, 1]] {
        let lines = said(&[Server(&message(REPLY, your_ip, &[(53, &[5])]))]);
        assert!(!lines.iter().any(|line| line.starts_with("binding")), "{your_ip:?}");
    }
    let mut group = message(REPLY, [10, 0, 0, 9], &[(53, &[5])]);
    group[28] = 0xff;
    assert!(!said(&[Server(&group)]).iter().any(|line| line.starts_with("binding")));
}

#[test]
fn options_overflow_into_the_file_and_server_name_fields() {
    let mut request = message(REQUEST, [0; 4], &[(52, &[3])]);
    request[108..113].copy_from_slice(&[53, 1, 1, 255, 0]);
    request[44..50].copy_from_slice(&[12, 3, b'p', b'l', b'c', 255]);
    assert_eq!(said(&[Client(&request)]), ["> connect DISCOVER", "fact 00:90:f5:91:cd:1f hostname: plc"]);
}

#[test]
fn a_message_cut_anywhere_or_with_a_lying_length_claims_nothing() {
    let whole = message(REQUEST, [0; 4], &[(53, &[1]), (12, b"cam-1")]);
    // Cut after a whole option, it cannot be told from one that lacks its end.
    for end in (0..whole.len() - 1).filter(|end| ![240, 243].contains(end)) {
        let lines = said(&[Client(&whole[..end])]);
        assert_eq!(lines, ["malformed: ends before its own length says"], "{end}");
    }
    for (at, value) in [(0, 3), (2, 17), (2, 255), (236, 0), (241, 0), (241, 200)] {
        let mut lie = whole.clone();
        lie[at] = value;
        assert_eq!(said(&[Client(&lie)]).len(), 1, "{at}");
        assert!(Message::parse(&lie).is_err(), "{at}");
    }
    assert_eq!(Message::parse(&[]), Err(ParseError::Short));
}

#[test]
fn a_flood_of_options_keeps_the_first_of_each() {
    let many: Vec<(u8, &[u8])> = vec![(12, b"one"); 5000];
    let lines = said(&[Client(&message(REQUEST, [0; 4], &many))]);
    assert_eq!(lines, ["> connect BOOTREQUEST", "fact 00:90:f5:91:cd:1f hostname: one"]);
}
