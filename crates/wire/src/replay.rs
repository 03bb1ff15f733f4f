//! For tests: plays a conversation to a parser as the dissector would, and writes down what it says, a line each.
//!
//! INVARIANT: a parser is offered what it left over, and never what it asked to have passed over.

use crate::context::Context;
use crate::parser::{DatagramParser, Progress, StreamParser};
use nullius_model::{
    Direction, Endpoint, FlowId, FlowInfo, FrameNumber, Mac, Message, MessageKind, Observation, Outcome,
    Seen, Sink, Timestamp, Transport, Values,
};

/// What one side sends.
pub(crate) type Line<'a> = (Direction, &'a [u8]);

/// From the client.
pub(crate) const CLIENT: Direction = Direction::FromClient;
/// From the server.
pub(crate) const SERVER: Direction = Direction::FromServer;

/// What a stream parser says; ends with `finished` or `handover` where it says so.
pub(crate) fn stream<P: StreamParser + Default>(conversation: &[Line<'_>]) -> Vec<String> {
    stream_from(&mut P::default(), conversation)
}

/// The same, from a parser in some state.
pub(crate) fn stream_from(parser: &mut dyn StreamParser, conversation: &[Line<'_>]) -> Vec<String> {
    let mut recorder = Recorder::default();
    let mut buffers = [Buffer::default(), Buffer::default()];
    for (second, (direction, bytes)) in (1..).zip(conversation) {
        let buffer = &mut buffers[*direction as usize];
        buffer.extend(bytes);
        let mut context = Context::new(seen(second), &FLOW, *direction, &mut recorder);
        match parser.handle_bytes(&buffer.pending, &mut context) {
            Progress::Consumed(count) => buffer.consume(count),
            Progress::Lost => {
                buffer.pending.clear();
                parser.handle_gap(*direction);
                recorder.lines.push("lost".to_owned());
            }
            Progress::Handover(_) => {
                recorder.lines.push("handover".to_owned());
                break;
            }
            Progress::Finished => {
                recorder.lines.push("finished".to_owned());
                break;
            }
        }
    }
    recorder.lines
}

/// The same, and that the size of the segments it comes in changes nothing.
pub(crate) fn stream_in_any_pieces<P: StreamParser + Default>(conversation: &[Line<'_>]) -> Vec<String> {
    let whole = stream::<P>(conversation);
    for size in [1, 2, 3, 7, 100] {
        let pieces: Vec<_> = conversation
            .iter()
            .flat_map(|(direction, bytes)| bytes.chunks(size).map(|piece| (*direction, piece)))
            .collect();
        assert_eq!(stream::<P>(&pieces), whole, "in segments of {size} bytes");
    }
    whole
}

/// What a datagram parser says.
pub(crate) fn datagrams(parser: &mut dyn DatagramParser, conversation: &[Line<'_>]) -> Vec<String> {
    let mut recorder = Recorder::default();
    for (second, (direction, bytes)) in (1..).zip(conversation) {
        parser.handle_datagram(bytes, &mut Context::new(seen(second), &FLOW, *direction, &mut recorder));
    }
    recorder.lines
}

/// Bytes that follow a simple rule and look like none, for inputs that nobody thought of.
pub(crate) fn noise(seed: u64) -> impl Iterator<Item = u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::from_fn(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        Some(state.to_le_bytes()[3])
    })
}

#[derive(Default)]
struct Buffer {
    pending: Vec<u8>,
    /// Bytes still to come that the parser asked to have passed over.
    skip: usize,
}

impl Buffer {
    fn extend(&mut self, bytes: &[u8]) {
        let passed = self.skip.min(bytes.len());
        self.skip -= passed;
        self.pending.extend_from_slice(&bytes[passed..]);
    }

    fn consume(&mut self, count: usize) {
        self.skip += count.saturating_sub(self.pending.len());
        self.pending.drain(..count.min(self.pending.len()));
    }
}

const END: Endpoint = Endpoint { mac: Mac::NONE, ip: None, port: 0 };
const FLOW: FlowInfo = FlowInfo {
    id: FlowId(1),
    transport: Transport::Tcp,
    client: END,
    server: END,
    vlan: None,
    opening_seen: true,
};

const fn seen(second: u64) -> Seen {
    Seen { frame: FrameNumber(second), at: Timestamp::from_secs(second) }
}

#[derive(Default)]
struct Recorder {
    lines: Vec<String>,
}

impl Sink for Recorder {
    fn observe(&mut self, _: Seen, _: Option<&FlowInfo>, observation: Observation<'_>) {
        self.lines.push(if let Observation::Message(message) = observation {
            message_line(&message)
        } else if let Observation::Fact(fact) = observation {
            format!("fact {}: {}", fact.attribute, fact.value)
        } else if let Observation::Malformed { why, .. } = observation {
            format!("malformed: {why}")
        } else if let Observation::CleartextLogin(scheme) = observation {
            format!("login: {}", scheme.name())
        } else if let Observation::Certificate(seen) = observation {
            format!("certificate {}: {}", seen.depth, seen.subject)
        } else {
            format!("{observation:?}")
        });
    }
}

fn message_line(message: &Message<'_>) -> String {
    let (mark, outcome) = match message.kind {
        MessageKind::Request => ('>', Outcome::Done),
        MessageKind::Response { outcome, .. } => ('<', outcome),
        MessageKind::Orphan { outcome } => ('?', outcome),
    };
    let refused = match outcome {
        Outcome::Done => String::new(),
        Outcome::Refused(code) => format!(" refused {code}"),
    };
    let value = match message.values {
        Values::Milli(value) => format!(" = {value}"),
        Values::None | Values::Words(_) | Values::Bits(_) => String::new(),
    };
    format!("{mark} {} {}{refused}{value}", message.symbol.class, message.symbol)
}
