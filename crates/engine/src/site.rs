//! The policy in force with its devices numbered, and who owns which address.
//!
//! A device's number is its place in a list, so that sets of devices cost four bytes each at 2,000 devices and 100,000
//! rules. Numbers live as long as the policy does.

use crate::Standing;
use nullius_model::{DeviceName, Mac, Marker, Path, PortName, Rule, SmolStr, Terms, Uptime};
use nullius_policy::inventory::{Device, Inventory};
use nullius_policy::{Directory, Policies, Repository};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// A policy, parsed, checked and compiled by the program.
#[derive(Clone, Debug)]
pub struct PolicyVersion {
    /// Of the bundle it came in.
    pub marker: Marker,
    /// What people wrote.
    pub repository: Arc<Repository>,
    /// What it compiles to.
    pub policies: Arc<Policies>,
}

/// Number of a device of the policy in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id(u32);

impl Id {
    #[cfg(test)]
    pub(crate) const fn new(number: u32) -> Self {
        Self(number)
    }

    fn of(position: usize) -> Self {
        Self(u32::try_from(position).unwrap_or(u32::MAX))
    }

    fn position(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// Where a device is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The port it is plugged in.
    pub port: PortName,
    /// Which side of the gateway that is.
    pub side: Path,
    /// Its hardware address.
    pub mac: Mac,
    /// Its network addresses.
    pub addresses: BTreeSet<IpAddr>,
}

/// What is installed for a device.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) name: DeviceName,
    /// Where its rules say it is.
    pub(crate) place: Option<Place>,
    /// Rules that name no other device.
    pub(crate) own: Vec<(Rule, Terms)>,
    /// Devices that any service rule ties it to, in either direction.
    pub(crate) peers: BTreeSet<Id>,
    /// When a frame of it was last seen.
    pub(crate) last_seen: Option<Uptime>,
}

/// The policy in force.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) version: PolicyVersion,
    pub(crate) directory: Directory,
    ids: BTreeMap<DeviceName, Id>,
    nodes: Vec<Node>,
    macs: BTreeMap<Mac, Id>,
    addresses: BTreeMap<IpAddr, Id>,
    zones: BTreeMap<SmolStr, Vec<Id>>,
}

impl Site {
    pub(crate) fn new(version: PolicyVersion, standing: &Standing) -> Self {
        let repository = Arc::clone(&version.repository);
        let inventory = repository.inventory();
        let mut site = Self {
            directory: Directory::from_inventory(inventory),
            version,
            ids: BTreeMap::new(),
            nodes: Vec::with_capacity(inventory.devices.len()),
            macs: BTreeMap::new(),
            addresses: BTreeMap::new(),
            zones: BTreeMap::new(),
        };
        inventory.devices.values().for_each(|device| site.number(device));
        site.claim_learned(standing);
        site
    }

    fn number(&mut self, device: &Device) {
        let id = Id::of(self.nodes.len());
        self.nodes.push(Node {
            name: device.name.clone(),
            place: None,
            own: Vec::new(),
            peers: BTreeSet::new(),
            last_seen: None,
        });
        self.ids.insert(device.name.clone(), id);
        self.zones.entry(device.zone.clone()).or_default().push(id);
        if let Some(mac) = device.mac {
            self.macs.entry(mac).or_insert(id);
        }
        for &address in &device.addresses {
            self.addresses.entry(address).or_insert(id);
        }
    }

    /// When devices were last seen does not depend on the policy.
    pub(crate) fn remember(&mut self, before: &Self) {
        for node in &mut self.nodes {
            let known = before.id(&node.name).and_then(|id| before.node(id));
            node.last_seen = known.and_then(|node| node.last_seen);
        }
    }

    /// What was learned counts where nothing is declared: a declaration wins over what the wire said before it.
    fn claim_learned(&mut self, standing: &Standing) {
        for (name, learned) in &standing.learned {
            let Some(id) = self.id(name) else { continue };
            self.claim_mac(learned.mac, id);
            for &address in &learned.addresses {
                self.claim_address(address, id);
            }
        }
    }

    pub(crate) fn inventory(&self) -> &Inventory {
        self.version.repository.inventory()
    }

    pub(crate) fn id(&self, name: &DeviceName) -> Option<Id> {
        self.ids.get(name).copied()
    }

    pub(crate) fn node(&self, id: Id) -> Option<&Node> {
        self.nodes.get(id.position())
    }

    pub(crate) fn node_mut(&mut self, id: Id) -> Option<&mut Node> {
        self.nodes.get_mut(id.position())
    }

    pub(crate) fn device(&self, id: Id) -> Option<&Device> {
        self.inventory().devices.get(&self.node(id)?.name)
    }

    /// No rule ties two devices.
    pub(crate) fn untie(&mut self) {
        self.nodes.iter_mut().for_each(|node| node.peers.clear());
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = Id> + use<> {
        (0..self.nodes.len()).map(Id::of)
    }

    pub(crate) fn zone(&self, name: &str) -> &[Id] {
        self.zones.get(name).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn owner_of_mac(&self, mac: Mac) -> Option<Id> {
        self.macs.get(&mac).copied()
    }

    pub(crate) fn owner_of_address(&self, address: IpAddr) -> Option<Id> {
        self.addresses.get(&address).copied()
    }

    /// The hardware address belongs to `id` from now on, unless it is another's.
    pub(crate) fn claim_mac(&mut self, mac: Mac, id: Id) -> bool {
        *self.macs.entry(mac).or_insert(id) == id
    }

    /// The network address belongs to `id` from now on, unless it is another's.
    pub(crate) fn claim_address(&mut self, address: IpAddr, id: Id) -> bool {
        *self.addresses.entry(address).or_insert(id) == id
    }

    /// What `id` learned belongs to nobody from now on. What is declared stays its own.
    pub(crate) fn disclaim_learned(&mut self, id: Id) {
        let declared = self.device(id).cloned();
        self.macs.retain(|mac, owner| *owner != id || declared.as_ref().is_some_and(|d| d.mac == Some(*mac)));
        self.addresses.retain(|address, owner| {
            *owner != id || declared.as_ref().is_some_and(|device| device.addresses.contains(address))
        });
    }
}
