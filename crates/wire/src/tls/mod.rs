//! SSL 2 to TLS 1.3 (RFC 8446, RFC 5246, RFC 4346, RFC 2246, RFC 6101, draft-hickman-netscape-ssl).
//!
//! Read: hellos of both sides, certificates up to TLS 1.2 (since 1.3 they are encrypted), fatal alerts in the clear. Not
//! read: key exchange, tickets, OCSP staples, and whatever is encrypted. Once both sides encrypt, the flow is left alone.
//!
//! INVARIANT: bytes are only taken for handshake while their side is known not to encrypt yet.

pub(crate) mod certificate;
pub(crate) mod hello;
mod ja4;
pub(crate) mod observe;
pub(crate) mod record;

use crate::context::Context;
use crate::parser::{Probe, Progress, StreamParser};
use crate::reader::{Parse, ParseError, Reader, ensure};
use hello::{ClientHello, Ssl2ServerHello};
use nullius_model::{Direction, Protocol};
use observe::Exchange;
use record::{Content, HEADER, Handshakes, Header};

/// SSL 2 message types.
const SSL2_CLIENT_HELLO: u8 = 1;
const SSL2_SERVER_HELLO: u8 = 4;

/// Whether the first bytes of a flow look like this protocol: a record that begins a hello, or a hello of SSL 2.
pub(crate) fn probe(_direction: Direction, bytes: &[u8]) -> Probe {
    match begins_with_hello(bytes) {
        Ok(()) => Probe::Match,
        Err(ParseError::Short) => Probe::Unsure,
        Err(ParseError::Invalid(_)) => probe_ssl2(bytes),
    }
}

fn begins_with_hello(bytes: &[u8]) -> Parse<()> {
    let mut reader = Reader::new(bytes);
    let first = Reader::new(bytes).u8()?;
    ensure(first == 22, "no handshake record")?;
    let header = Header::read(&mut reader)?;
    ensure(header.length >= 4, "no room for a hello")?;
    ensure(matches!(reader.u8()?, 1 | 2), "no hello")
}

fn probe_ssl2(bytes: &[u8]) -> Probe {
    match ssl2_message(bytes) {
        Ok(_) => Probe::Match,
        Err(ParseError::Short) => Probe::Unsure,
        Err(ParseError::Invalid(_)) => Probe::Mismatch,
    }
}

/// Type and length of an SSL 2 hello whose own lengths add up; the length is that of the body behind the type.
fn ssl2_message(bytes: &[u8]) -> Parse<(u8, usize)> {
    let mut reader = Reader::new(bytes);
    let first = reader.u8()?;
    ensure(first & 0x80 != 0, "no SSL 2 record")?;
    let length = usize::from(u16::from_be_bytes([first & 0x7f, reader.u8()?]));
    let kind = reader.u8()?;
    let announced = match kind {
        SSL2_CLIENT_HELLO => {
            ensure(
                matches!(reader.be16()?, 0x0002 | 0x0300..=0x0303),
                "SSL 2 hello of an impossible version",
            )?;
            9 + u32::from(reader.be16()?) + u32::from(reader.be16()?) + u32::from(reader.be16()?)
        }
        SSL2_SERVER_HELLO => {
            ensure(reader.be16()? <= 0x0101, "SSL 2 flags are impossible")?;
            ensure(reader.be16()? == 0x0002, "SSL 2 hello of an impossible version")?;
            11 + u32::from(reader.be16()?) + u32::from(reader.be16()?) + u32::from(reader.be16()?)
        }
        _ => return Err(ParseError::Invalid("no SSL 2 hello")),
    };
    ensure(usize::try_from(announced) == Ok(length), "SSL 2 lengths do not add up")?;
    Ok((kind, length - 1))
}

/// One flow.
#[derive(Debug)]
pub(crate) struct Session {
    exchange: Exchange,
    sides: Sides<Side>,
    /// The server spoke SSL 2: nothing that follows is read.
    is_ssl2: bool,
}

/// One direction of a flow.
#[derive(Debug, Default)]
struct Side {
    handshakes: Handshakes,
    /// Something was read.
    started: bool,
    /// What comes need not begin a record.
    adrift: bool,
    /// It encrypts.
    opaque: bool,
}

