//! Who belongs together: devices of one function, in one subnet, asked by the same stations.
//!
//! The rule is simple on purpose: a person must be able to check it by looking. Function comes from the class,
//! subnets are taken as /24 and /64, and controllers are told apart by who asks them, which keeps two production
//! lines apart that share a subnet. A device nobody can place is in a zone of its own kind, `unsorted`, never in a
//! better one.

use super::document::{DeviceName, Member, Zone};
use nullius_device::discovery::classify::Class;
use nullius_device::{DeviceView, Party, Picture};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Subnets are guessed this long: nothing passive tells their real length.
const PREFIX_V4: u8 = 24;
const PREFIX_V6: u8 = 64;

/// What a zone is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Function {
    Control,
    Supervision,
    Field,
    Services,
    Network,
    People,
    Unsorted,
}

impl Function {
    const fn of(class: Option<Class>) -> Self {
        match class {
            Some(Class::Controller | Class::BuildingController) => Self::Control,
            Some(Class::Supervisor | Class::Historian | Class::EngineeringStation) => Self::Supervision,
            Some(Class::Camera | Class::Sensor | Class::Gateway | Class::Appliance) => Self::Field,
            Some(Class::Broker | Class::Server | Class::Printer) => Self::Services,
            Some(Class::Switch | Class::Router) => Self::Network,
            Some(Class::Workstation | Class::Phone) => Self::People,
            None => Self::Unsorted,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Supervision => "supervision",
            Self::Field => "field",
            Self::Services => "services",
            Self::Network => "network",
            Self::People => "people",
            Self::Unsorted => "unsorted",
        }
    }
}

/// What the devices of one zone share.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Common {
    function: Function,
    subnet: Option<(IpAddr, u8)>,
    /// Who asks them, by industrial protocols; only of controllers.
    asked_by: BTreeSet<Party>,
}

/// Proposed zones, and which zone each device is in.
#[derive(Debug, Default)]
pub(super) struct Zones {
    zones: Vec<Zone>,
    of_device: BTreeMap<usize, String>,
}

impl Zones {
    pub(super) fn of(&self, device: usize) -> Option<&str> {
        self.of_device.get(&device).map(String::as_str)
    }

    pub(super) fn into_documents(self) -> Vec<Zone> {
        self.zones
    }
}

pub(super) fn propose(picture: &Picture) -> Zones {
    let mut groups: BTreeMap<Common, Vec<usize>> = BTreeMap::new();
    for (index, view) in picture.devices.iter().enumerate() {
        groups.entry(common(picture, index, view)).or_default().push(index);
    }
    let mut zones = Zones::default();
    let mut numbers: BTreeMap<Function, usize> = BTreeMap::new();
    for (common, devices) in groups {
        let number = numbers.entry(common.function).or_default();
        *number += 1;
        let id = format!("{}-{number}", common.function.name());
        let members = devices.iter().filter_map(|index| picture.devices.get(*index)).map(member).collect();
        zones.of_device.extend(devices.iter().map(|index| (*index, id.clone())));
        zones.zones.push(Zone { id, why: why(picture, &common), members });
    }
    zones
}

fn common(picture: &Picture, index: usize, view: &DeviceView) -> Common {
    let function = Function::of(view.classification.class);
    let subnet = view.device.addresses.keys().next().map(|ip| subnet(*ip));
    let askers = || {
        let asks = picture
            .conversations
            .iter()
            .filter(|one| one.server == Party::Device(index) && one.protocol.is_industrial());
        asks.map(|one| one.client).filter(|client| *client != Party::Device(index)).collect()
    };
    let asked_by = if function == Function::Control { askers() } else { BTreeSet::new() };
    Common { function, subnet, asked_by }
}

fn subnet(ip: IpAddr) -> (IpAddr, u8) {
    match ip {
        IpAddr::V4(ip) => {
            let mask = u32::MAX << (32 - PREFIX_V4);
            (Ipv4Addr::from_bits(ip.to_bits() & mask).into(), PREFIX_V4)
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX << (128 - PREFIX_V6);
            (Ipv6Addr::from_bits(ip.to_bits() & mask).into(), PREFIX_V6)
        }
    }
}

fn why(picture: &Picture, common: &Common) -> String {
    let place = match common.subnet {
        Some((network, prefix)) => format!("in {network}/{prefix}"),
        None => "without a network address".to_owned(),
    };
    let what = match common.function {
        Function::Control => "devices that control the process",
        Function::Supervision => "devices that ask or program controllers",
        Function::Field => "sensors, actuators, cameras and appliances",
        Function::Services => "devices that serve others",
        Function::Network => "switches and routers",
        Function::People => "computers and phones of people",
        Function::Unsorted => "devices whose class is not known: a person decides",
    };
    if common.asked_by.is_empty() {
        return format!("{what}, {place}");
    }
    let askers = common.asked_by.iter().map(|party| crate::report::words::party(picture, *party));
    format!("{what}, {place}, asked by {}", askers.collect::<Vec<_>>().join(", "))
}

fn member(view: &DeviceView) -> Member {
    let verdict = &view.classification;
    let why = match verdict.class {
        Some(class) => {
            let reasons = verdict.reasons.iter().filter(|reason| reason.class == class);
            let reasons: Vec<&str> = reasons.map(|reason| reason.why.as_str()).collect();
            format!("{}, {} %: {}", class.name(), verdict.confidence, reasons.join("; "))
        }
        None if verdict.ambiguous => "the evidence contradicts itself".to_owned(),
        None => "nothing tells what it is".to_owned(),
    };
    Member { device: device_name(view), why }
}

pub(super) fn device_name(view: &DeviceView) -> DeviceName {
    DeviceName {
        name: view.name.to_string(),
        addresses: view.device.addresses.keys().map(ToString::to_string).collect(),
        macs: view.device.macs.iter().map(ToString::to_string).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subnet_is_the_address_without_its_host_part() {
        for (ip, network) in
            [("10.1.2.3", "10.1.2.0"), ("fe80::1:2", "fe80::"), ("2001:db8:1:2:3::", "2001:db8:1:2::")]
        {
            assert_eq!(subnet(ip.parse().unwrap()).0, network.parse::<IpAddr>().unwrap());
        }
    }

    #[test]
    fn what_is_not_known_is_in_no_zone_of_something_better() {
        assert_eq!(Function::of(None), Function::Unsorted);
    }
}
