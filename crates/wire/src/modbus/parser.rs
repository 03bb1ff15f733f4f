//! Modbus bytes to values: the MBAP header and the protocol data units behind it.
//!
//! Modbus Messaging on TCP/IP 1.0b §3.1.3 (header), Modbus Application Protocol 1.1b3 §6 (functions). Knows no flow and
//! no pairing; whether a unit is a request or a response is told by the caller, for the bytes do not say.
//!
//! INVARIANT: a value that is returned has used up its unit to the last byte.

use crate::reader::{Parse, ParseError, Reader, ensure};

/// Function codes (1.1b3 §6), and Schneider's UMAS, which is published nowhere but spoken widely.
pub(super) mod function {
    pub(in super::super) const READ_COILS: u8 = 1;
    pub(in super::super) const READ_DISCRETE_INPUTS: u8 = 2;
    pub(in super::super) const READ_HOLDING_REGISTERS: u8 = 3;
    pub(in super::super) const READ_INPUT_REGISTERS: u8 = 4;
    pub(in super::super) const WRITE_SINGLE_COIL: u8 = 5;
    pub(in super::super) const WRITE_SINGLE_REGISTER: u8 = 6;
    pub(in super::super) const READ_EXCEPTION_STATUS: u8 = 7;
    pub(in super::super) const DIAGNOSTICS: u8 = 8;
    pub(in super::super) const GET_COMM_EVENT_COUNTER: u8 = 11;
    pub(in super::super) const GET_COMM_EVENT_LOG: u8 = 12;
    pub(in super::super) const WRITE_MULTIPLE_COILS: u8 = 15;
    pub(in super::super) const WRITE_MULTIPLE_REGISTERS: u8 = 16;
    pub(in super::super) const REPORT_SERVER_ID: u8 = 17;
    pub(in super::super) const READ_FILE_RECORD: u8 = 20;
    pub(in super::super) const WRITE_FILE_RECORD: u8 = 21;
    pub(in super::super) const MASK_WRITE_REGISTER: u8 = 22;
    pub(in super::super) const READ_WRITE_MULTIPLE_REGISTERS: u8 = 23;
    pub(in super::super) const READ_FIFO_QUEUE: u8 = 24;
    pub(in super::super) const ENCAPSULATED_INTERFACE_TRANSPORT: u8 = 43;
    pub(in super::super) const UMAS: u8 = 90;
    /// Set in the function code of an exception response.
    pub(in super::super) const EXCEPTION: u8 = 0x80;
}
use function as fc;

/// MEI types of function 43 (1.1b3 §6.19).
pub(super) const MEI_CANOPEN: u8 = 13;
const MEI_DEVICE_IDENTIFICATION: u8 = 14;

/// Unit identifier and function code must follow the header; a protocol data unit has at most 253 bytes.
const LENGTHS: std::ops::RangeInclusive<u16> = 2..=254;

/// One application data unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Adu<'a> {
    pub(super) transaction: u16,
    pub(super) unit: u8,
    pub(super) function: u8,
    pub(super) data: &'a [u8],
}

/// Takes one unit. What is wrong in the header is said as soon as it is there, whole or not.
pub(super) fn adu<'a>(reader: &mut Reader<'a>) -> Parse<Adu<'a>> {
    let mut ahead = *reader;
    let transaction = ahead.be16()?;
    ensure(ahead.be16()? == 0, "MBAP protocol identifier is not 0")?;
    let length = ahead.be16()?;
    ensure(LENGTHS.contains(&length), "MBAP length is outside 2 to 254")?;
    let mut body = ahead.sub(usize::from(length))?;
    let adu = Adu { transaction, unit: body.u8()?, function: body.u8()?, data: body.take_rest() };
    *reader = ahead;
    Ok(adu)
}

/// `count` items from `first` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) first: u16,
    pub(super) count: u16,
}

impl Range {
    const fn one(first: u16) -> Self {
        Self { first, count: 1 }
    }

    fn read(reader: &mut Reader<'_>) -> Parse<Self> {
        Ok(Self { first: reader.be16()?, count: reader.be16()? })
    }

    /// At least one and at most `most` items, none past number 65535.
    fn holds(self, most: u16) -> bool {
        (1..=most).contains(&self.count) && u32::from(self.first) + u32::from(self.count) <= 0x1_0000
    }
}

/// What a client asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request<'a> {
    /// Functions 1 to 4.
    Read(Range),
    WriteCoil {
        address: u16,
        on: bool,
    },
    WriteRegister {
        address: u16,
        word: &'a [u8],
    },
    WriteCoils {
        range: Range,
        bits: &'a [u8],
    },
    WriteRegisters {
        range: Range,
        words: &'a [u8],
    },
    ReadWriteRegisters {
        read: Range,
        write: Range,
        words: &'a [u8],
    },
    MaskWriteRegister {
        address: u16,
    },
    ReadFifo {
        address: u16,
    },
    /// Functions 20 and 21.
    Files(FileGroups<'a>),
    Diagnostics {
        subfunction: u16,
    },
    DeviceIdentification {
        category: u8,
        object: u8,
    },
    /// Function 43 with another MEI type; its data is not read.
    Encapsulated {
        interface: u8,
    },
    Umas {
        function: u8,
    },
    /// The function code says all: functions without data, and functions we do not know.
    Bare,
}

