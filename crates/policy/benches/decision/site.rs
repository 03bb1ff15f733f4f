//! A site of any size: cells of ten devices, policies from device to device and from cell to cell.

use nullius_model::{Channel, DeviceName, Protocol, SmolStr, VerbClass};
use nullius_policy::inventory::{Device, Group, Inventory, Service, Zone, ZoneClass};
use nullius_policy::{Directory, MessageFields, Policies, PolicySource, Repository, Request, ServiceId};

pub(crate) struct Site {
    pub(crate) repository: Repository,
    pub(crate) directory: Directory,
    pub(crate) policies: Policies,
    /// All policies.
    pub(crate) text: String,
    devices: usize,
}

impl Site {
    pub(crate) fn new(policies: usize, devices: usize) -> Self {
        let text: String = (0..policies).map(|number| policy(number, devices)).collect();
        let source = PolicySource { file: "policies/all.cedar".to_owned(), text: text.clone() };
        let repository = Repository::new(inventory(devices), vec![source]).unwrap();
        let policies = Policies::compile(&repository);
        let policies = policies.unwrap_or_else(|problems| panic!("{}", problems.first().unwrap()));
        Self {
            directory: Directory::from_inventory(repository.inventory()),
            repository,
            policies,
            text,
            devices,
        }
    }

    /// Of which every second is between ends some policy names.
    pub(crate) fn requests(&self, count: usize) -> Vec<Request> {
        (0..count)
            .map(|number| {
                let (from, to) = ends(number, self.devices);
                let to = if number % 2 == 0 { to } else { (to + 7) % self.devices };
                let (class, verb) = match number % 3 {
                    0 => (VerbClass::Write, "write_multiple_registers"),
                    _ => (VerbClass::Read, "read_holding_registers"),
                };
                let message = MessageFields {
                    unit: Some(1),
                    address: Some(100),
                    quantity: Some(8),
                    ..MessageFields::default()
                };
                Request {
                    subject: name(from),
                    object: ServiceId { device: name(to), service: "modbus".into() },
                    verb: verb.into(),
                    class,
                    message: Some(message),
                }
            })
            .collect()
    }
}

/// Of every ten policies six are from device to device, three from cell to cell, and one forbids.
fn policy(number: usize, devices: usize) -> String {
    let (from, to) = ends(number, devices);
    let (from_cell, to_cell) = (from / 10, to / 10);
    let policy = match number % 10 {
        0..=2 => format!(
            "permit (principal == Device::\"d{from}\", action in Modbus::Action::\"any read\", \
             resource == Service::\"d{to}/modbus\") when {{ context.ia >= 2 && context has risk && context.risk < 3 }}"
        ),
        3..=5 => format!(
            "permit (principal == Device::\"d{from}\", action in Modbus::Action::\"any\", resource in Device::\"d{to}\") \
             when {{ context.ia >= 2 && context.message has address && context.message.address < 1000 }}"
        ),
        6..=8 => format!(
            "permit (principal in Group::\"cell{from_cell}\", action, resource in Group::\"cell{to_cell}\") \
             when {{ context.time.minute < 1080 && context.ia >= 1 }}"
        ),
        _ => format!(
            "forbid (principal in Group::\"cell{from_cell}\", action in Action::\"write\", resource) \
             unless {{ context.mode == \"maintenance\" }}"
        ),
    };
    format!("@id(\"p{number}\")\n{policy};\n")
}

/// Spread over the site, the same in every run.
const fn ends(number: usize, devices: usize) -> (usize, usize) {
    (number * 37 % devices, (number * 61 + 11) % devices)
}

pub(crate) fn name(number: usize) -> DeviceName {
    DeviceName::new(&format!("d{number}")).unwrap()
}

fn inventory(devices: usize) -> Inventory {
    let mut inventory = Inventory::default();
    inventory.zones.insert("floor".into(), Zone { owner: "o".into(), class: ZoneClass::EssentialControl });
    inventory.groups.insert("machines".into(), Group::default());
    for number in 0..devices {
        let cell = SmolStr::new(format!("cell{}", number / 10));
        let parents = [SmolStr::new_static("machines")].into();
        inventory.groups.insert(cell.clone(), Group { parents });
        let mut device = Device::new(name(number), "floor".into());
        device.groups.insert(cell);
        device.class = "controller".into();
        let service =
            Service { name: "modbus".into(), protocol: Protocol::Modbus, channel: Channel::Tcp(502) };
        device.services.insert("modbus".into(), service);
        inventory.devices.insert(device.name.clone(), device);
    }
    inventory
}
