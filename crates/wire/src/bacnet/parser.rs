//! BACnet/IP bytes to values: virtual link, network header, application header.
//!
//! ASHRAE 135: Annex J (BVLC), clause 6 (NPDU), clause 20.1 (APDU headers). What a service's parameters say is `service`'s.

pub(super) mod service;
pub(super) mod tag;

use crate::reader::{Parse, ParseError, Reader, ensure};
use std::net::Ipv4Addr;

/// What a datagram carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link<'a> {
    /// A network message, by the sender or passed on for somebody else.
    Npdu { bytes: &'a [u8], forwarded_for: Option<Ipv4Addr> },
    /// The answer to a command to the virtual link itself; 0 is success.
    Result(u16),
    /// A command to the virtual link, or what it answers.
    Command(u8),
}

/// Functions of the virtual link.
pub(super) mod function {
    pub(in super::super) const RESULT: u8 = 0x00;
    pub(in super::super) const WRITE_BDT: u8 = 0x01;
    pub(in super::super) const READ_BDT: u8 = 0x02;
    pub(in super::super) const READ_BDT_ACK: u8 = 0x03;
    pub(in super::super) const FORWARDED: u8 = 0x04;
    pub(in super::super) const REGISTER_FOREIGN_DEVICE: u8 = 0x05;
    pub(in super::super) const READ_FDT: u8 = 0x06;
    pub(in super::super) const READ_FDT_ACK: u8 = 0x07;
    pub(in super::super) const DELETE_FDT_ENTRY: u8 = 0x08;
    pub(in super::super) const DISTRIBUTE_BROADCAST: u8 = 0x09;
    pub(in super::super) const ORIGINAL_UNICAST: u8 = 0x0a;
    pub(in super::super) const ORIGINAL_BROADCAST: u8 = 0x0b;
    pub(in super::super) const SECURE_BVLL: u8 = 0x0c;
}

/// Reads the virtual link header (J.2), and whether its length is that of the datagram. Where it is not, some devices
/// and dissectors read on regardless: so does this, lest a false length hide a command.
pub(super) fn link(bytes: &[u8]) -> Parse<(Link<'_>, bool)> {
    let mut reader = Reader::new(bytes);
    ensure(reader.u8()? == 0x81, "not BACnet/IP for IPv4")?;
    let function = reader.u8()?;
    let honest = usize::from(reader.be16()?) == bytes.len();
    Ok((carried(function, reader)?, honest))
}

fn carried(function: u8, mut body: Reader<'_>) -> Parse<Link<'_>> {
    match function {
        function::RESULT => body.be16().map(Link::Result),
        function::FORWARDED => {
            let origin = Ipv4Addr::from(body.array::<4>()?);
            body.skip(2)?;
            Ok(Link::Npdu { bytes: body.rest(), forwarded_for: Some(origin) })
        }
        function::DISTRIBUTE_BROADCAST | function::ORIGINAL_UNICAST | function::ORIGINAL_BROADCAST => {
            Ok(Link::Npdu { bytes: body.rest(), forwarded_for: None })
        }
        command => Ok(Link::Command(command)),
    }
}

/// A station on another BACnet network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Remote<'a> {
    pub(super) network: u16,
    /// Its address there; empty for all stations.
    pub(super) address: &'a [u8],
}

/// A network message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Npdu<'a> {
    pub(super) destination: Option<Remote<'a>>,
    pub(super) source: Option<Remote<'a>>,
    pub(super) body: Body<'a>,
}

/// What a network message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body<'a> {
    Application(&'a [u8]),
    /// A message of the network layer itself: type, and the first network it names.
    Network(u8, Option<u16>),
}

/// Reads a network header (6.2).
pub(super) fn npdu(bytes: &[u8]) -> Parse<Npdu<'_>> {
    let mut reader = Reader::new(bytes);
    ensure(reader.u8()? == 1, "network protocol version is not 1")?;
    let control = reader.u8()?;
    let destination = if control & 0x20 != 0 { Some(remote(&mut reader)?) } else { None };
    let source = if control & 0x08 != 0 { Some(remote(&mut reader)?) } else { None };
    if destination.is_some() {
        reader.skip(1)?;
    }
    let body = if control & 0x80 == 0 {
        Body::Application(reader.rest())
    } else {
        let kind = reader.u8()?;
        if kind == 0x03 {
            // Reject-Message-To-Network gives a reason before the network.
            reader.skip(1)?;
        }
        Body::Network(kind, reader.be16().ok())
    };
    Ok(Npdu { destination, source, body })
}

fn remote<'a>(reader: &mut Reader<'a>) -> Parse<Remote<'a>> {
    let network = reader.be16()?;
    let length = reader.u8()?;
    Ok(Remote { network, address: reader.take(usize::from(length))? })
}

