//! What a device says about itself, or another says about it.

use crate::{Mac, Protocol};
use std::fmt;
use std::net::IpAddr;

/// One claim about an endpoint. All text is a device's own and proves nothing; it is bounded to [`Fact::MAX_VALUE`]
/// bytes and printed inert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact<'a> {
    /// The hardware address it is about; [`Mac::NONE`] where only the network address is known.
    pub mac: Mac,
    /// The network address it is about.
    pub ip: Option<IpAddr>,
    /// What is claimed.
    pub attribute: Attribute,
    /// The claim.
    pub value: &'a str,
    /// The protocol that carried it.
    pub source: Protocol,
}

impl Fact<'_> {
    /// Longest value kept, in bytes.
    pub const MAX_VALUE: usize = 256;
}

/// What a claim is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attribute {
    /// URI or name of an application: OPC UA ApplicationUri.
    Application,
    /// Bridge, router, telephone …: LLDP and CDP capabilities.
    Capability,
    /// What stands for the whole device on each of its ports, a hardware address or a name: LLDP chassis identifier.
    ChassisId,
    /// The client's own name for itself: MQTT client id, DHCP client id.
    ClientId,
    /// Free text: SNMP sysDescr, LLDP system description.
    Description,
    /// What it is for, in the protocol's terms: PROFINET role, BACnet object type.
    DeviceRole,
    /// DHCP parameter request list, as decimal option numbers: tells stacks apart.
    DhcpFingerprint,
    /// Firmware or software revision.
    Firmware,
    /// A name in some naming service.
    Hostname,
    /// JA4 fingerprint of a TLS client.
    Ja4,
    /// Where it stands: SNMP sysLocation, BACnet location.
    Location,
    /// Address to manage it by.
    ManagementAddress,
    /// Model or product name.
    Model,
    /// Where its manufacturer's usage description lies (RFC 8520): DHCP, DHCPv6 and LLDP carry the address.
    MudUrl,
    /// The switch port or neighbour it is attached to.
    NeighbourPort,
    /// Instance number in the protocol's own numbering: BACnet device instance.
    ObjectInstance,
    /// Order or product code.
    ProductCode,
    /// Serial number.
    Serial,
    /// Software of a service it offers: HTTP Server, SSH banner, SSDP server.
    ServerSoftware,
    /// A service it announces: DNS-SD type, UPnP device type.
    Service,
    /// Software it uses as a client: HTTP User-Agent, SSH client banner.
    UserAgent,
    /// Manufacturer.
    Vendor,
    /// DHCP vendor class.
    VendorClass,
}

impl Attribute {
    /// Lower-case name, as reports and the JSON schema print it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Capability => "capability",
            Self::ChassisId => "chassis-id",
            Self::ClientId => "client-id",
            Self::Description => "description",
            Self::DeviceRole => "device-role",
            Self::DhcpFingerprint => "dhcp-fingerprint",
            Self::Firmware => "firmware",
            Self::Hostname => "hostname",
            Self::Ja4 => "ja4",
            Self::Location => "location",
            Self::ManagementAddress => "management-address",
            Self::Model => "model",
            Self::MudUrl => "mud-url",
            Self::NeighbourPort => "neighbour-port",
            Self::ObjectInstance => "object-instance",
            Self::ProductCode => "product-code",
            Self::Serial => "serial",
            Self::ServerSoftware => "server-software",
            Self::Service => "service",
            Self::UserAgent => "user-agent",
            Self::Vendor => "vendor",
            Self::VendorClass => "vendor-class",
        }
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a hardware and a network address came to be taken for one station.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BindingSource {
    /// The station said so in ARP.
    Arp,
    /// The station said so in IPv6 neighbour discovery.
    NeighbourDiscovery,
    /// A DHCP server acknowledged the lease.
    DhcpLease,
    /// The station said so in answer to PROFINET DCP, or in its Hello.
    ProfinetDcp,
}

impl BindingSource {
    /// Lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Arp => "arp",
            Self::NeighbourDiscovery => "nd",
            Self::DhcpLease => "dhcp-lease",
            Self::ProfinetDcp => "profinet-dcp",
        }
    }
}
