//! MQTT control packets as values (OASIS MQTT 3.1.1 and 5.0, IBM/Eurotech MQTT 3.1).
//!
//! Stricter than the codecs brokers use: what the standards call malformed or a protocol error is refused here with the
//! rule it breaks, because two programs that read one lax packet differently are how a topic rule is walked around.
//!
//! It knows no session: topic aliases are resolved and answers paired in [`super::observe`].

mod connect;
mod properties;
mod publish;
mod subscribe;
mod topic;

pub(super) use connect::{Connack, Connect, Will, protocol_name};
pub(super) use publish::{Ack, AckKind, Publish, Qos};
pub(super) use subscribe::{Filters, Suback, Unsuback};

use crate::reader::{Parse, ParseError, Reader, ensure};
use nullius_model::Direction;
use properties::Properties;

/// Longest packet other than PUBLISH that is read. A CONNECT may carry a will, a user name and a password of 64 KiB
/// each, but no honest one does; a peer that says so only wants memory held for it.
pub(super) const MAX_CONTROL: usize = 64 << 10;

/// Longest packet believed where nothing before it was seen: a wrong guess passes over that much of what follows.
const MAX_GUESS: usize = 1 << 20;

/// The revision of the protocol a session speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// 3.1, protocol name `MQIsdp`.
    V31,
    /// 3.1.1.
    V311,
    /// 5.0.
    V5,
}

/// Kinds of control packet (MQTT 5 §2.1.2); the number is the one on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Connect = 1,
    Connack,
    Publish,
    Puback,
    Pubrec,
    Pubrel,
    Pubcomp,
    Subscribe,
    Suback,
    Unsubscribe,
    Unsuback,
    Pingreq,
    Pingresp,
    Disconnect,
    Auth,
}

/// The fixed header (MQTT 5 §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) flags: u8,
    /// Its own length in bytes.
    pub(super) length: usize,
    /// Bytes of the packet behind it.
    pub(super) remaining: usize,
}

/// One control packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Packet<'a> {
    Connect(Box<Connect<'a>>),
    Connack(Connack<'a>),
    Publish(Publish<'a>),
    /// PUBACK, PUBREC, PUBREL, PUBCOMP.
    Ack(Ack),
    Subscribe(Filters<'a>),
    Suback(Suback<'a>),
    Unsubscribe(Filters<'a>),
    Unsuback(Unsuback<'a>),
    Pingreq,
    Pingresp,
    Disconnect {
        reason: u8,
    },
    Auth,
}

impl Header {
    /// Reads the fixed header at the start of `bytes`.
    pub(super) fn parse(bytes: &[u8]) -> Parse<Self> {
        let mut reader = Reader::new(bytes);
        let first = reader.u8()?;
        let kind = Kind::from_number(first >> 4).ok_or(ParseError::Invalid("packet type 0 is reserved"))?;
        let flags = first & 0x0f;
        ensure(kind.allows_flags(flags), "reserved flags of the fixed header are wrong")?;
        let remaining = variable_integer(&mut reader)?;
        Ok(Self { kind, flags, length: bytes.len() - reader.left(), remaining: to_usize(remaining) })
    }

    /// Length of the whole packet.
    pub(super) const fn total(&self) -> usize {
        self.length + self.remaining
    }

    /// Reads what follows the header. Of a PUBLISH, `body` may end anywhere behind the variable header; of all others
    /// it is whole.
    pub(super) fn packet<'a>(&self, body: &'a [u8], version: Version) -> Parse<Packet<'a>> {
        let marks_duplicate = self.kind != Kind::Publish && self.flags & 0x08 != 0;
        ensure(!marks_duplicate || version == Version::V31, "reserved flags of the fixed header are wrong")?;
        let mut reader = Reader::new(body);
        let packet = self.read(&mut reader, version)?;
        let trailing = !matches!(packet, Packet::Publish(_)) && !reader.is_empty();
        ensure(!trailing, "bytes behind the end of the packet")?;
        Ok(packet)
    }

    fn read<'a>(&self, reader: &mut Reader<'a>, version: Version) -> Parse<Packet<'a>> {
        Ok(match self.kind {
            Kind::Connect => Packet::Connect(Box::new(Connect::parse(reader)?)),
            Kind::Connack => Packet::Connack(Connack::parse(reader, version)?),
            Kind::Publish => Packet::Publish(Publish::parse(self, reader, version)?),
            Kind::Puback => Packet::Ack(Ack::parse(AckKind::Puback, reader, version)?),
            Kind::Pubrec => Packet::Ack(Ack::parse(AckKind::Pubrec, reader, version)?),
            Kind::Pubrel => Packet::Ack(Ack::parse(AckKind::Pubrel, reader, version)?),
            Kind::Pubcomp => Packet::Ack(Ack::parse(AckKind::Pubcomp, reader, version)?),
            Kind::Subscribe => Packet::Subscribe(Filters::of_subscribe(reader, version)?),
            Kind::Suback => Packet::Suback(Suback::parse(reader, version)?),
            Kind::Unsubscribe => Packet::Unsubscribe(Filters::of_unsubscribe(reader, version)?),
            Kind::Unsuback => Packet::Unsuback(Unsuback::parse(reader, version)?),
            Kind::Pingreq => Packet::Pingreq,
            Kind::Pingresp => Packet::Pingresp,
            Kind::Disconnect => Packet::Disconnect { reason: reason(reader, version, Kind::Disconnect)? },
            Kind::Auth => auth(reader, version)?,
        })
    }
}

impl Kind {
    const ALL: [Self; 15] = [
        Self::Connect,
        Self::Connack,
        Self::Publish,
        Self::Puback,
        Self::Pubrec,
        Self::Pubrel,
        Self::Pubcomp,
        Self::Subscribe,
        Self::Suback,
        Self::Unsubscribe,
        Self::Unsuback,
        Self::Pingreq,
        Self::Pingresp,
        Self::Disconnect,
        Self::Auth,
    ];

    fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == number)
    }

    /// Flags of the fixed header (§2.1.3). Whether a duplicate may be marked, the version says: see [`Header::packet`].
    const fn allows_flags(self, flags: u8) -> bool {
        match self {
            Self::Publish => true,
            Self::Pubrel | Self::Subscribe | Self::Unsubscribe => flags & 0b0111 == 0b0010,
            Self::Connect
            | Self::Connack
            | Self::Puback
            | Self::Pubrec
            | Self::Pubcomp
            | Self::Suback
            | Self::Unsuback
            | Self::Pingreq
            | Self::Pingresp
            | Self::Disconnect
            | Self::Auth => flags == 0,
        }
    }

    /// The end whose place it is to send this. A DISCONNECT from the server came with version 5.
    pub(super) const fn may_come(self, direction: Direction) -> bool {
        match self {
            Self::Connect | Self::Subscribe | Self::Unsubscribe | Self::Pingreq => {
                matches!(direction, Direction::FromClient)
            }
            Self::Connack | Self::Suback | Self::Unsuback | Self::Pingresp => {
                matches!(direction, Direction::FromServer)
            }
            Self::Publish
            | Self::Puback
            | Self::Pubrec
            | Self::Pubrel
            | Self::Pubcomp
            | Self::Disconnect
            | Self::Auth => true,
        }
    }
}

