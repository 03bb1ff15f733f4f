//! IEC 60870-5-104 bytes to values: control information, unit identifier, information objects.
//!
//! IEC 60870-5-104 §5 (control fields), IEC 60870-5-101 §7.2 (units), with the fixed sizes of -104: cause in two bytes,
//! common address in two, object address in three. Knows no flow and no pairing.
//!
//! INVARIANT: the objects of a unit that was accepted fill it to the last byte.

use super::types::{Element, Type, named};
use crate::reader::{Parse, ParseError, Reader, ensure};

const START: u8 = 0x68;

/// Four bytes of control field at least; with them 253 at most.
const LENGTHS: std::ops::RangeInclusive<u8> = 4..=253;

/// One APDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Apdu<'a> {
    /// Numbered information transfer, with a unit.
    Information(&'a [u8]),
    /// Numbered supervision: acknowledges.
    Supervision,
    /// Unnumbered control.
    Unnumbered(Control),
    /// A control field that means nothing.
    Broken(&'static str),
}

/// Functions of unnumbered control; each is activated and confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Control {
    pub(super) function: Function,
    pub(super) confirms: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    StartDataTransfer,
    StopDataTransfer,
    TestFrame,
}

/// Takes one APDU. What is wrong in its first two bytes is said as soon as they are there.
pub(super) fn apdu<'a>(reader: &mut Reader<'a>) -> Parse<Apdu<'a>> {
    let mut ahead = *reader;
    ensure(ahead.u8()? == START, "APDU does not begin with 0x68")?;
    let length = ahead.u8()?;
    ensure(LENGTHS.contains(&length), "APDU length is outside 4 to 253")?;
    let mut body = ahead.sub(usize::from(length))?;
    let control: [u8; 4] = body.array()?;
    *reader = ahead;
    Ok(match control {
        [first, _, third, _] if first & 1 == 0 && third & 1 == 0 => Apdu::Information(body.take_rest()),
        _ if !body.is_empty() => Apdu::Broken("a unit behind a control field that carries none"),
        [1, 0, third, _] if third & 1 == 0 => Apdu::Supervision,
        [function, 0, 0, 0] => unnumbered(function),
        _ => Apdu::Broken("reserved bits of the control field are set"),
    })
}

fn unnumbered<'a>(field: u8) -> Apdu<'a> {
    let (function, confirms) = match field {
        0x07 => (Function::StartDataTransfer, false),
        0x0b => (Function::StartDataTransfer, true),
        0x13 => (Function::StopDataTransfer, false),
        0x23 => (Function::StopDataTransfer, true),
        0x43 => (Function::TestFrame, false),
        0x83 => (Function::TestFrame, true),
        _ => return Apdu::Broken("unnumbered control of no single function"),
    };
    Apdu::Unnumbered(Control { function, confirms })
}

/// Causes of transmission that the session acts on (IEC 60870-5-101 §7.2.3).
pub(super) mod cause {
    pub(in super::super) const REQUEST: u8 = 5;
    pub(in super::super) const ACTIVATION: u8 = 6;
    pub(in super::super) const ACTIVATION_CONFIRMATION: u8 = 7;
    pub(in super::super) const DEACTIVATION: u8 = 8;
    pub(in super::super) const DEACTIVATION_CONFIRMATION: u8 = 9;
    pub(in super::super) const ACTIVATION_TERMINATION: u8 = 10;
    pub(in super::super) const UNKNOWN_TYPE: u8 = 44;
    pub(in super::super) const UNKNOWN_OBJECT: u8 = 47;
}

/// Identifier of a unit, and its objects not yet read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit<'a> {
    pub(super) id: u8,
    pub(super) cause: u8,
    pub(super) negative: bool,
    pub(super) station: u16,
    sequence: bool,
    count: u8,
    bytes: &'a [u8],
}

/// Reads the identifier of a unit.
pub(super) fn unit(bytes: &[u8]) -> Parse<Unit<'_>> {
    let mut reader = Reader::new(bytes);
    let (id, qualifier, cause, _originator) = (reader.u8()?, reader.u8()?, reader.u8()?, reader.u8()?);
    Ok(Unit {
        id,
        cause: cause & 0x3f,
        negative: cause & 0x40 != 0,
        station: reader.le16()?,
        sequence: qualifier & 0x80 != 0,
        count: qualifier & 0x7f,
        bytes: reader.take_rest(),
    })
}

/// Consecutive objects of one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run<'a> {
    pub(super) first: u32,
    pub(super) count: u32,
    /// The element of the first object.
    pub(super) element: &'a [u8],
}

