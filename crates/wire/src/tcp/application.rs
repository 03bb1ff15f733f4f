//! Ordered bytes to a protocol's parser: which parser, and what it could not yet read.

use super::turns::{Turn, Turns};
use crate::context::Context;
use crate::parser::{Probe, Progress, StreamParser};
use crate::reader::ParseError;
use crate::registry::{STREAMS, StreamEntry};
use nullius_model::{
    Direction, FlowInfo, Message, MessageKind, Observation, Protocol, Sink, Symbol, Unit, Values, VerbClass,
};

/// Bytes one direction keeps for a parser that wants more: the largest TLS handshake message or OPC UA chunk, twice.
pub(crate) const MAX_INBOX: usize = 128 << 10;
/// Bytes a probe may ask for before the flow is given up as unknown.
const MAX_PROBE: usize = 512;
/// Segments in a row that a parser may fail to read before the flow is given up.
const MAX_LOST: u8 = 16;
/// Protocols that may follow each other on one flow: plain, STARTTLS, and one more.
const MAX_HANDOVERS: u8 = 3;

/// Bytes of one direction that no parser is done with.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
    /// Bytes still to come that the parser does not want to see.
    skip: usize,
}

/// Who reads the flow.
#[derive(Debug)]
pub(super) struct Application {
    reader: Reader,
    protocol: Protocol,
    handovers: u8,
    /// Something is missing before what comes next.
    gapped: [bool; 2],
}

enum Reader {
    Undecided,
    Parser {
        parser: Box<dyn StreamParser>,
        lost: u8,
    },
    /// Nobody; only turns are told.
    Unread(Turns),
    /// Nothing more to learn.
    Done,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Undecided => "Undecided",
            Self::Parser { .. } => "Parser",
            Self::Unread(_) => "Unread",
            Self::Done => "Done",
        })
    }
}

impl Inbox {
    pub(super) const fn held_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    fn clear(&mut self) {
        *self = Self::default();
    }

    /// What of `bytes` the parser wants to see.
    fn skipped<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let passed = self.skip.min(bytes.len());
        self.skip -= passed;
        bytes.get(passed..).unwrap_or_default()
    }
}

impl Application {
    pub(super) const fn new() -> Self {
        Self { reader: Reader::Undecided, protocol: Protocol::Tcp, handovers: 0, gapped: [false; 2] }
    }

    pub(super) const fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Bytes the parser keeps.
    pub(super) fn held_bytes(&self) -> usize {
        match &self.reader {
            Reader::Parser { parser, .. } => parser.held_bytes(),
            Reader::Undecided | Reader::Unread(_) | Reader::Done => 0,
        }
    }

    /// Takes the next bytes of `context.direction`.
    pub(super) fn handle_bytes(&mut self, inbox: &mut Inbox, bytes: &[u8], context: &mut Context<'_>) {
        let bytes = inbox.skipped(bytes);
        if bytes.is_empty() {
            return;
        }
        if inbox.bytes.is_empty() {
            let done = self.read(inbox, bytes, context);
            inbox.bytes.extend_from_slice(bytes.get(done..).unwrap_or_default());
        } else {
            let mut held = std::mem::take(&mut inbox.bytes);
            held.extend_from_slice(bytes);
            let done = self.read(inbox, &held, context).min(held.len());
            held.drain(..done);
            inbox.bytes = held;
        }
        self.bound(inbox, context);
    }

    /// Bytes of `direction` are missing.
    pub(super) fn handle_gap(&mut self, inbox: &mut Inbox, direction: Direction) {
        inbox.clear();
        self.gapped = match direction {
            Direction::FromClient => [true, self.gapped[1]],
            Direction::FromServer => [self.gapped[0], true],
        };
        if let Reader::Parser { parser, .. } = &mut self.reader {
            parser.handle_gap(direction);
        }
    }

    /// Tells the last turn.
    pub(super) fn flush(&mut self, info: &FlowInfo, sink: &mut dyn Sink) {
        if let Reader::Unread(turns) = &mut self.reader
            && let Some(turn) = turns.finish()
        {
            tell_turn(turn, info, sink);
        }
    }

