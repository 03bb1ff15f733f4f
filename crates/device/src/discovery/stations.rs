//! The table of stations, bounded against floods of invented addresses.

use nullius_model::{Attribute, Binding, BindingSource, Fact, KeyedMap, Mac, Protocol, Seed, Seen, SmolStr};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A hardware address with a network address; either may be absent.
///
/// Held as two numbers: a packet is looked up under several of these, and the addresses as they are, bytes of odd
/// lengths, cost more to move than to hash. The order is by hardware address, then network address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StationKey {
    /// The hardware address, and below it what kind of network address follows.
    link: u64,
    network: u128,
}

const NO_ADDRESS: u64 = 0;
const IPV4: u64 = 1;
const IPV6: u64 = 2;

impl StationKey {
    /// The station of both; [`Mac::NONE`] where the link has none or only the network address is known, no network
    /// address for traffic directly on the link.
    pub const fn new(mac: Mac, ip: Option<IpAddr>) -> Self {
        let (kind, network) = match ip {
            None => (NO_ADDRESS, 0),
            Some(IpAddr::V4(ip)) => (IPV4, ip.to_bits() as u128),
            Some(IpAddr::V6(ip)) => (IPV6, ip.to_bits()),
        };
        Self { link: mac.to_bits() << 2 | kind, network }
    }

    /// The hardware address.
    pub const fn mac(&self) -> Mac {
        let [.., a, b, c, d, e, f] = (self.link >> 2).to_be_bytes();
        Mac::new([a, b, c, d, e, f])
    }

    /// The network address.
    pub fn ip(&self) -> Option<IpAddr> {
        match self.link & 3 {
            // An IPv4 address lies in the lower 32 bits.
            IPV4 => u32::try_from(self.network).ok().map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits))),
            IPV6 => Some(IpAddr::V6(Ipv6Addr::from_bits(self.network))),
            _ => None,
        }
    }
}

impl fmt::Debug for StationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.mac(), self.ip())
    }
}

/// What is known of one station.
#[derive(Clone, Debug)]
pub struct Station {
    /// Frames it sent.
    pub frames: u64,
    /// Bytes it sent, link headers included.
    pub bytes: u64,
    /// First frame, sent or claimed.
    pub first: Seen,
    /// Last frame.
    pub last: Seen,
    /// Largest time to live or hop limit it sent with.
    pub hop_limit: u8,
    /// Who says that the two addresses belong together.
    pub proofs: Vec<BindingSource>,
    /// Somebody answered it, or it answered.
    pub converses: bool,
    /// What it says of itself, or is said of it.
    pub facts: Vec<FactSeen>,
}

/// A claim, and when it was made first and last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactSeen {
    /// What is claimed.
    pub attribute: Attribute,
    /// The claim.
    pub value: SmolStr,
    /// The protocol that carried it.
    pub source: Protocol,
    /// First time.
    pub first: Seen,
    /// Last time.
    pub last: Seen,
}

impl Station {
    const fn new(seen: Seen) -> Self {
        Self {
            frames: 0,
            bytes: 0,
            first: seen,
            last: seen,
            hop_limit: 0,
            proofs: Vec::new(),
            converses: false,
            facts: Vec::new(),
        }
    }

    /// It sent, or the address was proven; otherwise something was merely said about it.
    pub fn is_seen(&self) -> bool {
        self.frames > 0 || !self.proofs.is_empty()
    }

    /// How much speaks for this being a real device: what an inventor of addresses has to work for weighs more.
    fn weight(&self) -> u64 {
        // Claims are free: more than a few weigh no more.
        let evidence = self.facts.len().min(4) as u64 + if self.converses { 4 } else { 0 };
        self.frames.saturating_add(evidence * 16)
    }
}

/// All stations.
#[derive(Debug)]
pub struct Stations {
    table: KeyedMap<StationKey, Station>,
    limit: usize,
    facts_per_station: usize,
    /// Claims that find room yet.
    room: usize,
    evicted: u64,
}

impl Stations {
    pub(crate) fn new(limit: usize, facts_per_station: usize, facts: usize, seed: Seed) -> Self {
        Self { table: seed.map(), limit: limit.max(8), facts_per_station, room: facts, evicted: 0 }
    }

    /// A frame was sent.
    pub(crate) fn count(&mut self, key: StationKey, hop_limit: u8, bytes: u32, seen: Seen) {
        let station = self.entry(key, seen);
        station.frames += 1;
        station.bytes += u64::from(bytes);
        station.hop_limit = station.hop_limit.max(hop_limit);
        station.last = seen;
    }

    /// Both addresses are one station's, says somebody.
    pub(crate) fn bind(&mut self, binding: Binding, seen: Seen) {
        let station = self.entry(StationKey::new(binding.mac, Some(binding.ip)), seen);
        station.last = seen;
        if !station.proofs.contains(&binding.source) {
            station.proofs.push(binding.source);
        }
    }

