//! DNS messages as bytes (RFC 1035 §4): header, questions, records.
//!
//! INVARIANT: at most [`MAX_QUESTIONS`] and [`MAX_RECORDS`] are read of a message, each at a bounded cost
//! ([`super::name`]).

use super::name::Name;
use crate::reader::{Parse, Reader, ensure};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Most questions of a message. Resolvers ask one, mDNS hosts some tens; each becomes a symbol, so that a datagram full
/// of questions would flood whoever judges.
const MAX_QUESTIONS: u16 = 64;
/// Most records of a message: above what fits into the 9,000 bytes that mDNS allows, below what a 64 KiB datagram of
/// empty records could make us walk.
const MAX_RECORDS: u32 = 1024;

/// Record types (IANA) that mean something here.
pub(super) mod record_type {
    pub(crate) const A: u16 = 1;
    pub(crate) const PTR: u16 = 12;
    pub(crate) const TXT: u16 = 16;
    pub(crate) const AAAA: u16 = 28;
    pub(crate) const SRV: u16 = 33;
    pub(crate) const OPT: u16 = 41;
}

/// What a message is for (RFC 1035 §4.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Query,
    InverseQuery,
    Status,
    Notify,
    Update,
    Other(u8),
}

/// A whole message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) id: u16,
    pub(super) is_response: bool,
    pub(super) opcode: Opcode,
    /// Response code, with the high bits of EDNS (RFC 6891 §6.1.3) where there are any.
    pub(super) rcode: u16,
    /// Questions; of an update, the zone (RFC 2136 §2.3).
    pub(super) questions: Vec<Question<'a>>,
    /// Records of the answer section.
    pub(super) answers: Vec<Record<'a>>,
    /// Records of the additional section.
    pub(super) additional: Vec<Record<'a>>,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question<'a> {
    pub(super) name: Name<'a>,
    pub(super) kind: u16,
}

/// One record, of the types that mean something here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record<'a> {
    pub(super) name: Name<'a>,
    pub(super) data: Data<'a>,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Data<'a> {
    Address(IpAddr),
    Pointer(Name<'a>),
    Service,
    Text(&'a [u8]),
}

impl<'a> Message<'a> {
    /// Reads a whole datagram. Bytes behind the last record are passed over: some stacks pad.
    pub(super) fn parse(bytes: &'a [u8]) -> Parse<Self> {
        let mut reader = Reader::new(bytes);
        let (id, flags) = (reader.be16()?, reader.be16()?);
        let questions = reader.be16()?;
        let counts = [reader.be16()?, reader.be16()?, reader.be16()?];
        ensure(questions <= MAX_QUESTIONS, "more questions than anyone asks")?;
        let records: u32 = counts.iter().copied().map(u32::from).sum();
        ensure(records <= MAX_RECORDS, "more records than a message holds")?;
        let questions = (0..questions).map(|_| Question::read(bytes, &mut reader)).collect::<Parse<_>>()?;
        let mut extended = 0;
        let [answers, _authorities, additional] =
            counts.map(|count| section(count, bytes, &mut reader, &mut extended));
        Ok(Self {
            id,
            is_response: flags & 0x8000 != 0,
            opcode: Opcode::from_flags(flags),
            rcode: extended << 4 | flags & 0x000f,
            questions,
            answers: answers?,
            additional: additional?,
        })
    }
}

impl Opcode {
    fn from_flags(flags: u16) -> Self {
        match flags.to_be_bytes()[0] >> 3 & 0x0f {
            0 => Self::Query,
            1 => Self::InverseQuery,
            2 => Self::Status,
            4 => Self::Notify,
            5 => Self::Update,
            other => Self::Other(other),
        }
    }
}

impl<'a> Question<'a> {
    fn read(message: &'a [u8], reader: &mut Reader<'a>) -> Parse<Self> {
        let name = Name::read(message, reader)?;
        let (kind, _class) = (reader.be16()?, reader.be16()?);
        Ok(Self { name, kind })
    }
}

fn section<'a>(
    count: u16,
    message: &'a [u8],
    reader: &mut Reader<'a>,
    extended_rcode: &mut u16,
) -> Parse<Vec<Record<'a>>> {
    let mut records = Vec::new();
    for _ in 0..count {
        records.extend(record(message, reader, extended_rcode)?);
    }
    Ok(records)
}

