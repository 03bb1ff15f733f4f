//! Who a scope can be about, by an inventory.

use super::Found;
use crate::inventory::Inventory;
use crate::reading::{Authored, Scope};
use crate::{Effect, Verb, verbs};
use cedar_policy::EntityUid;
use nullius_model::{Protocol, SmolStr};
use std::collections::{BTreeMap, BTreeSet};

/// A service as far as lint cares: its zone, and what is spoken there.
pub(super) type Spoken = (SmolStr, Protocol);

/// What stands where: by the text of an entity, everything in it.
#[derive(Debug)]
pub(super) struct Members<'a> {
    inventory: &'a Inventory,
    /// Zones of the devices in an entity, itself among them.
    devices: BTreeMap<String, BTreeSet<SmolStr>>,
    services: BTreeMap<String, BTreeSet<Spoken>>,
    ancestors: BTreeMap<SmolStr, BTreeSet<SmolStr>>,
}

/// The entities everybody is in.
const ALL_DEVICES: &str = "Device";
const ALL_SERVICES: &str = "Service";

impl<'a> Members<'a> {
    pub(super) fn of(inventory: &'a Inventory) -> Self {
        let ancestors = inventory.groups.keys().map(|name| (name.clone(), above(inventory, name))).collect();
        let mut members = Self { inventory, devices: BTreeMap::new(), services: BTreeMap::new(), ancestors };
        for device in inventory.devices.values() {
            let entities = members.entities_of(device);
            for entity in entities.iter().map(String::as_str).chain([ALL_DEVICES]) {
                members.devices.entry(entity.to_owned()).or_default().insert(device.zone.clone());
            }
            for service in device.services.values() {
                let itself = format!("Service::\"{}/{}\"", device.name, service.name);
                for entity in entities.iter().map(String::as_str).chain([itself.as_str(), ALL_SERVICES]) {
                    let spoken = (device.zone.clone(), service.protocol);
                    members.services.entry(entity.to_owned()).or_default().insert(spoken);
                }
            }
        }
        members
    }

    fn entities_of(&self, device: &crate::inventory::Device) -> Vec<String> {
        let groups: BTreeSet<&SmolStr> = device
            .groups
            .iter()
            .flat_map(|group| self.ancestors.get(group).into_iter().flatten().chain([group]))
            .collect();
        let groups = groups.into_iter().map(|group| format!("Group::\"{group}\""));
        groups.chain([format!("Device::\"{}\"", device.name), format!("Zone::\"{}\"", device.zone)]).collect()
    }

    /// Zones of the devices a scope can be about.
    pub(super) fn zones(&self, scope: &Scope) -> BTreeSet<SmolStr> {
        let found = match scope {
            Scope::Any => self.devices.get(ALL_DEVICES),
            Scope::Is(kind) => self.devices.get(kind.as_str()),
            Scope::Only(uid) if uid.type_name().to_string() != "Device" => None,
            Scope::Only(uid) | Scope::In(_, uid) => self.devices.get(&uid.to_string()),
        };
        found.cloned().unwrap_or_default()
    }

    /// The services a scope can be about.
    pub(super) fn services(&self, scope: &Scope) -> BTreeSet<Spoken> {
        let found = match scope {
            Scope::Any => self.services.get(ALL_SERVICES),
            Scope::Is(kind) => self.services.get(kind.as_str()),
            Scope::Only(uid) if uid.type_name().to_string() != "Service" => None,
            Scope::Only(uid) | Scope::In(_, uid) => self.services.get(&uid.to_string()),
        };
        found.cloned().unwrap_or_default()
    }

    /// Every entity `uid` is in, itself among them, as texts.
    pub(super) fn around(&self, uid: &EntityUid) -> Vec<String> {
        let name: &str = uid.id().unescaped();
        match uid.type_name().to_string().as_str() {
            "Group" => {
                let above = self.ancestors.get(name).into_iter().flatten();
                above.map(|group| format!("Group::\"{group}\"")).chain([uid.to_string()]).collect()
            }
            "Device" => self.around_device(name).into_iter().chain([uid.to_string()]).collect(),
            "Service" => {
                let device = name.split_once('/').map_or(name, |(device, _)| device);
                self.around_device(device).into_iter().chain([uid.to_string()]).collect()
            }
            _ => vec![uid.to_string()],
        }
    }

    fn around_device(&self, name: &str) -> Vec<String> {
        let name = nullius_model::DeviceName::new(name).ok();
        let device = name.and_then(|name| self.inventory.devices.get(&name));
        device.map_or_else(Vec::new, |device| self.entities_of(device))
    }

    /// Why a policy is about nobody and nothing.
    pub(super) fn unreachable(&self, policy: &Authored) -> Option<Found> {
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
    fn is_declared(&self, uid: &EntityUid) -> bool {
        let name: &str = uid.id().unescaped();
        match uid.type_name().to_string().as_str() {
            "Group" => self.inventory.groups.contains_key(name),
            "Zone" => self.inventory.zones.contains_key(name),
            "Device" => self.devices.contains_key(&uid.to_string()),
            "Service" => self.services.contains_key(&uid.to_string()),
            _ => true,
        }
    }
}

fn entity(scope: &Scope) -> Option<&EntityUid> {
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
pub(super) fn speaks(policy: &Authored, protocol: Protocol) -> bool {
    policy.actions.is_empty()
        || verbs(protocol)
            .iter()
            .any(|verb| policy.actions.iter().any(|action| contains(action, protocol, *verb)))
}

/// `action` is this verb, its class, or a set of the protocol's that it is in.
fn contains(action: &EntityUid, protocol: Protocol, verb: Verb) -> bool {
    let kind = action.type_name();
    let id: &str = action.id().unescaped();
    if kind.namespace().is_empty() {
        return id == verb.class.name();
    }
    kind.namespace().eq_ignore_ascii_case(protocol.name())
        && (id == "any" || id == verb.name || id.strip_prefix("any ") == Some(verb.class.name()))
}
