//! The interfaces of this device that a gateway may be behind.

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use nullius_protocol::agent::{ANSWERS_FROM, GROUP, PORT};
use std::net::{Ipv6Addr, SocketAddrV6};

/// A place where a gateway may be: what is sent where, and whence answers come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// For people.
    pub(crate) name: String,
    /// The device's own address there; the port is the system's to choose.
    pub(crate) own: SocketAddrV6,
    /// Where it sends to.
    pub(crate) group: SocketAddrV6,
    /// Where answers come from.
    pub(crate) answers: SocketAddrV6,
}

/// What is up, speaks IPv6 on its link, and is no loopback. In the order of `named`, if that names any.
pub(super) fn places(named: &[String]) -> Vec<Place> {
    let Ok(addresses) = getifaddrs() else { return Vec::new() };
    let wanted = InterfaceFlags::IFF_UP | InterfaceFlags::IFF_MULTICAST;
    let usable = addresses
        .filter(|found| found.flags.contains(wanted) && !found.flags.contains(InterfaceFlags::IFF_LOOPBACK));
    let found = usable.filter_map(|found| {
        let address = *found.address?.as_sockaddr_in6()?;
        let link_local = address.ip().is_unicast_link_local();
        link_local.then(|| place(found.interface_name, address.ip(), address.scope_id()))
    });
    let mut places: Vec<Place> = Vec::new();
    for place in found {
        if !places.iter().any(|known| known.name == place.name) {
            places.push(place);
        }
    }
    if !named.is_empty() {
        let at = |place: &Place| named.iter().position(|name| *name == place.name);
        places.retain(|place| at(place).is_some());
        places.sort_by_key(at);
    }
    places
}

fn place(name: String, own: Ipv6Addr, scope: u32) -> Place {
    Place {
        name,
        own: SocketAddrV6::new(own, 0, 0, scope),
        group: SocketAddrV6::new(GROUP, PORT, 0, scope),
        answers: SocketAddrV6::new(ANSWERS_FROM, PORT, 0, scope),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_is_no_place_and_a_name_that_is_not_there_is_none() {
        assert!(places(&[]).iter().all(|place| place.name != "lo" && place.own.scope_id() != 0));
        assert_eq!(places(&["lo".to_owned(), "nowhere0".to_owned()]), []);
    }
}
