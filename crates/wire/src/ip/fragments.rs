//! Putting fragmented packets together, bounded.
//!
//! Overlapping fragments with different content have no honest use and two stacks read them differently (RFC 5722,
//! Ptacek and Newsham 1998), so the whole packet is given up and said so.

use nullius_model::{KeyedMap, Seed, Timestamp};
use std::net::IpAddr;
use std::time::Duration;

use super::{Fragment, IpPacket};

/// Longest payload of an IP packet.
const MAX_PAYLOAD: usize = 65_535;
/// Pieces of one packet. An honest path MTU of 576 bytes makes 120 of them.
const MAX_PIECES: usize = 256;
/// RFC 791 suggests 15 s, RFC 8200 says 60 s; Linux waits 30 s.
const MAX_WAIT: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    identification: u32,
}

#[derive(Debug)]
struct Partial {
    since: Timestamp,
    bytes: Vec<u8>,
    /// Byte ranges that have arrived, sorted, not touching.
    have: Vec<(usize, usize)>,
    /// Known once the last fragment has come.
    length: Option<usize>,
    pieces: usize,
}

/// What a fragment led to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Assembly {
    /// More are needed.
    Waiting,
    /// The payload, whole.
    Whole(Vec<u8>),
    /// The packet was given up: overlap with different content.
    Conflict,
    /// The packet was given up: it contradicts itself or a bound.
    Broken,
}

/// Fragmented packets in the making.
#[derive(Debug)]
pub(crate) struct Fragments {
    partial: KeyedMap<Key, Partial>,
    limit: usize,
}

impl Fragments {
    pub(crate) fn new(limit: usize, seed: Seed) -> Self {
        Self { partial: seed.map(), limit }
    }

    /// Adds one fragment.
    pub(crate) fn handle(&mut self, packet: &IpPacket<'_>, fragment: Fragment, now: Timestamp) -> Assembly {
        let key = Key {
            source: packet.source,
            destination: packet.destination,
            protocol: packet.protocol,
            identification: fragment.identification,
        };
        let partial = self.partial.entry(key).or_insert_with(|| Partial::new(now));
        let assembly = partial.add(fragment, packet.payload);
        if assembly != Assembly::Waiting {
            self.partial.remove(&key);
        }
        assembly
    }

    /// Gives up what waits too long, and the oldest while there are too many. Returns how many.
    pub(crate) fn expire(&mut self, now: Timestamp) -> usize {
        let before = self.partial.len();
        self.partial.retain(|_, partial| now.since(partial.since) <= MAX_WAIT);
        while self.partial.len() > self.limit {
            let oldest = self.partial.iter().min_by_key(|(key, partial)| (partial.since, key.identification));
            let Some(key) = oldest.map(|(key, _)| *key) else { break };
            self.partial.remove(&key);
        }
        before - self.partial.len()
    }

    /// More are held than may be.
    pub(crate) fn is_over_limit(&self) -> bool {
        self.partial.len() > self.limit
    }

    /// Gives up everything; returns how many.
    pub(crate) fn drain(&mut self) -> usize {
        let count = self.partial.len();
        self.partial.clear();
        count
    }
}

impl Partial {
    const fn new(since: Timestamp) -> Self {
        Self { since, bytes: Vec::new(), have: Vec::new(), length: None, pieces: 0 }
    }

    fn add(&mut self, fragment: Fragment, payload: &[u8]) -> Assembly {
        let (start, end) = (fragment.offset, fragment.offset + payload.len());
        self.pieces += 1;
        // All but the last fragment end at a multiple of eight.
        let misfit = fragment.more && (payload.is_empty() || !payload.len().is_multiple_of(8));
        if misfit
            || end > MAX_PAYLOAD
            || self.pieces > MAX_PIECES
            || self.contradicts_length(fragment.more, end)
        {
            return Assembly::Broken;
        }
        if !self.agrees(start, payload) {
            return Assembly::Conflict;
        }
        self.store(start, end, payload);
        match (self.length, self.have.as_slice()) {
            (Some(length), [(0, have)]) if *have == length => {
                Assembly::Whole(std::mem::take(&mut self.bytes))
            }
            _ => Assembly::Waiting,
        }
    }

    fn contradicts_length(&mut self, more: bool, end: usize) -> bool {
        let longest = self.have.last().map_or(0, |(_, end)| *end);
        match (more, self.length) {
            (false, None) => {
                self.length = Some(end);
                longest > end
            }
            (false, Some(length)) => length != end,
            (true, Some(length)) => end > length,
            (true, None) => false,
        }
    }

    /// Where `payload` overlaps what is there, the bytes are the same.
    fn agrees(&self, start: usize, payload: &[u8]) -> bool {
        let end = start + payload.len();
        self.have.iter().all(|&(from, to)| {
            let (from, to) = (from.max(start), to.min(end));
            from >= to || self.bytes.get(from..to) == payload.get(from - start..to - start)
        })
    }

    fn store(&mut self, start: usize, end: usize, payload: &[u8]) {
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        if let Some(place) = self.bytes.get_mut(start..end) {
            place.copy_from_slice(payload);
        }
        self.have.push((start, end));
        self.have.sort_unstable();
        self.have.dedup_by(|next, last| {
            let touches = next.0 <= last.1;
            if touches {
                last.1 = last.1.max(next.1);
            }
            touches
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(partial: &mut Partial, offset: usize, more: bool, payload: &[u8]) -> Assembly {
        partial.add(Fragment { identification: 1, offset, more }, payload)
    }

    #[test]
    fn fragments_come_in_any_order_and_twice() {
        let mut partial = Partial::new(Timestamp::ZERO);
        assert_eq!(add(&mut partial, 16, false, b"xyz"), Assembly::Waiting);
        assert_eq!(add(&mut partial, 0, true, b"abcdefgh"), Assembly::Waiting);
        assert_eq!(add(&mut partial, 0, true, b"abcdefgh"), Assembly::Waiting);
        assert_eq!(add(&mut partial, 8, true, b"ijklmnop"), Assembly::Whole(b"abcdefghijklmnopxyz".to_vec()));
    }

    #[test]
    fn an_overlap_with_other_content_gives_the_packet_up() {
        let mut partial = Partial::new(Timestamp::ZERO);
        assert_eq!(add(&mut partial, 0, true, b"abcdefgh"), Assembly::Waiting);
        assert_eq!(add(&mut partial, 0, true, b"abcdefgX"), Assembly::Conflict);
    }

    #[test]
    fn fragments_that_contradict_each_other_are_broken() {
        for fragments in [
            vec![(0, true, 7)],
            vec![(65_528, true, 8)],
            vec![(8, false, 4), (16, true, 8)],
            vec![(16, true, 8), (8, false, 4)],
            vec![(8, false, 4), (8, false, 5)],
        ] {
            let mut partial = Partial::new(Timestamp::ZERO);
            let last = fragments
                .iter()
                .map(|&(offset, more, length)| add(&mut partial, offset, more, &vec![0; length]))
                .last();
            assert_eq!(last, Some(Assembly::Broken), "{fragments:?}");
        }
    }
}
