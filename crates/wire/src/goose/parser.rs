//! GOOSE bytes to values: the frame's head, and the PDU in BER (IEC 61850-8-1, annex A; ITU-T X.690).

use crate::ber::read_element;
use crate::reader::{Parse, ParseError, Reader, ensure};

/// Length of the head that the length field counts in: APPID, length, two reserved words.
const HEAD: usize = 8;

/// A frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    /// Tells applications on one group apart.
    pub(super) appid: u16,
    /// The head says that a test set sent it (edition 2).
    pub(super) simulated: bool,
    pub(super) pdu: Pdu<'a>,
}

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pdu<'a> {
    Goose(Goose<'a>),
    /// A question about control blocks, or its answer.
    Management,
}

/// One state of a control block, told or repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Goose<'a> {
    /// Reference of the control block: `AA1C1Q01A1LD0/LLN0$GO$gcb_A`.
    pub(super) control_block: &'a str,
    /// Counts states.
    pub(super) state: u32,
    /// Counts repetitions of a state, from 0.
    pub(super) sequence: u32,
    pub(super) simulated: bool,
    pub(super) needs_commissioning: bool,
    /// Revision of the data set's configuration.
    pub(super) revision: u32,
}

/// Reads a frame; the padding of short Ethernet frames is passed over.
pub(super) fn frame(bytes: &[u8]) -> Parse<Frame<'_>> {
    let mut reader = Reader::new(bytes);
    let appid = reader.be16()?;
    let length = usize::from(reader.be16()?);
    let simulated = reader.be16()? & 0x8000 != 0;
    reader.skip(2)?;
    let length = length.checked_sub(HEAD).ok_or(ParseError::Invalid("length shorter than its head"))?;
    let mut body = reader.sub(length)?;
    let (tag, content) = read_element(&mut body)?;
    let pdu = match tag {
        0x61 => Pdu::Goose(goose(content)?),
        0x60 => Pdu::Management,
        _ => return Err(ParseError::Invalid("neither a GOOSE nor a GSE management PDU")),
    };
    Ok(Frame { appid, simulated, pdu })
}

/// Fields of the PDU by tag.
mod field {
    pub(super) const CONTROL_BLOCK: u8 = 0x80;
    pub(super) const STATE: u8 = 0x85;
    pub(super) const SEQUENCE: u8 = 0x86;
    pub(super) const SIMULATION: u8 = 0x87;
    pub(super) const REVISION: u8 = 0x88;
    pub(super) const NEEDS_COMMISSIONING: u8 = 0x89;
    pub(super) const ENTRIES: u8 = 0x8a;
    pub(super) const ALL_DATA: u8 = 0xab;
}

fn goose(mut reader: Reader<'_>) -> Parse<Goose<'_>> {
    let mut goose = Goose::default();
    let (mut entries, mut counted) = (0, 0);
    let mut fields: u16 = 0;
    while !reader.is_empty() {
        let (tag, content) = read_element(&mut reader)?;
        let content = content.rest();
        let bit = 1 << (tag & 0x0f);
        // A sequence has each field once and in order; a second state number would be read by some and not by others.
        ensure(bit > fields, "fields out of order or twice")?;
        fields |= bit;
        match tag {
            field::CONTROL_BLOCK => goose.control_block = reference(content)?,
            field::STATE => goose.state = number(content)?,
            field::SEQUENCE => goose.sequence = number(content)?,
            field::SIMULATION => goose.simulated = boolean(content)?,
            field::REVISION => goose.revision = number(content)?,
            field::NEEDS_COMMISSIONING => goose.needs_commissioning = boolean(content)?,
            field::ENTRIES => entries = number(content)?,
            field::ALL_DATA => counted = count(content)?,
            _ => {}
        }
    }
    // Control block reference, state and sequence number, revision, number of entries, data.
    ensure(fields & REQUIRED == REQUIRED, "a required field is missing")?;
    ensure(entries == counted, "number of entries is not that of the data")?;
    Ok(goose)
}

const REQUIRED: u16 = 1 | 1 << 5 | 1 << 6 | 1 << 8 | 1 << 10 | 1 << 11;

/// How many elements stand side by side. What is inside them is not looked at.
fn count(content: &[u8]) -> Parse<u32> {
    let mut reader = Reader::new(content);
    let mut count = 0;
    while !reader.is_empty() {
        read_element(&mut reader)?;
        count += 1;
    }
    Ok(count)
}

/// An unsigned number of 32 bits. Edition 2 may write all with a leading zero in five bytes.
fn number(content: &[u8]) -> Parse<u32> {
    let digits = match content {
        [0, rest @ ..] if rest.len() == 4 => rest,
        [_, ..] if content.len() <= 4 => content,
        _ => return Err(ParseError::Invalid("number empty or too large")),
    };
    Ok(digits.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}

/// A reference: visible text of at most 129 characters (edition 2; edition 1 has 65).
fn reference(content: &[u8]) -> Parse<&str> {
    let text = std::str::from_utf8(content).ok().filter(|text| text.is_ascii() && text.len() <= 129);
    text.ok_or(ParseError::Invalid("control block reference is not text, or too long"))
}

fn boolean(content: &[u8]) -> Parse<bool> {
    match content {
        [value] => Ok(*value != 0),
        _ => Err(ParseError::Invalid("truth value not of one byte")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_every_length_the_standard_knows() {
        for (content, read) in [
            (&[7][..], Some(7)),
            (&[0x8f, 0x61], Some(36_705)),
            (&[0xff; 4], Some(u32::MAX)),
            (&[0, 0xff, 0xff, 0xff, 0xff], Some(u32::MAX)),
            (&[1, 0, 0, 0, 0], None),
            (&[0; 6], None),
            (&[], None),
        ] {
            assert_eq!(number(content).ok(), read, "{content:?}");
        }
    }

    #[test]
    fn nesting_however_deep_costs_nothing() {
        let mut nested = vec![0x83, 1, 0];
        for _ in 0..200 {
            let mut outer = vec![0xa2, 0x82];
            outer.extend(u16::try_from(nested.len()).unwrap().to_be_bytes());
            outer.extend(nested);
            nested = outer;
        }
        assert_eq!(count(&nested), Ok(1));
    }
}
