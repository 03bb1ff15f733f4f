//! NTP packets (RFC 5905 §7.3; control messages RFC 9327; private messages of the reference implementation) as values.

use crate::reader::{Parse, ParseError, Reader, ensure};

/// One datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packet {
    Time(Time),
    Control(Control),
    Private(Private),
}

/// What a packet that carries time is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    SymmetricActive,
    SymmetricPassive,
    Client,
    Server,
    Broadcast,
}

/// A packet that carries time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time {
    pub(super) mode: Mode,
    /// Steps from a reference clock; 0 is unknown, or in an answer a refusal.
    pub(super) stratum: u8,
    /// The reference, or the reason of a refusal.
    pub(super) reference: [u8; 4],
    /// Of an answer: when the request was sent, by the asker's clock.
    pub(super) origin: u64,
    /// When this was sent, by the sender's clock.
    pub(super) transmit: u64,
    /// There is room for a message authentication code behind the header. Nothing is verified.
    pub(super) is_authenticated: bool,
}

/// A control message (mode 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Control {
    pub(super) is_response: bool,
    /// Of an answer that refuses: why.
    pub(super) error: Option<u8>,
    pub(super) operation: u8,
    pub(super) sequence: u16,
    /// Where in a long answer this part belongs.
    pub(super) offset: u16,
}

/// A private message (mode 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Private {
    pub(super) is_response: bool,
    pub(super) error: u8,
    pub(super) request: u8,
    /// Numbers the parts of a long answer.
    pub(super) sequence: u8,
}

/// Reads a whole datagram.
pub(super) fn read_packet(bytes: &[u8]) -> Parse<Packet> {
    let mut reader = Reader::new(bytes);
    let first = reader.u8()?;
    ensure((1..=4).contains(&(first >> 3 & 0x07)), "unknown NTP version")?;
    let mode = match first & 0x07 {
        1 => Mode::SymmetricActive,
        2 => Mode::SymmetricPassive,
        3 => Mode::Client,
        4 => Mode::Server,
        5 => Mode::Broadcast,
        6 => return read_control(reader).map(Packet::Control),
        7 => return read_private(first, reader).map(Packet::Private),
        _ => return Err(ParseError::Invalid("reserved NTP mode")),
    };
    read_time(mode, reader).map(Packet::Time)
}

fn read_time(mode: Mode, mut reader: Reader<'_>) -> Parse<Time> {
    const POLL_PRECISION_DELAY_DISPERSION: usize = 10;
    const REFERENCE_TIME: usize = 8;
    const RECEIVE_TIME: usize = 8;
    /// Key identifier and the shortest digest in use (MD5).
    const SHORTEST_CODE: usize = 20;
    let stratum = reader.u8()?;
    reader.skip(POLL_PRECISION_DELAY_DISPERSION)?;
    let reference = reader.array()?;
    reader.skip(REFERENCE_TIME)?;
    let origin = reader.be64()?;
    reader.skip(RECEIVE_TIME)?;
    let transmit = reader.be64()?;
    let is_authenticated = reader.left() >= SHORTEST_CODE;
    Ok(Time { mode, stratum, reference, origin, transmit, is_authenticated })
}

fn read_control(mut reader: Reader<'_>) -> Parse<Control> {
    const ASSOCIATION: usize = 2;
    let flags = reader.u8()?;
    let sequence = reader.be16()?;
    let [code, _] = reader.array()?;
    reader.skip(ASSOCIATION)?;
    let (offset, count) = (reader.be16()?, reader.be16()?);
    reader.skip(usize::from(count))?;
    Ok(Control {
        is_response: flags & 0x80 != 0,
        error: (flags & 0x40 != 0).then_some(code),
        operation: flags & 0x1f,
        sequence,
        offset,
    })
}

fn read_private(first: u8, mut reader: Reader<'_>) -> Parse<Private> {
    const IMPLEMENTATION: usize = 1;
    let sequence = reader.u8()? & 0x7f;
    reader.skip(IMPLEMENTATION)?;
    let request = reader.u8()?;
    let error = reader.u8()? >> 4;
    Ok(Private { is_response: first & 0x80 != 0, error, request, sequence })
}
