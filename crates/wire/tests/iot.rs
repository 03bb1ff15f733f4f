//! What the dissector tells of recorded IoT traffic, counted against the referee (tshark 4.0.17).

#![expect(clippy::panic, clippy::unwrap_used, reason = "a broken fixture must fail the test")]

use nullius_capture::CaptureFile;
use nullius_model::{FlowInfo, MessageKind, Observation, Seed, Seen, Sink};
use nullius_wire::{Dissector, Limits};
use std::collections::BTreeMap;
use std::path::Path;

/// What is counted, and how often it comes.
type Count<'a> = (&'a str, usize);

/// tshark's `mqtt.msgtype`: 1 CONNECT, 2 CONNACK, 3 PUBLISH, 4 PUBACK, 7 PUBCOMP, 12 PINGREQ, 13 PINGRESP,
/// 14 DISCONNECT. Subscriptions are counted by filter, as `mqtt.topic` in types 8 and 10.
#[test]
fn mqtt_messages_are_as_many_as_the_referee_counts() {
    let same_in_3 = [
        ("request CONNECT", 9),
        ("response CONNECT", 9),
        ("request PUBLISH", 12),
        ("response PUBLISH qos1", 5),
        ("response PUBLISH qos2", 2),
        ("request SUBSCRIBE", 5),
        ("response SUBSCRIBE", 5),
        ("request UNSUBSCRIBE", 1),
        ("response UNSUBSCRIBE", 1),
        ("request PINGREQ", 1),
        ("response PINGREQ", 1),
        ("request DISCONNECT", 8),
        ("orphan", 0),
        ("malformed", 0),
    ];
    check("mqtt/v31.pcap", &same_in_3);
    check("mqtt/v311.pcap", &same_in_3);
    check(
        "mqtt/v5.pcap",
        &[
            ("request CONNECT", 13),
            ("response CONNECT", 13),
            ("request PUBLISH", 20),
            ("response PUBLISH qos1", 9),
            ("response PUBLISH qos2", 2),
            ("request SUBSCRIBE", 6),
            ("response SUBSCRIBE", 6),
            ("request PINGREQ", 1),
            ("request DISCONNECT", 12),
            ("orphan", 0),
            ("malformed", 0),
        ],
    );
    check(
        "mqtt/paho.pcap",
        &[
            ("request CONNECT", 2),
            ("request PUBLISH", 16),
            ("response PUBLISH qos1", 7),
            ("response PUBLISH qos2", 4),
            ("request SUBSCRIBE", 4),
            ("response SUBSCRIBE", 4),
            ("request UNSUBSCRIBE", 3),
            ("response UNSUBSCRIBE", 3),
            ("request DISCONNECT", 2),
            ("malformed", 0),
        ],
    );
    check(
        "mqtt/zeek-mqtt.pcap",
        &[
            ("request CONNECT", 2),
            ("response CONNECT", 2),
            ("request PUBLISH", 3),
            ("request SUBSCRIBE", 1),
            ("request PINGREQ", 5),
            ("response PINGREQ", 5),
            ("request DISCONNECT", 1),
            ("malformed", 0),
        ],
    );
}

#[test]
fn mqtt_passwords_are_noticed_and_refusals_told() {
    check(
        "mqtt/logins.pcap",
        &[
            ("cleartext", 5),
            ("request CONNECT", 6),
            ("response CONNECT", 6),
            ("request PUBLISH", 2),
            ("response PUBLISH qos1", 1),
            ("malformed", 0),
        ],
    );
}

/// tshark's `coap.code` by `coap.type`. An answer is any response but a notification.
#[test]
fn coap_messages_are_as_many_as_the_referee_counts() {
    check(
        "coap/libcoap.pcap",
        &[
            ("request GET", 47),
            ("request GET observe", 1),
            ("request POST", 1),
            ("request PUT", 7),
            ("request DELETE", 1),
            ("request FETCH", 1),
            ("request PATCH", 1),
            ("request iPATCH", 1),
            ("request notify", 3),
            ("response", 59),
            ("orphan", 0),
            ("malformed", 0),
        ],
    );
    check(
        "coap/aiocoap.pcap",
        &[
            ("request GET", 9),
            ("request POST", 1),
            ("request PUT", 3),
            ("request DELETE", 1),
            ("request FETCH", 1),
            ("request iPATCH", 1),
            ("request notify", 5),
            ("response", 16),
            ("orphan", 0),
            ("malformed", 0),
        ],
    );
}

/// The referee counts two requests and one answer.
#[test]
fn a_coap_request_sent_again_counts_once() {
    check("coap/lossy.pcap", &[("request GET", 1), ("response GET", 1), ("orphan", 0)]);
}

