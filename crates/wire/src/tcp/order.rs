//! One direction of a TCP connection: bytes in order, each once.
//!
//! The first copy of a byte counts. What comes early waits, bounded; it is given out with a gap before it once the
//! receiver has acknowledged past the hole (so the bytes existed and the capture lost them). When too much waits, the
//! farthest is let go as long as the receiver is heard: whoever sends far ahead what the receiver passes over would
//! otherwise lead us away from what it reads. Where it is not heard, the hole is given up.

/// Early segments that may wait in one direction. Reordering on a plant network is a handful of frames.
const MAX_EARLY: usize = 64;
/// Bytes that may wait in one direction: a receive window without scaling.
const MAX_EARLY_BYTES: usize = 64 << 10;
/// Early segments in a row without a word of the receiver before it is taken to be out of our sight.
const MAX_UNHEARD: usize = 2 * MAX_EARLY;
/// What one early segment costs beyond its bytes: its entry and its allocation.
const EARLY_COST: usize = size_of::<Early>() + 16;

/// What comes out, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ordered<'a> {
    Bytes(&'a [u8]),
    /// This many bytes were never captured.
    Gap(u64),
    /// A byte came twice, with different content.
    Conflict,
}

/// Sequence state of one direction.
#[derive(Debug, Default)]
pub(super) struct Ordering {
    /// Next sequence number wanted; absent until the first segment.
    next: Option<u32>,
    /// Initial sequence number where the SYN was seen.
    opened_at: Option<u32>,
    /// Highest number the receiver has acknowledged.
    acknowledged: Option<u32>,
    /// Segments beyond `next`, by distance.
    early: Vec<Early>,
    early_bytes: usize,
    /// Segments that came early since the receiver was heard last.
    unheard: usize,
    /// The last segment given out, to notice a retransmission with other content.
    last: Option<Last>,
}

#[derive(Debug)]
struct Early {
    sequence: u32,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    sequence: u32,
    length: usize,
    sum: u64,
}

impl Ordering {
    pub(super) const fn is_open(&self) -> bool {
        self.next.is_some()
    }

    pub(super) const fn held_bytes(&self) -> usize {
        self.early_bytes + self.early.capacity() * EARLY_COST
    }

    /// A reset with this number is one that the receiver must take (RFC 5961 §3.2), as far as is known.
    pub(super) fn is_next(&self, sequence: u32) -> bool {
        self.next.is_none_or(|next| next == sequence)
    }

    /// A SYN was seen.
    pub(super) fn open(&mut self, sequence: u32) {
        if self.opened_at.is_none() && self.next.is_none() {
            self.opened_at = Some(sequence);
            self.next = Some(sequence.wrapping_add(1));
        }
    }

    /// A SYN of this number opens another connection than this one.
    pub(super) fn contradicts_opening(&self, sequence: u32) -> bool {
        self.opened_at.map_or(self.next.is_some(), |opened_at| opened_at != sequence)
    }

