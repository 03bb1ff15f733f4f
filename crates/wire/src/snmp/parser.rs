//! SNMP messages (RFC 1157, RFC 3416, RFC 3412) as values.

use crate::ber::{INTEGER, OCTET_STRING, Oid, SEQUENCE, read_element, read_integer, read_oid, read_tagged};
use crate::reader::{Parse, ParseError, Reader};

/// One message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    /// Pairs an answer with its request: the message's identifier in version 3, where the PDU's may be encrypted.
    pub(super) id: i64,
    /// It carries a community, in the clear (versions 1 and 2c).
    pub(super) has_community: bool,
    pub(super) content: Content<'a>,
}

/// What a message carries.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content<'a> {
    Pdu(Pdu<'a>),
    /// Encrypted, of so many bytes.
    Encrypted(usize),
}

/// A protocol data unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pdu<'a> {
    pub(super) r#type: Type,
    request: i64,
    /// Of an answer: 0 is success.
    pub(super) error: u32,
    /// Of a trap of version 1: who made the device.
    pub(super) enterprise: Option<Oid<'a>>,
    pub(super) variables: Variables<'a>,
}

/// What a PDU is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Get,
    GetNext,
    Response,
    Set,
    TrapV1,
    GetBulk,
    Inform,
    Trap,
    Report,
}

/// Variable bindings, still encoded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variables<'a>(Reader<'a>);

/// A variable and its value, by BER tag.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variable<'a> {
    pub(super) name: Oid<'a>,
    pub(super) tag: u8,
    pub(super) value: &'a [u8],
}

impl<'a> Iterator for Variables<'a> {
    type Item = Parse<Variable<'a>>;

    /// After one that cannot be read there are no more.
    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let read = read_variable(&mut self.0);
        if read.is_err() {
            self.0 = Reader::new(&[]);
        }
        Some(read)
    }
}

/// Reads a whole datagram.
pub(super) fn read_message(bytes: &[u8]) -> Parse<Message<'_>> {
    let mut message = read_tagged(&mut Reader::new(bytes), SEQUENCE)?;
    match read_integer(&mut message)? {
        0 | 1 => read_community_message(message),
        3 => read_secured_message(message),
        _ => Err(ParseError::Invalid("unknown SNMP version")),
    }
}

fn read_community_message(mut message: Reader<'_>) -> Parse<Message<'_>> {
    let community = read_tagged(&mut message, OCTET_STRING)?;
    let pdu = read_pdu(&mut message)?;
    let content = Content::Pdu(pdu);
    Ok(Message { id: pdu.request, has_community: !community.is_empty(), content })
}

/// RFC 3412 §6: header, security parameters, and the scoped PDU, plain or as a string of ciphertext.
fn read_secured_message(mut message: Reader<'_>) -> Parse<Message<'_>> {
    let id = read_integer(&mut read_tagged(&mut message, SEQUENCE)?)?;
    read_tagged(&mut message, OCTET_STRING)?;
    let content = match read_element(&mut message)? {
        (OCTET_STRING, encrypted) => Content::Encrypted(encrypted.left()),
        (SEQUENCE, mut scoped) => {
            read_tagged(&mut scoped, OCTET_STRING)?;
            read_tagged(&mut scoped, OCTET_STRING)?;
            Content::Pdu(read_pdu(&mut scoped)?)
        }
        _ => return Err(ParseError::Invalid("another BER type than belongs here")),
    };
    Ok(Message { id, has_community: false, content })
}

fn read_pdu<'a>(reader: &mut Reader<'a>) -> Parse<Pdu<'a>> {
    let (tag, mut pdu) = read_element(reader)?;
    let r#type = Type::of(tag).ok_or(ParseError::Invalid("unknown SNMP PDU type"))?;
    let (request, error, enterprise) = if r#type == Type::TrapV1 {
        (0, 0, Some(read_trap_header(&mut pdu)?))
    } else {
        let request = read_integer(&mut pdu)?;
        // The second number is an index, or of a bulk request a count; so is the first.
        let error = u32::try_from(read_integer(&mut pdu)?).unwrap_or(u32::MAX);
        read_integer(&mut pdu)?;
        (request, error, None)
    };
    let variables = Variables(read_tagged(&mut pdu, SEQUENCE)?);
    Ok(Pdu { r#type, request, error, enterprise, variables })
}

/// RFC 1157 §4.1.6.
fn read_trap_header<'a>(pdu: &mut Reader<'a>) -> Parse<Oid<'a>> {
    const IP_ADDRESS: u8 = 0x40;
    const TIME_TICKS: u8 = 0x43;
    let enterprise = read_oid(pdu)?;
    for tag in [IP_ADDRESS, INTEGER, INTEGER, TIME_TICKS] {
        read_tagged(pdu, tag)?;
    }
    Ok(enterprise)
}

fn read_variable<'a>(reader: &mut Reader<'a>) -> Parse<Variable<'a>> {
    let mut binding = read_tagged(reader, SEQUENCE)?;
    let name = read_oid(&mut binding)?;
    let (tag, value) = read_element(&mut binding)?;
    Ok(Variable { name, tag, value: value.rest() })
}

impl Type {
    const fn of(tag: u8) -> Option<Self> {
        Some(match tag {
            0xa0 => Self::Get,
            0xa1 => Self::GetNext,
            0xa2 => Self::Response,
            0xa3 => Self::Set,
            0xa4 => Self::TrapV1,
            0xa5 => Self::GetBulk,
            0xa6 => Self::Inform,
            0xa7 => Self::Trap,
            0xa8 => Self::Report,
            _ => return None,
        })
    }
}
