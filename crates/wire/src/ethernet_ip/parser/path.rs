//! EPATH: what a CIP request is addressed to (ODVA Volume 1, Appendix C).
//!
//! Padded paths only: that is what explicit messages carry. An electronic key and network segments are passed over.

use crate::reader::{Parse, ParseError, Reader};
use std::fmt;

/// Most segments in a path. The longest a device routes or a tag nests is a dozen; 255 words of two-byte segments would
/// make a name that nobody reads.
const MAX_SEGMENTS: usize = 32;

/// A path still in wire form, checked to be whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Path<'a> {
    bytes: &'a [u8],
    /// The class addressed, where the path names one by number; the innermost, where it leads through several.
    pub(in super::super) class: Option<u32>,
    /// The instance of it.
    pub(in super::super) instance: Option<u32>,
    /// It begins with a tag name.
    pub(in super::super) symbolic: bool,
    /// It leads through a port: to another module, or another network.
    pub(in super::super) routed: bool,
}

/// One segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Segment<'a> {
    Port {
        port: u16,
        link: &'a [u8],
    },
    Class(u32),
    Instance(u32),
    Member(u32),
    ConnectionPoint(u32),
    Attribute(u32),
    Symbol(&'a [u8]),
    /// A key, schedule or inhibit time: how, not what.
    Passed,
}

impl<'a> Path<'a> {
    /// Reads all of `bytes` as a path.
    pub(in super::super) fn new(bytes: &'a [u8]) -> Parse<Self> {
        let mut path = Self { bytes, ..Self::default() };
        for segment in segments(bytes) {
            match segment? {
                Segment::Class(class) => (path.class, path.instance) = (Some(class), None),
                Segment::Instance(instance) => path.instance = path.instance.or(Some(instance)),
                Segment::Symbol(_) => path.symbolic = true,
                Segment::Port { .. } => path.routed = true,
                Segment::Member(_)
                | Segment::ConnectionPoint(_)
                | Segment::Attribute(_)
                | Segment::Passed => {}
            }
        }
        Ok(path)
    }
}

/// The segments of a path; ends after the first that cannot be read.
fn segments(bytes: &[u8]) -> impl Iterator<Item = Parse<Segment<'_>>> {
    let mut reader = Reader::new(bytes);
    let mut count = 0;
    std::iter::from_fn(move || {
        if reader.is_empty() {
            return None;
        }
        count += 1;
        let segment = match count {
            0..=MAX_SEGMENTS => segment(&mut reader),
            _ => Err(ParseError::Invalid("path of too many segments")),
        };
        if segment.is_err() {
            reader.take_rest();
        }
        Some(segment)
    })
}

fn segment<'a>(reader: &mut Reader<'a>) -> Parse<Segment<'a>> {
    let kind = reader.u8()?;
    match kind >> 5 {
        0 => port(kind, reader),
        1 => logical(kind, reader),
        2 => network(kind, reader),
        // Simple data: a count of 16-bit words.
        4 if kind == 0x80 => {
            let words = reader.u8()?;
            reader.skip(2 * usize::from(words)).map(|()| Segment::Passed)
        }
        4 if kind == 0x91 => symbol(reader),
        _ => Err(ParseError::Invalid("path segment of an unknown type")),
    }
}

/// C-1.4.1: the port, and the address of the next node on it.
fn port<'a>(kind: u8, reader: &mut Reader<'a>) -> Parse<Segment<'a>> {
    let long = kind & 0x10 != 0;
    let length = if long { reader.u8()? } else { 1 };
    let port = match kind & 0x0f {
        0x0f => reader.le16()?,
        port => u16::from(port),
    };
    let link = reader.take(usize::from(length))?;
    if long && length % 2 == 1 {
        reader.skip(1)?;
    }
    Ok(Segment::Port { port, link })
}

/// C-1.4.2: a number, of 8, 16 or 32 bits; the wider ones stand behind a pad byte.
fn logical<'a>(kind: u8, reader: &mut Reader<'a>) -> Parse<Segment<'a>> {
    let (what, format) = (kind >> 2 & 7, kind & 3);
    if what == 5 {
        // An electronic key: its format, then eight bytes.
        return reader.skip(9).map(|()| Segment::Passed);
    }
    let number = match format {
        0 => u32::from(reader.u8()?),
        1 => reader.skip(1).and_then(|()| reader.le16()).map(u32::from)?,
        2 => reader.skip(1).and_then(|()| reader.le32())?,
        _ => return Err(ParseError::Invalid("logical segment of a reserved format")),
    };
    match what {
        0 => Ok(Segment::Class(number)),
        1 => Ok(Segment::Instance(number)),
        2 => Ok(Segment::Member(number)),
        3 => Ok(Segment::ConnectionPoint(number)),
        4 => Ok(Segment::Attribute(number)),
        6 => Ok(Segment::Passed),
        _ => Err(ParseError::Invalid("logical segment of a reserved type")),
    }
}