    /// A claim was made. Where there is no room, it takes the place of the oldest about the same attribute, so that who
    /// renames itself pushes out names alone; else of the oldest.
    pub(crate) fn learn(&mut self, fact: &Fact<'_>, seen: Seen) {
        let key = StationKey::new(fact.mac, fact.ip);
        let _ = self.entry(key, seen);
        let limit = crate::limits::share(self.facts_per_station, self.room);
        let Some(station) = self.table.get_mut(&key) else { return };
        let same = |known: &&mut FactSeen| {
            known.attribute == fact.attribute && known.source == fact.source && known.value == fact.value
        };
        if let Some(known) = station.facts.iter_mut().find(same) {
            known.last = seen;
            return;
        }
        let claim = FactSeen {
            attribute: fact.attribute,
            value: SmolStr::new(fact.value),
            source: fact.source,
            first: seen,
            last: seen,
        };
        if station.facts.len() < limit {
            station.facts.push(claim);
            self.room -= 1;
        } else if let Some(oldest) =
            station.facts.iter_mut().min_by_key(|known| (known.attribute != fact.attribute, known.last))
        {
            *oldest = claim;
        }
    }

    /// The station took part in an exchange with an answer.
    pub(crate) fn converse(&mut self, key: StationKey, seen: Seen) {
        self.entry(key, seen).converses = true;
    }

    /// One station.
    pub fn get(&self, key: &StationKey) -> Option<&Station> {
        self.table.get(key)
    }

    /// All stations, in the order of their keys.
    pub fn sorted(&self) -> Vec<(&StationKey, &Station)> {
        let mut all: Vec<_> = self.table.iter().collect();
        all.sort_unstable_by_key(|(key, _)| **key);
        all
    }

    /// Stations let go because the table was full.
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    fn entry(&mut self, key: StationKey, seen: Seen) -> &mut Station {
        if self.table.len() >= self.limit && !self.table.contains_key(&key) {
            self.evict();
        }
        self.table.entry(key).or_insert_with(|| Station::new(seen))
    }

    /// Lets an eighth go: fewest frames and least evidence first, of equals the oldest.
    fn evict(&mut self) {
        let mut weights: Vec<_> =
            self.table.iter().map(|(key, station)| (station.weight(), station.last, *key)).collect();
        let count = self.limit / 8 + 1;
        let last = weights.len().saturating_sub(1);
        weights.select_nth_unstable(count.min(last));
        for (.., key) in weights.into_iter().take(count) {
            if let Some(gone) = self.table.remove(&key) {
                self.room += gone.facts.len();
                self.evicted += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nullius_model::{FrameNumber, Timestamp};

    fn seen(frame: u64) -> Seen {
        Seen { frame: FrameNumber(frame), at: Timestamp::from_secs(frame) }
    }

    fn key(number: u32) -> StationKey {
        let [a, b, c, d] = number.to_be_bytes();
        StationKey::new(Mac::new([2, 0, a, b, c, d]), None)
    }

    #[test]
    fn a_flood_of_invented_addresses_leaves_the_known_stations() {
        let mut stations = Stations::new(1_000, 8, 10_000, Seed::new(7));
        for frame in 0..50 {
            stations.count(key(1), 64, 60, seen(frame));
        }
        stations.converse(key(2), seen(50));
        for number in 1_000..101_000 {
            stations.count(key(number), 64, 60, seen(u64::from(number)));
            assert!(stations.table.len() <= 1_000);
        }
        assert!(stations.get(&key(1)).is_some(), "many frames");
        assert!(stations.get(&key(2)).is_some(), "was answered");
        assert!(stations.get(&key(100_999)).is_some(), "the newest");
        assert_eq!(stations.evicted() + stations.table.len() as u64, 100_002);
    }

    #[test]
    fn a_station_that_renames_itself_keeps_a_bounded_number_of_names() {
        let mut stations = Stations::new(100, 8, 1_000, Seed::new(7));
        for number in 0..1_000_u64 {
            let value = number.to_string();
            let fact = Fact {
                mac: key(1).mac(),
                ip: None,
                attribute: Attribute::Hostname,
                value: &value,
                source: Protocol::Mdns,
            };
            stations.learn(&fact, seen(number));
        }
        let firmware = Fact {
            mac: key(1).mac(),
            ip: None,
            attribute: Attribute::Firmware,
            value: "2.1",
            source: Protocol::Snmp,
        };
        stations.learn(&firmware, seen(1_000));
        let facts = &stations.get(&key(1)).unwrap().facts;
        assert_eq!(facts.len(), 8);
        assert_eq!(facts.iter().filter(|fact| fact.attribute == Attribute::Firmware).count(), 1);
    }

    #[test]
    fn many_stations_with_many_claims_leave_room_for_a_few_of_each() {
        let mut stations = Stations::new(1_000, 64, 640, Seed::new(7));
        for number in 0..500_u32 {
            for claim in 0..64_u64 {
                let value = claim.to_string();
                let fact = Fact {
                    mac: key(number).mac(),
                    ip: None,
                    attribute: Attribute::Service,
                    value: &value,
                    source: Protocol::Mdns,
                };
                stations.learn(&fact, seen(claim));
            }
        }
        let kept: usize = stations.table.values().map(|station| station.facts.len()).sum();
        assert!(kept <= 640, "{kept}");
        assert!(!stations.get(&key(60)).unwrap().facts.is_empty());
    }
}
