//! OPC UA binary over TCP (OPC 10000-6, IEC 62541-6).
//!
//! Read: the greeting, channels and their security policy, every service by name; of Read, Write, Call, HistoryRead,
//! AddNodes, DeleteNodes and CreateMonitoredItems each node and its outcome; application descriptions, build
//! information, user passwords in the clear. Not read: values that answers and notifications carry.
//!
//! Whether a secured channel only signs, or encrypts as well, is itself encrypted. So a message is tried: if it begins
//! with the type of a known service it is read, else it is told as an opaque `MSG` of its size. Nothing more can be
//! said of it, so that its class is `connect`: what happens inside a secured session is for the server to judge.
//!
//! INVARIANT: on a channel without security nothing is opaque: an unknown service there is `unknown_service`.

mod assembly;
mod chunk;
mod identity;
mod observe;
mod request;
mod response;
mod service;
mod types;

use crate::context::Context;
use crate::parser::{Probe, Progress, StreamParser};
use crate::reader::{Parse, ParseError, Reader};
use crate::text;
use assembly::{Assembler, MAX_MESSAGE};
use chunk::{Header, Kind, Type};
use nullius_model::{Attribute, Direction, Object, Outcome, Protocol, Symbol, Unit, Values, VerbClass};
use observe::{Key, Message, Observer, is_readable};
use types::{read_bytes, read_node_id, skip_bytes};

/// Whether the first bytes of a flow look like this protocol.
pub(crate) fn probe(_direction: Direction, bytes: &[u8]) -> Probe {
    match chunk::read_header(bytes) {
        Ok(_) => Probe::Match,
        Err(ParseError::Short) => Probe::Unsure,
        Err(ParseError::Invalid(_)) => Probe::Mismatch,
    }
}

/// One flow.
#[derive(Debug)]
pub(crate) struct Session {
    security: Security,
    /// The side that asks; not the one that opened the connection where the server called back (§7.1.3).
    client: Direction,
    observer: Observer,
    sides: Sides<Side>,
}

/// What one direction has begun.
#[derive(Debug, Default)]
struct Side {
    assembler: Assembler,
    /// The last bytes were a chunk, so that what follows must be one.
    is_in_chunks: bool,
}

/// What the channel's security policy hides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Security {
    /// The channel was opened before the capture began, or something is missing.
    Unknown,
    /// Nothing.
    None,
    /// Something: messages are signed, perhaps encrypted.
    Some,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            security: Security::Unknown,
            client: Direction::FromClient,
            observer: Observer::default(),
            sides: Sides::default(),
        }
    }
}

impl StreamParser for Session {
    fn handle_bytes(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Progress {
        let mut consumed = 0;
        while let Some(rest) = bytes.get(consumed..) {
            match chunk::read_header(rest) {
                Ok(header) => {
                    let Some(body) = body(rest, header) else { break };
                    if let Err(error) = self.handle_chunk(header, body, context) {
                        context.malformed(Protocol::OpcUa, error);
                    }
                    self.sides.of(context.direction).is_in_chunks = true;
                    consumed += header.size;
                }
                Err(ParseError::Short) => break,
                Err(error) => {
                    if std::mem::take(&mut self.sides.of(context.direction).is_in_chunks) {
                        context.malformed(Protocol::OpcUa, error);
                    }
                    return Progress::Lost;
                }
            }
        }
        Progress::Consumed(consumed)
    }

    fn held_bytes(&self) -> usize {
        self.sides.sum(|side| side.assembler.held_bytes())
    }

    fn handle_gap(&mut self, direction: Direction) {
        *self.sides.of(direction) = Side::default();
        self.observer.clear();
        // What follows may continue a message whose beginning is missing.
        if self.security == Security::None {
            self.security = Security::Unknown;
        }
    }
}

/// The body of a chunk, or as much of it as is read; nothing until that is there.
fn body(rest: &[u8], header: Header) -> Option<&[u8]> {
    const CHANNEL_AND_SEQUENCE: usize = 16;
    const MAX_READ: usize = chunk::HEADER + CHANNEL_AND_SEQUENCE + MAX_MESSAGE;
    rest.get(chunk::HEADER..header.size.min(MAX_READ))
}

impl Session {
    fn handle_chunk(&mut self, header: Header, body: &[u8], context: &mut Context<'_>) -> Parse<()> {
        let reader = Reader::new(body);
        match header.r#type {
            Type::Hello => self.handle_hello(reader, context),
            Type::ReverseHello => self.handle_reverse_hello(reader, context),
            Type::Acknowledge => {
                self.settle(&[Key::Hello], Outcome::Done, Symbol::new(VerbClass::Connect, "ACK"), context);
                Ok(())
            }
            Type::Error => self.handle_error(reader, context),
            Type::OpenChannel => self.handle_open(reader, context),
            Type::CloseChannel => {
                let symbol = Symbol::new(VerbClass::Connect, "CloseSecureChannel");
                context.request(Protocol::OpcUa, Unit::NONE, symbol, Values::None);
                Ok(())
            }
            Type::Message => self.handle_message(header, reader, context),
        }
    }

