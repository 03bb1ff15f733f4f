//! Domain names (RFC 1035 §3.1, §4.1.4), whole or compressed.
//!
//! INVARIANT: reading ends. A pointer leads strictly back, at most [`MAX_JUMPS`] are followed, and a name is at most
//! 255 bytes, so that a name costs a bounded number of steps whatever the message says.

use crate::reader::{Parse, ParseError, Reader, ensure};
use std::borrow::Cow;

/// Longest name in wire form, bytes (RFC 1035 §2.3.4).
const MAX_LENGTH: usize = 255;
/// Most compression pointers followed in one name. Encoders need one or two; without a bound, a message of pointers to
/// pointers costs its length squared.
const MAX_JUMPS: usize = 64;

/// A domain name: its labels, outermost last. The root has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Name<'a> {
    labels: Vec<&'a [u8]>,
    /// Bytes of the labels and their lengths.
    length: usize,
}

impl<'a> Name<'a> {
    /// Reads the name at `reader`, which stands somewhere in `message`.
    pub(crate) fn read(message: &'a [u8], reader: &mut Reader<'a>) -> Parse<Self> {
        let mut name = Self::default();
        let mut pointer = name.read_labels(reader)?;
        let mut lowest = message.len();
        for _ in 0..MAX_JUMPS {
            let Some(target) = pointer else { return Ok(name) };
            ensure(target < lowest, "compression pointer does not lead back")?;
            lowest = target;
            let behind = message.get(target..).ok_or(ParseError::Short)?;
            pointer = name.read_labels(&mut Reader::new(behind))?;
        }
        Err(ParseError::Invalid("too many compression pointers"))
    }

    /// Reads a name that must not be compressed and may lack its end, as DHCP carries them.
    pub(crate) fn read_plain(bytes: &'a [u8]) -> Parse<Self> {
        let mut name = Self::default();
        let mut reader = Reader::new(bytes);
        while !reader.is_empty() {
            match name.read_label(&mut reader)? {
                Next::Label => {}
                Next::End => break,
                Next::Pointer(_) => return Err(ParseError::Invalid("compressed name outside DNS")),
            }
        }
        Ok(name)
    }

    /// Passes over the name at `reader` without following pointers.
    pub(crate) fn skip(reader: &mut Reader<'a>) -> Parse<()> {
        loop {
            match reader.u8()? {
                0 => return Ok(()),
                length @ 1..=0x3f => reader.skip(usize::from(length))?,
                0xc0.. => return reader.skip(1),
                _ => return Err(RESERVED_LABEL),
            }
        }
    }

    /// The labels, outermost last.
    pub(crate) fn labels(&self) -> &[&'a [u8]] {
        &self.labels
    }

    /// Reads labels up to the end of the name, or up to the pointer that it returns.
    fn read_labels(&mut self, reader: &mut Reader<'a>) -> Parse<Option<usize>> {
        loop {
            match self.read_label(reader)? {
                Next::Label => {}
                Next::End => return Ok(None),
                Next::Pointer(target) => return Ok(Some(target)),
            }
        }
    }

    fn read_label(&mut self, reader: &mut Reader<'a>) -> Parse<Next> {
        match reader.u8()? {
            0 => Ok(Next::End),
            length @ 1..=0x3f => {
                self.labels.push(reader.take(usize::from(length))?);
                self.length += 1 + usize::from(length);
                ensure(self.length < MAX_LENGTH, "name longer than 255 bytes")?;
                Ok(Next::Label)
            }
            high @ 0xc0.. => Ok(Next::Pointer(usize::from(high & 0x3f) << 8 | usize::from(reader.u8()?))),
            _ => Err(RESERVED_LABEL),
        }
    }
}

/// Labels with dots between, as sent: no escapes, what is no UTF-8 becomes U+FFFD. `.` for the root.
pub(crate) fn joined(labels: &[&[u8]]) -> String {
    let parts: Vec<Cow<'_, str>> = labels.iter().map(|label| String::from_utf8_lossy(label)).collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join(".") }
}

/// `label` is `text`, whatever the case: DNS knows none in ASCII (RFC 4343).
pub(crate) fn is(label: &[u8], text: &str) -> bool {
    label.eq_ignore_ascii_case(text.as_bytes())
}

const RESERVED_LABEL: ParseError = ParseError::Invalid("reserved label type");

enum Next {
    Label,
    End,
    Pointer(usize),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(message: &[u8], at: usize) -> Parse<String> {
        Name::read(message, &mut Reader::new(&message[at..])).map(|name| joined(name.labels()))
    }

    #[test]
    fn a_compressed_name_is_read_through_its_pointers() {
        let message = b"\x03com\0\x07example\xc0\x00\x03www\xc0\x05";
        for (at, name) in [(0, "com"), (5, "example.com"), (15, "www.example.com"), (4, ".")] {
            assert_eq!(read(message, at).as_deref(), Ok(name));
        }
    }

    #[test]
    fn a_pointer_loop_or_a_pointer_forward_ends() {
        for (message, at) in [
            (&b"\xc0\x00"[..], 0),
            (b"\xc0\x02\xc0\x00", 2),
            (b"\x01a\xc0\x00", 0),
            (b"\xc0\x02\x01a\0", 0),
            (b"\xff\xff", 0),
        ] {
            // A pointer forward into the message is followed once; a second one may only lead back.
            let read = read(message, at);
            assert!(read.is_err() || read.as_deref() == Ok("a"), "{message:?}: {read:?}");
        }
        let tower: Vec<u8> =
            [0, 0].into_iter().chain((0..300_u16).flat_map(|at| (0xc000 | (2 * at)).to_be_bytes())).collect();
        assert_eq!(read(&tower, 600), Err(ParseError::Invalid("too many compression pointers")));
        assert_eq!(read(&tower, 60).as_deref(), Ok("."));
    }

    #[test]
    fn a_name_is_at_most_255_bytes() {
        let labels = [b"\x3f".as_slice(), &[b'x'; 63]].concat().repeat(4);
        assert!(read(&[labels.as_slice(), &[0]].concat(), 0).is_err());
        assert!(read(&[&labels[64..], &[0]].concat(), 0).is_ok());
        assert!(Name::read_plain(&labels).is_err());
    }

    #[test]
    fn a_cut_name_is_short_unless_dhcp_carries_it() {
        let name = b"\x03www\x07example\0";
        for end in 0..name.len() {
            assert_eq!(read(&name[..end], 0), Err(ParseError::Short), "{end}");
        }
        let plain = Name::read_plain(&name[..12]).map(|name| joined(name.labels()));
        assert_eq!(plain.as_deref(), Ok("www.example"), "RFC 4702 §2.3.1 allows a partial name");
        assert!(Name::read_plain(b"\xc0\x00").is_err());
        assert!(Name::read_plain(b"\x7f").is_err());
    }
}
