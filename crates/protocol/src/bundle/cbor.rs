//! A cursor over deterministically encoded CBOR (RFC 8949 §4.2.1) that takes no other.
//!
//! Only what bundles are made of: unsigned numbers, byte and text strings, arrays, maps with text keys, one tag. It
//! allocates nothing for what a header claims, only for what is there.

use super::BundleError;

/// Deepest nesting; a policy needs four.
const MAX_DEPTH: u8 = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Major {
    Unsigned,
    Negative,
    Bytes,
    Text,
    Array,
    Map,
    Tag,
    Simple,
}

/// What of an item comes before its content.
#[derive(Clone, Copy, Debug)]
struct Head {
    major: Major,
    value: u64,
}

/// Reads items one after another; `field` names what is being read, for the error.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Everything was read.
    pub(super) const fn end(&self) -> Result<(), BundleError> {
        if self.rest.is_empty() { Ok(()) } else { Err(BundleError::TrailingBytes) }
    }

    pub(super) fn unsigned(&mut self, field: &'static str) -> Result<u64, BundleError> {
        self.head_of(Major::Unsigned, field)
    }

    pub(super) fn bytes(&mut self, field: &'static str) -> Result<&'a [u8], BundleError> {
        let length = self.head_of(Major::Bytes, field)?;
        self.take(length)
    }

    pub(super) fn text(&mut self, field: &'static str) -> Result<&'a str, BundleError> {
        let length = self.head_of(Major::Text, field)?;
        str::from_utf8(self.take(length)?).map_err(|_| BundleError::WrongType(field))
    }

    /// The length of an array whose items follow.
    pub(super) fn array(&mut self, field: &'static str) -> Result<u64, BundleError> {
        self.head_of(Major::Array, field)
    }

    pub(super) fn tag(&mut self, field: &'static str) -> Result<u64, BundleError> {
        self.head_of(Major::Tag, field)
    }

    /// A map with text keys: `each` is called with a key and must read its value.
    pub(super) fn map(
        &mut self,
        field: &'static str,
        mut each: impl FnMut(&'a str, &mut Self) -> Result<(), BundleError>,
    ) -> Result<(), BundleError> {
        let entries = self.head_of(Major::Map, field)?;
        let mut last: Option<&str> = None;
        for _ in 0..entries {
            let key = self.text(field)?;
            in_order(last, key)?;
            last = Some(key);
            each(key, self)?;
        }
        Ok(())
    }

    /// The next item, whatever it is, as its bytes.
    pub(super) fn skip(&mut self) -> Result<&'a [u8], BundleError> {
        let start = self.rest;
        self.skip_to(0)?;
        Ok(start.get(..start.len() - self.rest.len()).unwrap_or_default())
    }

    fn skip_to(&mut self, depth: u8) -> Result<(), BundleError> {
        if depth > MAX_DEPTH {
            return Err(BundleError::TooDeep);
        }
        let Head { major, value } = self.head()?;
        match major {
            Major::Unsigned | Major::Negative | Major::Simple => Ok(()),
            Major::Bytes | Major::Text => self.take(value).map(drop),
            Major::Array => (0..value).try_for_each(|_| self.skip_to(depth + 1)),
            Major::Map => (0..value).try_for_each(|_| {
                self.skip_to(depth + 1)?;
                self.skip_to(depth + 1)
            }),
            Major::Tag => self.skip_to(depth + 1),
        }
    }

    fn head_of(&mut self, expected: Major, field: &'static str) -> Result<u64, BundleError> {
        let Head { major, value } = self.head()?;
        if major == expected { Ok(value) } else { Err(BundleError::WrongType(field)) }
    }

    fn head(&mut self) -> Result<Head, BundleError> {
        let (&first, rest) = self.rest.split_first().ok_or(BundleError::Truncated)?;
        self.rest = rest;
        let major = major(first >> 5);
        let (value, least) = match first & 31 {
            small @ 0..24 => (u64::from(small), 0),
            24 => (u64::from(u8::from_be_bytes(self.chunk()?)), 24),
            25 => (u64::from(u16::from_be_bytes(self.chunk()?)), 1 << 8),
            26 => (u64::from(u32::from_be_bytes(self.chunk()?)), 1 << 16),
            27 => (u64::from_be_bytes(self.chunk()?), 1 << 32),
            _ => return Err(BundleError::NotDeterministic("a length that is not given")),
        };
        // the value of a float is its bits: it has no shorter form of this kind
        if value < least && major != Major::Simple {
            return Err(BundleError::NotDeterministic("a number in a longer form than it needs"));
        }
        Ok(Head { major, value })
    }

    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], BundleError> {
        let (chunk, rest) = self.rest.split_first_chunk().ok_or(BundleError::Truncated)?;
        self.rest = rest;
        Ok(*chunk)
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], BundleError> {
        let length = usize::try_from(length).map_err(|_| BundleError::Truncated)?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(BundleError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }
}

const fn major(bits: u8) -> Major {
    match bits {
        0 => Major::Unsigned,
        1 => Major::Negative,
        2 => Major::Bytes,
        3 => Major::Text,
        4 => Major::Array,
        5 => Major::Map,
        6 => Major::Tag,
        _ => Major::Simple,
    }
}

/// Text keys sort by length first, since the length stands in front.
fn in_order(last: Option<&str>, key: &str) -> Result<(), BundleError> {
    let Some(last) = last else { return Ok(()) };
    match (last.len(), last).cmp(&(key.len(), key)) {
        std::cmp::Ordering::Less => Ok(()),
        std::cmp::Ordering::Equal => Err(BundleError::DuplicateKey(key.to_owned())),
        std::cmp::Ordering::Greater => Err(BundleError::NotDeterministic("keys out of order")),
    }
}