#[test]
fn a_coap_search_of_a_group_finds_what_a_server_serves() {
    let expected = [("request GET /.well-known/core", 1), ("orphan response", 1), ("fact service ticks", 1)];
    check("coap/discovery.pcap", &expected);
}

/// tshark's `http.request.method` counts 20 + 84, 8 + 18, 18 and 40. What came twice is a duplicate here.
#[test]
fn ssdp_messages_and_duplicates_are_as_many_as_the_referee_counts() {
    for (capture, searches, notifications, duplicates, referee) in [
        ("ssdp/d-link-cam.pcap", 10, 36, 58, 104),
        ("ssdp/edimax-cam.pcap", 8, 18, 0, 26),
        ("ssdp/hue-bridge.pcap", 0, 18, 0, 18),
        ("ssdp/wemo-switch.pcap", 0, 40, 0, 40),
    ] {
        assert_eq!(searches + notifications + duplicates, referee, "{capture}");
        check(
            capture,
            &[
                ("request M-SEARCH", searches),
                ("request NOTIFY", notifications),
                ("damage duplicate", duplicates),
                ("malformed", 0),
            ],
        );
    }
}

/// tshark counts 3 searches, 7 answers and 36 notifications. Answers to a group come in flows of their own.
#[test]
fn ssdp_answers_tell_what_a_server_is() {
    check(
        "ssdp/minidlna.pcap",
        &[
            ("request M-SEARCH", 3),
            ("orphan M-SEARCH", 7),
            ("request NOTIFY ssdp:alive", 12),
            ("request NOTIFY ssdp:byebye", 24),
            ("malformed", 0),
        ],
    );
}

/// tshark's `nbns.flags.opcode`, halved: each frame is there twice.
#[test]
fn nbns_messages_are_as_many_as_the_referee_counts() {
    check(
        "nbns/windows-plc-network.pcap",
        &[
            ("request name_query", 18),
            ("request name_registration", 12),
            ("fact hostname KW-VLIPC<20>", 4),
            ("fact hostname WORKGROUP", 0),
            ("damage duplicate", 30),
            ("malformed", 0),
        ],
    );
}

/// tshark's `nbns.flags.opcode`: 10 queries with one for the status, 42 registrations, 3 multi-homed ones and 5 releases asked,
/// 3 and 5 answered; two answers to a broadcast come in a flow of their own.
#[test]
fn nbns_answers_are_paired_and_name_their_nodes() {
    check(
        "nbns/samba.pcap",
        &[
            ("request name_query", 9),
            ("request status_query", 1),
            ("request name_registration", 42),
            ("request multihomed_registration", 3),
            ("request name_release", 5),
            ("response status_query", 1),
            ("response name_registration", 2),
            ("response multihomed_registration", 3),
            ("orphan name_query", 2),
            ("fact hostname PLANT", 0),
            ("malformed", 0),
        ],
    );
}

/// Each expected count is that of the lines that begin so.
fn check(capture: &str, expected: &[Count<'_>]) {
    let told = read(capture);
    for (what, count) in expected {
        assert_eq!(self::count(&told, what), *count, "{capture}: {what}\n{told:#?}");
    }
}

fn count(told: &BTreeMap<String, usize>, what: &str) -> usize {
    told.iter().filter(|(line, _)| line.starts_with(what)).map(|(_, count)| count).sum()
}

fn read(capture: &str) -> BTreeMap<String, usize> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(capture);
    let mut file = CaptureFile::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut dissector = Dissector::new(Limits::default(), Seed::new(1));
    let mut told = Told::default();
    while let Some(frame) = file.next_frame().unwrap() {
        dissector.handle_frame(&frame, &mut told);
    }
    dissector.finish(&mut told);
    told.0
}

#[derive(Default)]
struct Told(BTreeMap<String, usize>);

impl Sink for Told {
    fn observe(&mut self, _seen: Seen, _flow: Option<&FlowInfo>, observation: Observation<'_>) {
        let line = if let Observation::Message(message) = observation {
            let kind = match message.kind {
                MessageKind::Request => "request",
                MessageKind::Response { .. } => "response",
                MessageKind::Orphan { .. } => "orphan",
            };
            format!("{kind} {} {}", message.symbol.verb, message.symbol.object)
        } else if let Observation::Fact(fact) = observation {
            format!("fact {} {}", fact.attribute, fact.value)
        } else if let Observation::Malformed { protocol, why } = observation {
            format!("malformed {protocol} {why}")
        } else if let Observation::CleartextLogin(scheme) = observation {
            format!("cleartext {}", scheme.name())
        } else if let Observation::Damage(damage) = observation {
            format!("damage {}", damage.name())
        } else {
            return;
        };
        *self.0.entry(line).or_default() += 1;
    }
}
