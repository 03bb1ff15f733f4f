//! HTTP/1.0 and 1.1 (RFC 9112, RFC 9110).
//!
//! Read: heads of requests and responses; bodies are passed over by their length, or chunk by chunk. Not read: bodies,
//! HTTP/2 and WebSocket, at whose beginning the flow is left alone. What follows an accepted CONNECT is decided anew.
//!
//! INVARIANT: no body is ever kept.

mod observe;
mod parser;

use crate::context::Context;
use crate::pairing::OpenRequests;
use crate::parser::{Probe, Progress, StreamParser};
use crate::reader::{Parse, ParseError};
use nullius_model::{Direction, Outcome, Protocol, Symbol, Unit, Values, VerbClass};
use observe::Told;
use parser::{Fields, Head, StartLine};

/// How a connection of HTTP/2 begins (RFC 9113 §3.4).
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n";
/// The longest method we know, with the blank behind it.
const MAX_METHOD: usize = 12;
/// Statuses that change how the flow is to be read.
const SWITCHING_PROTOCOLS: u16 = 101;

/// Whether the first bytes of a flow look like this protocol: a method we know and a line that ends in `HTTP/1.x`.
pub(crate) fn probe(_direction: Direction, bytes: &[u8]) -> Probe {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let whole = line.len() < bytes.len();
    if bytes.starts_with(HTTP2_PREFACE) || line.starts_with(b"HTTP/1.") {
        return Probe::Match;
    }
    if HTTP2_PREFACE.starts_with(bytes) || b"HTTP/1.".starts_with(line) && !whole {
        return Probe::Unsure;
    }
    let method = line.iter().take(MAX_METHOD).position(|byte| *byte == b' ');
    match method.and_then(|end| line.get(..end)) {
        Some(method) if !observe::is_method(method) => Probe::Mismatch,
        Some(_) if whole => Probe::decided(
            line.trim_ascii_end()
                .rsplit(|byte| *byte == b' ')
                .next()
                .is_some_and(|version| version.starts_with(b"HTTP/1.")),
        ),
        Some(_) => Probe::Unsure,
        None if !whole && line.len() < MAX_METHOD && line.iter().all(u8::is_ascii_uppercase) => Probe::Unsure,
        None => Probe::Mismatch,
    }
}

/// One flow.
#[derive(Debug, Default)]
pub(crate) struct Session {
    open: OpenRequests<()>,
    told: Told,
    sides: Sides<Side>,
}

/// One direction of a flow.
#[derive(Debug, Default)]
struct Side {
    expects: Expects,
    /// What comes need not begin a message.
    adrift: bool,
}

/// What comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Expects {
    #[default]
    Head,
    Chunk,
    Trailer,
    /// A body that ends with the flow.
    BodyToTheEnd,
}

impl StreamParser for Session {
    fn handle_bytes(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Progress {
        let mut done = 0_usize;
        while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
            match self.read_unit(rest, context) {
                Ok(Progress::Consumed(length)) => done = done.saturating_add(length),
                Ok(Progress::Handover(length)) => return Progress::Handover(done.saturating_add(length)),
                Ok(progress) => return progress,
                Err(ParseError::Short) => break,
                Err(error) => {
                    if !self.sides.of(context.direction).adrift {
                        context.malformed(Protocol::Http, error);
                    }
                    return Progress::Lost;
                }
            }
        }
        Progress::Consumed(done)
    }

    fn held_bytes(&self) -> usize {
        self.open.held_bytes()
    }

    fn handle_gap(&mut self, direction: Direction) {
        let side = self.sides.of(direction);
        if side.expects != Expects::BodyToTheEnd {
            side.expects = Expects::Head;
        }
        side.adrift = true;
        self.open.clear();
    }
}

