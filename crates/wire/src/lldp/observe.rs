//! What an LLDP data unit says about its sender.

use super::parser::Unit;
use crate::context::Context;
use crate::text;
use nullius_model::{Attribute, Protocol};

const CHASSIS_MAC: u8 = 4;
const PORT_MAC: u8 = 3;

/// Everything the sender claims about itself.
pub(super) fn facts(unit: &Unit<'_>, context: &mut Context<'_>) {
    let mut tell = |attribute, value: &str| context.fact(Protocol::Lldp, attribute, value);
    tell(Attribute::ChassisId, &unit.chassis.text(CHASSIS_MAC));
    if let Some(mac) = unit.profinet_chassis {
        tell(Attribute::ChassisId, &mac.to_string());
    }
    tell(Attribute::NeighbourPort, &unit.port.text(PORT_MAC));
    tell(Attribute::Capability, &unit.capability_names());
    for ip in &unit.addresses {
        tell(Attribute::ManagementAddress, &ip.to_string());
    }
    let inventory = unit.inventory;
    for (attribute, value) in [
        (Attribute::NeighbourPort, unit.port_description),
        (Attribute::Hostname, unit.system_name),
        (Attribute::Description, unit.system_description),
        (Attribute::MudUrl, unit.mud_url),
        (Attribute::Firmware, inventory.firmware),
        (Attribute::Firmware, inventory.software),
        (Attribute::Serial, inventory.serial),
        (Attribute::Vendor, inventory.manufacturer),
        (Attribute::Model, inventory.model),
    ] {
        tell(attribute, &text::utf8(value));
    }
}
