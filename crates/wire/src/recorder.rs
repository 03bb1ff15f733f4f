//! For tests of parsers: plays bytes to one as the dissector would, and writes down what it says.
//!
//! INVARIANT: the parser is offered what it left over, and never more than it was promised.

use crate::context::Context;
use crate::parser::{DatagramParser, Progress, StreamParser};
use nullius_model::{
    Direction, Endpoint, FlowId, FlowInfo, FrameNumber, Mac, Message, MessageKind, Observation, Outcome,
    Seen, Sink, Timestamp, Transport, Values,
};

/// A line of a script.
pub(crate) enum Step<'a> {
    Client(&'a [u8]),
    Server(&'a [u8]),
    Gap(Direction),
}

/// What a parser says in answer to a script, one line an observation.
pub(crate) fn play(parser: &mut dyn StreamParser, script: &[Step<'_>]) -> Vec<String> {
    let mut recorder = Recorder::default();
    let mut pending = [Vec::new(), Vec::new()];
    for (number, step) in (1_u64..).zip(script) {
        let (direction, bytes) = match step {
            Step::Client(bytes) => (Direction::FromClient, bytes),
            Step::Server(bytes) => (Direction::FromServer, bytes),
            Step::Gap(direction) => {
                pending[*direction as usize].clear();
                parser.handle_gap(*direction);
                continue;
            }
        };
        let buffer = &mut pending[direction as usize];
        buffer.extend_from_slice(bytes);
        offer(parser, buffer, direction, number, &mut recorder);
    }
    recorder.lines
}

/// What a parser says of the same bytes, whatever the size of the segments they come in.
pub(crate) fn play_split<P: StreamParser + Default>(script: &[Step<'_>]) -> Vec<String> {
    let whole = play(&mut P::default(), script);
    for size in [1, 2, 3, 7, 11] {
        let mut cut = Vec::new();
        for step in script {
            match step {
                Step::Client(bytes) => cut.extend(bytes.chunks(size).map(Step::Client)),
                Step::Server(bytes) => cut.extend(bytes.chunks(size).map(Step::Server)),
                Step::Gap(direction) => cut.push(Step::Gap(*direction)),
            }
        }
        assert_eq!(play(&mut P::default(), &cut), whole, "in segments of {size} bytes");
    }
    whole
}

/// Bytes written in hexadecimal, blanks for the eye.
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}

/// Lets a datagram parser be played: each step is one datagram.
#[derive(Default)]
pub(crate) struct Datagrams<P>(P);

impl<P: DatagramParser> StreamParser for Datagrams<P> {
    fn handle_bytes(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Progress {
        self.0.handle_datagram(bytes, context);
        Progress::Consumed(bytes.len())
    }

    fn handle_gap(&mut self, _direction: Direction) {}
}

fn offer(
    parser: &mut dyn StreamParser,
    buffer: &mut Vec<u8>,
    direction: Direction,
    number: u64,
    recorder: &mut Recorder,
) {
    let flow = flow();
    let seen = Seen { frame: FrameNumber::default(), at: Timestamp::from_secs(number) };
    let mut context = Context::new(seen, &flow, direction, recorder);
    match parser.handle_bytes(buffer, &mut context) {
        Progress::Consumed(count) => {
            buffer.drain(..count.min(buffer.len()));
        }
        Progress::Lost => {
            buffer.clear();
            parser.handle_gap(direction);
            recorder.lines.push("lost".to_owned());
        }
        Progress::Handover(_) | Progress::Finished => recorder.lines.push("finished".to_owned()),
    }
}

fn flow() -> FlowInfo {
    let end = Endpoint { mac: Mac::NONE, ip: None, port: 0 };
    FlowInfo {
        id: FlowId(1),
        transport: Transport::Tcp,
        client: end,
        server: end,
        vlan: None,
        opening_seen: true,
    }
}

#[derive(Default)]
struct Recorder {
    lines: Vec<String>,
}

impl Sink for Recorder {
    fn observe(&mut self, _seen: Seen, _flow: Option<&FlowInfo>, observation: Observation<'_>) {
        self.lines.push(if let Observation::Message(message) = observation {
            line(&message)
        } else if let Observation::Fact(fact) = observation {
            format!("fact {} {}", fact.attribute, fact.value)
        } else if let Observation::Malformed { why, .. } = observation {
            format!("malformed: {why}")
        } else {
            format!("{observation:?}")
        });
    }
}

fn line(message: &Message<'_>) -> String {
    let (kind, outcome) = match message.kind {
        MessageKind::Request => ("ask", Outcome::Done),
        MessageKind::Response { outcome, .. } => ("answer", outcome),
        MessageKind::Orphan { outcome } => ("orphan", outcome),
    };
    let outcome =
        if let Outcome::Refused(code) = outcome { format!(" refused {code}") } else { String::new() };
    let values =
        if message.values == Values::None { String::new() } else { format!(" {:?}", message.values) };
    format!("{kind} {} {}{outcome}{values}", message.unit, message.symbol)
}
