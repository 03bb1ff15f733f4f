//! Packets made by hand, and what is said of them.

use super::*;
use crate::testing::Piece::Client;
use crate::testing::datagrams;

fn packet(tlvs: &[(u16, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![2, 180, 0, 0];
    for (kind, value) in tlvs {
        bytes.extend(kind.to_be_bytes());
        bytes.extend(u16::try_from(value.len() + 4).unwrap().to_be_bytes());
        bytes.extend(*value);
    }
    bytes
}

fn said(packets: &[&[u8]]) -> Vec<String> {
    let pieces: Vec<_> = packets.iter().map(|packet| Client(packet)).collect();
    datagrams(&mut Session::default(), &pieces)
}

#[test]
fn a_packet_tells_who_its_sender_is() {
    let v6 = [&[2, 8, 0xaa, 0xaa, 3, 0, 0, 0, 0x86, 0xdd, 0, 16, 0xfe, 0x80][..], &[0; 13], &[1]].concat();
    let addresses =
        [&[0, 0, 0, 3, 1, 1, 0xcc, 0, 4, 10, 0, 0, 7][..], &v6, &[1, 1, 0x81, 0, 2, 9, 9]].concat();
    let whole = packet(&[
        (1, b"sw-1.plant"),
        (2, &addresses),
        (3, b"FastEthernet0/1"),
        (4, &[0, 0, 0, 0x28]),
        (5, b"Cisco IOS Software, C2960, Version 12.2(25)SEB4, RELEASE\nCopyright"),
        (6, b"cisco WS-C2960"),
        (0x0a, &[0, 1]),
        (0x14, b"sw-1"),
        (0x16, &[0, 0, 0, 1, 1, 1, 0xcc, 0, 4, 10, 0, 0, 7]),
    ]);
    let facts = [
        "hostname: sw-1.plant",
        "hostname: sw-1",
        "neighbour-port: FastEthernet0/1",
        "capability: switch, igmp",
        "description: Cisco IOS Software, C2960, Version 12.2(25)SEB4, RELEASE",
        "firmware: 12.2(25)SEB4",
        "model: cisco WS-C2960",
        "management-address: 10.0.0.7",
        "management-address: fe80::1",
    ]
    .map(|fact| format!("fact client {fact}"));
    let lines = said(&[&whole, &whole]);
    assert_eq!(lines[0], "> discover advertisement");
    assert_eq!(lines[1..=9], facts);
    assert_eq!(lines[10..], ["> discover advertisement"], "the same again says nothing new");
}

#[test]
fn lengths_and_counts_that_lie_are_malformed() {
    let short = "ends before its own length says";
    for (bytes, why) in [
        (vec![3, 180, 0, 0], "unknown CDP version"),
        (vec![2, 180, 0, 0, 0, 1, 0, 3], "TLV shorter than its own header"),
        (vec![2, 180, 0, 0, 0, 0, 0, 0], "TLV shorter than its own header"),
        (vec![2, 180, 0, 0, 0, 1, 0xff, 0xff], short),
        (packet(&[(2, &[0xff; 4])]), short),
        (packet(&[(2, &[0, 0, 0, 1, 1, 255, 0xcc])]), short),
        (packet(&[(2, &[0, 0, 0, 1, 1, 1, 0xcc, 0xff, 0xff, 1])]), short),
        (packet(&[(4, &[0])]), short),
        (vec![], short),
    ] {
        assert_eq!(said(&[&bytes]), [format!("malformed: {why}")]);
    }
}

#[test]
fn a_packet_cut_within_a_tlv_is_malformed_once() {
    let whole = packet(&[(1, b"sw-1"), (3, b"e0")]);
    for end in (0..whole.len()).filter(|end| ![4, 12].contains(end)) {
        assert_eq!(said(&[&whole[..end]]), ["malformed: ends before its own length says"], "{end}");
    }
}

#[test]
fn a_flood_of_addresses_keeps_a_few() {
    let list: Vec<u8> = [0, 0, 1, 0]
        .into_iter()
        .chain((0..=255_u8).flat_map(|last| [1, 1, 0xcc, 0, 4, 10, 0, 0, last]))
        .collect();
    assert_eq!(said(&[&packet(&[(2, &list)])]).len(), 1 + 8);
}
