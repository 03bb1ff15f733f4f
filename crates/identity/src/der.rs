//! DER (X.690), as far as this crate writes and reads it by itself: tags of one byte, lengths of at most four.
//!
//! INVARIANT: what is read has one spelling: a length that could be shorter, an indefinite one and bytes behind the end
//! are refused, and reading never goes deeper than the code that asks.

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OID: u8 = 0x06;
pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;

/// Bytes that are no DER, or not what was expected there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadDer;

/// `[number]` around something, in a constructed encoding.
pub(crate) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// `[number]` in place of a primitive type's tag.
pub(crate) const fn primitive(number: u8) -> u8 {
    0x80 | number
}

/// One value of these contents, one after the other.
pub(crate) fn value(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
    let length: usize = contents.iter().map(|part| part.len()).sum();
    let mut der = vec![tag];
    der.extend(length_of(length));
    contents.iter().for_each(|part| der.extend_from_slice(part));
    der
}

fn length_of(length: usize) -> Vec<u8> {
    if let Ok(short) = u8::try_from(length)
        && short < 0x80
    {
        return vec![short];
    }
    let bytes = length.to_be_bytes();
    let digits: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
    // eight bytes of a usize at most
    let count = u8::try_from(digits.len()).unwrap_or(8);
    [vec![0x80 | count], digits].concat()
}

/// Reads values one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'b> {
    left: &'b [u8],
}

/// A value: its tag, its contents, and both as they stand there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Value<'b> {
    pub(crate) tag: u8,
    pub(crate) contents: &'b [u8],
    pub(crate) whole: &'b [u8],
}

impl<'b> Reader<'b> {
    pub(crate) const fn new(bytes: &'b [u8]) -> Self {
        Self { left: bytes }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// Nothing may be left.
    pub(crate) fn end(self) -> Result<(), BadDer> {
        if self.is_empty() { Ok(()) } else { Err(BadDer) }
    }

    /// The next value, whatever it is.
    pub(crate) fn any(&mut self) -> Result<Value<'b>, BadDer> {
        let (tag, rest) = self.left.split_first().ok_or(BadDer)?;
        if tag & 0x1f == 0x1f {
            return Err(BadDer);
        }
        let (length, rest) = length(rest)?;
        let (contents, rest) = rest.split_at_checked(length).ok_or(BadDer)?;
        let whole = self.left.get(..self.left.len() - rest.len()).ok_or(BadDer)?;
        self.left = rest;
        Ok(Value { tag: *tag, contents, whole })
    }

    /// The next value, which has this tag.
    pub(crate) fn take(&mut self, tag: u8) -> Result<Value<'b>, BadDer> {
        self.optional(tag)?.ok_or(BadDer)
    }

    /// The contents of the next value, which has this tag.
    pub(crate) fn inside(&mut self, tag: u8) -> Result<Self, BadDer> {
        Ok(Self::new(self.take(tag)?.contents))
    }

    /// The next value where it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<Value<'b>>, BadDer> {
        if self.left.first() == Some(&tag) { self.any().map(Some) } else { Ok(None) }
    }
}

fn length(bytes: &[u8]) -> Result<(usize, &[u8]), BadDer> {
    let (first, rest) = bytes.split_first().ok_or(BadDer)?;
    if *first < 0x80 {
        return Ok((usize::from(*first), rest));
    }
    let count = usize::from(first & 0x7f);
    let (digits, rest) = rest.split_at_checked(count).ok_or(BadDer)?;
    let longest = (1..=4).contains(&count);
    let length = digits.iter().take(4).fold(0_usize, |length, digit| length << 8 | usize::from(*digit));
    if !longest || digits.first() == Some(&0) || length < 0x80 {
        return Err(BadDer);
    }
    Ok((length, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000] {
            let contents = vec![7; length];
            let der = value(OCTET_STRING, &[&contents]);
            let mut reader = Reader::new(&der);
            let read = reader.take(OCTET_STRING).unwrap();
            assert_eq!((read.contents, read.whole), (&contents[..], &der[..]), "{length}");
            assert_eq!(reader.end(), Ok(()));
        }
    }

    #[test]
    fn a_second_spelling_is_refused() {
        for bad in [
            &[][..],
            &[0x30],
            &[0x30, 0x80, 0, 0],
            &[0x30, 0x81, 1, 0],
            &[0x30, 0x82, 0, 0x80],
            &[0x30, 0x85, 1, 0, 0, 0, 0],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x3f, 0x81, 0, 0],
            &[0x30, 2, 0],
        ] {
            assert_eq!(Reader::new(bad).any(), Err(BadDer), "{bad:?}");
        }
        assert_eq!(Reader::new(&[2, 1, 0]).take(SEQUENCE), Err(BadDer));
        assert_eq!(Reader::new(&[2, 1, 0]).end(), Err(BadDer));
    }
}