/// Whether a segment could begin with a packet: the first one is sound, and headers follow each other to its end.
pub(super) fn is_plausible(direction: Direction, bytes: &[u8]) -> bool {
    let Ok(header) = Header::parse(bytes) else { return false };
    let body = bytes.get(header.length..header.total().min(bytes.len())).unwrap_or_default();
    let whole = body.len() == header.remaining;
    let readable = whole || header.kind == Kind::Publish;
    let sound = |version| readable && header.packet(body, version).is_ok();
    header.kind.may_come(direction)
        && header.remaining <= MAX_GUESS
        && (sound(Version::V311) || sound(Version::V5))
        && headers_follow(direction, bytes.get(header.total()..).unwrap_or_default())
}

fn headers_follow(direction: Direction, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        match Header::parse(bytes) {
            Ok(header) if header.kind.may_come(direction) && header.remaining <= MAX_GUESS => {
                bytes = bytes.get(header.total()..).unwrap_or_default();
            }
            Err(ParseError::Short) => return true,
            Ok(_) | Err(ParseError::Invalid(_)) => return false,
        }
    }
    true
}

fn auth<'a>(reader: &mut Reader<'a>, version: Version) -> Parse<Packet<'a>> {
    ensure(version == Version::V5, "AUTH before version 5")?;
    reason(reader, version, Kind::Auth).map(|_| Packet::Auth)
}

/// The reason code and properties that may end a packet of version 5 and may both be left out (§3.4.2.1).
fn reason(reader: &mut Reader<'_>, version: Version, kind: Kind) -> Parse<u8> {
    if version != Version::V5 || reader.is_empty() {
        return Ok(0);
    }
    let reason = reader.u8()?;
    if !reader.is_empty() {
        Properties::parse(reader, kind)?;
    }
    Ok(reason)
}

/// A variable byte integer (§1.5.5): at most four bytes, in the shortest form.
fn variable_integer(reader: &mut Reader<'_>) -> Parse<u32> {
    let mut value = 0;
    for shift in [0, 7, 14, 21] {
        let byte = reader.u8()?;
        value |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            ensure(byte != 0 || shift == 0, "variable byte integer is longer than needed")?;
            return Ok(value);
        }
    }
    Err(ParseError::Invalid("variable byte integer of more than four bytes"))
}

/// A packet identifier (§2.2.1).
fn packet_id(reader: &mut Reader<'_>) -> Parse<u16> {
    let id = reader.be16()?;
    ensure(id != 0, "packet identifier 0")?;
    Ok(id)
}

/// A length and that many bytes (§1.5.6).
fn binary<'a>(reader: &mut Reader<'a>) -> Parse<&'a [u8]> {
    let length = reader.be16()?;
    reader.take(usize::from(length))
}

/// A UTF-8 string (§1.5.4).
fn text<'a>(reader: &mut Reader<'a>) -> Parse<&'a str> {
    let text = std::str::from_utf8(binary(reader)?).map_err(|_| ParseError::Invalid("text is no UTF-8"))?;
    ensure(!text.contains('\0'), "NUL in text")?;
    Ok(text)
}

/// Every integer here has 28 bits at most.
fn to_usize(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
