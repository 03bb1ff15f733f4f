//! Whole connections, as segments come and as they should not.

use super::*;
use crate::testing::Piece::{Client, Gap, Server};
use crate::testing::{stream, stream_split};

const CONNECT: &[u8] = b"\x10\x0d\0\x04MQTT\x04\x02\0\0\0\x01a";
const CONNECT_V5: &[u8] = b"\x10\x11\0\x04MQTT\x05\x02\0\0\x03\x22\0\x02\0\x01a";
const CONNACK: &[u8] = b"\x20\x02\0\0";
const CONNACK_V5: &[u8] = b"\x20\x06\0\0\x03\x22\0\x0a";

#[test]
fn a_session_reads_the_same_however_it_is_cut() {
    let told = stream_split::<Session>(&[
        Client(b"\x10\x24\0\x04MQTT\x04\xee\0\x0a\0\x01a\0\x03w/a\0\x02go\0\x04user\0\x06secret"),
        Server(CONNACK),
        Client(b"\x82\x0d\0\x01\0\x03a/+\x01\0\x02$b\x02\xc0\0"),
        Server(b"\x90\x04\0\x01\x01\x80\xd0\0"),
        Server(b"\x30\x09\0\x03a/b21.5"),
        Client(b"\x33\x07\0\x01t\0\x09hi\x34\x05\0\x01u\0\x0a"),
        Server(b"\x40\x02\0\x09\x50\x02\0\x0a"),
        Client(b"\x62\x02\0\x0a"),
        Server(b"\x70\x02\0\x0a"),
        Client(b"\xa2\x07\0\x02\0\x03a/+"),
        Server(b"\xb0\x02\0\x02"),
        Client(b"\xe0\0"),
    ]);
    assert_eq!(
        told,
        [
            "fact client client-id: a",
            "login: MQTT password",
            "> connect CONNECT",
            "> publish WILL qos1 retain w/a ≤4 B",
            "< connect CONNECT",
            "> subscribe SUBSCRIBE a/+",
            "> subscribe SUBSCRIBE $b",
            "> connect PINGREQ",
            "< subscribe SUBSCRIBE a/+",
            "< subscribe SUBSCRIBE $b refused 128",
            "< connect PINGREQ",
            "> publish PUBLISH a/b ≤4 B = 21500",
            "> publish PUBLISH qos1 retain t ≤4 B",
            "> publish PUBLISH qos2 u ≤1 B",
            "< publish PUBLISH qos1 retain t ≤4 B",
            "< publish PUBLISH qos2 u ≤1 B",
            "> subscribe UNSUBSCRIBE a/+",
            "< subscribe UNSUBSCRIBE a/+",
            "> connect DISCONNECT",
        ]
    );
}

#[test]
fn an_alias_stands_for_the_topic_of_its_own_direction() {
    let told = stream_split::<Session>(&[
        Client(CONNECT_V5),
        Server(CONNACK_V5),
        Client(b"\x30\x08\0\x01t\x03\x23\0\x01x\x30\x07\0\0\x03\x23\0\x01y"),
        Server(b"\x30\x07\0\0\x03\x23\0\x01z"),
        Client(b"\x30\x08\0\x01u\x03\x23\0\x0bx"),
    ]);
    assert_eq!(
        told[3..],
        [
            "> publish PUBLISH t ≤1 B",
            "> publish PUBLISH t ≤1 B",
            "malformed: topic alias that was never set",
            "malformed: topic alias above the receiver's maximum",
        ]
    );
}

#[test]
fn a_large_payload_is_passed_over_and_never_held() {
    let mut publish = b"\x30\xa4\x8d\x06\0\x02tt".to_vec();
    let begun = [Client(CONNECT), Client(&publish[..])];
    assert_eq!(stream::<Session>(&begun)[2..], ["> publish PUBLISH tt ≤262144 B"]);
    publish.resize(publish.len() + 100_000, b'x');
    publish.extend_from_slice(b"\xc0\0");
    let told = stream_split::<Session>(&[Client(CONNECT), Client(&publish)]);
    assert_eq!(told[2..], ["> publish PUBLISH tt ≤262144 B", "> connect PINGREQ"]);
}

