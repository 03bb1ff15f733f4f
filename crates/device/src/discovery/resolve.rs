//! From stations to devices: one device, many addresses.
//!
//! A hardware address speaks for its own network addresses (`ownership` says which); packets from any other were
//! forwarded, and their sender lies beyond a router. What lies beyond is a device of its own where the address belongs
//! to a site, and the internet's otherwise.
//!
//! All this is evidence from the wire, forgeable by whoever is on it; conflicts are kept, not smoothed over.

use super::ownership::{Network, is_alone, is_local, is_own, is_surely_own, network};
use super::stations::{FactSeen, Station, StationKey, Stations};
use nullius_model::{Attribute, BindingSource, Mac, Protocol, Seen, SmolStr, is_on_site};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// A device: stations that are one thing.
#[derive(Clone, Debug)]
pub struct Device {
    /// Its hardware addresses; none where it lies behind a router.
    pub macs: BTreeSet<Mac>,
    /// Its network addresses, with their evidence.
    pub addresses: BTreeMap<IpAddr, AddressEvidence>,
    /// It forwards for others.
    pub is_router: bool,
    /// For how many addresses.
    pub forwards_for: usize,
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
        let nearby: BTreeSet<Network> =
            all.chunk_by(|(a, _), (b, _)| a.mac() == b.mac()).flat_map(networks).collect();
        for group in all.chunk_by(|(a, _), (b, _)| a.mac() == b.mac()) {
            match group.first() {
                Some((key, _)) if !key.mac().is_none() && !key.mac().is_group() => {
                    draft.add_station_group(group, &nearby);
                }
                _ => draft.loose.extend(group.iter().map(|(key, station)| (**key, (*station).clone()))),
            }
        }
        draft.place_loose();
        draft.merge_cards();
        draft.finish()
    }

    /// The device an endpoint is, if it is one.
    pub fn device_of(&self, key: &StationKey) -> Option<usize> {
        let by_station = self.by_station.get(key).copied();
        by_station.or_else(|| key.ip().and_then(|ip| self.by_ip.get(&ip).copied()))
    }
}

/// The networks that the stations of one hardware address are surely in.
fn networks<'a>(group: &'a [(&StationKey, &Station)]) -> impl Iterator<Item = Network> + 'a {
    let seen = || group.iter().filter(|(_, station)| station.is_seen());
    let alone = is_alone(seen().map(|(key, _)| *key));
    seen()
        .filter(move |(key, station)| is_surely_own(key, station, alone))
        .filter_map(|(key, _)| key.ip().map(network))
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
    fn add_station_group(&mut self, group: &[(&StationKey, &Station)], nearby: &BTreeSet<Network>) {
        let (seen, said): (Vec<_>, Vec<_>) =
            group.iter().copied().partition(|(key, station)| key.ip().is_none() || station.is_seen());
        self.loose.extend(said.into_iter().map(|(key, station)| (*key, station.clone())));
        let alone = is_alone(seen.iter().map(|(key, _)| *key));
        let (own, beyond): (Vec<_>, Vec<_>) =
            seen.iter().copied().partition(|(key, station)| is_own(key, station, alone, nearby));
        let Some((first_key, first_station)) = seen.first() else { return };
        let index = self.devices.len();
        let mut device = Device::new(first_station.first);
        device.macs.insert(first_key.mac());
        device.is_router = !beyond.is_empty();
        device.forwards_for = beyond.len();
        for (key, station) in own {
            device.take(key.ip(), station);
            self.stations.insert(*key, index);
        }
        self.devices.push(device);
        self.loose.extend(beyond.into_iter().map(|(key, station)| (*key, station.clone())));
    }

    /// Stations beyond a router, or seen without a hardware address.
    fn place_loose(&mut self) {
        let mut owners = self.owners();
        for (key, station) in std::mem::take(&mut self.loose) {
            let Some(ip) = key.ip() else { continue };
            let index = match owners.get(&ip) {
                Some(index) => *index,
                None if is_local(&key, ip, &station) => {
                    let mut device = Device::new(station.first);
                    device.behind = Some(key.mac()).filter(|mac| !mac.is_none());
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
                device.take(key.ip(), &station);
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

    /// Network cards and ports of one machine: the same serial number or chassis, told in the same protocol by
    /// hardware addresses of the same maker. Whoever else tells it is not taken for the same machine.
    fn merge_cards(&mut self) {
        let mut first_with: BTreeMap<(SmolStr, Protocol, Option<[u8; 3]>), usize> = BTreeMap::new();
        let mut moved: BTreeMap<usize, usize> = BTreeMap::new();
        for (index, device) in self.devices.iter().enumerate() {
            let maker = device.macs.first().map(|mac| maker_block(*mac));
            for fact in device.facts.iter().filter(|fact| names_one_machine(fact)) {
                let root = moved.get(&index).copied().unwrap_or(index);
                let first = *first_with.entry((fact.value.clone(), fact.source, maker)).or_insert(root);
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
            let Some(ip) = key.ip().filter(|ip| !is_on_site(*ip)) else { continue };
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
            forwards_for: 0,
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
        // What is merely said of an address is no use of it: it would look like a conflict with its next holder.
        if let Some(ip) = ip.filter(|ip| !ip.is_unspecified() && station.is_seen()) {
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
        self.forwards_for += other.forwards_for;
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

const fn maker_block(mac: Mac) -> [u8; 3] {
    let [a, b, c, ..] = mac.octets();
    [a, b, c]
}

/// A claim that no two machines share: not a serial number of one repeated digit, which is a placeholder.
fn names_one_machine(fact: &FactSeen) -> bool {
    let distinct: BTreeSet<char> = fact.value.chars().collect();
    matches!(fact.attribute, Attribute::Serial | Attribute::ChassisId)
        && fact.value.len() >= 4
        && distinct.len() >= 3
}

#[cfg(test)]
mod tests;
