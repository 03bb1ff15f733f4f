//! Putting fragmented packets together, bounded.
//!
//! Overlapping fragments have no honest use and two stacks read them differently (RFC 5722, Ptacek and Newsham 1998), so
//! the whole packet is given up and said so; only the same fragment twice is passed over, as Linux does.
//!
//! INVARIANT: what is kept is what was sent: a fragment never makes room for bytes that have not come.

use nullius_model::{KeyedMap, Seed, Timestamp};
use std::collections::BTreeMap;
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
    /// Absent for IPv6, where only the first fragment's counts (RFC 8200 §4.5) and another would hide it from us.
    protocol: Option<u8>,
    identification: u32,
}

#[derive(Debug)]
struct Partial {
    since: Timestamp,
    /// What has come, by offset; no two overlap.
    pieces: BTreeMap<usize, Vec<u8>>,
    /// Bytes in all pieces.
    bytes: usize,
    /// Protocol of the payload, once the first fragment has come.
    protocol: Option<u8>,
    /// Known once the last fragment has come.
    length: Option<usize>,
    /// Fragments taken, the same ones again included.
    taken: usize,
}

/// What a fragment led to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Assembly {
    /// More are needed.
    Waiting,
    /// The payload, whole, and its protocol.
    Whole { protocol: u8, payload: Vec<u8> },
    /// The packet was given up: fragments overlap.
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
            protocol: packet.source.is_ipv4().then_some(packet.protocol),
            identification: fragment.identification,
        };
        let partial = self.partial.entry(key).or_insert_with(|| Partial::new(now));
        let assembly = partial.add(fragment, packet.protocol, packet.payload);
        if assembly != Assembly::Waiting {
            self.partial.remove(&key);
        }
        assembly
    }

    /// Gives up what waits too long, and an eighth, the oldest, where there are too many: a flood pays for looking
    /// through them once in many fragments. Returns how many.
    pub(crate) fn expire(&mut self, now: Timestamp) -> usize {
        let before = self.partial.len();
        self.partial.retain(|_, partial| now.since(partial.since) <= MAX_WAIT);
        if self.partial.len() > self.limit {
            let mut by_age: Vec<_> =
                self.partial.iter().map(|(key, partial)| (partial.since, key.identification, *key)).collect();
            by_age.sort_unstable_by_key(|(since, identification, _)| (*since, *identification));
            for (.., key) in by_age.iter().take(self.partial.len() - self.limit + self.limit / 8) {
                self.partial.remove(key);
            }
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
        Self { since, pieces: BTreeMap::new(), bytes: 0, protocol: None, length: None, taken: 0 }
    }

    fn add(&mut self, fragment: Fragment, protocol: u8, payload: &[u8]) -> Assembly {
        let (start, end) = (fragment.offset, fragment.offset + payload.len());
        self.taken += 1;
        // All but the last fragment end at a multiple of eight.
        let misfit = fragment.more && (payload.is_empty() || !payload.len().is_multiple_of(8));
        if misfit
            || end > MAX_PAYLOAD
            || self.taken > MAX_PIECES
            || self.contradicts_length(fragment.more, end)
        {
            return Assembly::Broken;
        }
        if self.pieces.get(&start).is_some_and(|same| same == payload) {
            return Assembly::Waiting;
        }
        if self.overlaps(start, end) {
            return Assembly::Conflict;
        }
        if start == 0 {
            self.protocol = Some(protocol);
        }
        self.bytes += payload.len();
        self.pieces.insert(start, payload.to_vec());
        match self.protocol {
            // No two overlap, so as many bytes as the whole has are the whole.
            Some(protocol) if self.length == Some(self.bytes) => {
                Assembly::Whole { protocol, payload: self.pieces.values().flatten().copied().collect() }
            }
            _ => Assembly::Waiting,
        }
    }

    fn contradicts_length(&mut self, more: bool, end: usize) -> bool {
        let longest = self.pieces.last_key_value().map_or(0, |(start, bytes)| start + bytes.len());
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

    fn overlaps(&self, start: usize, end: usize) -> bool {
        let before = self.pieces.range(..=start).next_back();
        before.is_some_and(|(from, bytes)| *from == start || from + bytes.len() > start)
            || self.pieces.range(start..).next().is_some_and(|(from, _)| *from < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(partial: &mut Partial, offset: usize, more: bool, payload: &[u8]) -> Assembly {
        partial.add(Fragment { identification: 1, offset, more }, 17, payload)
    }

    #[test]
    fn fragments_come_in_any_order_and_twice() {
        let mut partial = Partial::new(Timestamp::ZERO);
        assert_eq!(add(&mut partial, 16, false, b"xyz"), Assembly::Waiting);
        assert_eq!(add(&mut partial, 0, true, b"abcdefgh"), Assembly::Waiting);
        assert_eq!(add(&mut partial, 0, true, b"abcdefgh"), Assembly::Waiting);
        let whole = Assembly::Whole { protocol: 17, payload: b"abcdefghijklmnopxyz".to_vec() };
        assert_eq!(add(&mut partial, 8, true, b"ijklmnop"), whole);
    }

    #[test]
    fn an_overlap_gives_the_packet_up() {
        for (offset, payload) in [
            (8, &b"abcdefgX"[..]),
            (8, b"abcdefghijklmnop"),
            (0, b"00000000abcdefgh"),
            (0, b"00000000abcdefghijklmnop"),
        ] {
            let mut partial = Partial::new(Timestamp::ZERO);
            assert_eq!(add(&mut partial, 8, true, b"abcdefgh"), Assembly::Waiting);
            assert_eq!(add(&mut partial, offset, true, payload), Assembly::Conflict, "{offset}");
        }
    }

    #[test]
    fn a_flood_keeps_what_it_sent_and_no_more_than_the_limit() {
        let mut fragments = Fragments::new(64, Seed::new(1));
        let ip = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);
        let packet = |payload| IpPacket {
            source: ip,
            destination: ip,
            protocol: 17,
            payload,
            missing: 0,
            fragment: None,
            hop_limit: 64,
            checksum_holds: true,
        };
        for identification in 0..10_000 {
            let far = Fragment { identification, offset: 65_000, more: true };
            fragments.handle(&packet(&[0; 8]), far, Timestamp::ZERO);
            if fragments.is_over_limit() {
                assert_eq!(fragments.expire(Timestamp::ZERO), 9, "an eighth at once");
            }
        }
        assert!(fragments.partial.values().all(|partial| partial.bytes == 8));
    }

    #[test]
    fn an_ipv6_fragment_is_known_by_its_number_whatever_protocol_it_names() {
        let mut partial = Partial::new(Timestamp::ZERO);
        let last = Fragment { identification: 1, offset: 8, more: false };
        let first = Fragment { identification: 1, offset: 0, more: true };
        assert_eq!(partial.add(last, 99, b"x"), Assembly::Waiting);
        let whole = Assembly::Whole { protocol: 6, payload: b"abcdefghx".to_vec() };
        assert_eq!(partial.add(first, 6, b"abcdefgh"), whole);
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