/// An application message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Apdu<'a> {
    Confirmed { invoke: u8, service: u8, segment: Segment, data: &'a [u8] },
    Unconfirmed { service: u8, data: &'a [u8] },
    SimpleAck { invoke: u8, service: u8 },
    ComplexAck { invoke: u8, service: u8, segment: Segment, data: &'a [u8] },
    SegmentAck,
    Error { invoke: u8, service: u8, code: u32 },
    Reject { invoke: u8, reason: u8 },
    Abort { invoke: u8, by_server: bool, reason: u8 },
}

/// Which part of a message this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Whole,
    /// The first of several: parameters may end anywhere.
    First,
    Later,
}

/// Reads an application header (20.1).
pub(super) fn apdu(bytes: &[u8]) -> Parse<Apdu<'_>> {
    let mut reader = Reader::new(bytes);
    let head = reader.u8()?;
    match head >> 4 {
        0 => {
            reader.skip(1)?;
            let invoke = reader.u8()?;
            let segment = segment(head, &mut reader)?;
            let service = reader.u8()?;
            Ok(Apdu::Confirmed { invoke, service, segment, data: reader.rest() })
        }
        1 => Ok(Apdu::Unconfirmed { service: reader.u8()?, data: reader.rest() }),
        2 => Ok(Apdu::SimpleAck { invoke: reader.u8()?, service: reader.u8()? }),
        3 => {
            let invoke = reader.u8()?;
            let segment = segment(head, &mut reader)?;
            let service = reader.u8()?;
            Ok(Apdu::ComplexAck { invoke, service, segment, data: reader.rest() })
        }
        4 => reader.skip(3).map(|()| Apdu::SegmentAck),
        5 => {
            let (invoke, service) = (reader.u8()?, reader.u8()?);
            Ok(Apdu::Error { invoke, service, code: tag::error_code(&mut reader)? })
        }
        6 => Ok(Apdu::Reject { invoke: reader.u8()?, reason: reader.u8()? }),
        7 => Ok(Apdu::Abort { invoke: reader.u8()?, by_server: head & 1 == 1, reason: reader.u8()? }),
        _ => Err(ParseError::Invalid("application message of a reserved type")),
    }
}

fn segment(head: u8, reader: &mut Reader<'_>) -> Parse<Segment> {
    if head & 0x08 == 0 {
        return Ok(Segment::Whole);
    }
    let sequence = reader.u8()?;
    reader.skip(1)?;
    Ok(if sequence == 0 { Segment::First } else { Segment::Later })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::unhex;

    #[test]
    fn a_length_that_lies_is_told_and_hides_nothing() {
        for (hex, honest) in [("810a 0005 01", true), ("810a 0006 01", false), ("810a 0004 01", false)] {
            let npdu = Link::Npdu { bytes: &[1], forwarded_for: None };
            assert_eq!(link(&unhex(hex)), Ok((npdu, honest)), "{hex}");
        }
        for hex in ["810a 00", "8104 0008 0a000001", "8100 0004", "820a 0004"] {
            assert!(link(&unhex(hex)).is_err(), "{hex}");
        }
    }

    #[test]
    fn a_routed_header_cut_anywhere_is_short() {
        let whole = unhex("01 28 0005 01 0c 0007 06 0a0000014242 ff 1008");
        let npdu_of = npdu(&whole).unwrap();
        assert_eq!(npdu_of.destination, Some(Remote { network: 5, address: &[0x0c] }));
        assert_eq!(npdu_of.source.map(|source| source.network), Some(7));
        assert_eq!(npdu_of.body, Body::Application(&[0x10, 0x08]));
        for cut in 0..whole.len() - 2 {
            assert_eq!(npdu(&whole[..cut]), Err(ParseError::Short), "{cut}");
        }
    }

    #[test]
    fn application_headers_are_told_apart_and_each_cut_is_refused() {
        for (hex, apdu_is) in [
            ("0005010c", Apdu::Confirmed { invoke: 1, service: 12, segment: Segment::Whole, data: &[] }),
            ("08050100040c", Apdu::Confirmed { invoke: 1, service: 12, segment: Segment::First, data: &[] }),
            ("3c0101040c", Apdu::ComplexAck { invoke: 1, service: 12, segment: Segment::Later, data: &[] }),
            ("1008", Apdu::Unconfirmed { service: 8, data: &[] }),
            ("20010f", Apdu::SimpleAck { invoke: 1, service: 15 }),
            ("40010004", Apdu::SegmentAck),
            ("50010c9101911f", Apdu::Error { invoke: 1, service: 12, code: 31 }),
            ("5001100e9101911f0f", Apdu::Error { invoke: 1, service: 16, code: 31 }),
            ("600109", Apdu::Reject { invoke: 1, reason: 9 }),
            ("710104", Apdu::Abort { invoke: 1, by_server: true, reason: 4 }),
        ] {
            let bytes = unhex(hex);
            assert_eq!(apdu(&bytes), Ok(apdu_is), "{hex}");
            let shortest =
                if apdu_is == apdu(&bytes[..bytes.len() - 1]).unwrap_or(Apdu::SegmentAck) { 2 } else { 1 };
            assert!(apdu(&bytes[..bytes.len() - shortest]).is_err(), "{hex} cut");
        }
        assert!(apdu(&[0x80]).is_err());
    }
}
