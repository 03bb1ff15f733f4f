//! Tagged data (ASHRAE 135 clause 20.2): what every parameter of a service is written in.

use crate::number;
use crate::reader::{Parse, ParseError, Reader, ensure};
use crate::text;
use std::borrow::Cow;

/// Deepest nesting of opening tags passed over. Values nest three or four deep; passing over costs no stack here, but
/// what nests deeper is no value of any device.
const MAX_DEPTH: usize = 16;

/// One tag and what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Tag<'a> {
    /// A value of an application type.
    Application(u8, &'a [u8]),
    /// A Boolean: the one type that lies in its tag.
    Boolean(bool),
    /// A value whose type its context tells.
    Context(u8, &'a [u8]),
    Opening(u8),
    Closing(u8),
}

/// Application tag numbers.
mod application {
    pub(super) const UNSIGNED: u8 = 2;
    pub(super) const SIGNED: u8 = 3;
    pub(super) const REAL: u8 = 4;
    pub(super) const CHARACTER_STRING: u8 = 7;
    pub(super) const ENUMERATED: u8 = 9;
    pub(super) const OBJECT_ID: u8 = 12;
}

/// An object: its type and its instance number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct ObjectId {
    pub(in super::super) kind: u16,
    pub(in super::super) instance: u32,
}

impl From<u32> for ObjectId {
    fn from(number: u32) -> Self {
        let [high, low, ..] = number.to_be_bytes();
        Self { kind: u16::from_be_bytes([high, low]) >> 6, instance: number & 0x3f_ffff }
    }
}

impl<'a> Tag<'a> {
    /// The next tag.
    pub(in super::super) fn read(reader: &mut Reader<'a>) -> Parse<Self> {
        let head = reader.u8()?;
        let number = match head >> 4 {
            0x0f => reader.u8()?,
            number => number,
        };
        let context = head & 0x08 != 0;
        match (context, head & 7) {
            (true, 6) => Ok(Self::Opening(number)),
            (true, 7) => Ok(Self::Closing(number)),
            (false, value @ 0..=1) if number == 1 => Ok(Self::Boolean(value == 1)),
            (context, length) => {
                let length = data_length(length, reader)?;
                let data = reader.take(length)?;
                Ok(if context { Self::Context(number, data) } else { Self::Application(number, data) })
            }
        }
    }

    /// As a number: of any application type that is one, or from a context tag that must hold an unsigned one.
    pub(in super::super) fn unsigned(self) -> Option<u32> {
        match self {
            Self::Application(application::UNSIGNED | application::ENUMERATED, data)
            | Self::Context(_, data) => unsigned(data),
            Self::Application(..) | Self::Boolean(_) | Self::Opening(_) | Self::Closing(_) => None,
        }
    }

    /// As an object identifier.
    pub(in super::super) fn object_id(self) -> Option<ObjectId> {
        let (Self::Application(application::OBJECT_ID, data) | Self::Context(_, data)) = self else {
            return None;
        };
        unsigned(data).filter(|_| data.len() == 4).map(ObjectId::from)
    }

    /// As text.
    pub(in super::super) fn text(self) -> Option<Cow<'a, str>> {
        let (Self::Application(application::CHARACTER_STRING, data) | Self::Context(_, data)) = self else {
            return None;
        };
        let (charset, text) = data.split_first()?;
        match charset {
            0 => Some(text::utf8(text)),
            4 => Some(Cow::Owned(text::utf16_be(text))),
            5 => Some(text::latin1(text)),
            _ => None,
        }
    }

    /// As a number in thousandths.
    pub(in super::super) fn milli(self) -> Option<i64> {
        match self {
            Self::Boolean(value) => Some(i64::from(value) * 1000),
            Self::Application(application::UNSIGNED | application::ENUMERATED, data) => {
                unsigned(data).map(|number| i64::from(number) * 1000)
            }
            Self::Application(application::SIGNED, data) => {
                signed(data).map(|number| i64::from(number) * 1000)
            }
            Self::Application(application::REAL, data) => {
                data.try_into().ok().map(f32::from_be_bytes).map(f64::from).and_then(number::milli)
            }
            Self::Application(..) | Self::Context(..) | Self::Opening(_) | Self::Closing(_) => None,
        }
    }
}

/// 20.2.1.3: lengths above 4 stand in further bytes.
fn data_length(length: u8, reader: &mut Reader<'_>) -> Parse<usize> {
    match length {
        0..=4 => Ok(usize::from(length)),
        5 => match reader.u8()? {
            254 => reader.be16().map(usize::from),
            255 => {
                let length = reader.be32()?;
                usize::try_from(length).map_err(|_| ParseError::Invalid("value longer than memory"))
            }
            length => Ok(usize::from(length)),
        },
        _ => Err(ParseError::Invalid("application tag of a reserved length")),
    }
}

fn unsigned(data: &[u8]) -> Option<u32> {
    if data.is_empty() || data.len() > 4 {
        return None;
    }
    Some(data.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}

fn signed(data: &[u8]) -> Option<i32> {
    let number = unsigned(data)?;
    let unused = 32 - 8 * u32::try_from(data.len()).ok()?;
    Some((number << unused).cast_signed() >> unused)
}

/// The next tag, which must be context tag `number`.
pub(in super::super) fn context<'a>(reader: &mut Reader<'a>, number: u8) -> Parse<Tag<'a>> {
    optional(reader, number)?.ok_or(ParseError::Invalid("a required parameter is missing"))
}

/// Context tag `number`, if it comes next.
pub(in super::super) fn optional<'a>(reader: &mut Reader<'a>, number: u8) -> Parse<Option<Tag<'a>>> {
    if reader.is_empty() {
        return Ok(None);
    }
    let mut ahead = *reader;
    let tag = Tag::read(&mut ahead)?;
    if !matches!(tag, Tag::Context(found, _) if found == number) {
        return Ok(None);
    }
    *reader = ahead;
    Ok(Some(tag))
}

