//! What a reader of the report must know about the capture itself: it was cut, damaged, or partly unreadable.
//!
//! INVARIANT: notes only ever add; a capture without notes was read to its last byte.

use crate::link::UnsupportedLink;
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
    /// gzip or zstd data that does not unpack, or whose checksum is wrong.
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
            self.skipped_frames.iter().map(|(link, count)| format!("{count} frames skipped: {link}"));
        cut.into_iter().chain(damage).chain(skipped).collect()
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Block => "a pcapng block contradicts its own lengths",
            Self::OversizedPacket => "a packet claims more than 262144 bytes",
            Self::OversizedWindow => "the zstd data wants a window of more than 128 MiB",
            Self::Packing => "the compressed data is damaged",
            Self::Record => "a pcap record cannot be read",
            Self::TooManyInterfaces => "a pcapng section describes more than 65536 interfaces",
            Self::UnknownInterface => "a pcapng packet names an interface that is not described",
            Self::UnknownVersion => "a pcapng section has an unknown version",
        })
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
                "3 frames skipped: link type 105 (IEEE 802.11)",
            ]
        );
    }
}
