//! CIP messages: a service asked of a path, or its answer (ODVA Volume 1, chapters 2 and 3, Appendix A).

use super::path::Path;
use crate::reader::{Parse, ParseError, Reader, ensure};

/// Services whose content is itself read.
pub(in super::super) mod service {
    pub(in super::super::super) const GET_ATTRIBUTES_ALL: u8 = 0x01;
    pub(in super::super::super) const GET_ATTRIBUTE_LIST: u8 = 0x03;
    pub(in super::super::super) const MULTIPLE_SERVICE_PACKET: u8 = 0x0a;
    pub(in super::super::super) const EXECUTE_PCCC: u8 = 0x4b;
    pub(in super::super::super) const FORWARD_CLOSE: u8 = 0x4e;
    pub(in super::super::super) const UNCONNECTED_SEND: u8 = 0x52;
    pub(in super::super::super) const FORWARD_OPEN: u8 = 0x54;
    pub(in super::super::super) const LARGE_FORWARD_OPEN: u8 = 0x5b;
}

/// Set in the service code of an answer.
const ANSWER: u8 = 0x80;

/// Most services read out of one packet. A controller answers in 4000 bytes, which hold some 500 short ones; more would
/// let one datagram of an attacker become tens of thousands of observations.
const MAX_SERVICES: u16 = 512;

/// A CIP message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Cip<'a> {
    Request(Request<'a>),
    Answer(Answer<'a>),
}

/// A service asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Request<'a> {
    pub(in super::super) service: u8,
    pub(in super::super) path: Path<'a>,
    pub(in super::super) data: &'a [u8],
}

/// How it was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Answer<'a> {
    /// The service code without the answer bit.
    pub(in super::super) service: u8,
    /// General status; 0 is success (Appendix B).
    pub(in super::super) status: u8,
    pub(in super::super) data: &'a [u8],
}

/// Reads one message, all of `bytes`.
pub(in super::super) fn message(bytes: &[u8]) -> Parse<Cip<'_>> {
    let mut reader = Reader::new(bytes);
    let service = reader.u8()?;
    if service & ANSWER == 0 {
        let words = reader.u8()?;
        let path = Path::new(reader.take(2 * usize::from(words))?)?;
        return Ok(Cip::Request(Request { service, path, data: reader.take_rest() }));
    }
    reader.skip(1)?;
    let status = reader.u8()?;
    let additional = reader.u8()?;
    reader.skip(2 * usize::from(additional))?;
    Ok(Cip::Answer(Answer { service: service & !ANSWER, status, data: reader.take_rest() }))
}

/// The messages inside a Multiple Service Packet, asked or answered: a count, then offsets counted from that count.
/// A service ends where the next begins.
pub(in super::super) fn multiple(bytes: &[u8]) -> Parse<impl Iterator<Item = Parse<Cip<'_>>>> {
    let mut reader = Reader::new(bytes);
    let count = reader.le16()?;
    ensure(count <= MAX_SERVICES, "more services in one packet than are read")?;
    let mut offsets = reader.sub(2 * usize::from(count))?;
    let first = bytes.len() - reader.left();
    let mut next = offsets.le16().ok();
    Ok(std::iter::from_fn(move || {
        let start = next?;
        next = offsets.le16().ok();
        let end = next.map_or(bytes.len(), usize::from);
        let part = bytes.get(usize::from(start)..end).filter(|_| usize::from(start) >= first);
        Some(part.ok_or(ParseError::Invalid("service offset outside its packet")).and_then(message))
    }))
}

/// An Unconnected Send (3-5.5.4): the message it forwards, and the way it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Forwarded<'a> {
    pub(in super::super) message: &'a [u8],
    pub(in super::super) route: Path<'a>,
}

/// Reads the data of an Unconnected Send.
pub(in super::super) fn unconnected_send(data: &[u8]) -> Parse<Forwarded<'_>> {
    let mut reader = Reader::new(data);
    reader.skip(2)?;
    let length = reader.le16()?;
    let message = reader.take(usize::from(length))?;
    if length % 2 == 1 {
        reader.skip(1)?;
    }
    let words = reader.u8()?;
    reader.skip(1)?;
    let route = Path::new(reader.take(2 * usize::from(words))?)?;
    reader.finish("bytes behind the route")?;
    Ok(Forwarded { message, route })
}

/// The path a Forward Open or Forward Close is about (3-5.5.2, 3-5.5.3).
pub(in super::super) fn connection_path(service: u8, data: &[u8]) -> Parse<Path<'_>> {
    let mut reader = Reader::new(data);
    match service {
        service::FORWARD_CLOSE => reader.skip(10)?,
        service::LARGE_FORWARD_OPEN => reader.skip(39)?,
        _ => reader.skip(35)?,
    }
    let words = reader.u8()?;
    if service == service::FORWARD_CLOSE {
        reader.skip(1)?;
    }
    Path::new(reader.take(2 * usize::from(words))?)
}

/// The connection ids a Forward Open was granted: towards the target, towards the originator.
pub(in super::super) fn granted_connections(data: &[u8]) -> Parse<(u32, u32)> {
    let mut reader = Reader::new(data);
    Ok((reader.le32()?, reader.le32()?))
}

/// The attribute numbers of a Get_Attribute_List request.
pub(in super::super) fn attribute_list(data: &[u8]) -> Parse<impl Iterator<Item = u16>> {
    let mut reader = Reader::new(data);
    let count = reader.le16()?;
    let mut numbers = reader.sub(2 * usize::from(count))?;
    reader.finish("bytes behind the attribute list")?;
    Ok(std::iter::from_fn(move || numbers.le16().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::unhex;

    #[test]
    fn a_request_cut_anywhere_in_its_path_is_short() {
        let whole = unhex("0e 03 20 01 24 01 30 07");
        assert!(matches!(message(&whole), Ok(Cip::Request(Request { service: 0x0e, .. }))));
        for cut in 0..whole.len() {
            assert!(message(&whole[..cut]).is_err(), "{cut}");
        }
    }

    #[test]
    fn an_answer_whose_additional_status_lies_is_short() {
        assert_eq!(
            message(&unhex("cc 00 00 00 c4 00")),
            Ok(Cip::Answer(Answer { service: 0x4c, status: 0, data: &[0xc4, 0] }))
        );
        assert_eq!(message(&unhex("cc 00 01 ff 00 00")), Err(ParseError::Short));
    }

    #[test]
    fn offsets_outside_a_packet_or_backwards_are_refused_one_by_one() {
        for hex in ["0100 ff00", "0200 0600 0200 8e000000", "0100 0000", "0100 0400"] {
            let bytes = unhex(hex);
            assert!(multiple(&bytes).unwrap().next().unwrap().is_err(), "{hex}");
        }
        assert!(multiple(&unhex("ffff 0000")).is_err(), "giant count");
        assert!(multiple(&unhex("0200 0600")).is_err(), "offsets cut");
        assert_eq!(multiple(&unhex("0000")).unwrap().count(), 0);
    }

    #[test]
    fn a_forwarded_message_longer_than_its_envelope_is_short() {
        assert!(unconnected_send(&unhex("0a 0e 0600 0e 02 20 01 24 01 01 00 01 00")).is_ok());
        assert_eq!(unconnected_send(&unhex("0a 0e ff00 0e 02")), Err(ParseError::Short));
        assert_eq!(unconnected_send(&unhex("0a 0e 0000 7f 00 01 00")), Err(ParseError::Short));
    }
}
