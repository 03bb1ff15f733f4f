//! The record layer (RFC 8446 §5, RFC 5246 §6.2) and the handshake messages that run across records.
//!
//! INVARIANT: no more than one handshake message is kept, of at most [`MAX_MESSAGE`] bytes; what nobody reads is passed
//! over by count.

use crate::reader::{Parse, ParseError, Reader, ensure};

/// Longest handshake message kept. Hellos take up to 2 KiB with post-quantum shares, chains up to 20; an attacker may
/// announce 16 MiB.
pub(crate) const MAX_MESSAGE: usize = 64 * 1024;
/// Bytes of a record's header.
pub(crate) const HEADER: usize = 5;
/// Longest record: 2¹⁴ bytes, and 2048 more when protected (RFC 5246 §6.2.3).
const MAX_RECORD: usize = (1 << 14) + 2048;

/// What a record carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    ChangeCipherSpec,
    Alert,
    Handshake,
    ApplicationData,
    Heartbeat,
}

/// The header of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) content: Content,
    /// Bytes behind the header.
    pub(crate) length: usize,
}

impl Header {
    /// Reads five bytes.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Parse<Self> {
        let content = match reader.u8()? {
            20 => Content::ChangeCipherSpec,
            21 => Content::Alert,
            22 => Content::Handshake,
            23 => Content::ApplicationData,
            24 => Content::Heartbeat,
            _ => return Err(ParseError::Invalid("record of an unknown kind")),
        };
        ensure(matches!(reader.be16()?, 0x0300..=0x0304), "record of an impossible version")?;
        let length = usize::from(reader.be16()?);
        ensure(length <= MAX_RECORD, "record is too long")?;
        // RFC 8446 §5.1: only application data may be empty, to hide the length of traffic.
        ensure(length > 0 || content == Content::ApplicationData, "record is empty")?;
        Ok(Self { content, length })
    }
}

/// Kinds of handshake message that are read (IANA "TLS HandshakeType").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HandshakeKind {
    ClientHello,
    ServerHello,
    Certificate,
}

impl HandshakeKind {
    /// By its number; `None` for one that is not read.
    pub(crate) const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::ClientHello),
            2 => Some(Self::ServerHello),
            11 => Some(Self::Certificate),
            _ => None,
        }
    }
}

/// Puts handshake messages of one direction together from the records that carry them.
#[derive(Debug, Default)]
pub(crate) struct Handshakes {
    pending: Vec<u8>,
    /// Bytes of a message nobody reads that are still to come.
    skip: usize,
}

impl Handshakes {
    /// Bytes kept.
    pub(crate) const fn held_bytes(&self) -> usize {
        self.pending.capacity()
    }

    /// Forgets what is incomplete.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Takes in the payload of a record and hands each message that is whole by then to `each`; of one that is too long
    /// to keep, that it is.
    pub(crate) fn take_in(&mut self, payload: &[u8], mut each: impl FnMut(Parse<(HandshakeKind, &[u8])>)) {
        let passed = self.skip.min(payload.len());
        self.skip -= passed;
        self.pending.extend_from_slice(payload.get(passed..).unwrap_or_default());
        let mut pending = std::mem::take(&mut self.pending);
        let mut reader = Reader::new(&pending);
        while self.read_message(&mut reader, &mut each).is_ok() {}
        // Moved only when something was read: records of one byte each would make it quadratic otherwise.
        let done = pending.len() - reader.left();
        if done > 0 {
            pending.drain(..done);
        }
        self.pending = pending;
    }

    /// Reads one message, or passes over it; moves `reader` only if that could be done.
    fn read_message(
        &mut self,
        reader: &mut Reader<'_>,
        each: &mut impl FnMut(Parse<(HandshakeKind, &[u8])>),
    ) -> Parse<()> {
        let mut ahead = *reader;
        let kind = HandshakeKind::from_number(ahead.u8()?);
        let length = usize::try_from(ahead.be24()?).unwrap_or(usize::MAX);
        match kind {
            Some(kind) if length <= MAX_MESSAGE => each(Ok((kind, ahead.take(length)?))),
            _ => {
                if kind.is_some() {
                    each(Err(ParseError::Invalid("handshake message is too long")));
                }
                self.skip = length.saturating_sub(ahead.left());
                ahead.skip(length.min(ahead.left()))?;
            }
        }
        *reader = ahead;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(records: &[&[u8]]) -> Vec<Parse<(HandshakeKind, usize)>> {
        let mut handshakes = Handshakes::default();
        let mut found = Vec::new();
        for record in records {
            handshakes.take_in(record, |read| found.push(read.map(|(kind, body)| (kind, body.len()))));
        }
        found
    }

    #[test]
    fn a_message_split_at_any_byte_is_read_once_it_is_whole() {
        let bytes = [&[1, 0, 0, 3, 1, 2, 3][..], &[14, 0, 0, 2, 9, 9], &[11, 0, 0, 1, 7]].concat();
        for at in 0..bytes.len() {
            let (head, tail) = bytes.split_at(at);
            let expected = [Ok((HandshakeKind::ClientHello, 3)), Ok((HandshakeKind::Certificate, 1))];
            assert_eq!(messages(&[head, tail]), expected, "split at {at}");
        }
    }

    #[test]
    fn a_message_that_announces_megabytes_is_passed_over_and_never_kept() {
        for (kind, told) in [(1, 1), (4, 0)] {
            let (mut handshakes, mut refusals) = (Handshakes::default(), 0);
            handshakes.take_in(&[kind, 0xff, 0xff, 0xff, 0], |read| refusals += usize::from(read.is_err()));
            for _ in 0..1000 {
                handshakes.take_in(&[0; 16384], |_| panic!("nothing is whole"));
            }
            assert_eq!((handshakes.pending.len(), handshakes.skip), (0, 0xff_ffff - 1 - 1000 * 16384));
            assert_eq!(refusals, told);
        }
    }

    #[test]
    fn a_header_that_cannot_be_is_refused() {
        for (bytes, error) in [
            ([25, 3, 3, 0, 1], "record of an unknown kind"),
            ([22, 3, 5, 0, 1], "record of an impossible version"),
            ([22, 2, 0, 0, 1], "record of an impossible version"),
            ([22, 3, 3, 0x48, 0x01], "record is too long"),
            ([22, 3, 3, 0, 0], "record is empty"),
        ] {
            assert_eq!(Header::read(&mut Reader::new(&bytes)), Err(ParseError::Invalid(error)));
        }
        let empty_data = Header::read(&mut Reader::new(&[23, 3, 3, 0, 0])).unwrap();
        assert_eq!(empty_data, Header { content: Content::ApplicationData, length: 0 });
    }
}
