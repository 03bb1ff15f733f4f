//! How many bytes a point of each object group and variation takes (IEEE 1815-2012 Annex A).

use crate::reader::{Parse, ParseError};

/// The room of one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// So many bytes.
    Bytes(u16),
    /// So many bits, packed without gaps.
    Bits(u8),
    /// A type, a length, and so many bytes.
    Attribute,
}

/// The size of one item without a size of its own in front. Files and data sets are only sent with one.
pub(super) fn size_of(group: u8, variation: u8) -> Parse<Size> {
    Ok(match group {
        0 => Size::Attribute,
        60 => Size::Bytes(0),
        // Octet strings and virtual terminal: the variation is the length.
        110..=113 => Size::Bytes(u16::from(variation)),
        _ => match packed(group, variation) {
            Some(width) => Size::Bits(width),
            None => Size::Bytes(
                fixed(group, variation).ok_or(ParseError::Invalid("DNP3 object of unknown size"))?,
            ),
        },
    })
}

const fn packed(group: u8, variation: u8) -> Option<u8> {
    match (group, variation) {
        (1 | 10 | 80, 1) | (12, 3) => Some(1),
        (3, 1) => Some(2),
        _ => None,
    }
}

const fn fixed(group: u8, variation: u8) -> Option<u16> {
    Some(match (group, variation) {
        // Binary inputs and outputs, static and events.
        (1 | 3 | 10, 2) | (2 | 4 | 11 | 13, 1) => 1,
        (2 | 4 | 11 | 13, 2) => 7,
        (2 | 4, 3) => 3,
        (12, 1 | 2) => 11,
        // Counters.
        (20..=23, 1 | 3) => 5,
        (20..=23, 2 | 4) => 3,
        (20, 5 | 7) | (21, 9 | 11) => 4,
        (20, 6 | 8) | (21, 10 | 12) => 2,
        (21..=23, 5 | 7) => 11,
        (21..=23, 6 | 8) => 9,
        // Analogue inputs.
        (30..=33, 1) => 5,
        (30..=33, 2) => 3,
        (30, 3) | (31, 5) | (34, 2 | 3) => 4,
        (30, 4) | (31, 6) | (34, 1) => 2,
        (30 | 32 | 33, 5) | (31, 7) => 5,
        (30 | 32 | 33, 6) | (31, 8) => 9,
        (31..=33, 3) | (32 | 33, 7) => 11,
        (31..=33, 4) => 9,
        (32 | 33, 8) => 15,
        // Analogue outputs.
        (40..=43, 1) => 5,
        (40..=43, 2) => 3,
        (40 | 41, 3) | (42 | 43, 5) => 5,
        (40 | 41, 4) | (42 | 43, 4 | 6) => 9,
        (42 | 43, 3 | 7) => 11,
        (42 | 43, 8) => 15,
        // Times.
        (50, 1 | 3) | (51, 1 | 2) => 6,
        (50, 2) => 10,
        (50, 4) => 11,
        (52, 1 | 2) => 2,
        // Storage, packed decimals, unsigned bytes, statistics.
        (81, 1) => 3,
        (101, 1) => 2,
        (101, 2) => 4,
        (101, 3) => 8,
        (102, 1) => 1,
        (121, 1) => 7,
        (122, 1) => 7,
        (122, 2) => 13,
        // Authentication: aggressive mode request, key status request.
        (120, 3) => 6,
        (120, 4) => 2,
        _ => return None,
    })
}
