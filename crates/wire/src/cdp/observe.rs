//! What a CDP packet says about its sender.

use super::parser::Packet;
use crate::context::Context;
use crate::text;
use nullius_model::{Attribute, Protocol};

/// Everything the sender claims about itself.
pub(super) fn facts(packet: &Packet<'_>, context: &mut Context<'_>) {
    let software = text::utf8(packet.software);
    let mut tell = |attribute, value: &str| context.fact(Protocol::Cdp, attribute, value);
    tell(Attribute::Hostname, &text::utf8(packet.device_id));
    tell(Attribute::Hostname, &text::utf8(packet.system_name));
    tell(Attribute::NeighbourPort, &text::utf8(packet.port_id));
    tell(Attribute::Capability, &packet.capability_names());
    tell(Attribute::Description, software.lines().next().unwrap_or_default());
    tell(Attribute::Firmware, version(&software).unwrap_or_default());
    tell(Attribute::Model, &text::utf8(packet.platform));
    for ip in &packet.addresses {
        tell(Attribute::ManagementAddress, &ip.to_string());
    }
}

/// `12.2(25)SEB4` of `Cisco IOS Software, …, Version 12.2(25)SEB4, RELEASE SOFTWARE`.
fn version(software: &str) -> Option<&str> {
    let (_, behind) = software.split_once("Version ")?;
    behind.split([',', ' ', '\r', '\n']).next()
}
