//! What the plant consists of: one table, from which links, processes, the policy and the documentation follow.
//!
//! Addresses are readable on purpose: the last number of a node is the same in its IPv4, its IPv6 and its hardware
//! address, written in decimal digits everywhere.

mod addresses;

pub use addresses::{Addresses, GATEWAY_HOST, Network};

/// The bridge of the gateway.
pub const BRIDGE: &str = "br0";
/// The one interface of every node.
pub const INTERFACE: &str = "eth0";
/// The gateway's own name in commands.
pub const GATEWAY: &str = "gw";

/// The host number of the node that gives newcomers an address.
pub const INFRA_HOST: u8 = 2;

/// What a node runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A Modbus server with a tank behind it.
    Plc,
    /// Polls every controller and writes set points.
    Hmi,
    /// Reads every controller and the camera.
    Historian,
    /// Serves pictures over HTTP.
    Camera,
    /// An MQTT 3.1.1 broker.
    Broker,
    /// Publishes a temperature to the broker.
    Sensor,
    /// A CoAP server.
    CoapSensor,
    /// DHCP and DNS: what a device needs before anybody knows it.
    Infra,
    /// Nothing: a person, or an attacker, sits here.
    Idle,
}

impl Role {
    /// Whether others ask it, rather than it them.
    pub const fn serves(self) -> bool {
        matches!(self, Self::Plc | Self::Camera | Self::Broker | Self::CoapSensor | Self::Infra)
    }
}

/// One device of the plant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name, everywhere.
    pub name: &'static str,
    /// What it runs.
    pub role: Role,
    /// Where it is plugged in.
    pub network: Network,
    /// The last number of its addresses, 2 to 99.
    pub host: u8,
    /// What it is, in a few words.
    pub what: &'static str,
}

impl Node {
    /// Its addresses.
    pub const fn addresses(&self) -> Addresses {
        Addresses::new(self.network, self.host)
    }

    /// Whether it runs a process of its own.
    pub fn runs(&self) -> bool {
        self.role != Role::Idle
    }

    /// The gateway's port its cable ends in.
    pub fn port(&self) -> String {
        format!("p-{}", self.name)
    }
}

const fn node(name: &'static str, role: Role, network: Network, host: u8, what: &'static str) -> Node {
    Node { name, role, network, host, what }
}

/// Every device there is. The gateway is not among them.
pub const PLANT: [Node; 16] = [
    node("infra", Role::Infra, Network::Cell, INFRA_HOST, "DHCP and DNS for newcomers"),
    node("plc1", Role::Plc, Network::Cell, 11, "controller of tank 1 (Modbus)"),
    node("plc2", Role::Plc, Network::Cell, 12, "controller of tank 2 (Modbus)"),
    node("plc3", Role::Plc, Network::Cell, 13, "controller of tank 3 (Modbus)"),
    node("hmi", Role::Hmi, Network::Cell, 21, "operator panel: polls and writes the controllers"),
    node("historian", Role::Historian, Network::Cell, 22, "records controllers, camera, CoAP sensor"),
    node("ews", Role::Idle, Network::Cell, 23, "engineering workstation"),
    node("broker", Role::Broker, Network::Cell, 31, "MQTT broker"),
    node("sensor1", Role::Sensor, Network::Cell, 32, "temperature over MQTT"),
    node("sensor2", Role::Sensor, Network::Cell, 33, "temperature over MQTT"),
    node("coap1", Role::CoapSensor, Network::Cell, 34, "temperature over CoAP"),
    node("cam1", Role::Camera, Network::Cell, 41, "camera (HTTP)"),
    node("vendor", Role::Idle, Network::Cell, 51, "laptop of a vendor"),
    node("attacker", Role::Idle, Network::Cell, 66, "a stranger's machine"),
    node("rtu", Role::Plc, Network::Site2, 11, "pump station at the second site (Modbus)"),
    node("corp", Role::Idle, Network::Corporate, 21, "office computer"),
];

/// The node of this name.
pub fn node_named(name: &str) -> Option<&'static Node> {
    PLANT.iter().find(|node| node.name == name)
}

/// The addresses of the node of this name.
///
/// # Errors
/// Where there is no such node.
pub fn addresses_of(name: &str) -> anyhow::Result<Addresses> {
    let node = node_named(name).ok_or_else(|| anyhow::anyhow!("no node {name}"))?;
    Ok(node.addresses())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_nodes_share_a_name_or_an_address() {
        let names: BTreeSet<_> = PLANT.iter().map(|node| node.name).collect();
        let macs: BTreeSet<_> = PLANT.iter().map(|node| node.addresses().mac).collect();
        let ips: BTreeSet<_> = PLANT.iter().flat_map(|node| node.addresses().all()).collect();
        assert_eq!((names.len(), macs.len(), ips.len()), (PLANT.len(), PLANT.len(), PLANT.len() * 3));
    }

    #[test]
    fn every_port_is_a_name_the_kernel_takes() {
        for node in &PLANT {
            assert!(nullius_model::PortName::new(&node.port()).is_ok(), "{}", node.port());
        }
    }
}
