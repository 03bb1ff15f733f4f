//! A site of any size: lines of two cells, of ten devices each, and ten policies a line.
//!
//! INVARIANT: how many policies fit a request does not depend on how many there are: three fit every second one (one from
//! device to device, one from cell to cell, one that forbids), two the others.

use nullius_model::{Channel, DeviceName, Protocol, SmolStr, VerbClass};
use nullius_policy::inventory::{Device, Group, Inventory, Service, Zone, ZoneClass};
use nullius_policy::{Directory, MessageFields, Policies, PolicySource, Repository, Request, ServiceId};

pub(crate) struct Site {
    pub(crate) repository: Repository,
    pub(crate) directory: Directory,
    pub(crate) policies: Policies,
    /// All policies.
    pub(crate) text: String,
    lines: usize,
}

/// Policies of a line.
const POLICIES: usize = 10;
/// Devices of a line: those of its first cell ask those of its second.
const DEVICES: usize = 20;

impl Site {
    pub(crate) fn new(policies: usize, devices: usize) -> Self {
        let text: String = (0..policies).map(|number| policy(number, devices / DEVICES)).collect();
        let source = PolicySource { file: "policies/all.cedar".to_owned(), text: text.clone() };
        let repository = Repository::new(inventory(devices), vec![source]).unwrap();
        let compiled = Policies::compile(&repository);
        let compiled = compiled.unwrap_or_else(|problems| panic!("{}", problems.first().unwrap()));
        Self {
            directory: Directory::from_inventory(repository.inventory()),
            repository,
            policies: compiled,
            text,
            lines: policies / POLICIES,
        }
    }

    /// All within the first line, which every site has: the same requests whatever its size.
    pub(crate) fn requests_of_a_line(&self, count: usize) -> Vec<Request> {
        requests(count, 1)
    }

    /// Spread over all lines that have policies.
    pub(crate) fn requests(&self, count: usize) -> Vec<Request> {
        requests(count, self.lines)
    }
}

fn requests(count: usize, lines: usize) -> Vec<Request> {
    (0..count)
        .map(|number| {
            // Of every second, both ends are named by a policy.
            let (from, to) = ends(number * 37 % lines, number % 6);
            let to = to + if number % 2 == 0 { 0 } else { 3 };
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

/// Of every ten policies six are from device to device, three from cell to cell, and one forbids.
fn policy(number: usize, lines: usize) -> String {
    let (line, kind) = (number / POLICIES, number % POLICIES);
    let (from, to) = ends(line, kind);
    // From its first cell to its second, and to those of the two lines after it.
    let (from_cell, to_cell) = (2 * line, 2 * ((line + kind % 3) % lines) + 1);
    let policy = match kind {
        0..=2 => format!(
            "permit (principal == Device::\"d{from}\", action in Modbus::Action::\"any read\", \
             resource == Service::\"d{to}/modbus\") when {{ context.ia >= 2 && context has risk && context.risk < 3 }}"
        ),
        3..=5 => format!(
            "permit (principal == Device::\"d{from}\", action in Modbus::Action::\"any\", resource in Device::\"d{to}\") \
             when {{ context.ia >= 2 && context.message has address && context.message.address < 1000 }}"
        ),
        6..=8 => {
            let condition = match kind {
                6 => "context has conforms && context.conforms && context.ia >= 1",
                _ => "context.time.minute < 1080 && context.ia >= 1",
            };
            format!(
                "permit (principal in Group::\"cell{from_cell}\", action, resource in Group::\"cell{to_cell}\") \
                 when {{ {condition} }}"
            )
        }
        _ => format!(
            "forbid (principal in Group::\"cell{from_cell}\", action in Action::\"write\", resource) \
             unless {{ context.mode == \"maintenance\" }}"
        ),
    };
    format!("@id(\"p{number}\")\n{policy};\n")
}

/// The devices at this place of the two cells of a line.
const fn ends(line: usize, place: usize) -> (usize, usize) {
    (DEVICES * line + place, DEVICES * line + 10 + place)
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
