//! Object headers of an application fragment (IEEE 1815-2012 §4.2.2.7, Annex A): which points, and their data.
//!
//! INVARIANT: what a header claims never costs more than the bytes that are there: counts are multiplied, not looped
//! over, until each item has bytes of its own.

use super::function::Data;
use super::size::{Size, size_of};
use crate::reader::{Parse, ParseError, Reader, ensure};

/// One object header and the data that belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block<'a> {
    pub(super) group: u8,
    pub(super) variation: u8,
    pub(super) range: Range,
    prefix: Prefix,
    size: Size,
    body: &'a [u8],
}

/// Which points a header names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Range {
    /// All there are.
    All,
    /// A run of `count` from `first` on.
    Span {
        /// First point.
        first: u32,
        /// How many; at least one.
        count: u64,
    },
    /// So many, named by prefixes or by their place.
    Count(u32),
}

/// What stands before each item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prefix {
    None,
    /// Its point number, in so many bytes.
    Index(usize),
    /// Its size, in so many bytes.
    Size(usize),
}

/// One point of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item<'a> {
    /// Its number, where it has one.
    pub(super) index: Option<u32>,
    /// Its data; empty where only the header was sent.
    pub(super) data: &'a [u8],
}

/// Reads the next header and takes in its data.
pub(super) fn read_block<'a>(reader: &mut Reader<'a>, data: Data) -> Parse<Block<'a>> {
    let (group, variation, qualifier) = (reader.u8()?, reader.u8()?, reader.u8()?);
    let prefix = Prefix::of(qualifier >> 4)?;
    let range = read_range(reader, qualifier & 0x0f)?;
    let size = match prefix {
        Prefix::None | Prefix::Index(_) if data.follows(group) => size_of(group, variation)?,
        Prefix::None | Prefix::Index(_) | Prefix::Size(_) => Size::Bytes(0),
    };
    let length = body_length(reader.rest(), range, prefix, size)?;
    Ok(Block { group, variation, range, prefix, size, body: reader.take(length)? })
}

impl<'a> Block<'a> {
    /// Its points, one by one.
    pub(super) fn items(&self) -> impl Iterator<Item = Item<'a>> {
        let (Self { prefix, size, range, .. }, mut reader) = (*self, Reader::new(self.body));
        let first = match range {
            Range::Span { first, .. } => Some(first),
            Range::All | Range::Count(_) => None,
        };
        let mut place = 0;
        std::iter::from_fn(move || {
            let item = read_item(&mut reader, prefix, size).ok()?;
            let index = item.index.or(first.map(|first| first.saturating_add(place)));
            place = place.saturating_add(1);
            Some(Item { index, ..item })
        })
    }

    /// Every point has its own number in front.
    pub(super) const fn is_indexed(&self) -> bool {
        matches!(self.prefix, Prefix::Index(_))
    }
}

impl Prefix {
    fn of(code: u8) -> Parse<Self> {
        Ok(match code {
            0 => Self::None,
            1 => Self::Index(1),
            2 => Self::Index(2),
            3 => Self::Index(4),
            4 => Self::Size(1),
            5 => Self::Size(2),
            6 => Self::Size(4),
            _ => return Err(ParseError::Invalid("reserved DNP3 object prefix code")),
        })
    }
}

fn read_range(reader: &mut Reader<'_>, code: u8) -> Parse<Range> {
    Ok(match code {
        0 | 3 => span(u32::from(reader.u8()?), u32::from(reader.u8()?))?,
        1 | 4 => span(u32::from(reader.le16()?), u32::from(reader.le16()?))?,
        2 | 5 => span(reader.le32()?, reader.le32()?)?,
        6 => Range::All,
        7 | 11 => Range::Count(u32::from(reader.u8()?)),
        8 => Range::Count(u32::from(reader.le16()?)),
        9 => Range::Count(reader.le32()?),
        _ => return Err(ParseError::Invalid("reserved DNP3 range code")),
    })
}

fn span(first: u32, last: u32) -> Parse<Range> {
    ensure(first <= last, "DNP3 range ends before it starts")?;
    Ok(Range::Span { first, count: u64::from(last - first) + 1 })
}

/// How many of `bytes` the items take.
fn body_length(bytes: &[u8], range: Range, prefix: Prefix, size: Size) -> Parse<usize> {
    let count = match range {
        Range::All => 0,
        Range::Span { count, .. } => count,
        Range::Count(count) => u64::from(count),
    };
    let length = match (prefix, size) {
        (Prefix::None, Size::Bits(width)) => count.saturating_mul(u64::from(width)).div_ceil(8),
        (Prefix::None, Size::Bytes(each)) => count.saturating_mul(u64::from(each)),
        (Prefix::Index(index), Size::Bytes(each)) => {
            count.saturating_mul(index as u64).saturating_add(count.saturating_mul(u64::from(each)))
        }
        (Prefix::Index(_), Size::Bits(_) | Size::Attribute) | (Prefix::Size(_), _) | (_, Size::Attribute) => {
            return walked_length(bytes, count, prefix, size);
        }
    };
    usize::try_from(length).map_err(|_| ParseError::Short)
}

