//! Who sends, as an address that QUIC can keep: hardware address, network address and UDP port in one.
//!
//! Nothing is kept of a station: what QUIC calls an address holds all of it, and is read back when something is sent. So
//! there is no table that a flood of made-up senders could fill. The port that it is at is not in it: each port has an
//! endpoint of its own, and what one port sends can be taken for nothing that another one sends.
//!
//! INVARIANT: `read(address)` is the station that `address` was made of, and nothing else is a station.

use nullius_model::Mac;
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};

/// Leads what stands for a station: a prefix for documentation (RFC 3849) that no packet ever carries here.
const PREFIX: [u8; 2] = [0x20, 0x01];

/// Who sends, on one port. Its network address is link-local, and so its first half is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Station {
    pub(super) mac: Mac,
    /// The second half of its address.
    pub(super) interface: [u8; 8],
    /// Its UDP port.
    pub(super) port: u16,
}

impl Station {
    /// Its link-local address.
    pub(super) fn ip(&self) -> Ipv6Addr {
        let mut octets = [0; 16];
        octets[..2].copy_from_slice(&[0xfe, 0x80]);
        octets[8..].copy_from_slice(&self.interface);
        Ipv6Addr::from(octets)
    }

    /// What QUIC calls its address.
    pub(super) fn address(&self) -> SocketAddr {
        let mut octets = [0; 16];
        octets[..2].copy_from_slice(&PREFIX);
        octets[2..8].copy_from_slice(&self.mac.octets());
        octets[8..].copy_from_slice(&self.interface);
        SocketAddrV6::new(Ipv6Addr::from(octets), self.port, 0, 0).into()
    }

    /// The station that an address stands for.
    pub(super) fn read(address: SocketAddr) -> Option<Self> {
        let SocketAddr::V6(six) = address else { return None };
        let octets = six.ip().octets();
        let mac = *octets.get(2..)?.first_chunk()?;
        let interface = *octets.last_chunk()?;
        let station = Self { mac: Mac::new(mac), interface, port: six.port() };
        (station.address() == address).then_some(station)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_back_as_the_station_it_was_made_of() {
        for (last, port) in [(1, 1), (0xff, 65_535), (7, 40_000)] {
            let station = Station {
                mac: Mac::new([2, last, 0, 0, 0, 1]),
                interface: [last, 0, 0, 1, 2, 3, 4, 5],
                port,
            };
            assert_eq!(Station::read(station.address()), Some(station));
            assert!(station.ip().is_unicast_link_local());
        }
        for other in ["[fe80::1]:1", "10.0.0.1:1", "[2001::1%3]:1"] {
            assert_eq!(Station::read(other.parse().unwrap()), None, "{other}");
        }
    }
}
