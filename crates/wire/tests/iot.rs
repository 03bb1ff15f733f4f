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

/// Each expected count is that of the lines that begin so.
fn check(capture: &str, expected: &[Count<'_>]) {
    let told = read(capture);
    for (what, count) in expected {
        let found: usize =
            told.iter().filter(|(line, _)| line.starts_with(what)).map(|(_, count)| count).sum();
        assert_eq!(found, *count, "{capture}: {what}\n{told:#?}");
    }
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
        } else {
            return;
        };
        *self.0.entry(line).or_default() += 1;
    }
}
