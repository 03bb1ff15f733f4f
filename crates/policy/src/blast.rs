//! How far somebody gets who takes over a device: what the compiled policy lets it reach, and what that reaches.
//!
//! Reaching a service is counted as taking its device over, whichever verbs are allowed. That is too dark a view, on
//! purpose: a path that is missing here is not there.

use crate::inventory::{Inventory, ZoneClass};
use crate::world::Pair;
use crate::{Connection, ServiceId};
use nullius_model::{DeviceName, Verdict};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

/// Most hops anybody asks for; more says nothing about any plant.
pub const MAX_HOPS: u32 = 16;

/// Who reaches whom, by which services.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    edges: BTreeMap<DeviceName, BTreeMap<ServiceId, Verdict>>,
    jewels: BTreeSet<DeviceName>,
}

/// A device that is reached, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Over how many others, itself counted.
    pub hops: u32,
    /// From which device.
    pub from: DeviceName,
    /// By which of its services; the first in order, where it is several.
    pub by: ServiceId,
}

/// What one device reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blast {
    /// The device somebody takes over.
    pub origin: DeviceName,
    /// Services it reaches itself: what a sweep from it can complete.
    pub services: BTreeMap<ServiceId, Verdict>,
    /// Devices within the hops asked for.
    pub reached: BTreeMap<DeviceName, Reached>,
    /// Which of them keep people safe or run the process.
    pub jewels: BTreeSet<DeviceName>,
}

impl Graph {
    /// From the conversations a policy gives.
    pub fn new(inventory: &Inventory, conversations: &BTreeMap<Pair, Connection>) -> Self {
        let mut edges: BTreeMap<DeviceName, BTreeMap<ServiceId, Verdict>> = BTreeMap::new();
        for ((subject, object), connection) in conversations {
            edges.entry(subject.clone()).or_default().insert(object.clone(), connection.verdict);
        }
        let essential = |class: ZoneClass| matches!(class, ZoneClass::Safety | ZoneClass::EssentialControl);
        let is_jewel = |zone| inventory.zones.get(zone).is_some_and(|zone| essential(zone.class));
        let jewels = inventory.devices.values().filter(|device| is_jewel(&device.zone));
        Self { edges, jewels: jewels.map(|device| device.name.clone()).collect() }
    }

    /// What `origin` reaches within `hops`, at most [`MAX_HOPS`].
    pub fn blast(&self, origin: &DeviceName, hops: u32) -> Blast {
        let mut reached: BTreeMap<DeviceName, Reached> = BTreeMap::new();
        let mut next = VecDeque::from([(origin, 0)]);
        while let Some((from, distance)) = next.pop_front() {
            if distance >= hops.min(MAX_HOPS) {
                continue;
            }
            for by in self.edges.get(from).into_iter().flat_map(BTreeMap::keys) {
                if by.device != *origin && !reached.contains_key(&by.device) {
                    let step = Reached { hops: distance + 1, from: from.clone(), by: by.clone() };
                    reached.insert(by.device.clone(), step);
                    next.push_back((&by.device, distance + 1));
                }
            }
        }
        let jewels = reached.keys().filter(|name| self.jewels.contains(*name)).cloned().collect();
        let services = self.edges.get(origin).cloned().unwrap_or_default();
        Blast { origin: origin.clone(), services, reached, jewels }
    }
}

impl Blast {
    /// The way to a device that is reached, from the origin on; empty for one that is not.
    pub fn path(&self, to: &DeviceName) -> Vec<&ServiceId> {
        let mut path = Vec::new();
        let mut at = to;
        // each step is one hop nearer, so that this ends
        while let Some(step) = self.reached.get(at) {
            path.push(&step.by);
            at = &step.from;
        }
        path.reverse();
        path
    }

    /// What `after` reaches and this does not, and the other way round.
    pub fn difference<'a>(&'a self, after: &'a Self) -> BlastDiff<'a> {
        BlastDiff {
            gained: after.reached.keys().filter(|name| !self.reached.contains_key(*name)).collect(),
            lost: self.reached.keys().filter(|name| !after.reached.contains_key(*name)).collect(),
            jewels_gained: after
                .jewels
                .difference(&self.jewels)
                .map(|jewel| (jewel, after.path(jewel)))
                .collect(),
        }
    }
}

