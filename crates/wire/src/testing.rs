//! What parser tests share: a flow to speak on, and a sink that writes observations down as text.

use crate::context::Context;
use crate::parser::{DatagramParser, Progress, StreamParser};
use nullius_model::{
    Direction, Endpoint, FlowId, FlowInfo, FrameNumber, Mac, Message, MessageKind, Observation, Outcome,
    Seen, Sink, Timestamp, Transport,
};
use std::net::{IpAddr, Ipv4Addr};

/// Writes down observations, one line each.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    lines: Vec<String>,
}

impl Sink for Recorder {
    fn observe(&mut self, _: Seen, _: Option<&FlowInfo>, observation: Observation<'_>) {
        let line = match observation {
            Observation::Message(message) => message_line(&message),
            Observation::Fact(fact) => format!("fact {}={}", fact.attribute, fact.value),
            Observation::Binding(binding) => format!("binding {} {}", binding.mac, binding.ip),
            Observation::Malformed { why, .. } => format!("malformed: {why}"),
            other @ (Observation::Frame { .. }
            | Observation::TlsClient(_)
            | Observation::TlsServer(_)
            | Observation::SshServer(_)
            | Observation::Certificate(_)
            | Observation::CleartextLogin(_)
            | Observation::Damage(_)
            | Observation::FlowUsage(_)) => format!("{other:?}"),
        };
        self.lines.push(line);
    }
}

/// `read > get_attribute_single 0x1/1`: class, place in the exchange, unit where there is one, symbol, outcome.
fn message_line(message: &Message<'_>) -> String {
    let (mark, outcome) = match message.kind {
        MessageKind::Request => (">", Outcome::Done),
        MessageKind::Response { outcome, .. } => ("<", outcome),
        MessageKind::Orphan { outcome } => ("?", outcome),
    };
    let unit = message.unit.0.map(|unit| format!(" unit {unit}")).unwrap_or_default();
    let refused = match outcome {
        Outcome::Done => String::new(),
        Outcome::Refused(code) => format!(" refused {code}"),
    };
    format!("{} {mark}{unit} {}{refused}", message.symbol.class, message.symbol)
}

/// A flow between 10.0.0.1 and 10.0.0.2, the latter being asked on `port`.
pub(crate) fn flow(transport: Transport, port: u16) -> FlowInfo {
    let end = |last: u8, port: u16| Endpoint {
        mac: Mac::new([2, 0, 0, 0, 0, last]),
        ip: Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))),
        port,
    };
    FlowInfo {
        id: FlowId(1),
        transport,
        client: end(1, 50_000),
        server: end(2, port),
        vlan: None,
        opening_seen: true,
    }
}

/// A flow directly on the link.
pub(crate) fn link_flow(ethertype: u16) -> FlowInfo {
    let mut flow = flow(Transport::Link(ethertype), 0);
    flow.client.ip = None;
    flow.server.ip = None;
    flow
}

const SEEN: Seen = Seen { frame: FrameNumber(1), at: Timestamp::from_secs(1) };

/// What a datagram parser says to these datagrams.
pub(crate) fn datagrams(
    parser: &mut dyn DatagramParser,
    flow: &FlowInfo,
    datagrams: &[(Direction, &[u8])],
) -> Vec<String> {
    let mut sink = Recorder::default();
    for (direction, bytes) in datagrams {
        parser.handle_datagram(bytes, &mut Context::new(SEEN, flow, *direction, &mut sink));
    }
    sink.lines
}

/// What a stream parser says to these bytes, and what became of them.
pub(crate) fn stream(
    parser: &mut dyn StreamParser,
    flow: &FlowInfo,
    direction: Direction,
    bytes: &[u8],
) -> (Progress, Vec<String>) {
    let mut sink = Recorder::default();
    let progress = parser.handle_bytes(bytes, &mut Context::new(SEEN, flow, direction, &mut sink));
    (progress, sink.lines)
}

/// Bytes from hexadecimal text; blanks are for the eye.
pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks_exact(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
