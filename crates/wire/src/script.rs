//! For tests of parsers: plays payloads to one as the dissector would, and writes down what it tells.
//!
//! INVARIANT: a stream parser is offered what it left over, and never what it asked to be passed over.

use crate::context::Context;
use crate::parser::{DatagramParser, Progress, StreamParser};
use nullius_model::{
    Direction, Endpoint, FlowId, FlowInfo, FrameNumber, Mac, MessageKind, Observation, Outcome, Seen, Sink,
    Timestamp, Transport, Values,
};
use std::net::IpAddr;

/// One piece of payload, and who sends it.
pub(crate) type Line<'a> = (Direction, &'a [u8]);

/// From the client.
pub(crate) const CLIENT: Direction = Direction::FromClient;
/// From the server.
pub(crate) const SERVER: Direction = Direction::FromServer;

/// What a stream parser tells of segments of these bytes, one line an observation.
pub(crate) fn stream(parser: &mut dyn StreamParser, script: &[Line<'_>]) -> Vec<String> {
    let mut told = Told::default();
    let mut inboxes = [Inbox::default(), Inbox::default()];
    for (second, (direction, bytes)) in (1..).zip(script) {
        let [client, server] = &mut inboxes;
        let inbox = if *direction == CLIENT { client } else { server };
        let passed = inbox.skip.min(bytes.len());
        inbox.skip -= passed;
        inbox.bytes.extend_from_slice(&bytes[passed..]);
        if !inbox.bytes.is_empty() {
            offer(parser, inbox, *direction, second, &mut told);
        }
    }
    told.0
}

/// The same in segments of every size up to 20 bytes: it must tell the same.
pub(crate) fn stream_in_pieces<P: StreamParser + Default>(script: &[Line<'_>]) -> Vec<String> {
    let whole = stream(&mut P::default(), script);
    for size in 1..20 {
        let cut: Vec<Line<'_>> = script
            .iter()
            .flat_map(|(direction, bytes)| bytes.chunks(size).map(|piece| (*direction, piece)))
            .collect();
        assert_eq!(stream(&mut P::default(), &cut), whole, "in segments of {size} bytes");
    }
    whole
}

/// What a datagram parser tells of these, sent one a second to `server`.
pub(crate) fn datagrams(parser: &mut dyn DatagramParser, server: IpAddr, script: &[Line<'_>]) -> Vec<String> {
    let mut told = Told::default();
    let flow = flow(Transport::Udp, Some(server));
    for (second, (direction, bytes)) in (1..).zip(script) {
        parser.handle_datagram(bytes, &mut Context::new(at(second), &flow, *direction, &mut told));
    }
    told.0
}

#[derive(Default)]
struct Inbox {
    bytes: Vec<u8>,
    skip: usize,
}

fn offer(
    parser: &mut dyn StreamParser,
    inbox: &mut Inbox,
    direction: Direction,
    second: u64,
    told: &mut Told,
) {
    let flow = flow(Transport::Tcp, None);
    match parser.handle_bytes(&inbox.bytes, &mut Context::new(at(second), &flow, direction, told)) {
        Progress::Consumed(count) => {
            inbox.skip = count.saturating_sub(inbox.bytes.len());
            inbox.bytes.drain(..count.min(inbox.bytes.len()));
        }
        Progress::Lost => {
            inbox.bytes.clear();
            parser.handle_gap(direction);
            told.0.push("lost".to_owned());
        }
        Progress::Handover(_) | Progress::Finished => told.0.push("finished".to_owned()),
    }
}

fn at(second: u64) -> Seen {
    Seen { frame: FrameNumber::default(), at: Timestamp::from_secs(second) }
}

fn flow(transport: Transport, server: Option<IpAddr>) -> FlowInfo {
    let end = |ip| Endpoint { mac: Mac::NONE, ip, port: 0 };
    let (client, server) = (end(None), end(server));
    FlowInfo { id: FlowId(1), transport, client, server, vlan: None, opening_seen: true }
}

#[derive(Default)]
struct Told(Vec<String>);

impl Sink for Told {
    fn observe(&mut self, _seen: Seen, _flow: Option<&FlowInfo>, observation: Observation<'_>) {
        self.0.push(if let Observation::Message(message) = observation {
            let (kind, outcome) = match message.kind {
                MessageKind::Request => ("ask", Outcome::Done),
                MessageKind::Response { outcome, .. } => ("answer", outcome),
                MessageKind::Orphan { outcome } => ("orphan", outcome),
            };
            let refused =
                if let Outcome::Refused(code) = outcome { format!(" refused {code}") } else { String::new() };
            let values =
                if let Values::Milli(value) = message.values { format!(" = {value}") } else { String::new() };
            format!("{kind} {}{refused}{values}", message.symbol)
        } else if let Observation::Fact(fact) = observation {
            format!("fact {} {}", fact.attribute, fact.value)
        } else if let Observation::Malformed { why, .. } = observation {
            format!("malformed: {why}")
        } else {
            format!("{observation:?}")
        });
    }
}
