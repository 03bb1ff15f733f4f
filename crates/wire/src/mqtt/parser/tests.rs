//! Packets by hand, sound and broken.

use super::*;

/// A packet with a true remaining length.
fn parse(first: u8, body: &[u8], version: Version) -> Parse<String> {
    let mut bytes = vec![first, u8::try_from(body.len()).unwrap()];
    bytes.extend_from_slice(body);
    let header = Header::parse(&bytes)?;
    header.packet(body, version).map(|packet| format!("{packet:?}"))
}

#[test]
fn every_rule_broken_is_named() {
    let (v31, v311, v5) = (Version::V31, Version::V311, Version::V5);
    for (first, body, version, why) in [
        (0x00, &b""[..], v311, "packet type 0 is reserved"),
        (0x21, b"\0\0", v311, "reserved flags of the fixed header are wrong"),
        (0x80, b"\0\x01\0\x01a\0", v311, "reserved flags of the fixed header are wrong"),
        (0x6a, b"\0\x01", v311, "reserved flags of the fixed header are wrong"),
        (0x36, b"\0\x01a\0\x01", v311, "QoS 3"),
        (0x38, b"\0\x01a", v311, "duplicate of a message sent at most once"),
        (0x30, b"\0\x03a/#", v311, "wildcard in a topic name"),
        (0x30, b"\0\x03+/a", v311, "wildcard in a topic name"),
        (0x30, b"\0\x03a\0b", v311, "NUL in text"),
        (0x30, b"\0\x02\xc3(", v311, "text is no UTF-8"),
        (0x30, b"\0\0x", v311, "empty topic without an alias"),
        (0x30, b"\0\0\0x", v5, "empty topic without an alias"),
        (0x30, b"\0\x09a", v311, "topic passes the end of the packet"),
        (0x32, b"\0\x01a\0\0", v311, "packet identifier 0"),
        (0x40, b"\0\0", v311, "packet identifier 0"),
        (0x40, b"\0\x01\0", v311, "bytes behind the end of the packet"),
        (0x82, b"\0\x01", v311, "no topic filter"),
        (0x82, b"\0\x01\0\x05a/#/b\0", v311, "'#' is not the last level of a topic filter"),
        (0x82, b"\0\x01\0\x02a+\0", v311, "wildcard shares a level of a topic filter"),
        (0x82, b"\0\x01\0\x01a\x03", v311, "QoS 3"),
        (0x82, b"\0\x01\0\x01a\x04", v311, "reserved subscription options are set"),
        (0x82, b"\0\x01\0\0\x01a\x30", v5, "retain handling 3"),
        (0x82, b"\0\x01\0\0\x0a$share/g/a\x04", v5, "no-local on a shared subscription"),
        (0xa2, b"\0\x01\0\0", v311, "empty topic filter"),
        (0x90, b"\0\x01", v311, "acknowledgement without codes"),
        (0x90, b"\0\x01\x03", v311, "unknown code of SUBACK"),
        (0xc0, b"\0", v311, "bytes behind the end of the packet"),
        (0xf0, b"", v311, "AUTH before version 5"),
        (0x20, b"\x02\0", v311, "reserved flags of CONNACK are set"),
        (0x20, b"\x01\x05", v311, "session present in a refusal"),
        (0x10, b"\0\x04MQTX\x04\x02\0\0\0\x01a", v311, "unknown protocol name and version"),
        (0x10, b"\0\x04MQTT\x06\x02\0\0\0\x01a", v311, "unknown protocol name and version"),
        (0x10, b"\0\x04MQTT\x04\x03\0\0\0\x01a", v311, "reserved connect flag is set"),
        (0x10, b"\0\x04MQTT\x04\x08\0\0\0\x01a", v311, "will QoS or retain without a will"),
        (0x10, b"\0\x04MQTT\x04\x1c\0\0\0\x01a", v311, "will QoS 3"),
        (0x10, b"\0\x04MQTT\x04\x40\0\0\0\x01a", v311, "password without a user name"),
        (0x10, b"\0\x04MQTT\x04\0\0\0\0\0", v311, "session is to be kept but has no client id"),
        (0x10, b"\0\x06MQIsdp\x03\x02\0\0\0\0", v31, "session is to be kept but has no client id"),
        (0x10, b"\0\x04MQTT\x04\x06\0\0\0\x01a\0\x01#\0\0", v311, "wildcard in a topic name"),
        (0x10, b"\0\x04MQTT\x04\x06\0\0\0\x01a\0\0\0\0", v311, "empty topic of a will"),
    ] {
        assert_eq!(parse(first, body, version), Err(ParseError::Invalid(why)), "{first:#x} {body:?}");
    }
}

