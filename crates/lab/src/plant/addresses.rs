//! Addresses by rule, so that a person reads the node off any of them.

use nullius_model::Mac;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The gateway's own host number in every network.
pub const GATEWAY_HOST: u8 = 1;

/// A network of the plant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Network {
    /// The bridge: the production cell and everything beside it.
    Cell,
    /// The second site, behind the gateway as a router.
    Site2,
    /// The office, behind the gateway as a router.
    Corporate,
}

impl Network {
    /// The third number of its IPv4 addresses: 10.77.N.0/24.
    pub const fn number(self) -> u8 {
        match self {
            Self::Cell => 1,
            Self::Site2 => 2,
            Self::Corporate => 9,
        }
    }

    /// Bits of an address that name the network, IPv4.
    pub const V4_PREFIX: u8 = 24;
    /// Bits of an address that name the network, IPv6.
    pub const V6_PREFIX: u8 = 64;

    /// Name, as tables show it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cell => "cell",
            Self::Site2 => "site2",
            Self::Corporate => "corporate",
        }
    }
}

/// All addresses of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// `02:4e:55:NN:00:HH`: locally administered, and `NU` in the middle.
    pub mac: Mac,
    /// `10.77.N.H`.
    pub v4: Ipv4Addr,
    /// `fd4e:55:77:N::H`: a unique local address.
    pub v6: Ipv6Addr,
}

impl Addresses {
    /// Of host number `host` in `network`.
    pub const fn new(network: Network, host: u8) -> Self {
        let (number, digits) = (network.number(), decimal_digits(host));
        Self {
            mac: Mac::new([0x02, 0x4e, 0x55, number, 0, digits]),
            v4: Ipv4Addr::new(10, 77, number, host),
            v6: Ipv6Addr::new(0xfd4e, 0x55, 0x77, number as u16, 0, 0, 0, digits as u16),
        }
    }

    /// The gateway in `network`.
    pub const fn gateway(network: Network) -> Self {
        Self::new(network, GATEWAY_HOST)
    }

    /// The link-local address the kernel makes of the hardware address (RFC 4291, appendix A).
    pub const fn link_local(self) -> Ipv6Addr {
        let [a, b, c, d, e, f] = self.mac.octets();
        let pair = u16::from_be_bytes;
        Ipv6Addr::new(0xfe80, 0, 0, 0, pair([a ^ 2, b]), pair([c, 0xff]), pair([0xfe, d]), pair([e, f]))
    }

    /// IPv4, IPv6, IPv6 link-local.
    pub const fn all(self) -> [IpAddr; 3] {
        [IpAddr::V4(self.v4), IpAddr::V6(self.v6), IpAddr::V6(self.link_local())]
    }
}

/// The last two digits of a decimal number as hexadecimal digits: 21 becomes 0x21.
const fn decimal_digits(number: u8) -> u8 {
    number / 10 % 10 * 16 + number % 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_digits_end_every_address() {
        let hmi = Addresses::new(Network::Cell, 21);
        assert_eq!(hmi.mac.to_string(), "02:4e:55:01:00:21");
        assert_eq!(hmi.v4.to_string(), "10.77.1.21");
        assert_eq!(hmi.v6.to_string(), "fd4e:55:77:1::21");
        assert_eq!(hmi.link_local().to_string(), "fe80::4e:55ff:fe01:21");
    }
}