/// For items that say their own size: each takes at least one byte, so this ends with the bytes.
fn walked_length(bytes: &[u8], count: u64, prefix: Prefix, size: Size) -> Parse<usize> {
    let mut reader = Reader::new(bytes);
    for _ in 0..count {
        read_item(&mut reader, prefix, size)?;
    }
    Ok(bytes.len() - reader.left())
}

/// One item; packed bits without a prefix have no bytes of their own and yield none.
fn read_item<'a>(reader: &mut Reader<'a>, prefix: Prefix, size: Size) -> Parse<Item<'a>> {
    let (index, sized) = match prefix {
        Prefix::None => (None, None),
        Prefix::Index(width) => (Some(read_number(reader, width)?), None),
        Prefix::Size(width) => (None, Some(read_number(reader, width)?)),
    };
    let length = match (sized, size) {
        (Some(length), _) => usize::try_from(length).map_err(|_| ParseError::Short)?,
        (None, Size::Bytes(0)) if index.is_none() => return Err(ParseError::Short),
        (None, Size::Bytes(each)) => usize::from(each),
        (None, Size::Bits(_)) if index.is_none() => return Err(ParseError::Short),
        (None, Size::Bits(_)) => 1,
        (None, Size::Attribute) => attribute_length(reader.rest())?,
    };
    Ok(Item { index, data: reader.take(length)? })
}

fn read_number(reader: &mut Reader<'_>, width: usize) -> Parse<u32> {
    match width {
        1 => reader.u8().map(u32::from),
        2 => reader.le16().map(u32::from),
        _ => reader.le32(),
    }
}

/// A device attribute is a type, a length, and so many bytes (Annex A, group 0).
fn attribute_length(bytes: &[u8]) -> Parse<usize> {
    bytes.get(1).map(|length| 2 + usize::from(*length)).ok_or(ParseError::Short)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(bytes: &[u8], data: Data) -> Parse<Vec<Block<'_>>> {
        let mut reader = Reader::new(bytes);
        std::iter::from_fn(|| (!reader.is_empty()).then(|| read_block(&mut reader, data))).collect()
    }

    fn numbers(block: &Block<'_>) -> Vec<Option<u32>> {
        block.items().map(|item| item.index).collect()
    }

    #[test]
    fn headers_follow_each_other() {
        let read = [60, 2, 0x06, 60, 3, 0x06, 30, 1, 0x00, 2, 5, 1, 0, 0x17, 2, 7, 9];
        let blocks = blocks(&read, Data::None).unwrap();
        assert_eq!(blocks.len(), 4);
        assert_eq!(blocks[2].range, Range::Span { first: 2, count: 4 });
        assert_eq!(numbers(&blocks[3]), [Some(7), Some(9)]);
    }

    #[test]
    fn data_belongs_to_its_points() {
        let mut operate = vec![12, 1, 0x28, 2, 0, 8, 0];
        operate.extend([3; 11]);
        operate.extend([9, 1]);
        operate.extend([4; 11]);
        operate.extend([41, 2, 0x00, 4, 5, 1, 0, 0, 2, 0, 0]);
        let blocks = blocks(&operate, Data::All).unwrap();
        assert_eq!(numbers(&blocks[0]), [Some(8), Some(265)]);
        assert_eq!(numbers(&blocks[1]), [Some(4), Some(5)]);
        for cut in 1..operate.len() - 11 {
            assert_eq!(
                super::tests::blocks(&operate[..cut], Data::All).err(),
                Some(ParseError::Short),
                "{cut}"
            );
        }
    }

    #[test]
    fn packed_bits_share_bytes() {
        let blocks = blocks(&[80, 1, 0x00, 7, 7, 0, 1, 1, 0x01, 0, 0, 8, 0, 0xff, 1], Data::All).unwrap();
        assert_eq!(blocks.len(), 2);
    }

    #[test]
    fn a_giant_count_costs_nothing() {
        let claims: [(&[u8], ParseError); 5] = [
            (&[30, 1, 0x09, 0xff, 0xff, 0xff, 0xff, 0], ParseError::Short),
            (&[12, 1, 0x39, 0xff, 0xff, 0xff, 0xff, 0], ParseError::Short),
            (&[70, 5, 0x6b, 0xff, 0xff, 0xff, 0xff, 0xff], ParseError::Short),
            (&[1, 1, 0x02, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], ParseError::Short),
            (&[1, 1, 0x00, 5, 4], ParseError::Invalid("DNP3 range ends before it starts")),
        ];
        for (bytes, error) in claims {
            assert_eq!(blocks(bytes, Data::All).err(), Some(error), "{bytes:?}");
        }
        let all = blocks(&[30, 0, 0x02, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], Data::None).unwrap();
        assert_eq!(all[0].items().count(), 0, "headers without data have no items");
    }
}