#[test]
fn versions_and_their_liberties_are_told_apart() {
    for (first, body, version) in [
        (0x10, &b"\0\x06MQIsdp\x03\x02\0\0\0\x01a"[..], Version::V31),
        (0x10, b"\0\x04MQTT\x84\x02\0\0\0\0", Version::V311),
        (0x10, b"\0\x04MQTT\x05\x40\0\0\0\0\0\0\x01p", Version::V5),
        (0x6a, b"\0\x01", Version::V31),
        (0x40, b"\0\x01\x10\0", Version::V5),
        (0x40, b"\0\x01\x87", Version::V5),
        (0xe0, b"", Version::V5),
        (0xf0, b"\x18\0", Version::V5),
        (0x30, b"\0\0\x03\x23\0\x01x", Version::V5),
        (0xb0, b"\0\x01\0\x11", Version::V5),
    ] {
        assert!(parse(first, body, version).is_ok(), "{first:#x} {body:?}");
    }
}

#[test]
fn a_packet_cut_anywhere_is_short_and_nothing_else() {
    let whole =
        b"\0\x04MQTT\x05\xee\0\x0a\x05\x11\0\0\0\x3c\0\x01a\x05\x18\0\0\0\x05\0\x01w\0\x01p\0\x01u\0\x01s";
    let header = Header { kind: Kind::Connect, flags: 0, length: 2, remaining: whole.len() };
    assert!(header.packet(whole, Version::V5).is_ok(), "{:?}", header.packet(whole, Version::V5));
    for end in 0..whole.len() {
        assert_eq!(header.packet(&whole[..end], Version::V5), Err(ParseError::Short), "{end}");
    }
}

#[test]
fn a_remaining_length_has_at_most_four_bytes_and_no_needless_one() {
    for (bytes, parsed) in [
        (&b"\xc0\0"[..], Ok(0)),
        (b"\x30\xff\xff\xff\x7f", Ok(268_435_455)),
        (b"\x30\x80\x01", Ok(128)),
        (b"\x30\x80", Err(ParseError::Short)),
        (b"", Err(ParseError::Short)),
        (
            b"\x30\xff\xff\xff\xff\x01",
            Err(ParseError::Invalid("variable byte integer of more than four bytes")),
        ),
        (b"\x30\x80\0", Err(ParseError::Invalid("variable byte integer is longer than needed"))),
    ] {
        assert_eq!(Header::parse(bytes).map(|header| header.remaining), parsed, "{bytes:?}");
    }
}

#[test]
fn text_and_payload_bytes_are_no_plausible_packets() {
    for bytes in [
        &b"0123456789"[..],
        b"GET / HTTP/1.1\r\n",
        b"xxxxxxxx",
        b"\0\0\0\0\0\0",
        b"{\"t\": 21.5}",
        b"\x90\x03",
    ] {
        assert!(!is_plausible(Direction::FromClient, bytes), "{bytes:?}");
    }
    assert!(is_plausible(Direction::FromClient, b"\xc0\0\x30\x04\0\x01a1"));
    assert!(!is_plausible(Direction::FromServer, b"\xc0\0"), "only a client asks so");
    assert!(
        is_plausible(Direction::FromServer, b"\x30\xff\x01\0\x01axxx"),
        "a payload may go on beyond the segment"
    );
    assert!(!is_plausible(Direction::FromServer, b"\x30\xff\xff\xff\x7f\0\x01axxx"), "but not for long");
}