/// What a change of policy does to what a device reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlastDiff<'a> {
    /// Devices that come within reach.
    pub gained: Vec<&'a DeviceName>,
    /// Devices that get out of reach.
    pub lost: Vec<&'a DeviceName>,
    /// Those of the first that keep people safe or run the process, and the way there.
    pub jewels_gained: Vec<(&'a DeviceName, Vec<&'a ServiceId>)>,
}

/// Most services and devices that are printed.
const SHOWN: usize = 40;

/// A page for a terminal.
impl fmt::Display for Blast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (services, devices, jewels) = (self.services.len(), self.reached.len(), self.jewels.len());
        writeln!(
            f,
            "{} reaches {services} services itself, {devices} devices in all, {jewels} of them essential",
            self.origin
        )?;
        for (service, verdict) in self.services.iter().take(SHOWN) {
            let how = match verdict {
                Verdict::Accept => "",
                Verdict::Divert => " (each message judged)",
                Verdict::Deny => " (denied)",
            };
            writeln!(f, "  {service}{how}")?;
        }
        for jewel in self.jewels.iter().take(SHOWN) {
            writeln!(f, "  essential: {}", path_text(&self.origin, &self.path(jewel)))?;
        }
        Ok(())
    }
}

/// A page for a terminal.
impl fmt::Display for BlastDiff<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} devices come within reach, {} get out of it", self.gained.len(), self.lost.len())?;
        for (jewel, path) in self.jewels_gained.iter().take(SHOWN) {
            writeln!(
                f,
                "  essential: {jewel} by {}",
                path.iter().map(ToString::to_string).collect::<Vec<_>>().join(" -> ")
            )?;
        }
        Ok(())
    }
}

fn path_text(origin: &DeviceName, path: &[&ServiceId]) -> String {
    let steps = path.iter().map(ToString::to_string);
    std::iter::once(origin.to_string()).chain(steps).collect::<Vec<_>>().join(" -> ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Device, Zone};

    fn device(name: &str) -> DeviceName {
        DeviceName::new(name).unwrap()
    }

    fn graph(edges: &[(&str, &str)]) -> Graph {
        let mut inventory = Inventory::default();
        let zone = Zone { owner: "o".into(), class: ZoneClass::EssentialControl };
        inventory.zones.insert("cell".into(), zone);
        inventory.devices.insert(device("plc"), Device::new(device("plc"), "cell".into()));
        let conversation = |(from, to): &(&str, &str)| {
            let connection = Connection { verdict: Verdict::Accept, ..Connection::default() };
            ((device(from), ServiceId { device: device(to), service: "s".into() }), connection)
        };
        Graph::new(&inventory, &edges.iter().map(conversation).collect())
    }

    #[test]
    fn a_device_reaches_what_its_peers_reach_hop_by_hop() {
        let graph = graph(&[("cam", "nvr"), ("nvr", "hmi"), ("hmi", "plc"), ("plc", "cam"), ("hmi", "nvr")]);
        for (hops, reached) in
            [(0, vec![]), (1, vec!["nvr"]), (2, vec!["hmi", "nvr"]), (3, vec!["hmi", "nvr", "plc"])]
        {
            let blast = graph.blast(&device("cam"), hops);
            assert_eq!(blast.reached.keys().map(DeviceName::as_str).collect::<Vec<_>>(), reached, "{hops}");
        }
        let blast = graph.blast(&device("cam"), MAX_HOPS);
        assert_eq!(blast.jewels, BTreeSet::from([device("plc")]));
        let path: Vec<String> = blast.path(&device("plc")).iter().map(ToString::to_string).collect();
        assert_eq!(path, ["nvr/s", "hmi/s", "plc/s"]);
        assert!(graph.blast(&device("nobody"), 3).reached.is_empty());
    }

    #[test]
    fn an_over_wide_rule_shows_as_a_new_path_to_what_is_essential() {
        let before = graph(&[("cam", "nvr")]).blast(&device("cam"), 3);
        let after = graph(&[("cam", "nvr"), ("nvr", "plc")]).blast(&device("cam"), 3);
        let difference = before.difference(&after);
        assert_eq!(
            difference.to_string(),
            "1 devices come within reach, 0 get out of it\n  essential: plc by nvr/s -> plc/s\n"
        );
        assert_eq!(after.difference(&before).lost, [&device("plc")]);
    }
}