    /// Lets the reader read; returns how many bytes are done with.
    fn read(&mut self, inbox: &mut Inbox, bytes: &[u8], context: &mut Context<'_>) -> usize {
        let mut done = 0;
        loop {
            let rest = bytes.get(done..).unwrap_or_default();
            let undecided = matches!(self.reader, Reader::Undecided);
            if undecided && (rest.is_empty() || !self.decide(rest, context)) {
                return done;
            }
            match &mut self.reader {
                Reader::Undecided => {}
                Reader::Parser { parser, lost } => match parser.handle_bytes(rest, context) {
                    Progress::Consumed(count) => {
                        *lost = if count > 0 { 0 } else { *lost };
                        inbox.skip = count.saturating_sub(rest.len());
                        return done.saturating_add(count).min(bytes.len());
                    }
                    Progress::Lost => {
                        *lost += 1;
                        parser.handle_gap(context.direction);
                        if *lost >= MAX_LOST {
                            self.give_up(context, "no message found in many segments");
                        }
                        return bytes.len();
                    }
                    Progress::Handover(count) => {
                        done = done.saturating_add(count).min(bytes.len());
                        self.hand_over();
                    }
                    Progress::Finished => {
                        self.reader = Reader::Done;
                        return bytes.len();
                    }
                },
                Reader::Unread(turns) => {
                    if let Some(turn) = turns.handle(context.direction, rest.len(), context.seen) {
                        let flow = context.flow;
                        context.observe_at(turn.seen, turn_message(turn, flow));
                    }
                    return bytes.len();
                }
                Reader::Done => return bytes.len(),
            }
        }
    }

    /// Chooses a reader by the port and the bytes; false while there are too few to tell.
    fn decide(&mut self, bytes: &[u8], context: &mut Context<'_>) -> bool {
        let ports = [context.flow.server.port, context.flow.client.port];
        let by_port = |entry: &&StreamEntry| entry.ports.iter().any(|port| ports.contains(port));
        let mut unsure = false;
        let candidates = STREAMS.iter().filter(by_port).chain(STREAMS.iter().filter(|entry| entry.any_port));
        for entry in candidates {
            match (entry.probe)(context.direction, bytes) {
                Probe::Match => {
                    self.start(entry);
                    return true;
                }
                Probe::Unsure => unsure = true,
                Probe::Mismatch => {}
            }
        }
        if unsure && bytes.len() < MAX_PROBE {
            return false;
        }
        self.reader = Reader::Unread(Turns::default());
        true
    }

    fn start(&mut self, entry: &StreamEntry) {
        let mut parser = (entry.start)();
        for (gapped, direction) in self.gapped.into_iter().zip([Direction::FromClient, Direction::FromServer])
        {
            if gapped {
                parser.handle_gap(direction);
            }
        }
        self.protocol = entry.protocol;
        self.reader = Reader::Parser { parser, lost: 0 };
    }

    fn hand_over(&mut self) {
        self.handovers += 1;
        self.reader = if self.handovers > MAX_HANDOVERS { Reader::Done } else { Reader::Undecided };
    }

    /// Lets go what a parser keeps asking more for.
    fn bound(&mut self, inbox: &mut Inbox, context: &mut Context<'_>) {
        if inbox.bytes.len() > MAX_INBOX {
            inbox.clear();
            self.give_up(context, "message is longer than any honest one");
        } else if inbox.bytes.is_empty() && inbox.bytes.capacity() > 4096 {
            inbox.bytes = Vec::new();
        }
    }

    fn give_up(&mut self, context: &mut Context<'_>, why: &'static str) {
        context.malformed(self.protocol, ParseError::Invalid(why));
        self.reader = Reader::Unread(Turns::default());
    }
}

fn tell_turn(turn: Turn, info: &FlowInfo, sink: &mut dyn Sink) {
    sink.observe(turn.seen, Some(info), turn_message(turn, info));
}

/// A turn as the message it is to us. The server's port stands for the service, as a unit does elsewhere.
fn turn_message(turn: Turn, info: &FlowInfo) -> Observation<'static> {
    Observation::Message(Message {
        protocol: Protocol::Tcp,
        unit: Unit::number(u32::from(info.server.port)),
        direction: turn.direction,
        kind: MessageKind::Request,
        symbol: Symbol::new(VerbClass::Connect, "exchange").sized(turn.bytes),
        values: Values::None,
    })
}
