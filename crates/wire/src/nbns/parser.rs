//! NetBIOS name service packets as values (RFC 1002 §4.2).

use crate::reader::{Parse, ParseError, Reader, ensure};
use crate::text;
use std::net::Ipv4Addr;

/// Names of one node status, or addresses of one answer, that are read. A node owns a handful.
const MAX_ENTRIES: usize = 32;
/// Labels a scope may have: it fits 255 bytes anyway, but each costs two only.
const MAX_SCOPE_LABELS: usize = 16;

const NB: u16 = 0x20;
const NBSTAT: u16 = 0x21;
const INTERNET: u16 = 1;
/// A pointer to the name of the question, right behind the header: the only one in use.
const QUESTION_NAME: u16 = 0xc00c;

/// A NetBIOS name: fifteen characters and what kind of thing bears it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) suffix: u8,
}

/// `PLC-1<20>`.
impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}<{:02x}>", self.text, self.suffix)
    }
}

/// What a packet is for (§4.2.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Query,
    /// A query for all names of a node.
    StatusQuery,
    Registration,
    MultihomedRegistration,
    Release,
    Wack,
    Refresh,
}

/// One packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    pub(super) id: u16,
    pub(super) operation: Operation,
    /// The result code, in responses.
    pub(super) response: Option<u8>,
    pub(super) name: Name,
    /// Names and whether a group bears them: of the address or status record.
    pub(super) entries: Vec<Entry>,
}

/// A name's owner, or a node's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Address { address: Ipv4Addr, group: bool },
    Name { name: Name, group: bool },
}

impl Packet {
    /// Reads a datagram, which is one packet.
    pub(super) fn parse(bytes: &[u8]) -> Parse<Self> {
        let mut reader = Reader::new(bytes);
        let id = reader.be16()?;
        let flags = reader.be16()?;
        let counts = [reader.be16()?, reader.be16()?, reader.be16()?, reader.be16()?];
        let is_response = flags & 0x8000 != 0;
        // One question in a request, with a record where a name is claimed; one record in a response (§4.2.2 and on).
        let [questions, answers, authorities, additional] = counts;
        let sound = match is_response {
            true => questions == 0 && answers <= 1 && authorities == 0 && additional == 0,
            false => questions == 1 && answers == 0 && authorities == 0 && additional <= 1,
        };
        ensure(sound, "counts of records no packet of this kind has")?;
        ensure(!is_response || answers == 1, "response without a record")?;
        let (name, kind) = if is_response {
            (None, NB)
        } else {
            question(&mut reader).map(|(name, kind)| (Some(name), kind))?
        };
        let record = if is_response || additional == 1 {
            Some(Record::parse(&mut reader, name.as_ref())?)
        } else {
            None
        };
        reader.finish("bytes behind the end of the packet")?;
        let status = kind == NBSTAT || record.as_ref().is_some_and(|record| record.kind == NBSTAT);
        let operation = operation(flags >> 11 & 0x0f, status)?;
        let (owner, entries) =
            record.map_or((None, Vec::new()), |record| (Some(record.name), record.entries));
        let name = name.or(owner).ok_or(ParseError::Short)?;
        let response = is_response.then(|| flags.to_be_bytes()[1] & 0x0f);
        Ok(Self { id, operation, response, name, entries })
    }
}

struct Record {
    name: Name,
    kind: u16,
    entries: Vec<Entry>,
}

impl Record {
    fn parse(reader: &mut Reader<'_>, question: Option<&Name>) -> Parse<Self> {
        let name = record_name(reader, question)?;
        let kind = reader.be16()?;
        ensure(reader.be16()? == INTERNET, "class is not internet")?;
        let _time_to_live = reader.be32()?;
        let length = reader.be16()?;
        let mut data = reader.sub(usize::from(length))?;
        let entries = match kind {
            NB => addresses(&mut data)?,
            NBSTAT => node_names(&mut data)?,
            // NULL in a negative answer.
            0x0a => Vec::new(),
            _ => return Err(ParseError::Invalid("unknown record type")),
        };
        Ok(Self { name, kind, entries })
    }
}

fn operation(code: u16, status: bool) -> Parse<Operation> {
    match code {
        0 if status => Ok(Operation::StatusQuery),
        0 => Ok(Operation::Query),
        5 => Ok(Operation::Registration),
        6 => Ok(Operation::Release),
        7 => Ok(Operation::Wack),
        // The RFC contradicts itself, and both are sent.
        8 | 9 => Ok(Operation::Refresh),
        15 => Ok(Operation::MultihomedRegistration),
        _ => Err(ParseError::Invalid("unknown operation")),
    }
}

fn question(reader: &mut Reader<'_>) -> Parse<(Name, u16)> {
    let name = encoded_name(reader)?;
    let kind = reader.be16()?;
    ensure(kind == NB || kind == NBSTAT, "unknown question type")?;
    ensure(reader.be16()? == INTERNET, "class is not internet")?;
    Ok((name, kind))
}

fn record_name(reader: &mut Reader<'_>, question: Option<&Name>) -> Parse<Name> {
    let mut ahead = *reader;
    if ahead.u8()? & 0xc0 != 0xc0 {
        return encoded_name(reader);
    }
    let pointer = reader.be16()?;
    let name = question.filter(|_| pointer == QUESTION_NAME);
    name.cloned().ok_or(ParseError::Invalid("name points elsewhere than to the question"))
}

/// A label of 32 letters, each half a byte, and the labels of the scope (RFC 1001 §14.1), which is not kept.
fn encoded_name(reader: &mut Reader<'_>) -> Parse<Name> {
    ensure(reader.u8()? == 32, "first label of a name is not of 32 letters")?;
    let letters: [u8; 32] = reader.array()?;
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(letters.chunks_exact(2)) {
        *byte = pair.iter().try_fold(0, |byte, letter| Ok(byte << 4 | half(*letter)?))?;
    }
    for _ in 0..MAX_SCOPE_LABELS {
        match reader.u8()? {
            0 => return Ok(Name::from_bytes(bytes)),
            length if length < 64 => reader.skip(usize::from(length))?,
            _ => return Err(ParseError::Invalid("scope label is too long")),
        }
    }
    Err(ParseError::Invalid("scope of more labels than any honest one"))
}

fn half(letter: u8) -> Parse<u8> {
    let half = letter.wrapping_sub(b'A');
    ensure(half < 16, "letter of an encoded name is not A to P")?;
    Ok(half)
}

impl Name {
    fn from_bytes(bytes: [u8; 16]) -> Self {
        let [text @ .., suffix] = bytes;
        Self { text: text::latin1(&text).into_owned(), suffix }
    }
}

fn addresses(data: &mut Reader<'_>) -> Parse<Vec<Entry>> {
    let mut entries = Vec::new();
    while !data.is_empty() {
        let group = data.be16()? & 0x8000 != 0;
        let address = Ipv4Addr::from(data.array::<4>()?);
        if entries.len() < MAX_ENTRIES {
            entries.push(Entry::Address { address, group });
        }
    }
    Ok(entries)
}

/// Names of a node; the statistics behind them are not kept (§4.2.18).
fn node_names(data: &mut Reader<'_>) -> Parse<Vec<Entry>> {
    let count = data.u8()?;
    let mut entries = Vec::new();
    for _ in 0..count {
        let name = Name::from_bytes(data.array()?);
        let group = data.be16()? & 0x8000 != 0;
        if entries.len() < MAX_ENTRIES {
            entries.push(Entry::Name { name, group });
        }
    }
    Ok(entries)
}
