//! A site of 50 cells with ten masters and thirty machines each, but for eight centres that talk to everybody.

use nullius_engine::{BootId, KeyHash, PolicyVersion, PortSettings, Proof, Protection, Settings};
use nullius_model::{Channel, DeviceName, Epoch, Mac, Marker, PortName, Protocol, SmolStr};
use nullius_policy::inventory::{Device, Group, Service, Zone, ZoneClass};
use nullius_policy::{Inventory, Policies, PolicySource, Repository};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

pub(crate) const DEVICES: usize = CELLS * A_CELL;
/// Twenty a cell, and one for what a machine proves.
pub(crate) const POLICIES: usize = CELLS * POLICIES_OF_CELL + 1;

const CELLS: usize = 50;
const A_CELL: usize = 40;
const MASTERS: usize = 10;
const CENTRES: usize = 8;
/// The cell and the place of the machine that has a key.
const PROVER: (usize, usize) = (CELLS - 1, A_CELL - 1);
const POLICIES_OF_CELL: usize = 20;

/// The site's policy; the second one differs in one cell.
pub(crate) fn version(counter: u64) -> PolicyVersion {
    let source = PolicySource { file: "policies/site.cedar".to_owned(), text: policies(counter) };
    let repository = Repository::new(inventory(), vec![source]).expect("a repository");
    let policies = Policies::compile(&repository).expect("policies");
    PolicyVersion {
        marker: Marker { epoch: Epoch { term: 1, counter }, digest: [0; 16] },
        repository: Arc::new(repository),
        policies: Arc::new(policies),
    }
}

/// A machine that may reach the masters of its cell for its key alone proves it where it is.
pub(crate) fn proof() -> Proof {
    let (cell, place) = PROVER;
    let device = device(cell, place);
    Proof {
        key: KeyHash([u8::try_from(place).expect("few"); 32]),
        serial: SmolStr::new("0a"),
        protection: Protection::Software,
        port: port(cell, place),
        mac: device.mac.expect("one"),
        addresses: device.addresses,
        device: device.name,
        duration: Duration::from_secs(300),
    }
}

pub(crate) fn settings() -> Settings {
    let places = (0..CELLS).flat_map(|cell| (0..A_CELL).map(move |place| (cell, place)));
    Settings {
        boot: BootId(SmolStr::new("bench")),
        ports: places.map(|(cell, place)| (port(cell, place), PortSettings::default())).collect(),
        ..Settings::default()
    }
}

fn inventory() -> Inventory {
    let mut inventory = Inventory::default();
    let mut groups = BTreeSet::from([SmolStr::new("centres"), SmolStr::new("all")]);
    for cell in 0..CELLS {
        let zone = Zone { owner: SmolStr::new("somebody"), class: ZoneClass::EssentialControl };
        inventory.zones.insert(SmolStr::new(format!("cell-{cell}")), zone);
        groups.extend(["masters", "machines"].map(|group| SmolStr::new(format!("{group}-{cell}"))));
        for place in 0..A_CELL {
            let device = device(cell, place);
            inventory.devices.insert(device.name.clone(), device);
        }
    }
    inventory.groups = groups.into_iter().map(|group| (group, Group::default())).collect();
    inventory
}

fn device(cell: usize, place: usize) -> Device {
    let centre = place == 0 && cell < CENTRES;
    let (name, group) = match place {
        _ if centre => (format!("centre-{cell}"), "centres".to_owned()),
        place if place < MASTERS => (format!("master-{cell}-{place}"), format!("masters-{cell}")),
        place => (format!("machine-{cell}-{}", place - MASTERS), format!("machines-{cell}")),
    };
    let name = DeviceName::new(&name).expect("a name");
    let mut device = Device::new(name, SmolStr::new(format!("cell-{cell}")));
    let [high, low] = [cell, place].map(|number| u8::try_from(number).expect("few"));
    device.groups = BTreeSet::from([SmolStr::new(group), SmolStr::new("all")]);
    device.port = Some(port(cell, place));
    device.mac = Some(Mac::new([2, 0, 0, 0, high, low]));
    device.addresses = BTreeSet::from([IpAddr::from([10, 0, high, low + 1])]);
    device.services = services();
    device
}

fn services() -> BTreeMap<SmolStr, Service> {
    let services = [
        ("modbus", Protocol::Modbus, Channel::Tcp(502)),
        ("ssh", Protocol::Ssh, Channel::Tcp(22)),
        ("time", Protocol::Ntp, Channel::Udp(123)),
    ];
    let service = |(name, protocol, channel)| {
        let name = SmolStr::new(name);
        (name.clone(), Service { name, protocol, channel })
    };
    services.into_iter().map(service).collect()
}

fn port(cell: usize, place: usize) -> PortName {
    PortName::new(&format!("p{cell}-{place}")).expect("a port")
}

/// Twenty policies a cell: two that give most of the access, others that give single machines a little more, and forbids.
fn policies(counter: u64) -> String {
    let mut text = String::new();
    let (cell, place) = PROVER;
    writeln!(
        text,
        r#"permit(principal == Device::"machine-{cell}-{}", action == Action::"connect", resource in Group::"masters-{cell}")
        when {{ context.ia >= 4 }};"#,
        place - MASTERS
    )
    .unwrap();
    for cell in 0..CELLS {
        let masters = format!(r#"principal in Group::"masters-{cell}""#);
        let machines = format!(r#"resource in Group::"machines-{cell}""#);
        writeln!(text, r#"permit({masters}, action in Modbus::Action::"any read", {machines});"#).unwrap();
        writeln!(
            text,
            r#"permit({masters}, action == Action::"connect", {machines})
            when {{ context.ia >= 2 }} unless {{ context has posture && !context.posture.good }};"#
        )
        .unwrap();
        writeln!(
            text,
            r#"forbid({masters}, action, {machines}) when {{ context has risk && context.risk >= 3 }};"#
        )
        .unwrap();
        for nth in 0..POLICIES_OF_CELL - 4 {
            writeln!(
                text,
                r#"permit({masters}, action in Modbus::Action::"any write", resource == Service::"machine-{cell}-{nth}/modbus")
                when {{ context.mode == "maintenance" && context.message has address && context.message.address < 100 }};"#
            )
            .unwrap();
        }
        let protocol = if counter > 1 && cell == 0 { "ntp" } else { "ssh" };
        writeln!(
            text,
            r#"permit(principal in Group::"centres", action == Action::"connect", resource in Zone::"cell-{cell}")
            when {{ resource.protocol == "{protocol}" }};"#
        )
        .unwrap();
    }
    text
}
