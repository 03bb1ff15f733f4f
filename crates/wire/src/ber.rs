//! The Basic Encoding Rules (ITU-T X.690) as far as SNMP (RFC 3417 §8) and GOOSE (IEC 61850-8-1, annex A) use them:
//! tags of one byte, definite lengths, integers, object identifiers.
//!
//! It knows no PDU.
//!
//! INVARIANT: nothing here recurses; a length never reaches beyond what surrounds it.

use crate::reader::{Parse, ParseError, Reader, ensure};
use std::fmt;

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;

/// The next element: its tag and contents.
pub(crate) fn read_element<'a>(reader: &mut Reader<'a>) -> Parse<(u8, Reader<'a>)> {
    let tag = reader.u8()?;
    ensure(tag & 0x1f != 0x1f, "BER tag of more than one byte")?;
    let length = read_length(reader)?;
    Ok((tag, reader.sub(length)?))
}

/// The contents of the next element, which must have `tag`.
pub(crate) fn read_tagged<'a>(reader: &mut Reader<'a>, tag: u8) -> Parse<Reader<'a>> {
    let is_other = reader.rest().first().is_some_and(|found| *found != tag);
    ensure(!is_other, "another BER type than belongs here")?;
    read_element(reader).map(|(_, contents)| contents)
}

/// The next element as a whole number.
pub(crate) fn read_integer(reader: &mut Reader<'_>) -> Parse<i64> {
    let contents = read_tagged(reader, INTEGER)?.rest();
    ensure((1..=8).contains(&contents.len()), "BER integer of impossible length")?;
    let sign = if contents.first().is_some_and(|first| first & 0x80 != 0) { -1 } else { 0 };
    Ok(contents.iter().fold(sign, |value, byte| (value << 8) | i64::from(*byte)))
}

/// The next element as an object identifier.
pub(crate) fn read_oid<'a>(reader: &mut Reader<'a>) -> Parse<Oid<'a>> {
    Oid::new(read_tagged(reader, OBJECT_IDENTIFIER)?.rest())
}

fn read_length(reader: &mut Reader<'_>) -> Parse<usize> {
    let first = reader.u8()?;
    if first < 0x80 {
        return Ok(usize::from(first));
    }
    let octets = usize::from(first & 0x7f);
    ensure((1..=4).contains(&octets), "BER length indefinite or beyond four octets")?;
    Ok(reader.take(octets)?.iter().fold(0, |length, octet| (length << 8) | usize::from(*octet)))
}

/// An object identifier, checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Oid<'a>(&'a [u8]);

impl<'a> Oid<'a> {
    /// Each arc has at most 32 bits (RFC 2578 §3.5) and ends before the identifier does.
    pub(crate) fn new(bytes: &'a [u8]) -> Parse<Self> {
        let mut left = 0_u64;
        for byte in bytes {
            left = (left << 7) | u64::from(byte & 0x7f);
            ensure(u32::try_from(left).is_ok(), "OID arc beyond 32 bits")?;
            left = if byte & 0x80 == 0 { 0 } else { left };
        }
        match bytes.last() {
            Some(last) => ensure(last & 0x80 == 0, "OID ends within an arc")?,
            None => return Err(ParseError::Invalid("OID without arcs")),
        }
        Ok(Self(bytes))
    }

    /// The encoding, to compare with that of known objects.
    pub(crate) const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// Every arc; the first octets hold two.
    pub(crate) fn arcs(&self) -> impl Iterator<Item = u32> + use<'a> {
        let mut value = 0_u32;
        let mut arcs = self.0.iter().filter_map(move |byte| {
            let arc = (value << 7) | u32::from(byte & 0x7f);
            value = if byte & 0x80 == 0 { 0 } else { arc };
            (byte & 0x80 == 0).then_some(arc)
        });
        let first = arcs.next().unwrap_or_default();
        let root = (first / 40).min(2);
        [root, first - 40 * root].into_iter().chain(arcs)
    }

    /// Its first arcs as text, at most `count`.
    pub(crate) fn prefix(&self, count: usize) -> smol_str::SmolStr {
        let mut text = smol_str::SmolStrBuilder::new();
        for (place, arc) in self.arcs().take(count).enumerate() {
            if place > 0 {
                text.push('.');
            }
            text.push_str(&smol_str::format_smolstr!("{arc}"));
        }
        text.finish()
    }
}

impl fmt::Debug for Oid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.prefix(usize::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::unhex;

    #[test]
    fn integers_keep_their_sign() {
        for (bytes, value) in [
            ("0201 00", 0),
            ("0201 ff", -1),
            ("0202 0080", 128),
            ("0204 ffffff80", -128),
            ("0208 7fffffffffffffff", i64::MAX),
        ] {
            assert_eq!(read_integer(&mut Reader::new(&unhex(bytes))), Ok(value), "{bytes}");
        }
        for bytes in ["0200", "0209 000000000000000000", "0401 00"] {
            assert!(
                matches!(read_integer(&mut Reader::new(&unhex(bytes))), Err(ParseError::Invalid(_))),
                "{bytes}"
            );
        }
    }

    #[test]
    fn object_identifiers_are_written_with_dots() {
        for (bytes, text) in [
            ("0608 2b06010201010500", "1.3.6.1.2.1.1.5.0"),
            ("0603 883703", "2.999.3"),
            ("0605 8fffffff7f", "2.4294967215"),
            ("0601 27", "0.39"),
        ] {
            let bytes = unhex(bytes);
            assert_eq!(format!("{:?}", read_oid(&mut Reader::new(&bytes)).unwrap()), text);
        }
        for bytes in ["0600", "0602 2b86", "0606 2b9080808000"] {
            assert!(
                matches!(read_oid(&mut Reader::new(&unhex(bytes))), Err(ParseError::Invalid(_))),
                "{bytes}"
            );
        }
    }

    #[test]
    fn lengths_never_reach_beyond_the_bytes() {
        for (bytes, error) in [
            ("30", ParseError::Short),
            ("3080", ParseError::Invalid("BER length indefinite or beyond four octets")),
            ("3085 0000000001 00", ParseError::Invalid("BER length indefinite or beyond four octets")),
            ("3084 ffffffff", ParseError::Short),
            ("3f", ParseError::Invalid("BER tag of more than one byte")),
            ("7f81 01 00", ParseError::Invalid("BER tag of more than one byte")),
            ("6182 ffff", ParseError::Short),
            ("6181", ParseError::Short),
            ("", ParseError::Short),
        ] {
            assert_eq!(read_element(&mut Reader::new(&unhex(bytes))).err(), Some(error), "{bytes}");
        }
        assert_eq!(read_element(&mut Reader::new(&unhex("3082 0001 05"))).unwrap().1.rest(), [5]);
    }
}
