//! Who a scope can be about, by an inventory.

use super::Found;
use crate::entity::{Kind, Uid};
use crate::inventory::{Device, Inventory};
use crate::reading::{Actions, Scope, Scoped};
use crate::vocabulary::{self, Language};
use crate::{Effect, Verb, verbs};
use nullius_model::{DeviceName, Protocol, SmolStr};
use std::collections::{BTreeMap, BTreeSet};

/// A service as far as lint cares: its zone, and what is spoken there.
pub(super) type Spoken = (SmolStr, Protocol);

/// What stands where: by entity, everything in it.
#[derive(Debug)]
pub(super) struct Members<'a> {
    inventory: &'a Inventory,
    /// Zones of all devices, and of those in an entity, itself among them.
    devices: Within<SmolStr>,
    services: Within<Spoken>,
    ancestors: BTreeMap<SmolStr, BTreeSet<SmolStr>>,
}

#[derive(Debug)]
struct Within<T> {
    all: BTreeSet<T>,
    of: BTreeMap<Uid, BTreeSet<T>>,
}

impl<'a> Members<'a> {
    pub(super) fn of(inventory: &'a Inventory) -> Self {
        let ancestors = inventory.groups.keys().map(|name| (name.clone(), above(inventory, name))).collect();
        let mut members = Self { inventory, devices: Within::new(), services: Within::new(), ancestors };
        for device in inventory.devices.values() {
            let entities = members.entities_of(device);
            members.devices.add(&entities, &device.zone);
            for service in device.services.values() {
                let itself = Uid::new(Kind::Service, format!("{}/{}", device.name, service.name));
                members
                    .services
                    .add(entities.iter().chain([&itself]), &(device.zone.clone(), service.protocol));
            }
        }
        members
    }

    fn entities_of(&self, device: &Device) -> Vec<Uid> {
        let groups: BTreeSet<&SmolStr> = device
            .groups
            .iter()
            .flat_map(|group| self.ancestors.get(group).into_iter().flatten().chain([group]))
            .collect();
        let groups = groups.into_iter().map(|group| Uid::new(Kind::Group, group.clone()));
        let zone = Uid::new(Kind::Zone, device.zone.clone());
        groups.chain([Uid::new(Kind::Device, device.name.as_str()), zone]).collect()
    }

    /// Zones of the devices a scope can be about.
    pub(super) fn zones(&self, scope: &Scope) -> BTreeSet<SmolStr> {
        self.devices.of(scope, Kind::Device)
    }

    /// The services a scope can be about.
    pub(super) fn services(&self, scope: &Scope) -> BTreeSet<Spoken> {
        self.services.of(scope, Kind::Service)
    }

    /// Every entity `uid` is in, itself among them.
    pub(super) fn around(&self, uid: &Uid) -> Vec<Uid> {
        let mut around = match uid.kind {
            Kind::Group => {
                let above = self.ancestors.get(&uid.name).into_iter().flatten();
                above.map(|group| Uid::new(Kind::Group, group.clone())).collect()
            }
            Kind::Device => self.around_device(&uid.name),
            Kind::Service => self.around_device(uid.name.split_once('/').map_or("", |(device, _)| device)),
            Kind::Zone | Kind::User | Kind::ServiceAccount | Kind::Action(_) => Vec::new(),
        };
        around.push(uid.clone());
        around
    }

    fn around_device(&self, name: &str) -> Vec<Uid> {
        let name = DeviceName::new(name).ok();
        let device = name.and_then(|name| self.inventory.devices.get(&name));
        device.map_or_else(Vec::new, |device| self.entities_of(device))
    }

