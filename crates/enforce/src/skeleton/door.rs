//! What devices say to the gateway's own door: datagrams to one group address and one port (docs/agent-link.md).
//!
//! The gateway hears them at the port they came in by, before the bridge does. So they go no further and are no denial.
//! INVARIANT: they reach no other port, whoever sent them; whatever differs in one field is judged like anything else.

use super::network::UDP;
use super::{SIX, Site};
use crate::field::{Field, padded};
use crate::line::Line;

/// The group that agents send to: its Ethernet address, its IPv6 address and the UDP port. The protocol of agents has
/// the same.
pub const AGENT_GROUP: ([u8; 6], [u8; 16], u16) = (
    [0x33, 0x33, 0x6e, 0x75, 0x6c, 0x6c],
    [0xff, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x6e, 0x75, 0x6c, 0x6c],
    7747,
);

/// Drops them, uncounted and untold, on our bridges and on no others.
pub(super) fn heard(site: &Site) -> Vec<Line> {
    if site.bridges.is_empty() || !site.confined {
        return vec![to_door(Line::new())];
    }
    let on = |bridge: &nullius_model::PortName| Line::new().has(Field::InBridge, &padded(bridge.as_str()));
    site.bridges.iter().map(|bridge| to_door(on(bridge))).collect()
}

fn to_door(line: Line) -> Line {
    let (ethernet, address, port) = AGENT_GROUP;
    let (field, six) = SIX.kind();
    line.has(Field::EtherDestination, &ethernet)
        .has(field, six)
        .has(Field::EtherType, SIX.ether_type)
        .has(SIX.protocol, UDP)
        .has(SIX.destination, &address)
        .has(Field::DestinationPort, &port.to_be_bytes())
        .drop()
        .comment("heard at the port by the gateway itself")
}
