//! PUBLISH and its acknowledgements (MQTT 5 §3.3 to §3.7).

use super::properties::Properties;
use super::{Header, Kind, Version, packet_id, reason, text, topic};
use crate::reader::{Parse, ParseError, Reader, ensure};

/// How surely a message is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mqtt) enum Qos {
    /// Sent once, never acknowledged.
    Zero,
    /// Answered by PUBACK.
    One,
    /// Answered by PUBREC, PUBREL and PUBCOMP.
    Two,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::mqtt) struct Publish<'a> {
    pub(in crate::mqtt) qos: Qos,
    pub(in crate::mqtt) retain: bool,
    /// Present from QoS 1 on.
    pub(in crate::mqtt) id: Option<u16>,
    /// Empty where the alias stands for it.
    pub(in crate::mqtt) topic: &'a str,
    pub(in crate::mqtt) alias: Option<u16>,
    /// Length of the whole payload, bytes.
    pub(in crate::mqtt) length: usize,
    /// As much of the payload as is there.
    pub(in crate::mqtt) payload: &'a [u8],
}

/// Which acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mqtt) enum AckKind {
    Puback,
    Pubrec,
    Pubrel,
    Pubcomp,
}

/// PUBACK, PUBREC, PUBREL or PUBCOMP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mqtt) struct Ack {
    pub(in crate::mqtt) kind: AckKind,
    pub(in crate::mqtt) id: u16,
    /// Reason code; below 0x80 is success.
    pub(in crate::mqtt) reason: u8,
}

impl Qos {
    /// From the two low bits of `bits`.
    pub(super) const fn from_bits(bits: u8) -> Parse<Self> {
        match bits & 3 {
            0 => Ok(Self::Zero),
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            _ => Err(ParseError::Invalid("QoS 3")),
        }
    }
}

impl<'a> Publish<'a> {
    pub(super) fn parse(header: &Header, reader: &mut Reader<'a>, version: Version) -> Parse<Self> {
        let available = reader.left();
        let qos = Qos::from_bits(header.flags >> 1)?;
        let duplicate = header.flags & 0x08 != 0;
        ensure(!duplicate || qos != Qos::Zero, "duplicate of a message sent at most once")?;
        ensure_topic_fits(header, *reader)?;
        let topic = topic::name(text(reader)?)?;
        let id = if qos == Qos::Zero { None } else { Some(packet_id(reader)?) };
        let properties = match version {
            Version::V5 => Properties::parse(reader, Kind::Publish)?,
            Version::V31 | Version::V311 => Properties::default(),
        };
        let alias = properties.topic_alias;
        ensure(!topic.is_empty() || alias.is_some(), "empty topic without an alias")?;
        let length = header
            .remaining
            .checked_sub(available - reader.left())
            .ok_or(ParseError::Invalid("topic or properties pass the end of the packet"))?;
        let payload = reader.take_rest();
        Ok(Self { qos, retain: header.flags & 1 != 0, id, topic, alias, length, payload })
    }
}

/// A topic longer than its packet is a lie that no waiting makes true.
fn ensure_topic_fits(header: &Header, mut reader: Reader<'_>) -> Parse<()> {
    let fits = usize::from(reader.be16()?) + 2 <= header.remaining;
    ensure(fits, "topic passes the end of the packet")
}

impl Ack {
    pub(super) fn parse(kind: AckKind, reader: &mut Reader<'_>, version: Version) -> Parse<Self> {
        let packet = match kind {
            AckKind::Puback => Kind::Puback,
            AckKind::Pubrec => Kind::Pubrec,
            AckKind::Pubrel => Kind::Pubrel,
            AckKind::Pubcomp => Kind::Pubcomp,
        };
        Ok(Self { kind, id: packet_id(reader)?, reason: reason(reader, version, packet)? })
    }
}
