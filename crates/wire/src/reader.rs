//! The cursor every parser of ours is written on.
//!
//! INVARIANT: no operation panics and none reads past the end; what is missing is [`ParseError::Short`].

use std::fmt;

/// Why bytes could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// More bytes are needed. In a stream they may still come; in a datagram they never will.
    Short,
    /// The bytes break the protocol's rules; the text says which.
    Invalid(&'static str),
}

impl ParseError {
    /// The reason in words, for [`nullius_model::Observation::Malformed`].
    pub const fn why(self) -> &'static str {
        match self {
            Self::Short => "ends before its own length says",
            Self::Invalid(why) => why,
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why())
    }
}

impl std::error::Error for ParseError {}

/// What reading yields.
pub type Parse<T> = Result<T, ParseError>;

/// A position in a slice of hostile bytes.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// At the first byte of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The bytes not yet read, without reading them.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// How many bytes are left.
    pub const fn left(&self) -> usize {
        self.rest.len()
    }

    /// Nothing is left.
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Parse<&'a [u8]> {
        let (head, tail) = self.rest.split_at_checked(count).ok_or(ParseError::Short)?;
        self.rest = tail;
        Ok(head)
    }

    /// A reader over the next `count` bytes.
    pub fn sub(&mut self, count: usize) -> Parse<Self> {
        self.take(count).map(Self::new)
    }

    /// Everything left.
    pub const fn take_rest(&mut self) -> &'a [u8] {
        let rest = self.rest;
        self.rest = &[];
        rest
    }

    /// The next `N` bytes as an array.
    pub fn array<const N: usize>(&mut self) -> Parse<[u8; N]> {
        let (head, tail) = self.rest.split_first_chunk::<N>().ok_or(ParseError::Short)?;
        self.rest = tail;
        Ok(*head)
    }

    /// Passes over `count` bytes.
    pub fn skip(&mut self, count: usize) -> Parse<()> {
        self.take(count).map(|_| ())
    }

    /// One byte.
    pub fn u8(&mut self) -> Parse<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// Two bytes, most significant first.
    pub fn be16(&mut self) -> Parse<u16> {
        self.array().map(u16::from_be_bytes)
    }

    /// Three bytes, most significant first.
    pub fn be24(&mut self) -> Parse<u32> {
        self.array().map(|[a, b, c]| u32::from_be_bytes([0, a, b, c]))
    }

    /// Four bytes, most significant first.
    pub fn be32(&mut self) -> Parse<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// Eight bytes, most significant first.
    pub fn be64(&mut self) -> Parse<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// Two bytes, least significant first.
    pub fn le16(&mut self) -> Parse<u16> {
        self.array().map(u16::from_le_bytes)
    }

    /// Three bytes, least significant first.
    pub fn le24(&mut self) -> Parse<u32> {
        self.array().map(|[a, b, c]| u32::from_le_bytes([a, b, c, 0]))
    }

    /// Four bytes, least significant first.
    pub fn le32(&mut self) -> Parse<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// Eight bytes, least significant first.
    pub fn le64(&mut self) -> Parse<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// Fails unless everything was read.
    pub const fn finish(self, why: &'static str) -> Parse<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(ParseError::Invalid(why)) }
    }
}

/// `Err(Invalid(why))` unless `holds`.
pub const fn ensure(holds: bool, why: &'static str) -> Parse<()> {
    if holds { Ok(()) } else { Err(ParseError::Invalid(why)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_never_passes_the_end() {
        let mut reader = Reader::new(&[1, 2, 3]);
        assert_eq!(reader.be16(), Ok(0x0102));
        assert_eq!(reader.be16(), Err(ParseError::Short));
        assert_eq!(reader.left(), 1, "a failed read consumes nothing");
        assert_eq!(reader.take(usize::MAX), Err(ParseError::Short));
        assert_eq!(reader.u8(), Ok(3));
        assert_eq!(reader.finish("trailing bytes"), Ok(()));
    }
}