/// C-1.4.3: of five bits of subtype, the top one says that a length in words follows.
fn network<'a>(kind: u8, reader: &mut Reader<'a>) -> Parse<Segment<'a>> {
    let length = reader.u8()?;
    if kind & 0x10 != 0 {
        reader.skip(2 * usize::from(length))?;
    }
    Ok(Segment::Passed)
}

/// C-1.4.5: an ANSI extended symbol, padded to an even length.
fn symbol<'a>(reader: &mut Reader<'a>) -> Parse<Segment<'a>> {
    let length = reader.u8()?;
    let name = reader.take(usize::from(length))?;
    if length % 2 == 1 {
        reader.skip(1)?;
    }
    Ok(Segment::Symbol(name))
}

/// What stands between a segment and the one before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    Port,
    Number,
    Symbol,
}

/// `0x6b/1/3`, `Motor.Speed[3]`, `1,0:0x2/1`.
impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = Before::Nothing;
        for segment in segments(self.bytes).flatten() {
            before = write_segment(f, segment, before)?;
        }
        Ok(())
    }
}

fn write_segment(
    f: &mut fmt::Formatter<'_>,
    segment: Segment<'_>,
    before: Before,
) -> Result<Before, fmt::Error> {
    let joint = match (before, segment) {
        (Before::Nothing, _) => "",
        (Before::Port, Segment::Port { .. }) => ",",
        (Before::Port, _) => ":",
        (_, Segment::Symbol(_)) => ".",
        (Before::Number | Before::Symbol, _) => "/",
    };
    match segment {
        Segment::Passed => return Ok(before),
        Segment::Port { port, link } => {
            write!(f, "{joint}{port},")?;
            write_link(f, link)?;
            return Ok(Before::Port);
        }
        Segment::Class(class) => write!(f, "{joint}{class:#x}")?,
        Segment::Instance(number) | Segment::Attribute(number) => write!(f, "{joint}{number}")?,
        Segment::Member(index) => write!(f, "[{index}]")?,
        Segment::ConnectionPoint(point) => write!(f, "@{point}")?,
        Segment::Symbol(name) => {
            write!(f, "{joint}{}", crate::text::latin1(name))?;
            return Ok(Before::Symbol);
        }
    }
    Ok(if before == Before::Symbol { Before::Symbol } else { Before::Number })
}

/// A slot number, or the text of an address on the next network.
fn write_link(f: &mut fmt::Formatter<'_>, link: &[u8]) -> fmt::Result {
    match link {
        [slot] => write!(f, "{slot}"),
        text => f.write_str(&crate::text::latin1(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::unhex;

    #[test]
    fn a_path_prints_as_engineers_write_it() {
        for (hex, name) in [
            ("20 01 24 01", "0x1/1"),
            ("20 01 24 01 30 07", "0x1/1/7"),
            ("21 00 6b 00 25 00 20 24", "0x6b/9248"),
            ("91 05 4d 6f 74 6f 72 00 91 05 53 70 65 65 64 00 28 03", "Motor.Speed[3]"),
            ("01 00 20 02 24 01", "1,0:0x2/1"),
            ("01 03 12 0d 31 39 32 2e 31 36 38 2e 31 2e 32 34 38 00 20 01", "1,3,2,192.168.1.248:0x1"),
            ("34 04 01 00 0c 00 3a 00 04 03 20 04 24 01 2c 65 2c 66", "0x4/1@101@102"),
            ("", ""),
        ] {
            let bytes = unhex(hex);
            assert_eq!(Path::new(&bytes).map(|path| path.to_string()), Ok(name.into()), "{hex}");
        }
    }

    #[test]
    fn a_path_that_is_cut_or_unknown_is_refused() {
        for hex in [
            "20",
            "21 00 6b",
            "91 05 4d",
            "91 01 41",
            "34 04",
            "0f 01",
            "1f ff 00 01",
            "e0 00",
            "23 00",
            "3c 00",
        ] {
            assert!(Path::new(&unhex(hex)).is_err(), "{hex}");
        }
    }

    #[test]
    fn a_path_of_endless_segments_is_refused() {
        assert_eq!(
            Path::new(&[0x24, 0x01].repeat(100)),
            Err(ParseError::Invalid("path of too many segments"))
        );
    }
}
