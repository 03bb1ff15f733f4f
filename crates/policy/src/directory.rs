//! Who is on the site, as policies ask for it.
//!
//! INVARIANT: the ancestors of an entity are all of them, however far up: a slice without them would lose the forbids of a
//! group.

use crate::ServiceId;
use crate::entity::{Kind, Uid};
use crate::inventory::{self, Inventory, ZoneClass};
use crate::ir::Value;
use crate::vocabulary::Language;
use nullius_model::{Channel, DeviceName, SmolStr};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Devices, what they offer and what they are in, so that one device can come or go without touching the rest.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    devices: BTreeMap<DeviceName, Arc<Device>>,
    /// Declared groups and zones.
    named: BTreeMap<Uid, Entity>,
    /// Of groups and zones, the devices in them.
    members: BTreeMap<Uid, BTreeSet<DeviceName>>,
}

/// A device as policies see it.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) name: DeviceName,
    pub(crate) entity: Entity,
    pub(crate) services: BTreeMap<SmolStr, Service>,
}

/// A service as policies see it.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) declared: inventory::Service,
    pub(crate) language: Language,
    pub(crate) entity: Entity,
}

/// What is known of an entity.
#[derive(Clone, Debug)]
pub(crate) struct Entity {
    pub(crate) uid: Uid,
    /// Sorted.
    pub(crate) ancestors: Vec<Uid>,
    pub(crate) attributes: Vec<(&'static str, Value)>,
}

impl Entity {
    fn group(inventory: &Inventory, name: &SmolStr) -> Self {
        Self {
            uid: Uid::new(Kind::Group, name.clone()),
            ancestors: above(inventory, name).into_iter().collect(),
            attributes: Vec::new(),
        }
    }

    fn zone(name: &SmolStr, class: ZoneClass) -> Self {
        Self {
            uid: Uid::new(Kind::Zone, name.clone()),
            ancestors: Vec::new(),
            attributes: vec![("class", Value::text(class.name()))],
        }
    }

    /// It is `other`, or in it.
    pub(crate) fn is_in(&self, other: &Uid) -> bool {
        self.uid == *other || self.ancestors.binary_search(other).is_ok()
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&Value> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}

impl Directory {
    /// All that an inventory declares.
    pub fn from_inventory(inventory: &Inventory) -> Self {
        let groups = inventory.groups.keys().map(|name| Entity::group(inventory, name));
        let zones = inventory.zones.iter().map(|(name, zone)| Entity::zone(name, zone.class));
        let named = groups.chain(zones).map(|entity| (entity.uid.clone(), entity)).collect();
        let mut directory = Self { named, ..Self::default() };
        for device in inventory.devices.values() {
            directory.upsert(device);
        }
        directory
    }

    /// Adds a device, or replaces the one of that name. A group that the inventory does not declare has no parents.
    pub fn upsert(&mut self, device: &inventory::Device) {
        self.remove(&device.name);
        let ancestors = self.ancestors(device);
        for ancestor in &ancestors {
            self.members.entry(ancestor.clone()).or_default().insert(device.name.clone());
        }
        self.devices.insert(device.name.clone(), Arc::new(Device::new(device, ancestors)));
    }

    /// Takes a device and its services out.
    pub fn remove(&mut self, name: &DeviceName) {
        let Some(device) = self.devices.remove(name) else { return };
        for ancestor in &device.entity.ancestors {
            if let Some(members) = self.members.get_mut(ancestor) {
                members.remove(name);
            }
        }
    }

    /// The devices, in order of their names.
    pub fn devices(&self) -> impl Iterator<Item = &DeviceName> {
        self.devices.keys()
    }

    /// The service of this id.
    pub fn service(&self, id: &ServiceId) -> Option<&inventory::Service> {
        self.offered(id).map(|service| &service.declared)
    }

    pub(crate) fn device(&self, name: &DeviceName) -> Option<&Device> {
        self.devices.get(name).map(Arc::as_ref)
    }

    pub(crate) fn offered(&self, id: &ServiceId) -> Option<&Service> {
        self.devices.get(&id.device)?.services.get(&id.service)
    }