    /// Why a policy is about nobody and nothing.
    pub(super) fn unreachable(&self, policy: &Scoped) -> Option<Found> {
        let undeclared = [&policy.principal, &policy.resource]
            .into_iter()
            .filter_map(entity)
            .find(|uid| !self.is_declared(uid));
        if let Some(uid) = undeclared {
            let message = format!("names {uid}, which the inventory does not declare");
            return Some(Found::error(message, "correct the name, or declare it in inventory.toml"));
        }
        let services = self.services(&policy.resource);
        let message = if self.zones(&policy.principal).is_empty() {
            "is about nobody: no device fits its principal"
        } else if services.is_empty() {
            "is about nothing: no service fits its resource"
        } else if !services.iter().any(|(_, protocol)| speaks(policy, *protocol)) {
            "is about nothing: no service that fits its resource has such an action"
        } else {
            return None;
        };
        let help = "take it out, or correct its scope";
        Some(match policy.effect {
            Effect::Allow => Found::warning(message.to_owned(), help),
            // somebody relies on a forbid
            Effect::Deny => Found::error(message.to_owned(), help),
        })
    }

    /// People and service accounts are declared elsewhere.
    fn is_declared(&self, uid: &Uid) -> bool {
        match uid.kind {
            Kind::Group => self.inventory.groups.contains_key(&uid.name),
            Kind::Zone => self.inventory.zones.contains_key(&uid.name),
            Kind::Device => self.devices.of.contains_key(uid),
            Kind::Service => self.services.of.contains_key(uid),
            Kind::User | Kind::ServiceAccount | Kind::Action(_) => true,
        }
    }
}

impl<T: Clone + Ord> Within<T> {
    const fn new() -> Self {
        Self { all: BTreeSet::new(), of: BTreeMap::new() }
    }

    fn add<'u>(&mut self, entities: impl IntoIterator<Item = &'u Uid>, member: &T) {
        self.all.insert(member.clone());
        for entity in entities {
            self.of.entry(entity.clone()).or_default().insert(member.clone());
        }
    }

    /// `kind` is what the members are.
    fn of(&self, scope: &Scope, kind: Kind) -> BTreeSet<T> {
        let found = match scope {
            Scope::Any => Some(&self.all),
            Scope::Is(only) | Scope::In(Some(only), _) if *only != kind => None,
            Scope::Is(_) => Some(&self.all),
            Scope::Only(uid) if uid.kind != kind => None,
            Scope::Only(uid) | Scope::In(_, uid) => self.of.get(uid),
        };
        found.cloned().unwrap_or_default()
    }
}

fn entity(scope: &Scope) -> Option<&Uid> {
    match scope {
        Scope::Any | Scope::Is(_) => None,
        Scope::Only(uid) | Scope::In(_, uid) => Some(uid),
    }
}

/// All groups above `name`. The inventory has no cycles.
fn above(inventory: &Inventory, name: &SmolStr) -> BTreeSet<SmolStr> {
    let mut found = BTreeSet::new();
    let mut next = vec![name];
    while let Some(group) = next.pop() {
        for parent in inventory.groups.get(group).into_iter().flat_map(|group| &group.parents) {
            if found.insert(parent.clone()) {
                next.push(parent);
            }
        }
    }
    found
}

/// The policy's actions include a verb of this protocol.
pub(super) fn speaks(policy: &Scoped, protocol: Protocol) -> bool {
    let language = Language::of(protocol);
    let is_meant = |verb: &Verb| match &policy.actions {
        Actions::Any => true,
        Actions::Only(action) => action.kind == Kind::Action(language) && action.name == verb.action,
        Actions::In(actions) => actions.iter().any(|action| is_in(language, verb.action, action)),
    };
    verbs(protocol).iter().any(is_meant)
}

/// `action` of `language` is `wider`, or lies beneath it.
pub(super) fn is_in(language: Language, action: &str, wider: &Uid) -> bool {
    match wider.kind {
        Kind::Action(group) => vocabulary::is_within(action, language, &wider.name, group),
        Kind::Device | Kind::Service | Kind::Group | Kind::Zone | Kind::User | Kind::ServiceAccount => false,
    }
}
