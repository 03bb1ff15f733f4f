//! Messages on the wire (RFC 7252, 3).

use crate::node::fields::Fields;

/// Options a message may carry: a parser must not work for ever on one datagram.
const MAX_OPTIONS: usize = 32;

/// Option numbers (RFC 7252, 12.2).
pub(super) const URI_PATH: u16 = 11;
pub(super) const CONTENT_FORMAT: u16 = 12;
/// Critical options that are understood: Uri-Host, Uri-Port, Uri-Path, Uri-Query, Accept.
const UNDERSTOOD: [u16; 5] = [3, 7, URI_PATH, 15, 17];

/// Needs an acknowledgement, needs none, is one, or refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Confirmable,
    NonConfirmable,
    Acknowledgement,
    Reset,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) kind: Kind,
    /// Class and detail: 0x45 is 2.05.
    pub(super) code: u8,
    pub(super) id: u16,
    pub(super) token: Vec<u8>,
    /// In ascending order.
    pub(super) options: Vec<(u16, Vec<u8>)>,
    pub(super) payload: Vec<u8>,
}

impl Message {
    /// Nothing for what is no CoAP.
    pub(super) fn parse(datagram: &[u8]) -> Option<Self> {
        let mut fields = Fields(datagram);
        let first = fields.u8()?;
        let (code, id) = (fields.u8()?, fields.u16()?);
        let token = usize::from(first & 0xf);
        if first >> 6 != 1 || token > 8 {
            return None;
        }
        let token = fields.bytes(token)?.to_vec();
        let options = options(&mut fields)?;
        Some(Self { kind: kind(first >> 4 & 3), code, id, token, options, payload: fields.0.to_vec() })
    }

    /// The bytes of the message. Options and values of ours are all shorter than 269 bytes.
    pub(super) fn encoded(&self) -> Vec<u8> {
        let token = u8::try_from(self.token.len()).unwrap_or_default();
        let mut bytes = vec![0x40 | (self.kind as u8) << 4 | token, self.code];
        bytes.extend(self.id.to_be_bytes());
        bytes.extend(&self.token);
        let mut last = 0;
        for (number, value) in &self.options {
            let (delta, length) = (nibble(usize::from(number - last)), nibble(value.len()));
            bytes.push(delta.0 << 4 | length.0);
            bytes.extend(delta.1.iter().chain(&length.1).chain(value));
            last = *number;
        }
        if !self.payload.is_empty() {
            bytes.push(0xff);
            bytes.extend(&self.payload);
        }
        bytes
    }

    /// The path, its segments joined by `/`.
    pub(super) fn path(&self) -> String {
        let segments = self.options.iter().filter(|(number, _)| *number == URI_PATH);
        segments.map(|(_, value)| String::from_utf8_lossy(value)).collect::<Vec<_>>().join("/")
    }

    /// Whether it carries an option that must be understood and is not.
    pub(super) fn has_bad_option(&self) -> bool {
        self.options.iter().any(|(number, _)| number & 1 == 1 && !UNDERSTOOD.contains(number))
    }
}

const fn kind(bits: u8) -> Kind {
    match bits {
        0 => Kind::Confirmable,
        1 => Kind::NonConfirmable,
        2 => Kind::Acknowledgement,
        _ => Kind::Reset,
    }
}

fn options(fields: &mut Fields<'_>) -> Option<Vec<(u16, Vec<u8>)>> {
    let (mut options, mut number) = (Vec::new(), 0_u16);
    while let Some(first) = fields.u8() {
        if first == 0xff {
            return (!fields.is_empty()).then_some(options);
        }
        number = number.checked_add(extended(first >> 4, fields)?)?;
        let length = extended(first & 0xf, fields)?;
        options.push((number, fields.bytes(usize::from(length))?.to_vec()));
        if options.len() > MAX_OPTIONS {
            return None;
        }
    }
    Some(options)
}

fn extended(nibble: u8, fields: &mut Fields<'_>) -> Option<u16> {
    match nibble {
        13 => Some(u16::from(fields.u8()?) + 13),
        14 => fields.u16()?.checked_add(269),
        15 => None,
        small => Some(u16::from(small)),
    }
}

fn nibble(value: usize) -> (u8, Option<u8>) {
    match u8::try_from(value) {
        Ok(small) if small < 13 => (small, None),
        _ => (13, Some(u8::try_from(value.saturating_sub(13)).unwrap_or(u8::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_reads_back_as_it_was_written() {
        let options =
            vec![(URI_PATH, b".well-known".to_vec()), (URI_PATH, vec![b'x'; 40]), (CONTENT_FORMAT, vec![40])];
        let message = Message {
            kind: Kind::Confirmable,
            code: 1,
            id: 7,
            token: vec![1, 2],
            options,
            payload: b"hi".to_vec(),
        };
        assert_eq!(Message::parse(&message.encoded()), Some(message.clone()));
        assert_eq!(message.path(), format!(".well-known/{}", "x".repeat(40)));
    }

    #[test]
    fn what_is_no_message_is_none() {
        for bad in [
            &[][..],
            &[0x40, 1, 0],
            &[0x80, 1, 0, 1],
            &[0x49, 1, 0, 1],
            &[0x40, 1, 0, 1, 0xff],
            &[0x40, 1, 0, 1, 0xf0],
            &[0x40, 1, 0, 1, 0xb5, 1],
        ] {
            assert_eq!(Message::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn an_unknown_option_matters_where_it_is_critical() {
        let message = |number| Message {
            kind: Kind::Confirmable,
            code: 1,
            id: 7,
            token: vec![],
            options: vec![(number, vec![])],
            payload: vec![],
        };
        assert!(
            message(2049).has_bad_option()
                && !message(2048).has_bad_option()
                && !message(URI_PATH).has_bad_option()
        );
    }
}
