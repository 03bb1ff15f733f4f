//! From stations to devices: one device, many addresses.
//!
//! A hardware address speaks for the network addresses it proves (ARP, neighbour discovery, a DHCP lease), for its
//! link-local ones, and for those it sends from with an initial hop limit, since a router would have taken one off.
//! Packets with any other hop limit were forwarded: the sender of the frame is a router, and the address lies beyond it.
//! What lies beyond is a device of its own where the address belongs to a site, and the internet's otherwise.
//!
//! All this is evidence from the wire, forgeable by whoever is on it; conflicts are kept, not smoothed over.

use super::stations::{FactSeen, Station, StationKey, Stations};
use nullius_model::{Attribute, BindingSource, Mac, Protocol, Seen, SmolStr, is_on_site};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Hop limits systems start from. Anything just below was forwarded.
const INITIAL_HOP_LIMITS: [u8; 4] = [32, 64, 128, 255];
/// Hop limits of traffic that is meant never to leave the link (multicast discovery).
const LINK_ONLY_HOP_LIMIT: u8 = 4;
/// Routers between two places of one site. A hop limit further below an initial one is a stack's own odd choice, such
/// as 60 or 100, where the address is the only one its hardware address sends from.
const SITE_ROUTERS: u8 = 3;

/// A device: stations that are one thing.
#[derive(Clone, Debug)]
pub struct Device {
    /// Its hardware addresses; none where it lies behind a router.
    pub macs: BTreeSet<Mac>,
    /// Its network addresses, with their evidence.
    pub addresses: BTreeMap<IpAddr, AddressEvidence>,
    /// It forwards for others.
    pub is_router: bool,
    /// The router that its frames came from.
    pub behind: Option<Mac>,
    /// Frames it sent.
    pub frames: u64,
    /// Bytes it sent.
    pub bytes: u64,
    /// First seen.
    pub first: Seen,
    /// Last seen.
    pub last: Seen,
    /// Every claim about it.
    pub facts: Vec<FactSeen>,
    /// Addresses another device has too, at the same time.
    pub contested: BTreeMap<IpAddr, Seen>,
}

/// Why an address is taken for a device's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressEvidence {
    /// Who proved it.
    pub proofs: BTreeSet<BindingSource>,
    /// Frames sent from it.
    pub frames: u64,
    /// First use.
    pub first: Seen,
    /// Last use.
    pub last: Seen,
}

/// A host of the internet that somebody here spoke with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InternetHost {
    /// Names that DNS answers gave it.
    pub names: BTreeSet<SmolStr>,
    /// Frames that came from it.
    pub frames: u64,
}

/// Every device, and who an endpoint is.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    /// Devices in the order of their lowest address.
    pub devices: Vec<Device>,
    /// Hosts of the internet.
    pub internet: BTreeMap<IpAddr, InternetHost>,
    by_station: BTreeMap<StationKey, usize>,
    by_ip: BTreeMap<IpAddr, usize>,
}

impl Roster {
    /// Resolves all stations.
    pub fn resolve(stations: &Stations) -> Self {
        let mut draft = Draft::default();
        let all = stations.sorted();
        for group in all.chunk_by(|(a, _), (b, _)| a.mac == b.mac) {
            match group.first() {
                Some((key, _)) if !key.mac.is_none() && !key.mac.is_group() => draft.add_station_group(group),
                _ => draft.loose.extend(group.iter().map(|(key, station)| (**key, (*station).clone()))),
            }
        }
        draft.place_loose();
        draft.merge_by_serial();
        draft.finish()
    }

    /// The device an endpoint is, if it is one.
    pub fn device_of(&self, key: &StationKey) -> Option<usize> {
        let by_station = self.by_station.get(key).copied();
        by_station.or_else(|| key.ip.and_then(|ip| self.by_ip.get(&ip).copied()))
    }
}

/// The roster in the making.
#[derive(Default)]
struct Draft {
    devices: Vec<Device>,
    stations: BTreeMap<StationKey, usize>,
    /// Stations without a hardware address of their own, to be placed once every owner is known.
    loose: Vec<(StationKey, Station)>,
}

