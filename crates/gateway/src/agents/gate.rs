//! How many connections a port may have, and how often a new one may cost a handshake.
//!
//! Every port has a gate of its own, and what one port uses up is taken from no other.
//!
//! INVARIANT: what is counted in is counted out when its [`Pass`] is dropped.

use nullius_model::Mac;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// What a port may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Connections at once.
    pub(crate) connections: u32,
    /// Connections at once from one hardware address: the agent's, one that takes its place, and two for enrolling.
    pub(crate) per_station: u32,
    /// Handshakes under way at once.
    pub(crate) handshakes: u32,
    /// Handshakes a second: each costs a signature and a few verifications.
    pub(crate) per_second: u32,
    /// Handshakes under way from which on a sender first shows that it gets answers (RFC 9000 §8.1.2).
    pub(crate) retry_from: u32,
}

/// Connections of all ports at once; at 36 kB each (docs/performance.md) they are 150 MB.
const MAX_CONNECTIONS: u32 = 4096;

impl Limits {
    /// For each of so many ports.
    pub(super) fn of(ports: usize) -> Self {
        let ports = u32::try_from(ports).unwrap_or(u32::MAX).max(1);
        let connections = MAX_CONNECTIONS / ports;
        Self { connections, per_station: 4, handshakes: 32, per_second: 100, retry_from: 8 }
    }
}

/// What becomes of somebody new.
#[derive(Debug)]
pub(super) enum Entry {
    /// It may begin.
    Come(Pass),
    /// It shows first that it gets answers.
    Prove,
    /// Nothing is said to it.
    Away,
}

/// Counts at one port.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    limits: Limits,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug)]
struct Counts {
    connections: u32,
    handshakes: u32,
    stations: BTreeMap<Mac, u32>,
    /// Handshakes that may begin now, and when that was so.
    budget: u32,
    at: Instant,
}

impl Gate {
    pub(super) fn new(limits: Limits, now: Instant) -> Self {
        let budget = limits.per_second.saturating_mul(2);
        let counts = Counts { connections: 0, handshakes: 0, stations: BTreeMap::new(), budget, at: now };
        Self { limits, counts: Arc::new(Mutex::new(counts)) }
    }

    /// What becomes of somebody new from `mac`, who has shown that it gets answers or has not.
    pub(super) fn ask(&self, mac: Mac, shown: bool, now: Instant) -> Entry {
        let limits = self.limits;
        let mut counts = self.lock();
        counts.refill(limits.per_second, now);
        let mine = counts.stations.get(&mac).copied().unwrap_or_default();
        let is_full = counts.connections >= limits.connections
            || counts.handshakes >= limits.handshakes
            || mine >= limits.per_station
            || counts.budget == 0;
        if is_full {
            return Entry::Away;
        }
        if counts.handshakes >= limits.retry_from && !shown {
            return Entry::Prove;
        }
        counts.budget -= 1;
        counts.connections += 1;
        counts.handshakes += 1;
        counts.stations.insert(mac, mine + 1);
        Entry::Come(Pass { gate: self.clone(), mac, is_new: true })
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn refill(&mut self, per_second: u32, now: Instant) {
        let most = per_second.saturating_mul(2);
        let each = Duration::from_secs(1) / per_second.max(1);
        let since = now.saturating_duration_since(self.at);
        let gained = since.as_nanos() / each.as_nanos().max(1);
        if gained >= u128::from(most) {
            (self.budget, self.at) = (most, now);
        } else if let Ok(gained) = u32::try_from(gained) {
            self.budget = self.budget.saturating_add(gained).min(most);
            self.at += each * gained;
        }
    }
}

/// A connection that was let in.
#[derive(Debug)]
pub(super) struct Pass {
    gate: Gate,
    mac: Mac,
    is_new: bool,
}

impl Pass {
    /// The handshake is over.
    pub(super) fn settle(&mut self) {
        if std::mem::take(&mut self.is_new) {
            let mut counts = self.gate.lock();
            counts.handshakes = counts.handshakes.saturating_sub(1);
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.settle();
        let mut counts = self.gate.lock();
        counts.connections = counts.connections.saturating_sub(1);
        let left = counts.stations.get(&self.mac).map_or(0, |count| count.saturating_sub(1));
        if left == 0 {
            counts.stations.remove(&self.mac);
        } else {
            counts.stations.insert(self.mac, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: Mac = Mac::new([2, 0, 0, 0, 0, 1]);

    fn limits() -> Limits {
        Limits { connections: 6, per_station: 2, handshakes: 4, per_second: 10, retry_from: 3 }
    }

    fn station(last: u8) -> Mac {
        Mac::new([2, 0, 0, 0, 1, last])
    }

    fn come(gate: &Gate, mac: Mac, now: Instant) -> Option<Pass> {
        if let Entry::Come(pass) = gate.ask(mac, true, now) { Some(pass) } else { None }
    }

    #[test]
    fn a_station_that_takes_all_it_gets_leaves_the_rest_to_others() {
        let now = Instant::now();
        let gate = Gate::new(limits(), now);
        let mut mine: Vec<_> = (0..9).filter_map(|_| come(&gate, MAC, now)).collect();
        assert_eq!(mine.len(), 2);
        assert!(come(&gate, station(1), now).is_some());
        mine.pop();
        assert!(come(&gate, MAC, now).is_some(), "what ended is given out again");
    }

    #[test]
    fn under_load_a_sender_first_shows_that_it_gets_answers() {
        let now = Instant::now();
        let gate = Gate::new(limits(), now);
        let mut held: Vec<_> = (0..3).filter_map(|last| come(&gate, station(last), now)).collect();
        assert!(matches!(gate.ask(MAC, false, now), Entry::Prove));
        held.extend(come(&gate, MAC, now));
        assert!(matches!(gate.ask(station(9), true, now), Entry::Away), "too many handshakes");
        held.iter_mut().for_each(Pass::settle);
        held.extend((10..20).filter_map(|last| come(&gate, station(last), now)));
        assert_eq!(held.len(), 6, "and never more connections than there may be");
    }

    #[test]
    fn handshakes_come_no_faster_than_they_may() {
        let mut now = Instant::now();
        let gate = Gate::new(limits(), now);
        let count = |now| (0..100).filter(|_| come(&gate, MAC, now).is_some()).count();
        assert_eq!(count(now), 20);
        assert_eq!(count(now), 0);
        now += Duration::from_millis(250);
        assert_eq!(count(now), 2);
        now += Duration::from_millis(50);
        assert_eq!(count(now), 1, "no part of a second is lost");
        now += Duration::from_secs(3600);
        assert_eq!(count(now), 20);
    }
}