impl Session {
    fn read_unit(&mut self, rest: &[u8], context: &mut Context<'_>) -> Parse<Progress> {
        let side = self.sides.of(context.direction);
        match side.expects {
            Expects::Head => self.read_head(rest, context),
            Expects::Chunk => {
                let (line, chunk) = parser::chunk(rest)?;
                if chunk == 0 {
                    side.expects = Expects::Trailer;
                }
                Ok(passed(line, chunk))
            }
            Expects::Trailer => {
                let (line, is_last) = parser::trailer(rest)?;
                if is_last {
                    side.expects = Expects::Head;
                }
                Ok(Progress::Consumed(line))
            }
            Expects::BodyToTheEnd => Ok(Progress::Consumed(rest.len())),
        }
    }

    fn read_head(&mut self, rest: &[u8], context: &mut Context<'_>) -> Parse<Progress> {
        if rest.starts_with(HTTP2_PREFACE) {
            return Ok(Progress::Finished);
        }
        if let Some(b'\r' | b'\n') = rest.first() {
            return Ok(Progress::Consumed(1)); // RFC 9112 §2.2: empty lines before a request are ignored.
        }
        if self.sides.of(context.direction).adrift && probe(context.direction, rest) == Probe::Mismatch {
            return Err(ParseError::Invalid("no message begins here"));
        }
        let head = Head::read(rest)?;
        self.sides.of(context.direction).adrift = false;
        if let Some(why) = head.fields.ambiguity {
            context.malformed(Protocol::Http, ParseError::Invalid(why));
        }
        self.told.tell(&head.fields, context);
        match head.start {
            StartLine::Request { method, target } => Ok(self.handle_request(method, target, &head, context)),
            StartLine::Response { status } => Ok(self.handle_response(status, &head, context)),
        }
    }

    fn handle_request(
        &mut self,
        method: &[u8],
        target: &[u8],
        head: &Head<'_>,
        context: &mut Context<'_>,
    ) -> Progress {
        let symbol = observe::symbol(method, target, head.fields.content_length);
        self.open.push((), symbol.clone(), context.seen.at);
        context.request(Protocol::Http, Unit::NONE, symbol, Values::None);
        // A request whose body has no length has none (RFC 9112 §6.3).
        self.pass_body(head, Expects::Head, context.direction)
    }

    fn handle_response(&mut self, status: u16, head: &Head<'_>, context: &mut Context<'_>) -> Progress {
        if status == SWITCHING_PROTOCOLS {
            self.answer(status, context);
            return Progress::Finished;
        }
        if status < 200 {
            return Progress::Consumed(head.length);
        }
        let verb = self.answer(status, context);
        if verb == "CONNECT" && status < 300 {
            return Progress::Handover(head.length);
        }
        if verb == "HEAD" || matches!(status, 204 | 304) {
            return Progress::Consumed(head.length);
        }
        self.pass_body(head, Expects::BodyToTheEnd, context.direction)
    }

    /// Tells the answer and the method it answers.
    fn answer(&mut self, status: u16, context: &mut Context<'_>) -> &'static str {
        let outcome = if status < 400 { Outcome::Done } else { Outcome::Refused(status.into()) };
        let Some(open) = self.open.answer(&()) else {
            let symbol = Symbol::new(VerbClass::Connect, "response");
            context.orphan(Protocol::Http, Unit::NONE, symbol, outcome);
            return "response";
        };
        let verb = open.symbol.verb;
        context.response(Protocol::Http, Unit::NONE, open.symbol, outcome, open.asked, Values::None);
        verb
    }

    /// Passes over head and body; `otherwise` is what to expect where no length is given.
    fn pass_body(&mut self, head: &Head<'_>, otherwise: Expects, direction: Direction) -> Progress {
        let Fields { content_length, transfer, .. } = head.fields;
        self.sides.of(direction).expects = match (transfer, content_length) {
            (Some(true), _) => Expects::Chunk,
            (None, Some(_)) => Expects::Head,
            (Some(false), _) | (None, None) => otherwise,
        };
        let body = if transfer.is_none() { content_length.unwrap_or_default() } else { 0 };
        passed(head.length, body)
    }
}

fn passed(read: usize, beyond: u64) -> Progress {
    Progress::Consumed(read.saturating_add(usize::try_from(beyond).unwrap_or(usize::MAX)))
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
use crate::sides::Sides;
