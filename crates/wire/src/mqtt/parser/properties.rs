//! Properties of version 5 (MQTT 5 §2.2.2).
//!
//! All are checked against the table; kept is only what changes how later packets are read.

use super::{Kind, binary, text, to_usize, topic, variable_integer};
use crate::reader::{Parse, ParseError, Reader, ensure};

/// Longest property block read. User properties may fill 256 MiB; a peer that begins so only wants memory held for it.
const MAX_PROPERTIES: usize = 32 << 10;

/// Where a property stands: the packets by their number, 0 for the will.
#[derive(Clone, Copy)]
struct Places(u16);

/// What is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Properties<'a> {
    /// In PUBLISH.
    pub(super) topic_alias: Option<u16>,
    /// In CONNECT and CONNACK: the highest alias its sender takes.
    pub(super) topic_alias_maximum: u16,
    /// In CONNACK.
    pub(super) assigned_client_id: Option<&'a str>,
}

/// The form of a value.
#[derive(Clone, Copy)]
enum Form {
    /// A byte that is 0 or 1.
    Flag,
    Two,
    /// Two bytes, not zero.
    TwoNonZero,
    Four,
    /// Four bytes, not zero.
    FourNonZero,
    /// A variable byte integer, not zero.
    Variable,
    Text,
    /// A topic name without wildcards.
    Topic,
    Pair,
    Binary,
}

impl<'a> Properties<'a> {
    /// The properties of a packet.
    pub(super) fn parse(reader: &mut Reader<'a>, kind: Kind) -> Parse<Self> {
        Self::parse_at(reader, kind as u8)
    }

    /// The properties of the will in a CONNECT.
    pub(super) fn parse_will(reader: &mut Reader<'a>) -> Parse<Self> {
        Self::parse_at(reader, 0)
    }

    fn parse_at(reader: &mut Reader<'a>, place: u8) -> Parse<Self> {
        let length = to_usize(variable_integer(reader)?);
        ensure(length <= MAX_PROPERTIES, "properties are longer than any honest ones")?;
        let mut reader = reader.sub(length)?;
        let mut properties = Self::default();
        let mut seen = 0_u64;
        while !reader.is_empty() {
            properties.take_one(&mut reader, place, &mut seen).map_err(ends_inside)?;
        }
        Ok(properties)
    }

    fn take_one(&mut self, reader: &mut Reader<'a>, place: u8, seen: &mut u64) -> Parse<()> {
        let id = reader.u8()?;
        let (form, places) = rule(id).ok_or(ParseError::Invalid("unknown property"))?;
        ensure(places.0 >> place & 1 == 1, "property does not belong in this packet")?;
        // Only user properties, and subscription identifiers of a PUBLISH, may come more than once.
        let repeats = id == 38 || id == 11 && place == Kind::Publish as u8;
        ensure(repeats || *seen >> id & 1 == 0, "property given twice")?;
        *seen |= 1 << id;
        let mut value = *reader;
        check(form, reader)?;
        match id {
            18 => self.assigned_client_id = Some(text(&mut value)?),
            34 => self.topic_alias_maximum = value.be16()?,
            35 => self.topic_alias = Some(value.be16()?),
            _ => {}
        }
        Ok(())
    }
}

/// A property that passes the end of the block will not become whole by waiting.
fn ends_inside(error: ParseError) -> ParseError {
    match error {
        ParseError::Short => ParseError::Invalid("property passes the end of its block"),
        ParseError::Invalid(_) => error,
    }
}

fn check(form: Form, reader: &mut Reader<'_>) -> Parse<()> {
    match form {
        Form::Flag => ensure(reader.u8()? <= 1, "flag property is neither 0 nor 1"),
        Form::Two => reader.skip(2),
        Form::TwoNonZero => ensure(reader.be16()? != 0, "property must not be 0"),
        Form::Four => reader.skip(4),
        Form::FourNonZero => ensure(reader.be32()? != 0, "property must not be 0"),
        Form::Variable => ensure(variable_integer(reader)? != 0, "property must not be 0"),
        Form::Text => text(reader).map(|_| ()),
        Form::Topic => text(reader).and_then(topic::name).map(|_| ()),
        Form::Pair => text(reader).and_then(|_| text(reader)).map(|_| ()),
        Form::Binary => binary(reader).map(|_| ()),
    }
}

