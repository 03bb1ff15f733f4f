//! Who is on the site, as policies ask for it.

use crate::ServiceId;
use crate::inventory::{Device, Inventory, Service};
use nullius_model::DeviceName;
use std::collections::BTreeMap;

/// Devices, what they offer and what they are in, so that one device can come or go without touching the rest.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    devices: BTreeMap<DeviceName, Device>,
}

impl Directory {
    /// All that an inventory declares.
    pub fn from_inventory(inventory: &Inventory) -> Self {
        Self { devices: inventory.devices.clone() }
    }

    /// Adds a device, or replaces the one of that name. A group that the inventory does not declare has no parents.
    pub fn upsert(&mut self, device: &Device) {
        self.devices.insert(device.name.clone(), device.clone());
    }

    /// Takes a device and its services out.
    pub fn remove(&mut self, name: &DeviceName) {
        self.devices.remove(name);
    }

    /// The devices, in order of their names.
    pub fn devices(&self) -> impl Iterator<Item = &DeviceName> {
        self.devices.keys()
    }

    /// The service of this id.
    pub fn service(&self, id: &ServiceId) -> Option<&Service> {
        self.devices.get(&id.device)?.services.get(&id.service)
    }
}