    /// What is known of `uid`.
    pub(crate) fn entity(&self, uid: &Uid) -> Option<&Entity> {
        match uid.kind {
            Kind::Device => self.device(&DeviceName::new(&uid.name).ok()?).map(|device| &device.entity),
            Kind::Service => self.service_named(&uid.name).map(|service| &service.entity),
            Kind::Group | Kind::Zone => self.named.get(uid),
            Kind::User | Kind::ServiceAccount | Kind::Action(_) => None,
        }
    }

    fn service_named(&self, name: &str) -> Option<&Service> {
        let (device, service) = name.split_once('/')?;
        self.device(&DeviceName::new(device).ok()?)?.services.get(service)
    }

    /// The devices that are `uid` or in it, in order.
    pub(crate) fn within<'a>(&'a self, uid: &Uid) -> Box<dyn Iterator<Item = &'a Device> + 'a> {
        if uid.kind == Kind::Device {
            let name = DeviceName::new(&uid.name).ok();
            return Box::new(name.and_then(|name| self.device(&name)).into_iter());
        }
        let members = self.members.get(uid).into_iter().flatten();
        Box::new(members.filter_map(|name| self.device(name)))
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Device> {
        self.devices.values().map(Arc::as_ref)
    }

    fn ancestors(&self, device: &inventory::Device) -> BTreeSet<Uid> {
        let mut ancestors = BTreeSet::from([Uid::new(Kind::Zone, device.zone.clone())]);
        for group in &device.groups {
            let group = Uid::new(Kind::Group, group.clone());
            ancestors.extend(self.named.get(&group).into_iter().flat_map(|known| &known.ancestors).cloned());
            ancestors.insert(group);
        }
        ancestors
    }
}

impl Device {
    fn new(declared: &inventory::Device, ancestors: BTreeSet<Uid>) -> Self {
        let entity = Entity {
            uid: Uid::new(Kind::Device, declared.name.as_str()),
            ancestors: ancestors.into_iter().collect(),
            attributes: attributes(declared),
        };
        let services = declared
            .services
            .iter()
            .map(|(name, service)| (name.clone(), Service::new(service, &entity)))
            .collect();
        Self { name: declared.name.clone(), entity, services }
    }
}

impl Service {
    fn new(declared: &inventory::Service, device: &Entity) -> Self {
        let mut ancestors = device.ancestors.clone();
        ancestors.push(device.uid.clone());
        ancestors.sort_unstable();
        let (transport, port) = match declared.channel {
            Channel::Tcp(port) => ("tcp", port),
            Channel::Udp(port) => ("udp", port),
            Channel::Echo => ("echo", 0),
        };
        let name = smol_str::format_smolstr!("{}/{}", device.uid.name, declared.name);
        Self {
            declared: declared.clone(),
            language: Language::of(declared.protocol),
            entity: Entity {
                uid: Uid::new(Kind::Service, name),
                ancestors,
                attributes: vec![
                    ("port", Value::Long(i64::from(port))),
                    ("protocol", Value::text(declared.protocol.name())),
                    ("transport", Value::text(transport)),
                ],
            },
        }
    }
}

fn attributes(declared: &inventory::Device) -> Vec<(&'static str, Value)> {
    let mut attributes = vec![
        ("class", Value::Text(declared.class.clone())),
        ("tags", Value::set(declared.tags.iter().cloned().map(Value::Text))),
    ];
    attributes.extend(declared.vendor.clone().map(|vendor| ("vendor", Value::Text(vendor))));
    attributes
}

/// All groups that `group` is in; ends on cycles too.
fn above(inventory: &Inventory, group: &SmolStr) -> BTreeSet<Uid> {
    let mut found = BTreeSet::new();
    let mut open = vec![group];
    while let Some(name) = open.pop() {
        for parent in inventory.groups.get(name).into_iter().flat_map(|group| &group.parents) {
            if found.insert(Uid::new(Kind::Group, parent.clone())) {
                open.push(parent);
            }
        }
    }
    found
}