    /// Takes the payload of one segment, and `missing` bytes behind it that the capture cut off.
    pub(super) fn handle(
        &mut self,
        sequence: u32,
        payload: &[u8],
        missing: usize,
        out: &mut impl FnMut(Ordered<'_>),
    ) {
        if payload.is_empty() && missing == 0 {
            return;
        }
        let next = *self.next.get_or_insert(sequence);
        let ahead = distance(next, sequence);
        if ahead > 0 && !self.is_acknowledged_to(sequence) {
            self.hold(sequence, payload, out);
        } else {
            if ahead > 0 {
                self.fill_to(sequence, out);
            }
            self.give(sequence, payload, out);
            self.give_early(out);
        }
        if missing > 0 {
            self.skip_cut(sequence, payload.len(), missing, out);
        }
    }

    /// The receiver has everything before `acknowledgement`.
    pub(super) fn acknowledge(&mut self, acknowledgement: u32, out: &mut impl FnMut(Ordered<'_>)) {
        self.unheard = 0;
        if self.acknowledged.is_none_or(|before| distance(before, acknowledgement) > 0) {
            self.acknowledged = Some(acknowledgement);
        }
        while let Some(sequence) = self.early.first().map(|early| early.sequence) {
            if !self.is_acknowledged_to(sequence) {
                break;
            }
            self.fill_to(sequence, out);
            self.give_early(out);
        }
    }

    /// Gives out all that waits, with the gaps before it.
    pub(super) fn flush(&mut self, out: &mut impl FnMut(Ordered<'_>)) {
        while let Some(sequence) = self.early.first().map(|early| early.sequence) {
            self.fill_to(sequence, out);
            self.give_early(out);
        }
    }

    fn is_acknowledged_to(&self, sequence: u32) -> bool {
        self.acknowledged.is_some_and(|acknowledged| distance(sequence, acknowledged) >= 0)
    }

    /// Keeps a segment that lies beyond a hole; gives up the hole when too much waits.
    fn hold(&mut self, sequence: u32, payload: &[u8], out: &mut impl FnMut(Ordered<'_>)) {
        let Some(next) = self.next else { return };
        let position =
            self.early.partition_point(|early| distance(next, early.sequence) < distance(next, sequence));
        if let Some(same) = self.early.get(position).filter(|early| early.sequence == sequence) {
            let length = same.bytes.len().min(payload.len());
            if same.bytes.get(..length) != payload.get(..length) {
                out(Ordered::Conflict);
            }
            if same.bytes.len() >= payload.len() {
                return;
            }
        }
        self.early_bytes += payload.len();
        self.early.insert(position, Early { sequence, bytes: payload.to_vec() });
        self.unheard = self.unheard.saturating_add(1);
        while self.early.len() > MAX_EARLY || self.early_bytes > MAX_EARLY_BYTES {
            if self.acknowledged.is_some() && self.unheard <= MAX_UNHEARD {
                self.early_bytes -= self.early.pop().map_or(0, |farthest| farthest.bytes.len());
                continue;
            }
            let Some(first) = self.early.first().map(|early| early.sequence) else { break };
            self.fill_to(first, out);
            self.give_early(out);
        }
    }

    /// Declares everything before `sequence` missing.
    fn fill_to(&mut self, sequence: u32, out: &mut impl FnMut(Ordered<'_>)) {
        let Some(next) = self.next else { return };
        if let Ok(missing @ 1..) = u64::try_from(distance(next, sequence)) {
            out(Ordered::Gap(missing));
            self.next = Some(sequence);
            self.last = None;
        }
    }

    /// Gives out what of this segment is new. INVARIANT: it does not begin beyond `next`.
    fn give(&mut self, sequence: u32, payload: &[u8], out: &mut impl FnMut(Ordered<'_>)) {
        let Some(next) = self.next else { return };
        let known = usize::try_from(distance(sequence, next)).unwrap_or(0);
        if known > 0 {
            self.compare(sequence, payload, out);
        }
        let fresh = payload.get(known..).unwrap_or_default();
        if !fresh.is_empty() {
            self.last = Some(Last { sequence, length: payload.len(), sum: sum(payload) });
            self.next = Some(advance(next, fresh.len()));
            out(Ordered::Bytes(fresh));
        }
    }

    /// Gives out what waited and now follows.
    fn give_early(&mut self, out: &mut impl FnMut(Ordered<'_>)) {
        while let Some((next, first)) = self.next.zip(self.early.first()) {
            if distance(next, first.sequence) > 0 {
                break;
            }
            let early = self.early.remove(0);
            self.early_bytes -= early.bytes.len();
            self.give(early.sequence, &early.bytes, out);
        }
        if self.early.is_empty() {
            self.early = Vec::new();
        }
    }

    /// The same segment again must say the same.
    fn compare(&self, sequence: u32, payload: &[u8], out: &mut impl FnMut(Ordered<'_>)) {
        let same = self.last.filter(|last| last.sequence == sequence && last.length == payload.len());
        if same.is_some_and(|last| last.sum != sum(payload)) {
            out(Ordered::Conflict);
        }
    }

    /// Bytes behind `payload` were cut off by the capture.
    fn skip_cut(
        &mut self,
        sequence: u32,
        captured: usize,
        missing: usize,
        out: &mut impl FnMut(Ordered<'_>),
    ) {
        let end = advance(advance(sequence, captured), missing);
        if self.next == Some(advance(sequence, captured)) {
            self.fill_to(end, out);
            self.give_early(out);
        }
    }
}

/// How far `to` lies ahead of `from` in sequence space (RFC 9293 §3.4); negative if behind.
const fn distance(from: u32, to: u32) -> i64 {
    #[expect(clippy::cast_possible_wrap, reason = "sequence numbers compare modulo 2^32 by this very wrap")]
    let signed = to.wrapping_sub(from) as i32;
    signed as i64
}

#[expect(clippy::cast_possible_truncation, reason = "sequence numbers count modulo 2^32")]
const fn advance(sequence: u32, by: usize) -> u32 {
    sequence.wrapping_add(by as u32)
}

/// A sum that differs for different content; not a defence, only to notice. Fletcher-like, eight bytes a step.
fn sum(bytes: &[u8]) -> u64 {
    let (chunks, rest) = bytes.as_chunks::<8>();
    let tail = rest.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    chunks.iter().fold(tail, |sum, chunk| {
        sum.rotate_left(5) ^ u64::from_le_bytes(*chunk).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What came out, as text: bytes as they are, `<n>` for a gap, `!` for a conflict.
    fn run(steps: &[(u32, &str)]) -> String {
        let mut ordering = Ordering::default();
        ordering.open(99);
        let mut text = String::new();
        let mut out = |ordered: Ordered<'_>| match ordered {
            Ordered::Bytes(bytes) => text.push_str(std::str::from_utf8(bytes).unwrap()),
            Ordered::Gap(missing) => text.push_str(&format!("<{missing}>")),
            Ordered::Conflict => text.push('!'),
        };
        for (sequence, payload) in steps {
            match payload.strip_prefix("ack") {
                Some(_) => ordering.acknowledge(*sequence, &mut out),
                None => ordering.handle(*sequence, payload.as_bytes(), 0, &mut out),
            }
        }
        ordering.flush(&mut out);
        text
    }

    #[test]
    fn bytes_come_out_once_and_in_order() {
        for (name, steps, expected) in [
            ("in order", vec![(100, "ab"), (102, "cd")], "abcd"),
            ("swapped", vec![(102, "cd"), (100, "ab")], "abcd"),
            ("retransmitted", vec![(100, "ab"), (100, "ab"), (102, "cd")], "abcd"),
            ("overlapping", vec![(100, "abc"), (102, "cd")], "abcd"),
            ("retransmitted with other content", vec![(100, "ab"), (100, "xy")], "ab!"),
            ("early twice with other content", vec![(102, "cd"), (102, "xy"), (100, "ab")], "!abcd"),
            ("early twice, longer", vec![(102, "c"), (102, "cd"), (100, "ab")], "abcd"),
            ("lost, then acknowledged", vec![(100, "ab"), (104, "ef"), (106, "ack")], "ab<2>ef"),
            ("acknowledged before it arrives", vec![(100, "ab"), (106, "ack"), (104, "ef")], "ab<2>ef"),
            ("lost, never acknowledged", vec![(100, "ab"), (104, "ef")], "ab<2>ef"),
            ("keep-alive", vec![(100, "ab"), (101, "b"), (102, "cd")], "abcd"),
        ] {
            assert_eq!(run(&steps), expected, "{name}");
        }
    }

    #[test]
    fn sequence_numbers_wrap() {
        let mut ordering = Ordering::default();
        ordering.open(u32::MAX - 1);
        let mut text = String::new();
        let mut out = |ordered: Ordered<'_>| match ordered {
            Ordered::Bytes(bytes) => text.push_str(std::str::from_utf8(bytes).unwrap()),
            Ordered::Gap(_) | Ordered::Conflict => text.push('?'),
        };
        ordering.handle(1, b"cd", 0, &mut out);
        ordering.handle(u32::MAX, b"ab", 0, &mut out);
        assert_eq!(text, "abcd");
    }

    #[test]
    fn a_hole_that_is_never_filled_holds_a_bounded_amount() {
        let mut ordering = Ordering::default();
        ordering.open(0);
        let mut gaps = 0;
        for step in 0..10_000_u32 {
            ordering.handle(100 + step * 2_000, &[0; 1_000], 0, &mut |ordered| {
                gaps += usize::from(matches!(ordered, Ordered::Gap(_)));
            });
            assert!(ordering.held_bytes() <= MAX_EARLY_BYTES + 2 * MAX_EARLY * EARLY_COST);
        }
        assert!(gaps > 9_000);
    }

    #[test]
    fn junk_far_ahead_does_not_lead_away_from_what_the_receiver_reads() {
        let mut ordering = Ordering::default();
        ordering.open(99);
        let mut text = String::new();
        let mut out = |ordered: Ordered<'_>| match ordered {
            Ordered::Bytes(bytes) => text.push_str(std::str::from_utf8(bytes).unwrap()),
            Ordered::Gap(missing) => text.push_str(&format!("<{missing}>")),
            Ordered::Conflict => text.push('!'),
        };
        for step in 0..1_000 {
            ordering.handle(1_000_000 + step * 10, b"junk", 0, &mut out);
            ordering.acknowledge(100, &mut out);
        }
        ordering.handle(100, b"command", 0, &mut out);
        assert_eq!(text, "command");
    }
}
