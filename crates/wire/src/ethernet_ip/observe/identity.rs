//! An Identity object as facts.
//!
//! Vendor ids and device types are assigned by ODVA; the tables hold makers and kinds common in plants, everything else
//! is told by its number.

use super::PROTOCOL;
use crate::context::Context;
use crate::ethernet_ip::parser::Identity;
use nullius_model::Attribute;

/// The numbers of an identity, to recognise one that was told already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    vendor: u16,
    device_type: u16,
    product_code: u16,
    revision: (u8, u8),
    serial: u32,
}

impl From<&Identity<'_>> for Told {
    fn from(identity: &Identity<'_>) -> Self {
        let Identity { vendor, device_type, product_code, revision, serial, .. } = *identity;
        Self { vendor, device_type, product_code, revision, serial }
    }
}

/// Tells what the sender says it is.
pub(super) fn tell(identity: &Identity<'_>, context: &mut Context<'_>) {
    let (major, minor) = identity.revision;
    let vendor = numbered(VENDORS, identity.vendor, "ODVA vendor");
    let role = numbered(DEVICE_TYPES, identity.device_type, "CIP device type");
    for (attribute, value) in [
        (Attribute::Vendor, vendor.as_str()),
        (Attribute::DeviceRole, role.as_str()),
        (Attribute::ProductCode, &identity.product_code.to_string()),
        (Attribute::Firmware, &format!("{major}.{minor}")),
        (Attribute::Serial, &format!("{:08x}", identity.serial)),
        (Attribute::Model, &identity.product_name),
    ] {
        context.fact(PROTOCOL, attribute, value);
    }
}

fn numbered(table: &[(u16, &str)], number: u16, kind: &str) -> String {
    match table.iter().find(|(known, _)| *known == number) {
        Some((_, name)) => (*name).to_owned(),
        None => format!("{kind} {number}"),
    }
}

/// ODVA vendor ids.
const VENDORS: &[(u16, &str)] = &[
    (1, "Rockwell Automation/Allen-Bradley"),
    (3, "Honeywell"),
    (4, "Parker Hannifin"),
    (5, "Rockwell Automation/Reliance Electric"),
    (7, "SMC"),
    (8, "Molex"),
    (12, "Banner Engineering"),
    (26, "Festo"),
    (40, "WAGO"),
    (43, "Balluff"),
    (44, "Yaskawa Electric America"),
    (46, "ABB Industrial Systems"),
    (47, "Omron"),
    (48, "Turck"),
    (57, "Pepperl+Fuchs"),
    (68, "Eaton Electrical"),
    (75, "ABB Robotics"),
    (77, "Rockwell Software"),
    (90, "HMS Industrial Networks"),
    (94, "Advantech"),
    (97, "Danfoss"),
    (108, "Beckhoff Automation"),
    (121, "KUKA Roboter"),
    (153, "Watlow"),
    (161, "Mitsubishi Electric"),
    (176, "Red Lion Controls"),
    (243, "Schneider Automation"),
    (250, "Yokogawa Electric"),
    (255, "Bosch Rexroth"),
    (256, "Turck"),
    (283, "Hilscher"),
    (309, "ProSoft Technology"),
    (315, "SEW-Eurodrive"),
    (322, "ifm efector"),
    (345, "Endress+Hauser"),
    (356, "Fanuc Robotics America"),
    (367, "Keyence"),
    (445, "Lenze"),
    (562, "Phoenix Contact"),
    (634, "Hirschmann"),
    (640, "Murrelektronik"),
    (678, "Cognex"),
    (808, "SICK"),
    (841, "Panduit"),
    (939, "Cisco Systems"),
    (991, "Moxa"),
    (1015, "Weidmüller"),
];

/// CIP device profiles (Volume 1, 6-7).
const DEVICE_TYPES: &[(u16, &str)] = &[
    (0, "Generic Device (deprecated)"),
    (2, "AC Drive"),
    (3, "Motor Overload"),
    (4, "Limit Switch"),
    (5, "Inductive Proximity Switch"),
    (6, "Photoelectric Sensor"),
    (7, "General Purpose Discrete I/O"),
    (9, "Resolver"),
    (12, "Communications Adapter"),
    (14, "Programmable Logic Controller"),
    (16, "Position Controller"),
    (19, "DC Drive"),
    (21, "Contactor"),
    (22, "Motor Starter"),
    (23, "Soft Start"),
    (24, "Human-Machine Interface"),
    (26, "Mass Flow Controller"),
    (27, "Pneumatic Valve"),
    (28, "Vacuum Pressure Gauge"),
    (29, "Process Control Valve"),
    (34, "Encoder"),
    (35, "Safety Discrete I/O Device"),
    (36, "Fluid Flow Controller"),
    (37, "CIP Motion Drive"),
    (42, "Safety Analog I/O Device"),
    (43, "Generic Device (keyable)"),
    (44, "Managed Ethernet Switch"),
    (45, "CIP Motion Safety Drive Device"),
    (46, "Safety Drive Device"),
    (47, "CIP Motion Encoder"),
    (49, "CIP Motion I/O"),
    (51, "Circuit Breaker"),
    (52, "HART Device"),
    (53, "CIP-HART Translator"),
    (200, "Embedded Component"),
];
