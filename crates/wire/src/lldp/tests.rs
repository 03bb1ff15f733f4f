//! Units made by hand, and what is said of them.

use super::*;
use crate::testing::Piece::Client;
use crate::testing::datagrams;

fn tlv(kind: u8, value: &[u8]) -> Vec<u8> {
    let head = u16::from(kind) << 9 | u16::try_from(value.len()).unwrap();
    [&head.to_be_bytes()[..], value].concat()
}

/// The three TLVs every unit begins with, and `more` behind them.
fn unit(more: &[(u8, &[u8])]) -> Vec<u8> {
    let head = [tlv(1, b"\x07switch-1"), tlv(2, b"\x07port-001"), tlv(3, &[0, 20])];
    let more = more.iter().map(|(kind, value)| tlv(*kind, value));
    head.into_iter().chain(more).chain([tlv(0, &[])]).flatten().collect()
}

fn said(units: &[&[u8]]) -> Vec<String> {
    let pieces: Vec<_> = units.iter().map(|unit| Client(unit)).collect();
    datagrams(&mut Session::default(), &pieces)
}

#[test]
fn a_unit_tells_who_its_sender_is() {
    let whole = unit(&[
        (4, b"eth0"),
        (5, b"Switch1"),
        (6, b"Siemens, SIMATIC NET"),
        (7, &[0, 0x14, 0, 0x14]),
        (8, &[5, 1, 10, 0, 0, 7, 2, 0, 0, 0, 1, 0]),
        (127, b"\x00\x0e\xcf\x05\x00\x0e\x8c\xef\x75\xc5"),
        (127, b"\x00\x12\xbb\x06fw 1"),
        (127, b"\x00\x12\xbb\x07sw 2"),
        (127, b"\x00\x12\xbb\x08S123"),
        (127, b"\x00\x12\xbb\x09Acme"),
        (127, b"\x00\x12\xbb\x0aA-1"),
        (127, b"\x00\x00\x5e\x01https://example.com/a.json"),
        (127, b"\x00\x80\xc2\x01\x00\x01"),
    ]);
    let facts = [
        "chassis-id: switch-1",
        "chassis-id: 00:0e:8c:ef:75:c5",
        "neighbour-port: port-001",
        "capability: bridge, router",
        "management-address: 10.0.0.7",
        "neighbour-port: eth0",
        "hostname: Switch1",
        "description: Siemens, SIMATIC NET",
        "mud-url: https://example.com/a.json",
        "firmware: fw 1",
        "firmware: sw 2",
        "serial: S123",
        "vendor: Acme",
        "model: A-1",
    ]
    .map(|fact| format!("fact client {fact}"));
    let lines = said(&[&whole, &whole]);
    assert_eq!(lines[0], "> discover lldpdu");
    assert_eq!(lines[1..=14], facts);
    assert_eq!(lines[15..], ["> discover lldpdu"], "the same again says nothing new");
}

#[test]
fn an_identifier_is_printed_as_its_subtype_says() {
    for (chassis, text) in [
        (&[4, 0, 0x0e, 0x8c, 1, 2, 3][..], "00:0e:8c:01:02:03"),
        (&[5, 1, 10, 0, 0, 7], "10.0.0.7"),
        (b"\x07plc", "plc"),
        (&[4, 1, 2], "0102"),
        (&[7, 0xff, 0], "ff00"),
    ] {
        let bytes = [tlv(1, chassis), tlv(2, b"\x03abcdef"), tlv(3, &[0, 20])].concat();
        let lines = said(&[&bytes]);
        assert_eq!(lines[1], format!("fact client chassis-id: {text}"));
        assert_eq!(lines[2], "fact client neighbour-port: 61:62:63:64:65:66");
    }
}

#[test]
fn order_and_lengths_that_lie_are_malformed() {
    let head = |order: [usize; 3]| {
        let tlvs = [tlv(1, b"\x07a"), tlv(2, b"\x07b"), tlv(3, &[0, 20])];
        order.map(|index| tlvs[index].clone()).concat()
    };
    for (bytes, why) in [
        (head([1, 0, 2]), "mandatory TLV missing"),
        (head([0, 0, 2]), "mandatory TLV missing"),
        (unit(&[(1, b"\x07x")]), "mandatory TLV out of order or twice"),
        (tlv(1, &[7]), "identifier without a value"),
        (tlv(1, &[]), "ends before its own length says"),
        (unit(&[(7, &[0, 4])]), "ends before its own length says"),
        (unit(&[(8, &[200, 1, 10])]), "ends before its own length says"),
        (unit(&[(8, &[0])]), "ends before its own length says"),
        (unit(&[(127, &[0, 0x0e])]), "ends before its own length says"),
        (unit(&[(127, b"\x00\x0e\xcf\x05\x00")]), "ends before its own length says"),
    ] {
        assert_eq!(said(&[&bytes]), [format!("malformed: {why}")]);
    }
}

#[test]
fn a_unit_cut_within_a_tlv_is_malformed_once() {
    let whole = unit(&[(5, b"Switch1")]);
    let ends_of_tlvs = [26, 35];
    for end in 0..whole.len() {
        let lines = said(&[&whole[..end]]);
        let is_whole = ends_of_tlvs.contains(&end);
        assert_eq!(lines[0].starts_with('>'), is_whole, "{end}: {lines:?}");
    }
}

#[test]
fn a_flood_of_addresses_keeps_four_and_zeros_none() {
    let many = vec![(8, &[5, 1, 10, 0, 0, 7][..]); 60];
    let addresses = |lines: Vec<String>| lines.iter().filter(|line| line.contains("management")).count();
    assert_eq!(addresses(said(&[&unit(&many)])), 4);
    assert_eq!(addresses(said(&[&unit(&[(8, &[5, 1, 0, 0, 0, 0])])])), 0);
}
