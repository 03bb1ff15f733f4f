//! The transport function (IEEE 1815-2012 §8): application fragments cut into segments of at most 249 bytes.
//!
//! INVARIANT: at most [`MAX_PARTIAL`] fragments of at most [`MAX_FRAGMENT`] bytes are held.

use crate::reader::{Parse, ParseError, ensure};
use std::borrow::Cow;

/// Longest application fragment put together. The standard recommends 2048 bytes; senders configured for more exist,
/// and a sender that never ends a fragment must not fill memory.
const MAX_FRAGMENT: usize = 16 * 1024;
/// Station pairs of one flow with a fragment begun; a gateway serves a few, an attacker may invent 2³².
const MAX_PARTIAL: usize = 8;

/// Source and destination link address: each pair numbers its segments by itself.
pub(super) type Stations = (u16, u16);

/// Puts segments together.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    partials: Vec<Partial>,
    /// A first segment was seen since the last gap, so that one out of order is the sender's doing.
    begun: bool,
}

#[derive(Debug)]
struct Partial {
    stations: Stations,
    next: u8,
    bytes: Vec<u8>,
}

impl Assembler {
    /// Takes one segment; yields the fragment that it completes.
    pub(super) fn push<'a>(&mut self, stations: Stations, segment: &'a [u8]) -> Parse<Option<Cow<'a, [u8]>>> {
        let (header, payload) = segment.split_first().ok_or(ParseError::Short)?;
        let (is_last, is_first, sequence) = (header & 0x80 != 0, header & 0x40 != 0, header & 0x3f);
        if is_first {
            self.begun = true;
            self.forget(stations);
            if is_last {
                return Ok(Some(Cow::Borrowed(payload)));
            }
            self.begin(Partial { stations, next: sequence, bytes: Vec::new() });
        }
        self.extend(stations, sequence, payload)?;
        Ok(if is_last { self.forget(stations).map(|whole| Cow::Owned(whole.bytes)) } else { None })
    }

    /// Bytes kept.
    pub(super) fn held_bytes(&self) -> usize {
        self.partials.iter().map(|partial| partial.bytes.capacity()).sum()
    }

    /// Forgets what was begun: the segments that would end it may be missing.
    pub(super) fn clear(&mut self) {
        self.partials.clear();
        self.begun = false;
    }

    fn begin(&mut self, partial: Partial) {
        if self.partials.len() == MAX_PARTIAL {
            self.partials.remove(0);
        }
        self.partials.push(partial);
    }

    fn extend(&mut self, stations: Stations, sequence: u8, payload: &[u8]) -> Parse<()> {
        let Some(partial) = self.partials.iter_mut().find(|partial| partial.stations == stations) else {
            return ensure(!self.begun, "DNP3 segment continues no fragment");
        };
        let fits = partial.bytes.len() + payload.len() <= MAX_FRAGMENT;
        if partial.next != sequence || !fits {
            self.forget(stations);
            return Err(ParseError::Invalid(if fits {
                "DNP3 segment out of sequence"
            } else {
                "DNP3 fragment too long"
            }));
        }
        partial.bytes.extend_from_slice(payload);
        partial.next = (sequence + 1) & 0x3f;
        Ok(())
    }

    fn forget(&mut self, stations: Stations) -> Option<Partial> {
        let position = self.partials.iter().position(|partial| partial.stations == stations)?;
        Some(self.partials.remove(position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATIONS: Stations = (1, 2);

    #[test]
    fn a_fragment_is_whole_with_its_last_segment() {
        let mut assembler = Assembler::default();
        assert_eq!(assembler.push(STATIONS, &[0xc7, 1]), Ok(Some(Cow::Borrowed(&[1][..]))));
        assert_eq!(assembler.push(STATIONS, &[0x7f, 1, 2]), Ok(None));
        assert_eq!(assembler.push((9, 9), &[0x40, 0]), Ok(None), "other stations do not disturb it");
        assert_eq!(assembler.push(STATIONS, &[0x00, 3]), Ok(None), "the sequence wraps at 64");
        assert_eq!(assembler.push(STATIONS, &[0x81, 4]), Ok(Some(Cow::Owned(vec![1, 2, 3, 4]))));
    }

    #[test]
    fn a_segment_out_of_order_discards_the_fragment() {
        let mut assembler = Assembler::default();
        assert_eq!(assembler.push(STATIONS, &[0x80, 1]), Ok(None), "it began before the capture");
        assembler.push(STATIONS, &[0x40, 1]).unwrap();
        assert_eq!(
            assembler.push(STATIONS, &[0x02, 1]),
            Err(ParseError::Invalid("DNP3 segment out of sequence"))
        );
        assert_eq!(
            assembler.push(STATIONS, &[0x83, 1]),
            Err(ParseError::Invalid("DNP3 segment continues no fragment"))
        );
        assert_eq!(assembler.push(STATIONS, &[]), Err(ParseError::Short));
    }

    #[test]
    fn an_endless_fragment_is_dropped_and_many_begun_ones_are_bounded() {
        let mut assembler = Assembler::default();
        let mut refused = false;
        for count in 0..200_u8 {
            let mut segment = vec![(count % 64) | if count == 0 { 0x40 } else { 0 }];
            segment.extend([0; 249]);
            refused |= assembler.push(STATIONS, &segment).is_err();
        }
        assert!(refused);
        for source in 0..1000 {
            assembler.push((source, 0), &[0x40, 1]).unwrap();
        }
        assert_eq!(assembler.partials.len(), MAX_PARTIAL);
    }
}
