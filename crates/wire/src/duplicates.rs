//! The same packet twice in one capture, as two mirror ports or a mirror on both sides of a router give it.
//!
//! Two packets are one when everything from the network header on is the same but what a router changes (time to live
//! and header checksum), within a few milliseconds; a broken one, which no receiver takes, is no copy of an intact one.
//! A retransmission is none: the sender gives it a new IP
//! identification, and a gap longer than [`WINDOW`].

use nullius_model::{Mac, Seed, Timestamp};
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

/// Mirrors differ by micro- to milliseconds; the fastest industrial cycle that repeats itself to the byte is above.
const WINDOW: Duration = Duration::from_millis(3);
/// Sets a fingerprint chooses from: with their ways, what a saturated gigabit link carries within the window.
const SETS: usize = 2048;
/// Packets of one set. With one place a fingerprint, each packet between the two copies would have a chance of one in
/// thousands to push the first one out, and a busy mirror would count hundreds twice.
const WAYS: usize = 4;

/// The last packets whose fingerprints fell together, by age.
#[derive(Clone, Copy, Default)]
struct Set {
    prints: [u64; WAYS],
    times: [Timestamp; WAYS],
    /// The place that is written next.
    oldest: usize,
}

impl Set {
    fn is_repeat(&mut self, print: u64, at: Timestamp) -> bool {
        let within =
            |then: Timestamp| at.since(then) <= WINDOW && then.since(at) <= WINDOW && then != Timestamp::ZERO;
        let known =
            self.prints.iter().zip(self.times).any(|(earlier, then)| *earlier == print && within(then));
        let place = self.prints.get_mut(self.oldest).zip(self.times.get_mut(self.oldest));
        if let Some((earlier, then)) = place {
            (*earlier, *then) = (print, at);
        }
        self.oldest = (self.oldest + 1) % WAYS;
        known
    }
}

/// Packets seen within the last moments.
pub(crate) struct Duplicates {
    recent: Vec<Set>,
    hasher: foldhash::quality::SeedableRandomState,
}

impl std::fmt::Debug for Duplicates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Duplicates").finish_non_exhaustive()
    }
}

impl Duplicates {
    pub(crate) fn new(seed: Seed) -> Self {
        Self { recent: vec![Set::default(); SETS], hasher: seed.state() }
    }

    /// Whether this network packet was seen a moment ago; remembers it. `intact` says that its header checksum holds: a
    /// broken one, unlike where a network card was to fill it in, is dropped by its receiver and is none of the other.
    pub(crate) fn is_repeated_packet(&mut self, packet: &[u8], intact: bool, at: Timestamp) -> bool {
        let print = self.print(packet, intact);
        self.is_repeat(print, at)
    }

    /// Whether this payload went between these stations a moment ago; remembers it. No router changes the ends of a
    /// link protocol: the same payload from another station, to another or as another protocol is somebody else's
    /// replay, or was sent ahead to hide this one.
    pub(crate) fn is_repeated_payload(
        &mut self,
        [source, destination]: [Mac; 2],
        ethertype: u16,
        payload: &[u8],
        at: Timestamp,
    ) -> bool {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(&source.octets());
        hasher.write(&destination.octets());
        hasher.write_u16(ethertype);
        hasher.write(payload);
        self.is_repeat(hasher.finish(), at)
    }

    fn is_repeat(&mut self, print: u64, at: Timestamp) -> bool {
        let set = usize::try_from(print).unwrap_or(usize::MAX) % SETS;
        self.recent.get_mut(set).is_some_and(|set| set.is_repeat(print, at))
    }

    fn print(&self, packet: &[u8], intact: bool) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write_u8(u8::from(intact));
        match (packet.first().map(|first| first >> 4), packet.split_at_checked(12)) {
            // Time to live is byte 8, the checksum bytes 10 and 11.
            (Some(4), Some((header, rest))) => {
                hasher.write(header.get(..8).unwrap_or_default());
                hasher.write(header.get(9..10).unwrap_or_default());
                hasher.write(rest);
            }
            // The hop limit is byte 7.
            (Some(6), Some((header, rest))) => {
                hasher.write(header.get(..7).unwrap_or_default());
                hasher.write(header.get(8..).unwrap_or_default());
                hasher.write(rest);
            }
            _ => hasher.write(packet),
        }
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_repeated_only_within_the_window_and_but_for_its_hop_count() {
        let mut duplicates = Duplicates::new(Seed::new(1));
        let packet =
            |ttl: u8, last: u8| [&[0x45, 0, 0, 21, 0, 7, 0, 0, ttl, 6, 0, 0][..], &[last; 9]].concat();
        let at = |micros: u64| Timestamp::from_nanos(1_000_000_000 + micros * 1_000);
        assert!(!duplicates.is_repeated_packet(&packet(64, 1), true, at(0)));
        assert!(duplicates.is_repeated_packet(&packet(64, 1), true, at(100)));
        assert!(duplicates.is_repeated_packet(&packet(63, 1), true, at(200)), "mirrored behind a router");
        assert!(!duplicates.is_repeated_packet(&packet(64, 2), true, at(300)));
        assert!(!duplicates.is_repeated_packet(&packet(64, 3), false, at(300)), "sent ahead, broken");
        assert!(!duplicates.is_repeated_packet(&packet(64, 3), true, at(300)), "what it was to hide");
        assert!(!duplicates.is_repeated_packet(&packet(64, 1), true, at(5_000)));
    }

    #[test]
    fn the_same_payload_between_others_or_as_another_protocol_is_no_duplicate() {
        let mut duplicates = Duplicates::new(Seed::new(1));
        let [publisher, forger, group] = [1, 2, 3].map(|last| Mac::new([2, 0, 0, 0, 0, last]));
        let now = Timestamp::from_secs(1);
        for (ends, ethertype, repeated) in [
            ([publisher, group], 0x88b8, false),
            ([publisher, group], 0x88b8, true),
            ([forger, group], 0x88b8, false),
            ([publisher, forger], 0x88b8, false),
            ([publisher, group], 0x9999, false),
        ] {
            assert_eq!(duplicates.is_repeated_payload(ends, ethertype, b"goose", now), repeated, "{ends:?}");
        }
    }
}