/// An object identifier in context tag `number`.
pub(in super::super) fn object(reader: &mut Reader<'_>, number: u8) -> Parse<ObjectId> {
    context(reader, number)?
        .object_id()
        .ok_or(ParseError::Invalid("an object identifier is not of four bytes"))
}

/// A number in context tag `number`.
pub(in super::super) fn number(reader: &mut Reader<'_>, number: u8) -> Parse<u32> {
    context(reader, number)?.unsigned().ok_or(NOT_A_NUMBER)
}

/// A number in context tag `number`, if it comes next.
pub(in super::super) fn optional_number(reader: &mut Reader<'_>, number: u8) -> Parse<Option<u32>> {
    optional(reader, number)?.map(|tag| tag.unsigned().ok_or(NOT_A_NUMBER)).transpose()
}

const NOT_A_NUMBER: ParseError = ParseError::Invalid("a number is empty or longer than four bytes");

/// Whether opening tag `number` comes next; reads it if so.
pub(in super::super) fn opens(reader: &mut Reader<'_>, number: u8) -> Parse<bool> {
    next_is(reader, Tag::Opening(number))
}

/// Whether closing tag `number` comes next; reads it if so.
pub(in super::super) fn closes(reader: &mut Reader<'_>, number: u8) -> Parse<bool> {
    next_is(reader, Tag::Closing(number))
}

fn next_is(reader: &mut Reader<'_>, wanted: Tag<'_>) -> Parse<bool> {
    if reader.is_empty() {
        return Ok(false);
    }
    let mut ahead = *reader;
    let holds = Tag::read(&mut ahead)? == wanted;
    if holds {
        *reader = ahead;
    }
    Ok(holds)
}

/// What stands between opening and closing tag `number`, of which the opening one was read: its only tag, or nothing
/// where there are more.
pub(in super::super) fn enclosed<'a>(reader: &mut Reader<'a>, number: u8) -> Parse<Option<Tag<'a>>> {
    let mut only = None;
    let (mut depth, mut count) = (0, 0_usize);
    loop {
        let tag = Tag::read(reader)?;
        match tag {
            Tag::Closing(closed) if depth == 0 => {
                ensure(closed == number, "tags close in another order than they open")?;
                return Ok(only.filter(|_| count == 1));
            }
            Tag::Closing(_) => depth -= 1,
            Tag::Opening(_) => {
                depth += 1;
                ensure(depth <= MAX_DEPTH, "tags nested too deep")?;
            }
            Tag::Application(..) | Tag::Boolean(_) | Tag::Context(..) => only = Some(tag),
        }
        count += 1;
    }
}

/// Class and code of an Error message; some services wrap them in an opening tag and say more behind. The code alone
/// tells what is wrong: the class only groups codes.
pub(super) fn error_code(reader: &mut Reader<'_>) -> Parse<u32> {
    let mut tag = Tag::read(reader)?;
    if matches!(tag, Tag::Opening(_)) {
        tag = Tag::read(reader)?;
    }
    ensure(tag.unsigned().is_some(), "an error without its class")?;
    Tag::read(reader)?.unsigned().ok_or(ParseError::Invalid("an error without its code"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::unhex;

    #[test]
    fn values_are_read_in_every_length() {
        for (hex, milli) in [
            ("21 05", Some(5_000)),
            ("22 0100", Some(256_000)),
            ("31 ff", Some(-1_000)),
            ("32 ff00", Some(-256_000)),
            ("44 41a40000", Some(20_500)),
            ("44 7fc00000", None),
            ("44 ff7fffff", Some(i64::MIN)),
            ("11", Some(1_000)),
            ("91 03", Some(3_000)),
            ("20", None),
            ("25 05 0102030405", None),
        ] {
            let bytes = unhex(hex);
            assert_eq!(Tag::read(&mut Reader::new(&bytes)).map(Tag::milli), Ok(milli), "{hex}");
        }
    }

    #[test]
    fn text_is_read_in_every_character_set() {
        for (hex, text) in [
            ("74 00 414243", Some("ABC")),
            ("75 05 04 00410042", Some("AB")),
            ("73 05 4bfc", Some("Kü")),
            ("72 01 41", None),
            ("70", None),
        ] {
            let bytes = unhex(hex);
            let tag = Tag::read(&mut Reader::new(&bytes)).unwrap();
            assert_eq!(tag.text().as_deref(), text, "{hex}");
        }
    }

    #[test]
    fn a_length_that_lies_is_short_and_reserved_ones_are_refused() {
        for hex in ["24 00", "75", "75 fe", "75 fe ffff 00", "75 ff ffffffff 00", "f9", "26", "27"] {
            assert!(Tag::read(&mut Reader::new(&unhex(hex))).is_err(), "{hex}");
        }
    }

    #[test]
    fn nesting_is_bounded_and_must_close() {
        let deep = [0x3e; 64];
        assert_eq!(enclosed(&mut Reader::new(&deep), 3), Err(ParseError::Invalid("tags nested too deep")));
        assert_eq!(enclosed(&mut Reader::new(&[0x3e, 0x3f]), 3), Err(ParseError::Short));
        assert!(enclosed(&mut Reader::new(&[0x4f]), 3).is_err());
        assert_eq!(
            enclosed(&mut Reader::new(&[0x21, 7, 0x3f]), 3).map(|tag| tag.and_then(Tag::unsigned)),
            Ok(Some(7))
        );
        assert_eq!(enclosed(&mut Reader::new(&[0x21, 7, 0x21, 8, 0x3f]), 3), Ok(None));
    }
}
