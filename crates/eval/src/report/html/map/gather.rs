//! Which box each device goes to: its own while there is room, else that of its network.
//!
//! A site of a thousand devices must make a map that a person can read: whoever is in trouble keeps a box, then whoever
//! says most.

use crate::report::html::page::Page;
use nullius_device::DeviceView;
use nullius_device::discovery::classify::Class;
use nullius_device::risk::findings::Severity;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Devices of one column with a box of their own; more do not fit on a page.
const MAX_SINGLE: usize = 18;
/// Groups of one column; whoever lies in no network of these is gathered once more.
const MAX_NETWORKS: usize = 6;
/// Where on the map a node belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// Beyond the border, on top.
    Internet,
    /// Left: asks.
    Supervision,
    /// Middle: asked and asking.
    Service,
    /// Right: is asked.
    Field,
    /// Groups and addresses that never spoke, at the bottom.
    Nowhere,
}

/// What a node stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Host(IpAddr),
    OtherHosts,
    Device(usize),
    Network(Place, String),
    OtherDevices(Place),
    Groups,
    Silent,
}

/// A node's place in the drawing's order.
pub(super) type Slot = (Place, Key);

/// A node for each device: its own where there is room, else one for its network.
pub(super) fn gather(page: &Page<'_>) -> Vec<Slot> {
    let devices = &page.picture.devices;
    let mut columns: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
    for (index, device) in devices.iter().enumerate() {
        columns.entry(place_of(device)).or_default().push(index);
    }
    let mut keys = vec![(Place::Service, Key::OtherDevices(Place::Service)); devices.len()];
    for (place, mut column) in columns {
        column.sort_by_cached_key(|index| (Reverse(importance(page, *index)), *index));
        let singles = if column.len() > MAX_SINGLE { MAX_SINGLE - MAX_NETWORKS } else { MAX_SINGLE };
        let mut networks = BTreeSet::new();
        for (rank, index) in column.into_iter().enumerate() {
            let network = devices.get(index).map(network).unwrap_or_default();
            let key = if rank < singles {
                Key::Device(index)
            } else if networks.contains(&network) || networks.len() + 1 < MAX_NETWORKS {
                networks.insert(network.clone());
                Key::Network(place, network)
            } else {
                Key::OtherDevices(place)
            };
            if let Some(slot) = keys.get_mut(index) {
                *slot = (place, key);
            }
        }
    }
    keys
}

/// Whoever has a finding or was blocked is shown before whoever says most.
fn importance(page: &Page<'_>, index: usize) -> (bool, u64, u64, u64) {
    let findings = page.findings_of(index);
    let high = findings.iter().any(|finding| finding.severity == Severity::High);
    let views = page.conversations_of(index);
    let blocked = views.iter().map(|(_, view)| view.outside_messages()).sum();
    let messages = views.iter().map(|(_, view)| view.messages()).sum();
    let frames = page.picture.devices.get(index).map_or(0, |device| device.device.frames);
    (high, blocked, messages, frames)
}

/// By what it is; where nobody knows, by whether it asks or is asked.
fn place_of(device: &DeviceView) -> Place {
    if let Some(class) = device.classification.class {
        return place_of_class(class);
    }
    let peers = |serves: bool| -> usize {
        device.roles.iter().filter(|role| role.serves == serves).map(|role| role.peers).sum()
    };
    match peers(false).cmp(&peers(true)) {
        std::cmp::Ordering::Greater => Place::Supervision,
        std::cmp::Ordering::Equal => Place::Service,
        std::cmp::Ordering::Less => Place::Field,
    }
}

const fn place_of_class(class: Class) -> Place {
    match class {
        Class::Supervisor
        | Class::Historian
        | Class::EngineeringStation
        | Class::Workstation
        | Class::Phone => Place::Supervision,
        Class::Broker | Class::Gateway | Class::Router | Class::Server | Class::Switch => Place::Service,
        Class::Appliance
        | Class::BuildingController
        | Class::Camera
        | Class::Controller
        | Class::Printer
        | Class::Sensor => Place::Field,
    }
}

/// The network an address most likely lies in: masks are not seen, so a /24 or a /64 is taken.
pub(super) fn network(device: &DeviceView) -> String {
    match device.device.addresses.keys().next() {
        None => "no network address".to_owned(),
        Some(IpAddr::V4(ip)) => {
            let [a, b, c, _] = ip.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        Some(IpAddr::V6(ip)) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{}/64", std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}