impl<'a> Unit<'a> {
    /// The type, where it has a name, and whether the objects are as many and as long as the unit says.
    pub(super) fn checked(&self) -> Parse<Option<Type>> {
        let Some(kind) = named(self.id) else { return Ok(None) };
        ensure(self.count > 0, "unit of no objects")?;
        let size = self.element_size(kind.element)?;
        let count = usize::from(self.count);
        let expected = if self.sequence { 3 + count * size } else { count * (3 + size) };
        if self.bytes.len() < expected {
            return Err(ParseError::Short);
        }
        ensure(self.bytes.len() == expected, "unit is longer than its objects")?;
        Ok(Some(kind))
    }

    fn element_size(&self, element: Element) -> Parse<usize> {
        match element.size {
            Some(size) => Ok(usize::from(size)),
            None => {
                ensure(self.count == 1, "several file segments in a unit")?;
                self.bytes.len().checked_sub(3).ok_or(ParseError::Short)
            }
        }
    }

    /// The objects of a checked unit, those of consecutive addresses together. A unit holds at most 127.
    pub(super) fn runs(&self, kind: Type) -> impl Iterator<Item = Run<'a>> + use<'a> {
        let size = self.element_size(kind.element).unwrap_or_default();
        let mut reader = Reader::new(self.bytes);
        let (sequence, count) = (self.sequence, u32::from(self.count));
        std::iter::from_fn(move || {
            let (first, element) = object(&mut reader, size)?;
            if sequence {
                let _ = reader.take_rest();
                return Some(Run { first, count, element });
            }
            let mut run = Run { first, count: 1, element };
            let mut ahead = reader;
            while let Some((next, _)) = object(&mut ahead, size)
                && next == run.first + run.count
            {
                run.count += 1;
                reader = ahead;
            }
            Some(run)
        })
    }
}

fn object<'a>(reader: &mut Reader<'a>, size: usize) -> Option<(u32, &'a [u8])> {
    let address = reader.le24().ok()?;
    Some((address, reader.take(size).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::unhex;

    fn whole(text: &str) -> Parse<Apdu<'_>> {
        let bytes: &'static [u8] = unhex(text).leak();
        apdu(&mut Reader::new(bytes))
    }

    #[test]
    fn a_control_field_says_what_an_apdu_is() {
        let start = Control { function: Function::StartDataTransfer, confirms: false };
        for (text, expected) in [
            ("680407000000", Apdu::Unnumbered(start)),
            ("680401000200", Apdu::Supervision),
            ("680500000200aa", Apdu::Information(&[0xaa])),
        ] {
            assert_eq!(whole(text), Ok(expected), "{text}");
        }
        for broken in ["680405000000", "680407000001", "6804010002ff01", "680401000100", "6805070000 00aa"] {
            let broken = broken.replace("6804010002ff01", "680501000200aa");
            assert!(matches!(whole(&broken), Ok(Apdu::Broken(_))), "{broken}");
        }
        for bad in ["69", "6803", "68fe"] {
            assert!(matches!(whole(bad), Err(ParseError::Invalid(_))), "{bad}");
        }
        for cut in ["", "68", "6804", "680407", "6804070000"] {
            assert_eq!(whole(cut), Err(ParseError::Short), "{cut}");
        }
    }

    fn runs(text: &str) -> Parse<Vec<(u32, u32)>> {
        let bytes = unhex(text);
        let unit = unit(&bytes)?;
        let kind = unit.checked()?.ok_or(ParseError::Invalid("no name"))?;
        Ok(unit.runs(kind).map(|run| (run.first, run.count)).collect())
    }

    #[test]
    fn objects_are_read_in_sequence_or_one_by_one() {
        assert_eq!(runs("01 83 14 00 0100 0a0000 01 00 01"), Ok(vec![(10, 3)]));
        assert_eq!(runs("01 03 03 00 0100 0a0000 01 0b0000 00 200000 01"), Ok(vec![(10, 2), (32, 1)]));
        assert_eq!(runs("66 01 05 00 0100 0a0000"), Ok(vec![(10, 1)]));
        assert_eq!(runs("7d 01 0d 00 0100 0a0000 0100 01 02 ffff"), Ok(vec![(10, 1)]));
        assert_eq!(runs("01 02 03 00 0100 ffffff 01 000000 01"), Ok(vec![(0xff_ffff, 1), (0, 1)]));
    }

    #[test]
    fn counts_that_lie_are_refused() {
        for lie in [
            "01 84 14 00 0100 0a0000 01 00 01",
            "01 82 14 00 0100 0a0000 01 00 01",
            "01 00 03 00 0100",
            "01 7f 03 00 0100 0a0000 01",
            "01 01 03 00 0100 0a0000",
            "7d 02 0d 00 0100 0a0000 0100 01 02 ffff",
            "7d 01 0d 00 0100 0a00",
            "01 01 03 00 01",
        ] {
            assert!(runs(lie).is_err(), "{lie}");
        }
    }
}
