//! What an interface description says about the packets that name it: how to read them, and how their clock counts.

use nullius_model::{LinkType, Timestamp};
use pcap_parser::InterfaceDescriptionBlock;

#[derive(Debug)]
pub(super) struct Interface {
    /// The number where we cannot read it.
    pub(super) link: Result<LinkType, u32>,
    pub(super) clock: Clock,
    /// Largest length of a simple packet, in bytes; 0 means no limit.
    pub(super) snap_length: u32,
}

impl Interface {
    pub(super) fn new(described: &InterfaceDescriptionBlock<'_>, big_endian: bool) -> Self {
        // pcap-parser reads the offset as little-endian in every section
        let offset = described.if_tsoffset;
        let offset_seconds = if big_endian { offset.swap_bytes() } else { offset };
        Self {
            link: LinkType::from_number(described.linktype.0.cast_unsigned()),
            clock: Clock::new(described.if_tsresol, offset_seconds),
            snap_length: described.snaplen,
        }
    }
}

/// From an interface's units to nanoseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    unit: Unit,
    offset_nanos: i128,
}

/// How long one unit is.
#[derive(Clone, Copy, Debug)]
enum Unit {
    /// This many nanoseconds.
    Nanos(u64),
    /// One nanosecond is this many units.
    Finer(u64),
    /// 2 to the power of minus this, in seconds.
    Binary(u32),
}

impl Clock {
    /// From `if_tsresol` (draft §4.2: the upper bit chooses powers of 2, else of 10) and `if_tsoffset`.
    fn new(resolution: u8, offset_seconds: i64) -> Self {
        let exponent = u32::from(resolution & 0x7f);
        let unit = match exponent {
            _ if resolution & 0x80 != 0 => Unit::Binary(exponent),
            0..=9 => Unit::Nanos(10_u64.pow(9 - exponent)),
            // beyond 10^19 units a nanosecond, 64 bits of units are none
            _ => Unit::Finer(10_u64.saturating_pow(exponent - 9)),
        };
        Self { unit, offset_nanos: i128::from(offset_seconds) * 1_000_000_000 }
    }

    pub(super) fn at(self, units: u64) -> Timestamp {
        let nanos = match self.unit {
            Unit::Nanos(each) => units.saturating_mul(each),
            Unit::Finer(per_nano) => units / per_nano,
            Unit::Binary(shift) => saturated((i128::from(units) * 1_000_000_000) >> shift),
        };
        if self.offset_nanos == 0 {
            return Timestamp::from_nanos(nanos);
        }
        Timestamp::from_nanos(saturated(i128::from(nanos).saturating_add(self.offset_nanos)))
    }
}

/// A time before 1970 is 1970, one after 2554 is 2554.
fn saturated(nanos: i128) -> u64 {
    u64::try_from(nanos.max(0)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resolution_and_offset_yields_nanoseconds() {
        for (resolution, offset, units, nanos) in [
            (6, 0, 1_500_000, 1_500_000_000),
            (9, 0, 1_500_000_000, 1_500_000_000),
            (0, 0, 2, 2_000_000_000),
            (12, 0, 1_500_000_000_999, 1_500_000_000),
            (28, 0, 2_000_000_000_000_000_000, 0),
            (127, 0, u64::MAX - 1, 0),
            (0x80, 0, 2, 2_000_000_000),
            (0x80 | 10, 0, 1536, 1_500_000_000),
            (0x80 | 127, 0, u64::MAX, 0),
            (6, 10, 1_500_000, 11_500_000_000),
            (6, -1, 1_500_000, 500_000_000),
            (6, -2, 1_500_000, 0),
            (6, i64::MAX, 0, u64::MAX),
            (6, i64::MIN, 0, 0),
            (0, 0, u64::MAX, u64::MAX),
        ] {
            let at = Clock::new(resolution, offset).at(units);
            assert_eq!(at.as_nanos(), nanos, "resolution {resolution:#x}, offset {offset}, units {units}");
        }
    }
}
