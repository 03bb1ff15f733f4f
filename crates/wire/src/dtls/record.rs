//! The record layer of DTLS and its handshake messages in fragments (RFC 6347 §4, RFC 9147 §4 and §5).
//!
//! INVARIANT: of each direction at most one handshake message is kept, of at most [`MAX_MESSAGE`] bytes.

use crate::reader::{Parse, ParseError, Reader, ensure};
use crate::tls::record::{HandshakeKind, MAX_MESSAGE};

/// What begins at the first byte of what is left of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record<'a> {
    Alert {
        level: u8,
        description: u8,
    },
    Handshake(&'a [u8]),
    /// Something in the clear that is not read.
    Other,
    /// It is encrypted, and so is all that follows in the datagram.
    Protected,
}

impl<'a> Record<'a> {
    /// Reads a record.
    pub(super) fn read(reader: &mut Reader<'a>) -> Parse<Self> {
        let kind = reader.u8()?;
        // RFC 9147 §4: the unified header of 1.3, and a record with a connection id (RFC 9146).
        if matches!(kind, 0x20..=0x3f | 25) {
            return Ok(Self::Protected);
        }
        ensure(matches!(kind, 20..=24 | 26), "record of an unknown kind")?;
        ensure(matches!(reader.be16()?, 0xfefc..=0xfeff | 0x0100), "record of an impossible version")?;
        let epoch = reader.be16()?;
        reader.skip(6)?;
        let length = reader.be16()?;
        let body = reader.take(length.into())?;
        Ok(match (epoch, kind, body) {
            (1.., ..) => Self::Protected,
            (0, 21, [level, description]) => Self::Alert { level: *level, description: *description },
            (0, 22, _) => Self::Handshake(body),
            (0, ..) => Self::Other,
        })
    }
}

/// A piece of a handshake message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fragment<'a> {
    pub(super) kind: Option<HandshakeKind>,
    /// Bytes of the whole message.
    pub(super) length: usize,
    /// Counts the messages of a handshake.
    pub(super) sequence: u16,
    pub(super) offset: usize,
    pub(super) bytes: &'a [u8],
}

impl<'a> Fragment<'a> {
    /// Reads a fragment.
    pub(super) fn read(reader: &mut Reader<'a>) -> Parse<Self> {
        let kind = HandshakeKind::from_number(reader.u8()?);
        let length = size(reader.be24()?);
        let sequence = reader.be16()?;
        let (offset, count) = (size(reader.be24()?), size(reader.be24()?));
        ensure(offset.saturating_add(count) <= length, "fragment lies beyond its message")?;
        Ok(Self { kind, length, sequence, offset, bytes: reader.take(count)? })
    }
}

/// Puts the messages of one direction together. Fragments that come out of order are lost until they are sent again.
#[derive(Debug, Default)]
pub(super) struct Messages {
    /// Messages before this one have been read, or have been passed over.
    next: u16,
    pending: Vec<u8>,
}

impl Messages {
    /// Bytes kept.
    pub(super) const fn held_bytes(&self) -> usize {
        self.pending.capacity()
    }

    /// Forgets all: a new handshake counts from 0.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Takes in a fragment and hands its message to `each` if it is whole by then and one that is read.
    pub(super) fn take_in(
        &mut self,
        fragment: &Fragment<'_>,
        each: impl FnOnce(HandshakeKind, &[u8]),
    ) -> Parse<()> {
        if fragment.sequence < self.next {
            return Ok(()); // Sent again.
        }
        let Some(kind) = fragment.kind else { return Ok(()) };
        ensure(fragment.length <= MAX_MESSAGE, "handshake message is too long")?;
        if fragment.sequence > self.next {
            (self.next, self.pending) = (fragment.sequence, Vec::new());
        }
        if fragment.offset != self.pending.len() {
            return Ok(());
        }
        self.pending.extend_from_slice(fragment.bytes);
        if self.pending.len() < fragment.length {
            return Ok(());
        }
        ensure(self.pending.len() == fragment.length, "fragments differ about their message's length")?;
        let message = std::mem::take(&mut self.pending);
        self.next = self.next.saturating_add(1);
        each(kind, &message);
        Ok(())
    }
}

fn size(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

/// A datagram ends where it ends: what is short stays short.
pub(super) const fn inside_datagram(error: ParseError) -> ParseError {
    match error {
        ParseError::Short => ParseError::Invalid("record ends before its own length says"),
        ParseError::Invalid(_) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn fragment(sequence: u16, offset: usize, bytes: &[u8]) -> Fragment<'_> {
        Fragment { kind: Some(HandshakeKind::Certificate), length: 4, sequence, offset, bytes }
    }

    #[test]
    fn fragments_become_a_message_and_what_is_sent_again_does_not() {
        let (mut messages, mut whole) = (Messages::default(), Vec::new());
        for (sequence, offset, bytes) in [
            (1, 0, &b"ab"[..]),
            (1, 3, b"d"),
            (1, 0, b"ab"),
            (1, 2, b"cd"),
            (1, 0, b"abcd"),
            (0, 0, b"zzzz"),
            (3, 0, b"efgh"),
        ] {
            let taken =
                messages.take_in(&fragment(sequence, offset, bytes), |_, bytes| whole.push(bytes.to_vec()));
            assert_eq!(taken, Ok(()));
        }
        assert_eq!(whole, [b"abcd", b"efgh"]);
    }

    #[test]
    fn fragments_that_lie_are_refused() {
        let beyond = [11, 0, 0, 4, 0, 0, 0, 0, 3, 0, 0, 2, 1, 2];
        let read = Fragment::read(&mut Reader::new(&beyond));
        assert_eq!(read, Err(ParseError::Invalid("fragment lies beyond its message")));
        let mut messages = Messages::default();
        let long = Fragment { length: MAX_MESSAGE + 1, ..fragment(0, 0, b"a") };
        assert!(messages.take_in(&long, |_, _| ()).is_err());
        messages.take_in(&fragment(0, 0, b"abc"), |_, _| ()).unwrap();
        let other = Fragment { length: 5, offset: 3, ..fragment(0, 3, b"xyz") };
        assert!(messages.take_in(&other, |_, _| ()).is_err());
    }

    #[test]
    fn what_is_encrypted_is_told_by_its_header() {
        let clear = [22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 9];
        assert_eq!(Record::read(&mut Reader::new(&clear)), Ok(Record::Handshake(&[9])));
        let mut later = clear;
        later[4] = 1;
        assert_eq!(Record::read(&mut Reader::new(&later)), Ok(Record::Protected));
        for first in [0x20, 0x2f, 0x3f, 25] {
            assert_eq!(Record::read(&mut Reader::new(&[first, 1])), Ok(Record::Protected));
        }
        for length in 0..clear.len() {
            assert_eq!(Record::read(&mut Reader::new(&clear[..length])), Err(ParseError::Short));
        }
    }
}