impl Draft {
    /// All stations of one hardware address.
    fn add_station_group(&mut self, group: &[(&StationKey, &Station)]) {
        let routable = |ip: &IpAddr| !is_link_local(*ip);
        let alone = group.iter().filter(|(key, _)| key.ip.as_ref().is_some_and(routable)).count() == 1;
        let (own, beyond): (Vec<_>, Vec<_>) =
            group.iter().copied().partition(|(key, station)| is_own(key.ip, station, alone));
        let Some((first_key, first_station)) = group.first() else { return };
        let index = self.devices.len();
        let mut device = Device::new(first_station.first);
        device.macs.insert(first_key.mac);
        device.is_router = !beyond.is_empty();
        for (key, station) in own {
            device.take(key.ip, station);
            self.stations.insert(*key, index);
        }
        self.devices.push(device);
        self.loose.extend(beyond.into_iter().map(|(key, station)| (*key, station.clone())));
    }

    /// Stations beyond a router, or seen without a hardware address.
    fn place_loose(&mut self) {
        let mut owners = self.owners();
        for (key, station) in std::mem::take(&mut self.loose) {
            let Some(ip) = key.ip else { continue };
            let index = match owners.get(&ip) {
                Some(index) => *index,
                None if is_local(&key, ip, &station) => {
                    let mut device = Device::new(station.first);
                    device.behind = Some(key.mac).filter(|mac| !mac.is_none());
                    self.devices.push(device);
                    owners.insert(ip, self.devices.len() - 1);
                    self.devices.len() - 1
                }
                None => {
                    self.loose.push((key, station));
                    continue;
                }
            };
            if let Some(device) = self.devices.get_mut(index) {
                device.take(key.ip, &station);
            }
            self.stations.insert(key, index);
        }
    }

    /// The device each address belongs to: of several, the one that used it most.
    fn owners(&self) -> BTreeMap<IpAddr, usize> {
        let mut owners: BTreeMap<IpAddr, (u64, usize)> = BTreeMap::new();
        for (index, device) in self.devices.iter().enumerate() {
            for (ip, evidence) in &device.addresses {
                let owner = owners.entry(*ip).or_insert((evidence.frames, index));
                if evidence.frames > owner.0 {
                    *owner = (evidence.frames, index);
                }
            }
        }
        owners.into_iter().map(|(ip, (_, index))| (ip, index)).collect()
    }

    /// Network cards of one machine: the same serial number, told in the same protocol.
    fn merge_by_serial(&mut self) {
        let mut first_with: BTreeMap<(SmolStr, Protocol), usize> = BTreeMap::new();
        let mut moved: BTreeMap<usize, usize> = BTreeMap::new();
        for (index, device) in self.devices.iter().enumerate() {
            for fact in device
                .facts
                .iter()
                .filter(|fact| fact.attribute == Attribute::Serial && fact.value.len() >= 4)
            {
                let root = moved.get(&index).copied().unwrap_or(index);
                let first = *first_with.entry((fact.value.clone(), fact.source)).or_insert(root);
                let first = moved.get(&first).copied().unwrap_or(first);
                if first != root && root == index {
                    moved.insert(index, first);
                }
            }
        }
        // Nobody moves to who moves: a chain of claims costs no more than its length.
        for (&from, &to) in &moved {
            let Some(device) = self.devices.get_mut(from) else { continue };
            let device = std::mem::replace(device, Device::new(device.first));
            if let Some(into) = self.devices.get_mut(to) {
                into.absorb(device);
            }
        }
        for index in self.stations.values_mut() {
            *index = moved.get(index).copied().unwrap_or(*index);
        }
        self.drop_devices(&moved);
    }

    fn drop_devices(&mut self, moved: &BTreeMap<usize, usize>) {
        let kept: Vec<usize> = (0..self.devices.len()).filter(|index| !moved.contains_key(index)).collect();
        let place: BTreeMap<usize, usize> = kept.iter().enumerate().map(|(new, old)| (*old, new)).collect();
        for index in self.stations.values_mut() {
            *index = place.get(index).copied().unwrap_or(*index);
        }
        let mut index = 0;
        self.devices.retain(|_| {
            index += 1;
            !moved.contains_key(&(index - 1))
        });
    }

    /// Sorts, finds contested addresses, and takes the rest for the internet's.
    fn finish(mut self) -> Roster {
        self.sort();
        self.contest();
        let by_ip = self.owners();
        let mut internet: BTreeMap<IpAddr, InternetHost> = BTreeMap::new();
        for (key, station) in &self.loose {
            let Some(ip) = key.ip else { continue };
            let host = internet.entry(ip).or_default();
            host.frames += station.frames;
            let names = station.facts.iter().filter(|fact| fact.attribute == Attribute::Hostname);
            host.names.extend(names.map(|fact| fact.value.clone()));
        }
        Roster { devices: self.devices, internet, by_station: self.stations, by_ip }
    }

