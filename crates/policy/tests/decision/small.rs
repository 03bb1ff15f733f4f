//! A site of four devices.

use nullius_model::{Channel, DeviceName, Protocol, SmolStr, VerbClass};
use nullius_policy::inventory::{Device, Group, Inventory, Service, Zone, ZoneClass};
use nullius_policy::{
    Connection, Decision, Directory, Inputs, MessageFields, Moment, Permit, Policies, PolicyId, PolicySource,
    Problem, Repository, Request, ServiceId, Verbs,
};

pub(crate) struct Site {
    pub(crate) directory: Directory,
    pub(crate) policies: Policies,
}

impl Site {
    pub(crate) fn decide(
        &self,
        request: &Request,
        inputs: &Inputs,
        moment: &Moment,
        grants: &[Permit],
    ) -> Decision {
        self.policies.decide(&self.directory, request, inputs, moment, grants)
    }

    /// Of the panel to the controller.
    pub(crate) fn connection(&self, inputs: &Inputs, moment: &Moment, grants: &[Permit]) -> Connection {
        self.policies.connection(&self.directory, &name("hmi"), &modbus("plc1"), inputs, moment, grants)
    }
}

pub(crate) fn site(policies: &str) -> Site {
    let repository = repository(policies).unwrap();
    Site {
        directory: Directory::from_inventory(repository.inventory()),
        policies: Policies::compile(&repository).unwrap(),
    }
}

/// Why policies are refused.
pub(crate) fn problems(policies: &str) -> Vec<Problem> {
    repository(policies).and_then(|repository| Policies::compile(&repository)).unwrap_err()
}

fn repository(policies: &str) -> Result<Repository, Vec<Problem>> {
    let source = PolicySource { file: "policies/a.cedar".to_owned(), text: policies.to_owned() };
    Repository::new(inventory(), vec![source])
}

/// A panel and a camera, two controllers; the panel is among the clients, who are among everyone.
fn inventory() -> Inventory {
    let mut inventory = Inventory::default();
    inventory.zones.insert("cell".into(), Zone { owner: "o".into(), class: ZoneClass::EssentialControl });
    inventory.groups.insert("everyone".into(), Group::default());
    let parents = [SmolStr::new("everyone")].into();
    inventory.groups.insert("clients".into(), Group { parents });
    for (name, group) in [("hmi", Some("clients")), ("camera", None), ("plc1", None), ("plc2", None)] {
        let mut device = Device::new(self::name(name), "cell".into());
        device.groups.extend(group.map(SmolStr::new));
        let service =
            Service { name: "modbus".into(), protocol: Protocol::Modbus, channel: Channel::Tcp(502) };
        device.services.insert("modbus".into(), service);
        inventory.devices.insert(device.name.clone(), device);
    }
    inventory
}

/// The panel reads registers of unit 1.
pub(crate) fn read() -> Request {
    Request {
        subject: name("hmi"),
        object: modbus("plc1"),
        verb: "read_holding_registers".into(),
        class: VerbClass::Read,
        message: Some(MessageFields { unit: Some(1), ..MessageFields::default() }),
    }
}

/// Noon on a Wednesday.
pub(crate) fn office_hours() -> Moment {
    Moment { minute: 720, weekday: 3, ..Moment::default() }
}

pub(crate) fn grant(id: &str, verbs: Verbs, approvers: u8) -> Permit {
    let (subject, object) = (name("hmi"), modbus("plc1"));
    Permit { id: PolicyId(id.into()), subject, object, verbs, work_order: None, approvers }
}

pub(crate) fn ids(reasons: &[PolicyId]) -> Vec<&str> {
    reasons.iter().map(|id| id.0.as_str()).collect()
}

pub(crate) fn name(name: &str) -> DeviceName {
    DeviceName::new(name).unwrap()
}

fn modbus(device: &str) -> ServiceId {
    ServiceId { device: name(device), service: "modbus".into() }
}
