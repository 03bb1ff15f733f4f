//! What a reader of the report must know about the capture itself: it was cut, damaged, or partly unreadable.
//!
//! INVARIANT: notes only ever add; a capture without notes was read to its last byte.

use crate::link::UnsupportedLink;
use crate::pcapng::MAX_INTERFACES;
use crate::record::MAX_PACKET_BYTES;
use crate::zstd::MAX_ZSTD_WINDOW;
use nullius_model::FrameNumber;
use std::collections::BTreeMap;
use std::fmt;

/// What was wrong with a capture whose good frames were delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// The file ends inside the record behind this frame (0: before the first was whole).
    pub truncated_tail: Option<FrameNumber>,
    /// Where reading had to stop before the end, and why.
    pub corrupt_after: Option<Corruption>,
    /// Frames on links we cannot read, by link type. Bounded: a link type has 16 bits.
    pub skipped_frames: BTreeMap<UnsupportedLink, u64>,
}

/// Damage behind a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corruption {
    /// The last good frame (0: none).
    pub after: FrameNumber,
    /// What was found there.
    pub flaw: Flaw,
}

/// How a record, or the stream it comes in, contradicts its format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A pcapng block whose two lengths differ, or too short for its type, or with a field that leads out of it.
    Block,
    /// A packet that claims more than [`crate::MAX_PACKET_BYTES`].
    OversizedPacket,
    /// gzip or zstd data that does not unpack, or whose checksum is wrong. The checksum comes last, so frames before
    /// this point may be damaged as well.
    Packing,
    /// A pcap record that cannot be read.
    Record,
    /// A zstd frame that wants a window larger than [`crate::MAX_ZSTD_WINDOW`].
    OversizedWindow,
    /// More than [`crate::MAX_INTERFACES`] interfaces in a section.
    TooManyInterfaces,
    /// A pcapng packet of an interface that its section does not describe.
    UnknownInterface,
    /// A pcapng section of a major version other than 1.
    UnknownVersion,
}

impl Notes {
    /// Whether every packet of the capture was read.
    pub fn is_complete(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn count_skipped(&mut self, link: u32) {
        *self.skipped_frames.entry(UnsupportedLink(link)).or_default() += 1;
    }

    /// One sentence for each reason why a report on this capture is partial.
    pub fn reasons(&self) -> Vec<String> {
        let cut =
            self.truncated_tail.map(|frame| format!("the file ends inside the record after frame {frame}"));
        let damage =
            self.corrupt_after.map(|found| format!("unreadable after frame {}: {}", found.after, found.flaw));
        let skipped =
            self.skipped_frames.iter().map(|(link, count)| format!("frames skipped: {count} on {link}"));
        cut.into_iter().chain(damage).chain(skipped).collect()
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Block => f.write_str("a pcapng block contradicts its own lengths"),
            Self::OversizedPacket => write!(f, "a packet claims more than {MAX_PACKET_BYTES} bytes"),
            Self::OversizedWindow => {
                write!(f, "the zstd data wants a window of more than {} MiB", MAX_ZSTD_WINDOW >> 20)
            }
            Self::Packing => f.write_str("the compressed data is damaged"),
            Self::Record => f.write_str("a pcap record cannot be read"),
            Self::TooManyInterfaces => {
                write!(f, "a pcapng section describes more than {MAX_INTERFACES} interfaces")
            }
            Self::UnknownInterface => f.write_str("a pcapng packet names an interface that is not described"),
            Self::UnknownVersion => f.write_str("a pcapng section has an unknown version"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_say_why_a_report_is_partial() {
        let mut notes = Notes::default();
        assert!(notes.is_complete());
        notes.truncated_tail = Some(FrameNumber(7));
        notes.corrupt_after = Some(Corruption { after: FrameNumber(7), flaw: Flaw::Packing });
        notes.skipped_frames.insert(UnsupportedLink(105), 3);
        assert!(!notes.is_complete());
        assert_eq!(
            notes.reasons(),
            [
                "the file ends inside the record after frame 7",
                "unreadable after frame 7: the compressed data is damaged",
                "frames skipped: 3 on link type 105 (IEEE 802.11)",
            ]
        );
    }
}