    fn sort(&mut self) {
        let mut order: Vec<usize> = (0..self.devices.len()).collect();
        order.sort_by_key(|index| self.devices.get(*index).map(Device::sort_key));
        let place: BTreeMap<usize, usize> = order.iter().enumerate().map(|(new, old)| (*old, new)).collect();
        for index in self.stations.values_mut() {
            *index = place.get(index).copied().unwrap_or(*index);
        }
        let mut devices: Vec<Option<Device>> =
            std::mem::take(&mut self.devices).into_iter().map(Some).collect();
        self.devices =
            order.iter().filter_map(|index| devices.get_mut(*index).and_then(Option::take)).collect();
    }

    /// One address, two devices, at the same time.
    fn contest(&mut self) {
        let mut users: BTreeMap<IpAddr, Vec<Use>> = BTreeMap::new();
        for (index, device) in self.devices.iter().enumerate() {
            for (ip, AddressEvidence { first, last, .. }) in &device.addresses {
                users.entry(*ip).or_default().push(Use { first: *first, last: *last, device: index });
            }
        }
        for (ip, users) in users.into_iter().filter(|(_, users)| users.len() > 1) {
            for (device, seen) in overlaps(users) {
                if let Some(device) = self.devices.get_mut(device) {
                    device.contested.entry(ip).or_insert(seen);
                }
            }
        }
    }
}

/// A device used an address for a while.
#[derive(Clone, Copy)]
struct Use {
    first: Seen,
    last: Seen,
    device: usize,
}

/// Who used it at the same time as another, and when that began: each use is held against the one so far that lasts
/// longest, since an attacker may make as many as there are stations.
fn overlaps(mut uses: Vec<Use>) -> Vec<(usize, Seen)> {
    uses.sort_by_key(|usage| (usage.first.at, usage.device));
    let mut found = Vec::new();
    let mut longest: Option<Use> = None;
    for usage in uses {
        if let Some(rival) = longest.filter(|rival| rival.last.at >= usage.first.at) {
            let began = rival.first.max(usage.first);
            found.extend([(rival.device, began), (usage.device, began)]);
        }
        if longest.is_none_or(|rival| rival.last.at < usage.last.at) {
            longest = Some(usage);
        }
    }
    found
}

impl Device {
    const fn new(first: Seen) -> Self {
        Self {
            macs: BTreeSet::new(),
            addresses: BTreeMap::new(),
            is_router: false,
            behind: None,
            frames: 0,
            bytes: 0,
            first,
            last: first,
            facts: Vec::new(),
            contested: BTreeMap::new(),
        }
    }

    fn take(&mut self, ip: Option<IpAddr>, station: &Station) {
        self.frames += station.frames;
        self.bytes += station.bytes;
        self.first = self.first.min(station.first);
        self.last = self.last.max(station.last);
        self.facts.extend(station.facts.iter().cloned());
        if let Some(ip) = ip.filter(|ip| !ip.is_unspecified()) {
            let evidence = AddressEvidence {
                proofs: station.proofs.iter().copied().collect(),
                frames: station.frames,
                first: station.first,
                last: station.last,
            };
            self.addresses.entry(ip).and_modify(|known| known.join(&evidence)).or_insert(evidence);
        }
    }

    fn absorb(&mut self, other: Self) {
        self.macs.extend(other.macs);
        for (ip, evidence) in other.addresses {
            self.addresses.entry(ip).and_modify(|known| known.join(&evidence)).or_insert(evidence);
        }
        self.is_router |= other.is_router;
        self.behind = self.behind.or(other.behind);
        self.frames += other.frames;
        self.bytes += other.bytes;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.facts.extend(other.facts);
    }

    /// IPv4 before IPv6 before none, then by hardware address.
    fn sort_key(&self) -> (bool, Option<IpAddr>, Option<Mac>) {
        let lowest = self.addresses.keys().next().copied();
        (lowest.is_none(), lowest, self.macs.first().copied())
    }
}

impl AddressEvidence {
    fn join(&mut self, other: &Self) {
        self.proofs.extend(&other.proofs);
        self.frames += other.frames;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// The hardware address speaks for this network address itself; `alone` if it has no other that crosses routers. An address of the internet
/// must be proved, since a sender there can choose a hop limit that arrives here as if none had been taken off, and would
/// pass for the router.
fn is_own(ip: Option<IpAddr>, station: &Station, alone: bool) -> bool {
    let Some(ip) = ip else { return true };
    let sends_from_here = sends_from_here(station.hop_limit);
    let may_be_here = alone && !is_forwarded(station.hop_limit);
    is_link_local(ip)
        || !station.proofs.is_empty()
        || (alone && sends_from_here)
        || (is_on_site(ip) && (may_be_here || sends_from_here || station.frames == 0))
}

/// The address never crosses a router.
const fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local() || ip.is_unspecified(),
        IpAddr::V6(ip) => ip.is_unicast_link_local() || ip.is_unspecified(),
    }
}