/// Reads the data of a request.
pub(super) fn request(function: u8, data: &[u8]) -> Parse<Request<'_>> {
    let mut reader = Reader::new(data);
    let request = match function {
        fc::READ_COILS | fc::READ_DISCRETE_INPUTS | fc::READ_HOLDING_REGISTERS | fc::READ_INPUT_REGISTERS => {
            Request::Read(Range::read(&mut reader)?)
        }
        fc::WRITE_SINGLE_COIL => Request::WriteCoil { address: reader.be16()?, on: coil(reader.be16()?)? },
        fc::WRITE_SINGLE_REGISTER => {
            Request::WriteRegister { address: reader.be16()?, word: reader.take(2)? }
        }
        fc::DIAGNOSTICS => {
            let subfunction = reader.be16()?;
            let _ = reader.take_rest();
            Request::Diagnostics { subfunction }
        }
        fc::WRITE_MULTIPLE_COILS => {
            let range = Range::read(&mut reader)?;
            Request::WriteCoils { range, bits: counted(&mut reader, usize::from(range.count).div_ceil(8))? }
        }
        fc::WRITE_MULTIPLE_REGISTERS => {
            let range = Range::read(&mut reader)?;
            Request::WriteRegisters { range, words: counted(&mut reader, usize::from(range.count) * 2)? }
        }
        fc::READ_FILE_RECORD | fc::WRITE_FILE_RECORD => Request::Files(files(function, &mut reader)?),
        fc::MASK_WRITE_REGISTER => {
            let address = reader.be16()?;
            reader.skip(4)?;
            Request::MaskWriteRegister { address }
        }
        fc::READ_WRITE_MULTIPLE_REGISTERS => {
            let (read, write) = (Range::read(&mut reader)?, Range::read(&mut reader)?);
            let words = counted(&mut reader, usize::from(write.count) * 2)?;
            Request::ReadWriteRegisters { read, write, words }
        }
        fc::READ_FIFO_QUEUE => Request::ReadFifo { address: reader.be16()? },
        fc::ENCAPSULATED_INTERFACE_TRANSPORT => encapsulated(&mut reader)?,
        fc::UMAS => umas(&mut reader)?,
        fc::READ_EXCEPTION_STATUS
        | fc::GET_COMM_EVENT_COUNTER
        | fc::GET_COMM_EVENT_LOG
        | fc::REPORT_SERVER_ID => Request::Bare,
        _ => return Ok(Request::Bare),
    };
    reader.finish("request is longer than its function allows")?;
    Ok(request)
}

impl Request<'_> {
    /// A quantity the specification forbids. The request is still what it is, and a device may still obey it.
    pub(super) fn flaw(&self, function: u8) -> Option<&'static str> {
        let holds = match *self {
            Self::Read(range) if matches!(function, fc::READ_COILS | fc::READ_DISCRETE_INPUTS) => {
                range.holds(2000)
            }
            Self::Read(range) => range.holds(125),
            Self::WriteCoils { range, .. } => range.holds(1968),
            Self::WriteRegisters { range, .. } => range.holds(123),
            Self::ReadWriteRegisters { read, write, .. } => read.holds(125) && write.holds(121),
            Self::WriteCoil { .. }
            | Self::WriteRegister { .. }
            | Self::MaskWriteRegister { .. }
            | Self::ReadFifo { .. }
            | Self::Files(_)
            | Self::Diagnostics { .. }
            | Self::DeviceIdentification { .. }
            | Self::Encapsulated { .. }
            | Self::Umas { .. }
            | Self::Bare => true,
        };
        (!holds).then_some("quantity is zero or more than the function allows")
    }
}

/// A coil is switched by exactly these two values (1.1b3 §6.5).
fn coil(value: u16) -> Parse<bool> {
    match value {
        0xff00 => Ok(true),
        0x0000 => Ok(false),
        _ => Err(ParseError::Invalid("coil value is neither on nor off")),
    }
}

/// A byte count that must be `expected`, and that many bytes.
fn counted<'a>(reader: &mut Reader<'a>, expected: usize) -> Parse<&'a [u8]> {
    ensure(usize::from(reader.u8()?) == expected, "byte count contradicts the quantity")?;
    reader.take(expected)
}

fn encapsulated<'a>(reader: &mut Reader<'_>) -> Parse<Request<'a>> {
    let interface = reader.u8()?;
    if interface == MEI_DEVICE_IDENTIFICATION {
        return Ok(Request::DeviceIdentification { category: reader.u8()?, object: reader.u8()? });
    }
    let _ = reader.take_rest();
    Ok(Request::Encapsulated { interface })
}

