//! What a datagram parser said, as lines of text: for tests of parsers.

use crate::context::Context;
use crate::parser::DatagramParser;
use nullius_model::{
    Binding, Direction, Endpoint, Fact, FlowId, FlowInfo, Mac, Message, MessageKind, Observation, Outcome,
    Seen, Sink, Timestamp, Transport,
};
use std::net::{IpAddr, Ipv4Addr};

/// The client of [`flow`].
pub(crate) const CLIENT: Mac = Mac::new([2, 0, 0, 0, 0, 1]);
/// The server of [`flow`].
pub(crate) const SERVER: Mac = Mac::new([2, 0, 0, 0, 0, 2]);

/// A flow from 10.0.0.1 to 10.0.0.2.
pub(crate) fn flow() -> FlowInfo {
    let end = |mac, last, port| Endpoint { mac, ip: Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))), port };
    FlowInfo {
        id: FlowId(1),
        transport: Transport::Udp,
        client: end(CLIENT, 1, 40_000),
        server: end(SERVER, 2, 53),
        vlan: None,
        opening_seen: true,
    }
}

/// What `parser` says to `datagrams` of `flow`, one second apart.
pub(crate) fn on_flow(
    parser: &mut dyn DatagramParser,
    flow: &FlowInfo,
    datagrams: &[(Direction, &[u8])],
) -> Vec<String> {
    let mut lines = Lines::default();
    for ((direction, bytes), second) in datagrams.iter().zip(1..) {
        let seen = Seen { at: Timestamp::from_secs(second), ..Seen::default() };
        parser.handle_datagram(bytes, &mut Context::new(seen, flow, *direction, &mut lines));
    }
    lines.0
}

/// The same on [`flow`].
pub(crate) fn on(parser: &mut dyn DatagramParser, datagrams: &[(Direction, &[u8])]) -> Vec<String> {
    on_flow(parser, &flow(), datagrams)
}

/// Bytes from hexadecimal text, spaces ignored.
pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}

#[derive(Default)]
struct Lines(Vec<String>);

impl Sink for Lines {
    fn observe(&mut self, _seen: Seen, _flow: Option<&FlowInfo>, observation: Observation<'_>) {
        self.0.push(line(&observation));
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the datagram parsers tested here say nothing else")]
fn line(observation: &Observation<'_>) -> String {
    match observation {
        Observation::Binding(Binding { mac, ip, source }) => format!("binding {mac} {ip} {}", source.name()),
        Observation::Fact(Fact { mac, ip, attribute, value, .. }) => match (mac.is_none(), ip) {
            (false, _) => format!("fact {mac} {attribute}={value}"),
            (true, Some(ip)) => format!("fact {ip} {attribute}={value}"),
            (true, None) => format!("fact of nobody {attribute}={value}"),
        },
        Observation::Message(Message { kind, symbol, .. }) => {
            format!("{} {} {symbol}", kind_text(*kind), symbol.class)
        }
        Observation::Malformed { why, .. } => format!("malformed: {why}"),
        other => format!("{other:?}"),
    }
}

fn kind_text(kind: MessageKind) -> String {
    match kind {
        MessageKind::Request => "request".to_owned(),
        MessageKind::Response { outcome, .. } => format!("response{}", outcome_text(outcome)),
        MessageKind::Orphan { outcome } => format!("orphan{}", outcome_text(outcome)),
    }
}

fn outcome_text(outcome: Outcome) -> String {
    match outcome {
        Outcome::Done => String::new(),
        Outcome::Refused(code) => format!(" refused({code})"),
    }
}