/// Reads one record; its name only where its type means something here, in the class of the internet (the top bit of
/// the class is mDNS's, RFC 6762 §10.2).
fn record<'a>(
    message: &'a [u8],
    reader: &mut Reader<'a>,
    extended_rcode: &mut u16,
) -> Parse<Option<Record<'a>>> {
    let mut name = *reader;
    Name::skip(reader)?;
    let (kind, class, ttl, length) = (reader.be16()?, reader.be16()?, reader.be32()?, reader.be16()?);
    let data = reader.sub(usize::from(length))?;
    if kind == record_type::OPT {
        *extended_rcode = u16::from(ttl.to_be_bytes()[0]);
        return Ok(None);
    }
    match Data::read(kind, message, data)? {
        Some(data) if class & 0x7fff == 1 => Ok(Some(Record { name: Name::read(message, &mut name)?, data })),
        _ => Ok(None),
    }
}

impl<'a> Data<'a> {
    fn read(kind: u16, message: &'a [u8], mut data: Reader<'a>) -> Parse<Option<Self>> {
        // An update deletes by records without data (RFC 2136 §2.5).
        if data.is_empty() {
            return Ok(None);
        }
        Ok(match kind {
            record_type::A => Some(Self::Address(IpAddr::V4(Ipv4Addr::from(data.be32()?)))),
            record_type::AAAA => Some(Self::Address(IpAddr::V6(Ipv6Addr::from(data.array::<16>()?)))),
            record_type::PTR => Some(Self::Pointer(Name::read(message, &mut data)?)),
            record_type::SRV => Some(Self::Service),
            record_type::TXT => Some(Self::Text(data.rest())),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::name::joined;
    use crate::reader::ParseError;
    use crate::testing::unhex;

    #[test]
    fn sections_are_read_and_unknown_types_passed_over() {
        let bytes = unhex(
            "0007 8183 0001 0003 0000 0001 03777777 076578616d706c65 00 0001 0001
             c00c 0005 0001 00000001 0002 c010
             c010 fffe 00ff 00000001 0003 010203
             c010 0001 8001 00000001 0004 c0000201
             00 0029 1000 01000000 0000",
        );
        let message = Message::parse(&bytes).unwrap();
        assert_eq!((message.id, message.is_response, message.opcode), (7, true, Opcode::Query));
        assert_eq!(message.rcode, 0x13, "the OPT record has the high bits");
        assert_eq!(joined(message.questions[0].name.labels()), "www.example");
        let [Record { name, data }] = message.answers.as_slice() else { panic!("one address") };
        assert_eq!(joined(name.labels()), "example");
        assert_eq!(*data, Data::Address([192, 0, 2, 1].into()));
        for end in 0..bytes.len() {
            assert_eq!(Message::parse(&bytes[..end]), Err(ParseError::Short), "{end}");
        }
    }

    #[test]
    fn giant_counts_are_refused_before_anything_is_kept() {
        for (counts, why) in [
            ("ffff 0000 0000 0000", "more questions than anyone asks"),
            ("0000 ffff ffff ffff", "more records than a message holds"),
        ] {
            let bytes = unhex(&format!("0007 0000 {counts}"));
            assert_eq!(Message::parse(&bytes), Err(ParseError::Invalid(why)));
        }
    }

    #[test]
    fn a_record_whose_data_is_too_short_for_its_type_is_refused() {
        for record in [
            "0001 0001 00000001 0003 010203",
            "001c 0001 00000001 0004 01020304",
            "000c 0001 00000001 0001 3f",
        ] {
            let bytes = unhex(&format!("0007 8000 0000 0001 0000 0000 00 {record}"));
            assert_eq!(Message::parse(&bytes), Err(ParseError::Short), "{record}");
        }
    }
}