fn umas<'a>(reader: &mut Reader<'_>) -> Parse<Request<'a>> {
    let _session = reader.u8()?;
    let function = reader.u8()?;
    let _ = reader.take_rest();
    Ok(Request::Umas { function })
}

/// The sub-requests of a file transfer, checked when it was read: at most 35 fit a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileGroups<'a> {
    bytes: &'a [u8],
    with_data: bool,
}

/// Records of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileGroup {
    pub(super) file: u16,
    pub(super) range: Range,
}

fn files<'a>(function: u8, reader: &mut Reader<'a>) -> Parse<FileGroups<'a>> {
    let length = usize::from(reader.u8()?);
    let bytes = reader.take(length)?;
    let groups = FileGroups { bytes, with_data: function == fc::WRITE_FILE_RECORD };
    let mut inner = Reader::new(bytes);
    while !inner.is_empty() {
        groups.next(&mut inner)?;
    }
    Ok(groups)
}

impl FileGroups<'_> {
    /// The groups in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = FileGroup> {
        let mut reader = Reader::new(self.bytes);
        std::iter::from_fn(move || self.next(&mut reader).ok())
    }

    fn next(&self, reader: &mut Reader<'_>) -> Parse<FileGroup> {
        ensure(reader.u8()? == 6, "file reference type is not 6")?;
        let group = FileGroup { file: reader.be16()?, range: Range::read(reader)? };
        if self.with_data {
            reader.skip(usize::from(group.range.count) * 2)?;
        }
        Ok(group)
    }
}

/// What a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Response<'a> {
    Exception(u8),
    Bits(&'a [u8]),
    Words(&'a [u8]),
    /// What was written, said back.
    Written(Range),
    DeviceIdentification(Identification<'a>),
    ServerId(&'a [u8]),
    /// An answer whose data is not read.
    Other,
}

/// Reads the data of a response; `function` without the exception bit says what it answers.
pub(super) fn response(function: u8, data: &[u8]) -> Parse<Response<'_>> {
    let mut reader = Reader::new(data);
    let response = match function {
        fc::READ_COILS | fc::READ_DISCRETE_INPUTS => Response::Bits(counted_rest(&mut reader)?),
        fc::READ_HOLDING_REGISTERS | fc::READ_INPUT_REGISTERS | fc::READ_WRITE_MULTIPLE_REGISTERS => {
            let words = counted_rest(&mut reader)?;
            ensure(words.len().is_multiple_of(2), "registers of an odd number of bytes")?;
            Response::Words(words)
        }
        fc::WRITE_SINGLE_COIL | fc::WRITE_SINGLE_REGISTER => written_one(&mut reader, 2)?,
        fc::MASK_WRITE_REGISTER => written_one(&mut reader, 4)?,
        fc::WRITE_MULTIPLE_COILS | fc::WRITE_MULTIPLE_REGISTERS => {
            Response::Written(Range::read(&mut reader)?)
        }
        fc::REPORT_SERVER_ID => Response::ServerId(counted_rest(&mut reader)?),
        fc::ENCAPSULATED_INTERFACE_TRANSPORT => return identification(&mut reader),
        _ if function & fc::EXCEPTION != 0 => Response::Exception(reader.u8()?),
        _ => return Ok(Response::Other),
    };
    reader.finish("response is longer than its function allows")?;
    Ok(response)
}

fn written_one<'a>(reader: &mut Reader<'_>, value: usize) -> Parse<Response<'a>> {
    let address = reader.be16()?;
    reader.skip(value)?;
    Ok(Response::Written(Range::one(address)))
}

fn counted_rest<'a>(reader: &mut Reader<'a>) -> Parse<&'a [u8]> {
    let count = usize::from(reader.u8()?);
    reader.take(count)
}

/// The objects of one Read Device Identification response (1.1b3 §6.21), checked when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identification<'a> {
    objects: &'a [u8],
}

/// MEI type, category, conformity, more follows, next object, number of objects, then the objects. A device whose
/// transport answers less than that (seen in the wild) identifies nothing.
fn identification<'a>(reader: &mut Reader<'a>) -> Parse<Response<'a>> {
    if reader.u8()? != MEI_DEVICE_IDENTIFICATION {
        return Ok(Response::Other);
    }
    reader.skip(4)?;
    let count = reader.u8()?;
    let objects = reader.rest();
    for _ in 0..count {
        object(reader)?;
    }
    reader.finish("more device identification than it counts")?;
    Ok(Response::DeviceIdentification(Identification { objects }))
}

fn object<'a>(reader: &mut Reader<'a>) -> Parse<(u8, &'a [u8])> {
    let id = reader.u8()?;
    let length = usize::from(reader.u8()?);
    Ok((id, reader.take(length)?))
}

impl<'a> Identification<'a> {
    /// Object identifiers and their texts.
    pub(super) fn iter(self) -> impl Iterator<Item = (u8, &'a [u8])> {
        let mut reader = Reader::new(self.objects);
        std::iter::from_fn(move || object(&mut reader).ok())
    }
}

#[cfg(test)]
#[path = "parser_tests.rs"]
mod tests;
