//! What units mean: symbols and values.
//!
//! A command that only selects, or is taken back, has a verb of its own beside the mnemonic, for it does another thing.

use super::parser::{Function, Run, Unit, cause};
use super::types::{Content, Type};
use crate::number::milli_values;
use nullius_model::{Object, Symbol, Values, VerbClass};

/// Opening, closing and keeping of the data transfer.
pub(super) const fn control(function: Function) -> Symbol {
    let verb = match function {
        Function::StartDataTransfer => "startdt",
        Function::StopDataTransfer => "stopdt",
        Function::TestFrame => "testfr",
    };
    Symbol::new(VerbClass::Connect, verb)
}

/// A unit of a type without a name: reserved, or a vendor's own.
pub(super) fn unnamed(id: u8) -> Symbol {
    Symbol::new(VerbClass::Admin, "unknown_type").about(Object::Code(u64::from(id)))
}

/// A unit whose objects cannot be read.
pub(super) fn unreadable(unit: &Unit<'_>, kind: Type) -> Symbol {
    verb(unit, kind, false)
}

/// One run of objects of a unit.
pub(super) fn run(unit: &Unit<'_>, kind: Type, run: Run<'_>) -> Symbol {
    verb(unit, kind, selects(kind, run.element)).about(object(kind, run))
}

/// The command only selects: bit 7 of a command's byte, or of the qualifier behind a set point.
pub(super) fn selects(kind: Type, element: &[u8]) -> bool {
    let qualifier = match kind.element.content {
        Content::SingleCommand | Content::DoubleCommand => element.first(),
        Content::NormalizedSetpoint | Content::ScaledSetpoint => element.get(2),
        Content::FloatSetpoint => element.get(4),
        Content::Opaque
        | Content::Single
        | Content::Double
        | Content::Step
        | Content::Normalized
        | Content::Scaled
        | Content::Float
        | Content::Counter
        | Content::Qualifier
        | Content::File => None,
    };
    qualifier.is_some_and(|byte| byte & 0x80 != 0)
}

fn verb(unit: &Unit<'_>, kind: Type, selects: bool) -> Symbol {
    match unit.cause {
        cause::DEACTIVATION | cause::DEACTIVATION_CONFIRMATION => Symbol::new(kind.class, kind.deactivate),
        cause::ACTIVATION_TERMINATION => Symbol::new(VerbClass::Publish, kind.terminate),
        _ if selects => Symbol::new(kind.class, kind.select),
        _ => Symbol::new(kind.class, kind.name),
    }
}

fn object(kind: Type, run: Run<'_>) -> Object {
    match (kind.element.content, run.element) {
        (Content::Qualifier, [qualifier, ..]) => Object::Code(u64::from(*qualifier)),
        (Content::File, &[low, high, ..]) => {
            Object::range("file", u32::from(u16::from_le_bytes([low, high])), 1)
        }
        _ => Object::range("ioa", run.first, run.count),
    }
}

/// The value of a single object.
pub(super) fn values(kind: Type, run: Run<'_>) -> Values<'static> {
    if run.count != 1 {
        return Values::None;
    }
    match (kind.element.content, run.element) {
        (Content::Single | Content::SingleCommand, [byte, ..]) => {
            Values::Bits(if byte & 1 != 0 { &[1] } else { &[0] })
        }
        (Content::Double | Content::DoubleCommand, [byte, ..]) => Values::Milli(i64::from(byte & 3) * 1000),
        (Content::Step, [byte, ..]) => Values::Milli(i64::from(step(*byte)) * 1000),
        (Content::Normalized | Content::NormalizedSetpoint, &[low, high, ..]) => {
            Values::Milli(i64::from(i16::from_le_bytes([low, high])) * 1000 / 32_768)
        }
        (Content::Scaled | Content::ScaledSetpoint, &[low, high, ..]) => {
            Values::Milli(i64::from(i16::from_le_bytes([low, high])) * 1000)
        }
        (Content::Counter, &[a, b, c, d, ..]) => {
            Values::Milli(i64::from(i32::from_le_bytes([a, b, c, d])) * 1000)
        }
        (Content::Float | Content::FloatSetpoint, &[a, b, c, d, ..]) => {
            milli_values(f64::from(f32::from_le_bytes([a, b, c, d])))
        }
        _ => Values::None,
    }
}

/// Seven bits, two's complement.
const fn step(byte: u8) -> i8 {
    (byte << 1).cast_signed() >> 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iec104::types::named;

    #[test]
    fn a_single_object_has_its_value_in_thousandths() {
        for (id, element, value) in [
            (1, &[0x81][..], Values::Bits(&[1])),
            (3, &[0x02], Values::Milli(2000)),
            (5, &[0x7f, 0], Values::Milli(-1000)),
            (5, &[0xbf, 0], Values::Milli(63_000)),
            (9, &[0x00, 0xc0, 0], Values::Milli(-500)),
            (11, &[0xff, 0xff, 0], Values::Milli(-1000)),
            (13, &[0x00, 0x00, 0xc0, 0x3f, 0], Values::Milli(1500)),
            (13, &[0, 0, 0xc0, 0x7f, 0], Values::None),
            (15, &[1, 0, 0, 0, 0], Values::Milli(1000)),
            (7, &[1, 0, 0, 0, 0], Values::None),
        ] {
            let run = Run { first: 1, count: 1, element };
            assert_eq!(values(named(id).unwrap(), run), value, "type {id}");
            assert_eq!(values(named(id).unwrap(), Run { count: 2, ..run }), Values::None);
        }
    }
}
