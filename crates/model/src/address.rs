//! Who speaks: hardware addresses and endpoints.

use std::fmt;
use std::net::IpAddr;

/// A 48-bit hardware address (IEEE 802).
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mac([u8; 6]);

/// As one number: half of what a packet costs is looking tables up, and arrays are hashed byte by byte.
impl std::hash::Hash for Mac {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write_u64(self.to_bits());
    }
}

impl Mac {
    /// All bits set: every station on the link.
    pub const BROADCAST: Self = Self([0xff; 6]);
    /// All zero: the link type carries no hardware address.
    pub const NONE: Self = Self([0; 6]);

    /// From six octets in transmission order.
    pub const fn new(octets: [u8; 6]) -> Self {
        Self(octets)
    }

    /// The six octets in transmission order.
    pub const fn octets(self) -> [u8; 6] {
        self.0
    }

    /// The six octets as one number, the first the most significant.
    pub const fn to_bits(self) -> u64 {
        let [a, b, c, d, e, f] = self.0;
        u64::from_be_bytes([0, 0, a, b, c, d, e, f])
    }

    /// Broadcast or multicast: names a group, never one station.
    pub const fn is_group(self) -> bool {
        let [first, ..] = self.0;
        first & 1 == 1
    }

    /// Assigned by software rather than by a manufacturer; a randomised address is one of these.
    pub const fn is_locally_administered(self) -> bool {
        let [first, ..] = self.0;
        first & 2 == 2
    }

    /// The address names no station at all.
    pub const fn is_none(self) -> bool {
        matches!(self.0, [0, 0, 0, 0, 0, 0])
    }
}

/// `00:04:17:02:36:35`.
impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One end of a flow, as the frames name it. Which device that is, `device` says later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// The hardware address on this link; of a router where the device lies beyond one.
    pub mac: Mac,
    /// The network address; absent for protocols that ride on the link directly.
    pub ip: Option<IpAddr>,
    /// The transport port; 0 where the transport has none.
    pub port: u16,
}

impl Endpoint {
    /// The endpoint names a group of stations (broadcast or multicast).
    pub fn is_group(&self) -> bool {
        self.mac.is_group()
            || match self.ip {
                Some(IpAddr::V4(ip)) => ip.is_multicast() || ip.is_broadcast(),
                Some(IpAddr::V6(ip)) => ip.is_multicast(),
                None => false,
            }
    }
}

/// `10.0.0.1:502`, `[fe80::1]:5353`, or the hardware address where there is no network address.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.ip, self.port) {
            (Some(ip), 0) => write!(f, "{ip}"),
            (Some(IpAddr::V4(ip)), port) => write!(f, "{ip}:{port}"),
            (Some(IpAddr::V6(ip)), port) => write!(f, "[{ip}]:{port}"),
            (None, _) => write!(f, "{}", self.mac),
        }
    }
}

/// The address belongs to a site by its form: private (RFC 1918, RFC 4193), link-local, shared (RFC 6598), loopback
/// or a group. Everything else is taken for the internet until an ARP, ND or DHCP exchange shows it on the link.
pub fn is_on_site(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            let shared = a == 100 && b & 0xc0 == 64;
            shared
                || ip.is_private()
                || ip.is_link_local()
                || ip.is_loopback()
                || ip.is_multicast()
                || ip.is_broadcast()
                || ip.is_unspecified()
        }
        IpAddr::V6(ip) => {
            ip.is_unique_local()
                || ip.is_unicast_link_local()
                || ip.is_loopback()
                || ip.is_multicast()
                || ip.is_unspecified()
        }
    }
}