impl Default for Session {
    fn default() -> Self {
        Self { exchange: Exchange::tls(), sides: Sides::default(), is_ssl2: false }
    }
}

impl StreamParser for Session {
    fn handle_bytes(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Progress {
        let mut done = 0;
        while let Some(rest) = bytes.get(done..) {
            match self.read_unit(rest, context) {
                Ok(length) => done += length,
                Err(ParseError::Short) => break,
                Err(error) => {
                    if !self.sides.of(context.direction).adrift {
                        context.malformed(Protocol::Tls, error);
                    }
                    return Progress::Lost;
                }
            }
            if self.is_ssl2 || self.sides.client.opaque && self.sides.server.opaque {
                return Progress::Finished;
            }
        }
        Progress::Consumed(done)
    }

    fn handle_gap(&mut self, direction: Direction) {
        let side = self.sides.of(direction);
        side.handshakes.clear();
        side.adrift = true;
    }

    fn held_bytes(&self) -> usize {
        self.sides.sum(|side| side.handshakes.held_bytes())
    }
}

impl Session {
    /// Reads a record, or an SSL 2 hello where the flow begins; its length, which may lie beyond `rest`.
    fn read_unit(&mut self, rest: &[u8], context: &mut Context<'_>) -> Parse<usize> {
        let side = self.sides.of(context.direction);
        let may_be_ssl2 = !side.started && !side.adrift;
        let length = match rest.first() {
            Some(first) if may_be_ssl2 && first & 0x80 != 0 => self.read_ssl2(rest, context)?,
            _ => self.read_record(rest, context)?,
        };
        let side = self.sides.of(context.direction);
        (side.started, side.adrift) = (true, false);
        Ok(length)
    }

    fn read_record(&mut self, rest: &[u8], context: &mut Context<'_>) -> Parse<usize> {
        let mut reader = Reader::new(rest);
        let header = Header::read(&mut reader)?;
        let changes_keys = self.changes_keys();
        let side = self.sides.of(context.direction);
        match header.content {
            Content::ApplicationData => side.opaque = true,
            Content::ChangeCipherSpec => side.opaque |= changes_keys,
            Content::Handshake if !side.opaque => {
                self.handle_handshake(reader.take(header.length)?, context);
            }
            Content::Alert if !side.opaque && header.length == 2 => {
                let [level, description] = reader.array()?;
                self.exchange.handle_alert(level, description, context);
            }
            Content::Handshake | Content::Alert | Content::Heartbeat => {}
        }
        Ok(HEADER + header.length)
    }

    /// Since TLS 1.3 a change of cipher is empty ceremony (RFC 8446 §D.4) and may come before a hello that is still in
    /// the clear.
    fn changes_keys(&self) -> bool {
        match self.exchange.version() {
            Some(version) => !hello::is_1_3(version),
            None => !self.exchange.is_offered(),
        }
    }

    fn handle_handshake(&mut self, payload: &[u8], context: &mut Context<'_>) {
        let mut handshakes = std::mem::take(&mut self.sides.of(context.direction).handshakes);
        let exchange = &mut self.exchange;
        handshakes.take_in(payload, |read| match read {
            Ok((kind, body)) => exchange.handle_message(kind, body, context),
            Err(error) => context.malformed(Protocol::Tls, error),
        });
        self.sides.of(context.direction).handshakes = handshakes;
    }

    fn read_ssl2(&mut self, rest: &[u8], context: &mut Context<'_>) -> Parse<usize> {
        let (kind, length) = ssl2_message(rest)?;
        let mut reader = Reader::new(rest);
        reader.skip(3)?;
        let body = reader.take(length)?;
        if kind == SSL2_CLIENT_HELLO {
            self.exchange.handle_client_hello(&ClientHello::read_ssl2(body)?, context);
        } else {
            self.exchange.handle_ssl2_server_hello(Ssl2ServerHello::read(body)?, context);
            self.is_ssl2 = true;
        }
        Ok(3 + length)
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
use crate::sides::Sides;
