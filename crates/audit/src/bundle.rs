//! Entries one after the other, each behind its length in two bytes, big endian (c2sp.org/tlog-tiles, "Log entries").
//!
//! INVARIANT: reading looks at no more than 256 entries and copies none of them.

use crate::layout::WIDTH;

/// Bytes of a bundle at most.
pub const MAX_BUNDLE: usize = WIDTH as usize * (2 + u16::MAX as usize);

/// What bytes hold, read as a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle<'a> {
    /// Those that are whole, from the first on; 256 at most.
    pub entries: Vec<&'a [u8]>,
    /// Bytes behind them, which are no entry.
    pub rest: usize,
}

impl<'a> Bundle<'a> {
    /// Reads entries for as long as they are whole.
    #[must_use]
    pub fn read(bytes: &'a [u8]) -> Self {
        let (mut left, mut entries) = (bytes, Vec::new());
        while entries.len() < usize::from(WIDTH) {
            let Some((entry, behind)) = split_entry(left) else { break };
            entries.push(entry);
            left = behind;
        }
        Self { entries, rest: left.len() }
    }
}

/// Appends an entry to a bundle. Nothing is appended, and `false` returned, where its length does not fit.
#[must_use]
pub fn push(bundle: &mut Vec<u8>, entry: &[u8]) -> bool {
    let Ok(length) = u16::try_from(entry.len()) else { return false };
    bundle.extend(length.to_be_bytes());
    bundle.extend(entry);
    true
}

fn split_entry(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_read_as_it_was_written() {
        let mut bundle = Vec::new();
        let long = vec![7; usize::from(u16::MAX)];
        for entry in [b"one".as_slice(), b"", &long] {
            assert!(push(&mut bundle, entry));
        }
        assert!(!push(&mut bundle, &vec![7; 65_536]));
        assert_eq!(Bundle::read(&bundle), Bundle { entries: vec![b"one", b"", &long], rest: 0 });
    }

    #[test]
    fn what_is_no_entry_is_left() {
        for (bytes, entries, rest) in [
            (b"".as_slice(), vec![], 0),
            (b"\x00", vec![], 1),
            (b"\x00\x02a", vec![], 3),
            (b"\x00\x01a\x00\x02b", vec![b"a".as_slice()], 3),
        ] {
            assert_eq!(Bundle::read(bytes), Bundle { entries, rest }, "{bytes:?}");
        }
        let many = Bundle::read(&[0; 600]);
        assert_eq!((many.entries.len(), many.rest), (256, 88));
    }
}
