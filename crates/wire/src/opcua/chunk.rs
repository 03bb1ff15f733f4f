//! Message chunks of the connection protocol (OPC 10000-6 §6.7.2, §7.1.2): who a chunk is for, and its body.
//!
//! INVARIANT: no chunk claims more than [`MAX_CHUNK`] bytes, so that a false length hides no more than that.

use crate::reader::{Parse, ParseError, Reader, ensure};

/// Bytes in front of every chunk: type, kind, size.
pub(super) const HEADER: usize = 8;
/// Largest chunk believed. Stacks offer buffers of 64 KiB to a few MiB; a false size would let everything behind it
/// pass unread.
const MAX_CHUNK: usize = 16 << 20;

/// What kind of message a chunk belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Acknowledge,
    CloseChannel,
    Error,
    Hello,
    Message,
    OpenChannel,
    ReverseHello,
}

/// Where in its message a chunk stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Abort,
    Final,
    Intermediate,
}

/// The fixed header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) r#type: Type,
    pub(super) kind: Kind,
    /// Of the whole chunk, this header included.
    pub(super) size: usize,
}

/// Reads the header at the first byte. What cannot become one fails before all of it is there.
pub(super) fn read_header(bytes: &[u8]) -> Parse<Header> {
    let tag = bytes.get(..TAG).unwrap_or(bytes);
    let (_, r#type) = *TAGS
        .iter()
        .find(|(known, _)| known.starts_with(tag))
        .ok_or(ParseError::Invalid("no OPC UA message type"))?;
    let mut reader = Reader::new(bytes);
    reader.skip(TAG)?;
    let kind = match reader.u8()? {
        b'A' if r#type == Type::Message => Kind::Abort,
        b'C' if r#type == Type::Message => Kind::Intermediate,
        b'F' => Kind::Final,
        _ => return Err(ParseError::Invalid("no OPC UA chunk kind")),
    };
    let size = reader.le32()? as usize;
    ensure((HEADER..=MAX_CHUNK).contains(&size), "OPC UA chunk of impossible size")?;
    Ok(Header { r#type, kind, size })
}

const TAG: usize = 3;

const TAGS: [(&[u8; TAG], Type); 7] = [
    (b"MSG", Type::Message),
    (b"HEL", Type::Hello),
    (b"ACK", Type::Acknowledge),
    (b"OPN", Type::OpenChannel),
    (b"CLO", Type::CloseChannel),
    (b"ERR", Type::Error),
    (b"RHE", Type::ReverseHello),
];

/// The request identifier of a chunk on an open channel, and what it carries.
pub(super) fn read_sequenced<'a>(reader: &mut Reader<'a>) -> Parse<(u32, &'a [u8])> {
    const CHANNEL_AND_TOKEN: usize = 8;
    reader.skip(CHANNEL_AND_TOKEN)?;
    read_sequence(reader)
}

/// The sequence header (§6.7.2.4).
pub(super) fn read_sequence<'a>(reader: &mut Reader<'a>) -> Parse<(u32, &'a [u8])> {
    const SEQUENCE_NUMBER: usize = 4;
    reader.skip(SEQUENCE_NUMBER)?;
    Ok((reader.le32()?, reader.take_rest()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_believed_only_when_all_of_it_fits() {
        let header = Header { r#type: Type::Message, kind: Kind::Intermediate, size: 256 };
        assert_eq!(read_header(b"MSGC\0\x01\0\0rest"), Ok(header));
        for cut in 0..HEADER {
            assert_eq!(read_header(&b"MSGC\0\x01\0\0"[..cut]), Err(ParseError::Short), "{cut}");
        }
        let false_ones: [&[u8]; 6] =
            [b"m", b"MSGX\0\x01\0\0", b"OPNC\0\x01\0\0", b"MSGF\x07\0\0\0", b"MSGF\0\0\0\xff", b"GET / HTTP"];
        for bytes in false_ones {
            assert!(matches!(read_header(bytes), Err(ParseError::Invalid(_))), "{bytes:?}");
        }
    }
}
