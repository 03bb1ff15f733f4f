//! S7 bytes to values: the header, jobs, their items, user data.
//!
//! Siemens publishes no specification; the layout is that of the Wireshark dissector `packet-s7comm.c` and of the Snap7
//! library, checked against captures. Knows no flow and no pairing.
//!
//! INVARIANT: a unit's own lengths add up to its bytes, or it is refused.

use crate::reader::{Parse, ParseError, Reader, ensure};

/// First byte of an S7 unit.
pub(super) const PROTOCOL: u8 = 0x32;

/// Job functions.
pub(super) mod function {
    pub(in super::super) const READ_VAR: u8 = 0x04;
    pub(in super::super) const WRITE_VAR: u8 = 0x05;
    pub(in super::super) const REQUEST_DOWNLOAD: u8 = 0x1a;
    pub(in super::super) const DOWNLOAD_BLOCK: u8 = 0x1b;
    pub(in super::super) const DOWNLOAD_ENDED: u8 = 0x1c;
    pub(in super::super) const START_UPLOAD: u8 = 0x1d;
    pub(in super::super) const UPLOAD: u8 = 0x1e;
    pub(in super::super) const END_UPLOAD: u8 = 0x1f;
    pub(in super::super) const PI_SERVICE: u8 = 0x28;
    pub(in super::super) const PLC_STOP: u8 = 0x29;
    pub(in super::super) const SETUP_COMMUNICATION: u8 = 0xf0;
}

/// What kind of unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Job,
    /// Both acknowledgements, with data and without: error class and code.
    Answer(u16),
    UserData,
}

/// One S7 unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pdu<'a> {
    pub(super) kind: Kind,
    pub(super) reference: u16,
    pub(super) parameters: &'a [u8],
    pub(super) data: &'a [u8],
}

/// Reads a whole unit.
pub(super) fn pdu(bytes: &[u8]) -> Parse<Pdu<'_>> {
    let mut reader = Reader::new(bytes);
    ensure(reader.u8()? == PROTOCOL, "not an S7 unit")?;
    let rosctr = reader.u8()?;
    let _redundancy = reader.be16()?;
    let reference = reader.be16()?;
    let (parameters, data) = (usize::from(reader.be16()?), usize::from(reader.be16()?));
    let kind = match rosctr {
        1 => Kind::Job,
        2 | 3 => Kind::Answer(reader.be16()?),
        7 => Kind::UserData,
        _ => return Err(ParseError::Invalid("unknown kind of S7 unit")),
    };
    let pdu = Pdu { kind, reference, parameters: reader.take(parameters)?, data: reader.take(data)? };
    reader.finish("S7 unit is longer than its lengths")?;
    Ok(pdu)
}

/// What a job asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Job<'a> {
    /// Read and write, items in the parameters.
    Variables(Items<'a>),
    /// Transfers of blocks that name one: `_0A00001P`.
    Block(&'a [u8]),
    /// A program invocation: the service's name and its argument.
    Invocation { service: &'a [u8], argument: &'a [u8] },
    /// The function code says all.
    Bare,
}

/// Reads the parameters of a job, `function` being the first byte of them.
pub(super) fn job(function: u8, parameters: &[u8]) -> Parse<Job<'_>> {
    let mut reader = Reader::new(parameters);
    reader.skip(1)?;
    match function {
        function::READ_VAR | function::WRITE_VAR => items(&mut reader).map(Job::Variables),
        function::REQUEST_DOWNLOAD
        | function::DOWNLOAD_BLOCK
        | function::DOWNLOAD_ENDED
        | function::START_UPLOAD => {
            // Status, two unknown bytes, session.
            reader.skip(7)?;
            let length = usize::from(reader.u8()?);
            reader.take(length).map(Job::Block)
        }
        function::PI_SERVICE => {
            reader.skip(7)?;
            let length = usize::from(reader.be16()?);
            let argument = reader.take(length)?;
            let length = usize::from(reader.u8()?);
            let service = reader.take(length)?;
            reader.finish("more behind the name of the service")?;
            Ok(Job::Invocation { service, argument })
        }
        _ => Ok(Job::Bare),
    }
}

/// The items of a read or write, checked when they were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Items<'a> {
    bytes: &'a [u8],
    count: u8,
}

