//! MQTT 3.1, 3.1.1 and 5.0 over TCP (OASIS MQTT 3.1.1 and 5.0; IBM/Eurotech MQTT 3.1).
//!
//! Read: every control packet, its rules on topics and filters, properties, topic aliases. Not read: payloads beyond
//! their length and a lone decimal number, user names, passwords, and MQTT over WebSocket. Where a CONNECT was not seen,
//! version 3.1.1 is assumed until a packet is sound in version 5 only.
//!
//! INVARIANT: a payload is never waited for; only a variable header, or a packet of at most
//! [`parser::MAX_CONTROL`] bytes, is held.

mod aliases;
mod observe;
mod parser;

use crate::context::Context;
use crate::parser::{Probe, Progress, StreamParser};
use crate::reader::{Parse, ParseError};
use crate::text::MAX_NUMBER;
use nullius_model::{Direction, Protocol};
use observe::Conversation;
use parser::{Header, Kind, MAX_CONTROL, Packet, Version};

/// Whether the first bytes of a flow look like this protocol: a CONNECT, or in a flow whose beginning was not seen any
/// run of sound packets.
pub(crate) fn probe(direction: Direction, bytes: &[u8]) -> Probe {
    match Header::parse(bytes) {
        Ok(Header { kind: Kind::Connect, length, .. }) if direction == Direction::FromClient => {
            parser::protocol_name(bytes.get(length..).unwrap_or_default())
        }
        Ok(_) => Probe::decided(parser::is_plausible(direction, bytes)),
        Err(ParseError::Short) => Probe::Unsure,
        Err(ParseError::Invalid(_)) => Probe::Mismatch,
    }
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Session {
    conversation: Conversation,
    version: Version,
    /// The version was said, not assumed.
    version_known: bool,
    /// The next packet is the first: it must be CONNECT.
    at_opening: bool,
    /// The next bytes of this direction may lie inside a packet.
    adrift: Sides<bool>,
}

/// What became of the packet at the start of the bytes.
enum Step {
    Used(usize),
    Wait,
    Lost,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            conversation: Conversation::default(),
            version: Version::V311,
            version_known: false,
            at_opening: true,
            adrift: Sides::default(),
        }
    }
}

impl StreamParser for Session {
    fn handle_bytes(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Progress {
        let mut done = 0;
        while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
            match self.step(rest, context) {
                Step::Used(count) => done += count,
                Step::Wait => break,
                Step::Lost => return Progress::Lost,
            }
        }
        Progress::Consumed(done)
    }

    fn held_bytes(&self) -> usize {
        self.conversation.held_bytes()
    }

    fn handle_gap(&mut self, direction: Direction) {
        self.conversation.handle_gap(direction);
        self.at_opening = false;
        *self.adrift.of(direction) = true;
    }
}

impl Session {
    fn step(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Step {
        let direction = context.direction;
        let adrift = self.adrift.of(direction);
        if *adrift && !parser::is_plausible(direction, bytes) {
            return Step::Lost;
        }
        *adrift = false;
        let header = match Header::parse(bytes) {
            Ok(header) => header,
            Err(ParseError::Short) => return Step::Wait,
            Err(error) => {
                context.malformed(Protocol::Mqtt, error);
                return Step::Lost;
            }
        };
        match self.handle_packet(&header, bytes, context) {
            Ok(()) => Step::Used(header.total()),
            Err(ParseError::Short) => Step::Wait,
            Err(error) => {
                context.malformed(Protocol::Mqtt, error);
                Step::Used(header.total())
            }
        }
    }

    /// [`ParseError::Short`] means that more bytes will help.
    fn handle_packet(&mut self, header: &Header, bytes: &[u8], context: &mut Context<'_>) -> Parse<()> {
        let body = bytes.get(header.length..header.total().min(bytes.len())).unwrap_or_default();
        let whole = body.len() == header.remaining;
        if !whole && header.kind != Kind::Publish {
            let honest = header.remaining <= MAX_CONTROL;
            return Err(if honest { ParseError::Short } else { TOO_LONG });
        }
        let packet = self.read(header, body).map_err(|error| if whole { lies(error) } else { error })?;
        if let Packet::Publish(publish) = &packet
            && publish.length <= MAX_NUMBER
            && !whole
        {
            return Err(ParseError::Short);
        }
        if !header.kind.may_come(context.direction) {
            return Err(ParseError::Invalid("packet that only the other end may send"));
        }
        if std::mem::take(&mut self.at_opening) && header.kind != Kind::Connect {
            context.malformed(Protocol::Mqtt, ParseError::Invalid("first packet is not CONNECT"));
        }
        self.conversation.handle(&packet, context)
    }

    /// Reads a packet in the version spoken; where that is not known, in the one it is sound in.
    fn read<'a>(&mut self, header: &Header, body: &'a [u8]) -> Parse<Packet<'a>> {
        let mut packet = header.packet(body, self.version);
        if !self.version_known && matches!(packet, Err(ParseError::Invalid(_)) | Err(ParseError::Short)) {
            let other = header.packet(body, Version::V5);
            if other.is_ok() {
                self.version = Version::V5;
                packet = other;
            }
        }
        if let Ok(Packet::Connect(connect)) = &packet {
            (self.version, self.version_known) = (connect.version, true);
        }
        packet
    }
}

const TOO_LONG: ParseError = ParseError::Invalid("packet is longer than any honest one of its type");

/// Nothing more will come of a packet that is whole.
const fn lies(error: ParseError) -> ParseError {
    match error {
        ParseError::Short => ParseError::Invalid("remaining length is too short for the packet"),
        ParseError::Invalid(_) => error,
    }
}

#[cfg(test)]
mod tests;
use crate::sides::Sides;