#[test]
fn what_only_the_session_can_know_to_be_wrong_is_named() {
    for (script, told) in [
        (&[Client(b"\xc0\0")][..], &["malformed: first packet is not CONNECT", "> connect PINGREQ"][..]),
        (
            &[Client(CONNECT), Client(CONNECT)],
            &["fact client client-id: a", "> connect CONNECT", "malformed: second CONNECT on one connection"],
        ),
        (
            &[Client(CONNECT), Server(b"\xc0\0")],
            &[
                "fact client client-id: a",
                "> connect CONNECT",
                "malformed: packet that only the other end may send",
            ],
        ),
        (
            &[Client(CONNECT), Client(b"\x82\x06\0\x01\0\x01a\0"), Server(b"\x90\x04\0\x01\0\0")],
            &[
                "fact client client-id: a",
                "> connect CONNECT",
                "> subscribe SUBSCRIBE a",
                "< subscribe SUBSCRIBE a",
                "malformed: more codes than filters were asked",
            ],
        ),
        (
            &[Client(CONNECT), Client(b"\x82\xff\xff\x7f")],
            &[
                "fact client client-id: a",
                "> connect CONNECT",
                "malformed: packet is longer than any honest one of its type",
            ],
        ),
        (
            &[Client(CONNECT), Client(b"\x82\x04\0\x01\0\x05")],
            &[
                "fact client client-id: a",
                "> connect CONNECT",
                "malformed: remaining length is too short for the packet",
            ],
        ),
        (
            &[Client(CONNECT), Client(b"\x02\0")],
            &[
                "fact client client-id: a",
                "> connect CONNECT",
                "malformed: packet type 0 is reserved",
                "lost",
            ],
        ),
    ] {
        assert_eq!(stream::<Session>(script), told);
    }
}

#[test]
fn answers_nobody_asked_for_are_orphans() {
    let told = stream_split::<Session>(&[
        Client(CONNECT_V5),
        Server(b"\x20\x03\0\x87\0"),
        Server(b"\x40\x02\0\x05\x50\x03\0\x06\x97\x90\x04\0\x07\0\x87\xd0\0"),
        Client(b"\x62\x02\0\x08"),
        Server(b"\x70\x03\0\x08\x92\xe0\x01\x8e"),
    ]);
    assert_eq!(
        told[2..],
        [
            "< connect CONNECT refused 135",
            "? publish PUBACK",
            "? publish PUBREC refused 151",
            "? subscribe SUBSCRIBE refused 135",
            "? connect PINGREQ",
            "> publish PUBREL",
            "< publish PUBREL refused 146",
            "> connect DISCONNECT #142",
        ]
    );
}

#[test]
fn after_a_gap_nothing_is_believed_before_it_is_sound() {
    let told = stream::<Session>(&[
        Gap(Direction::FromClient),
        Gap(Direction::FromServer),
        Client(b"21.5 degrees in the middle of a payload"),
        Client(b"\x30\x05\0\x03a/b"),
        Server(b"\x90\x04\0\x01\0\x01"),
        Client(b"\x30\x07\0\0\x03\x23\0\x01y"),
    ]);
    assert_eq!(
        told,
        ["lost", "> publish PUBLISH a/b ≤1 B", "? subscribe SUBSCRIBE", "> publish PUBLISH #1 ≤1 B"],
        "an alias set unseen is told by its number"
    );
}

#[test]
fn a_connect_is_known_by_its_name_on_any_port() {
    assert_eq!(probe(Direction::FromClient, CONNECT), Probe::Match);
    for end in 0..8 {
        assert_eq!(probe(Direction::FromClient, &CONNECT[..end]), Probe::Unsure, "{end}");
    }
    assert_eq!(probe(Direction::FromClient, b"\x10\x0d\0\x04HTTP"), Probe::Mismatch);
    assert_eq!(probe(Direction::FromClient, b"GET / HTTP/1.1\r\n\r\n"), Probe::Mismatch);
    assert_eq!(probe(Direction::FromClient, b"\x30\x05\0\x03a/b"), Probe::Match);
    assert_eq!(probe(Direction::FromServer, b"\x16\x03\x01\x02\0\x01"), Probe::Mismatch);
}
