//! Options of a CoAP message (RFC 7252 §3.1, §5.10; RFC 7641, RFC 7959, RFC 8613).
//!
//! Kept are those that say what a message is about.

use crate::reader::{Parse, ParseError, Reader, ensure};
use nullius_model::Object;
use std::fmt::Write;

/// Options read of one message. Each costs a byte at least, so that a datagram could hold tens of thousands.
const MAX_OPTIONS: usize = 128;

const OBSERVE: u32 = 6;
const OSCORE: u32 = 9;
const URI_PATH: u32 = 11;
const CONTENT_FORMAT: u32 = 12;
const BLOCK2: u32 = 23;
const PROXY_URI: u32 = 35;
const PROXY_SCHEME: u32 = 39;

/// The options kept of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::coap) struct Options<'a> {
    /// `/a/b`; characters that would make it ambiguous are percent-encoded, the length is bounded.
    pub(in crate::coap) path: String,
    pub(in crate::coap) observe: Option<Observe>,
    pub(in crate::coap) content_format: Option<u16>,
    /// The request is for someone else: the whole address, or the scheme alone.
    pub(in crate::coap) proxy: Option<&'a str>,
    /// What is asked is encrypted inside (RFC 8613).
    pub(in crate::coap) oscore: bool,
    /// This is a later block of a body (RFC 7959).
    pub(in crate::coap) later_block: bool,
}

/// The Observe option: a wish in requests, a sequence number in notifications (RFC 7641 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::coap) enum Observe {
    /// 0 in a request.
    Register,
    /// 1 in a request.
    Deregister,
    /// Anything above.
    Sequence,
}

impl<'a> Options<'a> {
    /// Reads up to the payload, whose marker is taken too.
    pub(super) fn parse(reader: &mut Reader<'a>) -> Parse<Self> {
        let mut options = Self::default();
        let (mut number, mut count) = (0, 0);
        while !reader.is_empty() {
            let first = reader.u8()?;
            if first == 0xff {
                ensure(!reader.is_empty(), "payload marker without a payload")?;
                return Ok(options);
            }
            let delta = extended(reader, first >> 4, "reserved option delta")?;
            let length = extended(reader, first & 0x0f, "reserved option length")?;
            ensure(delta != 0 || count == 0 || is_repeatable(number), "option given twice")?;
            number += delta;
            count += 1;
            ensure(number <= 0xffff, "option number above 65,535")?;
            ensure(count <= MAX_OPTIONS, "more options than any honest message has")?;
            let value = reader.take(usize::try_from(length).unwrap_or(usize::MAX))?;
            options.keep(number, value)?;
        }
        Ok(options)
    }

    fn keep(&mut self, number: u32, value: &'a [u8]) -> Parse<()> {
        ensure(allowed_length(number).contains(&value.len()), "option of a length its definition forbids")?;
        match number {
            OBSERVE => self.observe = Some(Observe::from_number(unsigned(value))),
            OSCORE => self.oscore = true,
            URI_PATH => self.push_segment(value)?,
            CONTENT_FORMAT => self.content_format = u16::try_from(unsigned(value)).ok(),
            BLOCK2 => self.later_block = unsigned(value) >> 4 != 0,
            PROXY_URI | PROXY_SCHEME => {
                let text = std::str::from_utf8(value)
                    .map_err(|_| ParseError::Invalid("proxy address is no UTF-8"))?;
                self.proxy = Some(text);
            }
            _ => {}
        }
        Ok(())
    }

    fn push_segment(&mut self, segment: &[u8]) -> Parse<()> {
        let segment = std::str::from_utf8(segment).map_err(|_| ParseError::Invalid("path is no UTF-8"))?;
        ensure(segment != "." && segment != "..", "path with a dot segment")?;
        if self.path.len() > Object::MAX_NAME {
            return Ok(());
        }
        self.path.push('/');
        for character in segment.chars() {
            if matches!(character, '/' | '%' | ';' | '?' | '#') || character.is_control() {
                // Writing to a String cannot fail.
                let _ = write!(self.path, "%{:02X}", u32::from(character));
            } else {
                self.path.push(character);
            }
        }
        Ok(())
    }
}

impl Observe {
    const fn from_number(number: u32) -> Self {
        match number {
            0 => Self::Register,
            1 => Self::Deregister,
            _ => Self::Sequence,
        }
    }
}

/// A nibble and what extends it (§3.1).
fn extended(reader: &mut Reader<'_>, nibble: u8, reserved: &'static str) -> Parse<u32> {
    match nibble {
        13 => Ok(u32::from(reader.u8()?) + 13),
        14 => Ok(u32::from(reader.be16()?) + 269),
        15 => Err(ParseError::Invalid(reserved)),
        small => Ok(u32::from(small)),
    }
}

/// If-Match, ETag, Location-Path, Uri-Path, Uri-Query and Location-Query may come again; what we do not know may, too.
const fn is_repeatable(number: u32) -> bool {
    !matches!(number, 3 | 5 | 6 | 7 | 9 | 12 | 14 | 17 | 23 | 27 | 28 | 35 | 39 | 60)
}

/// Lengths of the options we know (RFC 7252 table 4, RFC 7641, RFC 7959, RFC 8613).
const fn allowed_length(number: u32) -> std::ops::RangeInclusive<usize> {
    match number {
        1 => 0..=8,
        3 | 39 => 1..=255,
        4 => 1..=8,
        5 => 0..=0,
        6 | 23 | 27 => 0..=3,
        7 | 12 | 17 => 0..=2,
        8 | 9 | 11 | 15 | 20 => 0..=255,
        14 | 28 | 60 => 0..=4,
        35 => 1..=1034,
        _ => 0..=usize::MAX,
    }
}

/// A number of at most four bytes without leading zeros; a longer one keeps its last four.
fn unsigned(value: &[u8]) -> u32 {
    value.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}