/// The table of MQTT 5 §2.2.2.2; bit n is packet type n, bit 0 the will.
const fn rule(id: u8) -> Option<(Form, Places)> {
    const WILL: u16 = 1;
    const CONNECT: u16 = 1 << Kind::Connect as u8;
    const CONNACK: u16 = 1 << Kind::Connack as u8;
    const PUBLISH: u16 = 1 << Kind::Publish as u8;
    const SUBSCRIBE: u16 = 1 << Kind::Subscribe as u8;
    const DISCONNECT: u16 = 1 << Kind::Disconnect as u8;
    const AUTH: u16 = 1 << Kind::Auth as u8;
    const EVERY: u16 = !(1 << Kind::Pingreq as u8 | 1 << Kind::Pingresp as u8);
    const ANSWERS: u16 = EVERY & !(WILL | CONNECT | PUBLISH | SUBSCRIBE | 1 << Kind::Unsubscribe as u8);
    let (form, places) = match id {
        1 => (Form::Flag, WILL | PUBLISH),
        2 => (Form::Four, WILL | PUBLISH),
        3 => (Form::Text, WILL | PUBLISH),
        8 => (Form::Topic, WILL | PUBLISH),
        9 => (Form::Binary, WILL | PUBLISH),
        11 => (Form::Variable, PUBLISH | SUBSCRIBE),
        17 => (Form::Four, CONNECT | CONNACK | DISCONNECT),
        18 => (Form::Text, CONNACK),
        19 => (Form::Two, CONNACK),
        21 => (Form::Text, CONNECT | CONNACK | AUTH),
        22 => (Form::Binary, CONNECT | CONNACK | AUTH),
        23 | 25 => (Form::Flag, CONNECT),
        24 => (Form::Four, WILL),
        26 => (Form::Text, CONNACK),
        28 => (Form::Text, CONNACK | DISCONNECT),
        31 => (Form::Text, ANSWERS),
        33 => (Form::TwoNonZero, CONNECT | CONNACK),
        34 => (Form::Two, CONNECT | CONNACK),
        35 => (Form::TwoNonZero, PUBLISH),
        36 | 37 | 40 | 41 | 42 => (Form::Flag, CONNACK),
        38 => (Form::Pair, EVERY),
        39 => (Form::FourNonZero, CONNECT | CONNACK),
        _ => return None,
    };
    Some((form, Places(places)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_must_belong_be_whole_and_come_once() {
        for (bytes, kind, why) in [
            (&[2, 99, 0][..], Kind::Publish, "unknown property"),
            (&[3, 34, 0, 1], Kind::Publish, "property does not belong in this packet"),
            (&[6, 35, 0, 1, 35, 0, 1], Kind::Publish, "property given twice"),
            (&[3, 35, 0, 0], Kind::Publish, "property must not be 0"),
            (&[2, 35, 0], Kind::Publish, "property passes the end of its block"),
            (&[2, 1, 2], Kind::Publish, "flag property is neither 0 nor 1"),
            (&[6, 8, 0, 3, b'a', b'/', b'#'], Kind::Publish, "wildcard in a topic name"),
            (&[6, 3, 0, 3, b'a', 0xff, b'b'], Kind::Publish, "text is no UTF-8"),
            (&[0xff, 0xff, 0x7f], Kind::Publish, "properties are longer than any honest ones"),
            (&[4, 11, 1, 11, 1], Kind::Subscribe, "property given twice"),
        ] {
            let parsed = Properties::parse(&mut Reader::new(bytes), kind);
            assert_eq!(parsed, Err(ParseError::Invalid(why)), "{bytes:?}");
        }
        assert!(Properties::parse(&mut Reader::new(&[4, 11, 1, 11, 1]), Kind::Publish).is_ok());
        assert_eq!(Properties::parse(&mut Reader::new(&[5, 35]), Kind::Publish), Err(ParseError::Short));
    }
}
