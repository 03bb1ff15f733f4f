//! CoAP messages as values (RFC 7252 §3), with the options that say what they are about.
//!
//! It knows no exchange: what a token or a message identifier refers to is [`super::observe`]'s.

mod options;

pub(super) use options::{Observe, Options};

use crate::reader::{Parse, ParseError, Reader, ensure};

/// What a message is to the message before it (§3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Confirmable,
    NonConfirmable,
    Acknowledgement,
    Reset,
}

/// Names a request among those of one endpoint (§5.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Token {
    length: u8,
    bytes: [u8; 8],
}

/// A request method or response code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// The message is empty: ping, acknowledgement or reset.
    Empty,
    /// A method, by number.
    Request(u8),
    /// A response code as people write it without the dot: 205, 404.
    Response(u32),
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) kind: Kind,
    pub(super) code: Code,
    pub(super) id: u16,
    pub(super) token: Token,
    pub(super) options: Options<'a>,
    pub(super) payload: &'a [u8],
}

impl<'a> Message<'a> {
    /// Reads a datagram, which is one message.
    pub(super) fn parse(bytes: &'a [u8]) -> Parse<Self> {
        let mut reader = Reader::new(bytes);
        let first = reader.u8()?;
        ensure(first >> 6 == 1, "version is not 1")?;
        let code = Code::parse(reader.u8()?)?;
        let id = reader.be16()?;
        let token = Token::parse(&mut reader, first & 0x0f)?;
        let kind = Kind::from_bits(first >> 4);
        ensure(kind.may_carry(code), "code does not belong in a message of this type")?;
        let empty = code == Code::Empty;
        ensure(!empty || bytes.len() == 4, "empty message with bytes behind its header")?;
        let options = Options::parse(&mut reader)?;
        Ok(Self { kind, code, id, token, options, payload: reader.take_rest() })
    }
}

impl Kind {
    const fn from_bits(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::Confirmable,
            1 => Self::NonConfirmable,
            2 => Self::Acknowledgement,
            _ => Self::Reset,
        }
    }

    /// Table 1 of §4.3.
    const fn may_carry(self, code: Code) -> bool {
        match self {
            Self::Confirmable => true,
            Self::NonConfirmable => !matches!(code, Code::Empty),
            Self::Acknowledgement => !matches!(code, Code::Request(_)),
            Self::Reset => matches!(code, Code::Empty),
        }
    }
}

impl Code {
    /// Three bits of class, five of detail (§3).
    fn parse(byte: u8) -> Parse<Self> {
        match (byte >> 5, byte & 0x1f) {
            (0, 0) => Ok(Self::Empty),
            (0, method) => Ok(Self::Request(method)),
            (class @ (2 | 4 | 5), detail) => Ok(Self::Response(u32::from(class) * 100 + u32::from(detail))),
            _ => Err(ParseError::Invalid("code of a reserved class")),
        }
    }
}

impl Token {
    fn parse(reader: &mut Reader<'_>, length: u8) -> Parse<Self> {
        ensure(length <= 8, "token of more than eight bytes")?;
        let mut token = Self { length, bytes: [0; 8] };
        for (byte, read) in token.bytes.iter_mut().zip(reader.take(usize::from(length))?) {
            *byte = *read;
        }
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_broken_is_named() {
        for (bytes, why) in [
            (&b"\x80\x01\0\x01"[..], "version is not 1"),
            (b"\x49\x01\0\x01123456789", "token of more than eight bytes"),
            (b"\x40\x21\0\x01", "code of a reserved class"),
            (b"\x40\xe1\0\x01", "code of a reserved class"),
            (b"\x41\0\0\x01t", "empty message with bytes behind its header"),
            (b"\x50\0\0\x01", "code does not belong in a message of this type"),
            (b"\x60\x01\0\x01", "code does not belong in a message of this type"),
            (b"\x70\x45\0\x01", "code does not belong in a message of this type"),
            (b"\x40\x01\0\x01\xff", "payload marker without a payload"),
            (b"\x40\x01\0\x01\xf0", "reserved option delta"),
            (b"\x40\x01\0\x01\x1f", "reserved option length"),
            (b"\x40\x01\0\x01\xe0\xff\xff\x10", "option number above 65,535"),
            (b"\x40\x01\0\x01\xb2\xc3(", "path is no UTF-8"),
            (b"\x40\x01\0\x01\xb2..", "path with a dot segment"),
            (b"\x40\x01\0\x01\x64aaaa", "option of a length its definition forbids"),
            (b"\x40\x01\0\x01\x30", "option of a length its definition forbids"),
            (b"\x40\x01\0\x01\xc0\0", "option given twice"),
        ] {
            assert_eq!(Message::parse(bytes), Err(ParseError::Invalid(why)), "{bytes:?}");
        }
        assert_eq!(
            Message::parse(b"\x40\x01\0\x01\xb4abc"),
            Err(ParseError::Short),
            "an option passes the end"
        );
    }

    #[test]
    fn a_message_cut_in_its_options_is_short() {
        let whole = b"\x44\x03\x12\x34tokn\xbd\x01path-of-14-byt\x11\x32\xff21.5";
        let message = Message::parse(whole).unwrap();
        assert_eq!(message.payload, b"21.5");
        assert_eq!(message.options.content_format, Some(50));
        for end in 0..8 {
            assert_eq!(Message::parse(&whole[..end]), Err(ParseError::Short), "{end}");
        }
        assert_eq!(Message::parse(&whole[..15]), Err(ParseError::Short));
    }
}