/// A hop limit that an initial one has after the routers of a site.
fn is_forwarded(hop_limit: u8) -> bool {
    INITIAL_HOP_LIMITS.iter().any(|initial| (1..=SITE_ROUTERS).contains(&initial.saturating_sub(hop_limit)))
}

const fn sends_from_here(hop_limit: u8) -> bool {
    let [a, b, c, d] = INITIAL_HOP_LIMITS;
    hop_limit == a
        || hop_limit == b
        || hop_limit == c
        || hop_limit == d
        || (hop_limit > 0 && hop_limit <= LINK_ONLY_HOP_LIMIT)
}

/// An address without a hardware address of its own is a device's where its form says it is here, or its hop limit does
/// and no router forwarded it.
fn is_local(key: &StationKey, ip: IpAddr, station: &Station) -> bool {
    let group = match ip {
        IpAddr::V4(ip) => ip.is_multicast() || ip.is_broadcast() || ip.is_unspecified(),
        IpAddr::V6(ip) => ip.is_multicast() || ip.is_unspecified(),
    };
    station.frames > 0
        && !group
        && (is_on_site(ip) || key.mac.is_none() && INITIAL_HOP_LIMITS.contains(&station.hop_limit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nullius_model::{Binding, Fact, FrameNumber, Seed, Timestamp};

    const ROUTER: Mac = Mac::new([2, 0, 0, 0, 0, 1]);

    fn seen(second: u64) -> Seen {
        Seen { frame: FrameNumber(second), at: Timestamp::from_secs(second) }
    }

    #[test]
    fn who_of_the_internet_chooses_its_hop_limit_well_is_not_taken_for_the_router() {
        let mut stations = Stations::new(100, 8, 1_000, Seed::new(1));
        let [own, outside] = ["192.168.0.1", "8.8.8.8"].map(|ip| ip.parse::<IpAddr>().unwrap());
        for (ip, hop_limit) in [(own, 64), (outside, 64), (outside, 3)] {
            stations.count(StationKey { mac: ROUTER, ip: Some(ip) }, hop_limit, 60, seen(1));
        }
        let roster = Roster::resolve(&stations);
        assert_eq!((roster.devices.len(), roster.internet.len()), (1, 1));
        stations.bind(Binding { mac: ROUTER, ip: outside, source: BindingSource::Arp }, seen(2));
        assert_eq!(Roster::resolve(&stations).internet.len(), 0, "proved to be here");
    }

    #[test]
    fn uses_that_overlap_are_found_and_uses_after_each_other_are_none() {
        let usage = |device, first, last| Use { first: seen(first), last: seen(last), device };
        assert_eq!(overlaps(vec![usage(0, 1, 2), usage(1, 3, 4), usage(2, 5, 6)]), []);
        let found = overlaps(vec![usage(2, 8, 9), usage(0, 1, 10), usage(1, 3, 4)]);
        let devices: BTreeSet<usize> = found.iter().map(|(device, _)| *device).collect();
        assert_eq!(devices, BTreeSet::from([0, 1, 2]));
        assert_eq!(found.first(), Some(&(0, seen(3))));
    }

    #[test]
    fn a_chain_of_shared_serial_numbers_ends_and_every_device_lies_somewhere() {
        let mut stations = Stations::new(1_000, 8, 10_000, Seed::new(1));
        for number in 0..100_u8 {
            let mac = Mac::new([2, 0, 0, 0, 1, number]);
            for serial in [number, number + 1] {
                let value = format!("serial-{serial}");
                let fact = Fact {
                    mac,
                    ip: None,
                    attribute: Attribute::Serial,
                    value: &value,
                    source: Protocol::Snmp,
                };
                stations.learn(&fact, seen(1));
            }
        }
        let roster = Roster::resolve(&stations);
        for (key, _) in stations.sorted() {
            let device = roster.device_of(key).and_then(|index| roster.devices.get(index)).unwrap();
            assert!(device.macs.contains(&key.mac));
        }
        let macs: usize = roster.devices.iter().map(|device| device.macs.len()).sum();
        assert_eq!(macs, 100);
    }
}