/// One item of a read or write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// Syntax S7ANY: `length` elements of type `transport` from bit `address` of `area` on.
    Any { transport: u8, length: u16, db: u16, area: u8, address: u32 },
    /// Symbolic and drive addresses, which are not read.
    Other { syntax: u8 },
}

fn items<'a>(reader: &mut Reader<'a>) -> Parse<Items<'a>> {
    let count = reader.u8()?;
    let items = Items { bytes: reader.rest(), count };
    for _ in 0..count {
        item(reader)?;
    }
    reader.finish("more items than are counted")?;
    Ok(items)
}

/// Syntax identifier of an absolute address.
const S7ANY: u8 = 0x10;

fn item(reader: &mut Reader<'_>) -> Parse<Item> {
    ensure(reader.u8()? == 0x12, "item is no variable specification")?;
    let length = usize::from(reader.u8()?);
    let mut body = reader.sub(length)?;
    let syntax = body.u8()?;
    if !length.is_multiple_of(2) && !reader.is_empty() {
        reader.skip(1)?;
    }
    if syntax != S7ANY {
        return Ok(Item::Other { syntax });
    }
    let (transport, length, db) = (body.u8()?, body.be16()?, body.be16()?);
    let item = Item::Any { transport, length, db, area: body.u8()?, address: body.be24()? };
    body.finish("absolute address is too long")?;
    Ok(item)
}

impl Items<'_> {
    /// The items in their order, at most 255.
    pub(super) fn iter(&self) -> impl Iterator<Item = Item> {
        let mut reader = Reader::new(self.bytes);
        (0..self.count).map_while(move |_| item(&mut reader).ok())
    }
}

/// What one item of a write brings, or of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Content<'a> {
    /// 0xff in an answer: done.
    pub(super) code: u8,
    pub(super) transport: u8,
    pub(super) bytes: &'a [u8],
}

/// Return code, transport size, length in bits or bytes (by the transport size), the bytes, one to fill up to even.
pub(super) fn content<'a>(reader: &mut Reader<'a>) -> Parse<Content<'a>> {
    let (code, transport, length) = (reader.u8()?, reader.u8()?, usize::from(reader.be16()?));
    let length = match transport {
        // An item that failed; the length it still gives is of nothing.
        transport::NONE => 0,
        transport::BIT | transport::BYTES | transport::INTEGER => length.div_ceil(8),
        _ => length,
    };
    let bytes = reader.take(length)?;
    if !length.is_multiple_of(2) && !reader.is_empty() {
        reader.skip(1)?;
    }
    Ok(Content { code, transport, bytes })
}

/// Transport sizes of contents. Bits, bytes and integers count their length in bits.
pub(super) mod transport {
    pub(in super::super) const NONE: u8 = 0;
    pub(in super::super) const BIT: u8 = 3;
    pub(in super::super) const BYTES: u8 = 4;
    pub(in super::super) const INTEGER: u8 = 5;
    pub(in super::super) const REAL: u8 = 7;
}

/// The part of user data that says what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UserData {
    pub(super) way: Way,
    pub(super) group: u8,
    pub(super) subfunction: u8,
    pub(super) sequence: u8,
    /// More fragments follow.
    pub(super) more: bool,
    pub(super) error: u16,
}

/// Which way user data goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Tells unasked.
    Push,
    Request,
    Response,
}

/// Reads the parameters of user data.
pub(super) fn user_data(parameters: &[u8]) -> Parse<UserData> {
    let mut reader = Reader::new(parameters);
    ensure(reader.be24()? == 0x00_01_12, "user data has another head")?;
    let length = usize::from(reader.u8()?);
    let mut reader = reader.sub(length)?;
    let _method = reader.u8()?;
    let kind = reader.u8()?;
    let way = match kind >> 4 {
        0 => Way::Push,
        4 => Way::Request,
        8 => Way::Response,
        _ => return Err(ParseError::Invalid("user data goes no known way")),
    };
    let (subfunction, sequence) = (reader.u8()?, reader.u8()?);
    let (more, error) = if reader.is_empty() {
        (false, 0)
    } else {
        let _unit = reader.u8()?;
        (reader.u8()? != 0, reader.be16()?)
    };
    Ok(UserData { way, group: kind & 0x0f, subfunction, sequence, more, error })
}

#[cfg(test)]
#[path = "parser_tests.rs"]
mod tests;