    fn handle_hello(&mut self, mut reader: Reader<'_>, context: &mut Context<'_>) -> Parse<()> {
        const VERSION_AND_LIMITS: usize = 20;
        reader.skip(VERSION_AND_LIMITS)?;
        let url = text::utf8(read_bytes(&mut reader)?);
        self.client = context.direction;
        let symbol = Symbol::new(VerbClass::Connect, "HEL").about(Object::name(&url));
        self.observer.ask(Key::Hello, symbol, Values::None, context);
        Ok(())
    }

    fn handle_reverse_hello(&mut self, mut reader: Reader<'_>, context: &mut Context<'_>) -> Parse<()> {
        let (server, url) = (read_bytes(&mut reader)?, text::utf8(read_bytes(&mut reader)?));
        self.client = context.direction.reversed();
        let symbol = Symbol::new(VerbClass::Connect, "RHE").about(Object::name(&url));
        context.request(Protocol::OpcUa, Unit::NONE, symbol, Values::None);
        context.fact(Protocol::OpcUa, Attribute::Application, &text::utf8(server));
        Ok(())
    }

    /// An error ends the connection, whatever was being opened on it.
    fn handle_error(&mut self, mut reader: Reader<'_>, context: &mut Context<'_>) -> Parse<()> {
        let outcome = Outcome::Refused(reader.le32()?);
        let keys = [Key::Hello, Key::Channel];
        self.settle(&keys, outcome, Symbol::new(VerbClass::Connect, "ERR"), context);
        Ok(())
    }

    /// Answers what is open under the first of `keys` that is, or speaks of an orphan.
    fn settle(&mut self, keys: &[Key], outcome: Outcome, orphan: Symbol, context: &mut Context<'_>) {
        if !keys.iter().any(|key| self.observer.answer_one(*key, outcome, context)) {
            context.orphan(Protocol::OpcUa, Unit::NONE, orphan, outcome);
        }
    }

    fn handle_open(&mut self, mut reader: Reader<'_>, context: &mut Context<'_>) -> Parse<()> {
        const CHANNEL: usize = 4;
        reader.skip(CHANNEL)?;
        let policy = text::utf8(read_bytes(&mut reader)?);
        let certificate = read_bytes(&mut reader)?;
        skip_bytes(&mut reader)?;
        let policy = policy.rsplit_once('#').map_or(&*policy, |(_, name)| name);
        self.security = if policy == "None" { Security::None } else { Security::Some };
        let symbol = Symbol::new(VerbClass::Connect, "OpenSecureChannel").about(Object::name(policy));
        if context.direction == self.client {
            self.observer.ask(Key::Channel, symbol, Values::None, context);
            return self.observer.show_certificate(certificate, context);
        }
        let outcome = match self.security {
            Security::None => read_open_outcome(reader)?,
            Security::Some | Security::Unknown => Outcome::Done,
        };
        self.settle(&[Key::Channel], outcome, symbol, context);
        self.observer.show_certificate(certificate, context)
    }

    fn handle_message(
        &mut self,
        header: Header,
        mut reader: Reader<'_>,
        context: &mut Context<'_>,
    ) -> Parse<()> {
        let (request, bytes) = chunk::read_sequenced(&mut reader)?;
        let security = self.security;
        let assembler = &mut self.sides.of(context.direction).assembler;
        match header.kind {
            Kind::Abort => drop(assembler.forget(request)),
            Kind::Intermediate
                if security == Security::None || assembler.has(request) || is_readable(bytes) =>
            {
                assembler.push(request, bytes);
            }
            Kind::Intermediate => opaque(header.size, context),
            Kind::Final => {
                let whole = assembler.finish(request, bytes);
                if security == Security::None || is_readable(&whole) {
                    let is_cut = whole.len() >= MAX_MESSAGE;
                    self.observer.observe(Message { request, bytes: &whole, is_cut }, context);
                    self.security = if security == Security::Unknown { Security::None } else { security };
                } else {
                    opaque(header.size, context);
                }
            }
        }
        Ok(())
    }
}

fn opaque(size: usize, context: &mut Context<'_>) {
    let symbol = Symbol::new(VerbClass::Connect, "MSG").sized(size);
    context.request(Protocol::OpcUa, Unit::NONE, symbol, Values::None);
}

/// Whether a channel without security was opened.
fn read_open_outcome(mut reader: Reader<'_>) -> Parse<Outcome> {
    let (_, message) = chunk::read_sequence(&mut reader)?;
    let mut reader = Reader::new(message);
    read_node_id(&mut reader)?;
    response::read_response_header(&mut reader).map(response::outcome)
}

#[cfg(test)]
mod tests;
use crate::sides::Sides;
