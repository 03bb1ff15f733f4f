//! Which network addresses a hardware address speaks for itself.
//!
//! A hardware address speaks for the network addresses it proves (ARP, neighbour discovery, a DHCP lease), for its
//! link-local ones, and for those it sends from with an initial hop limit, since a router would have taken one off.
//! Packets with any other hop limit were forwarded: the sender of the frame is a router, and the address lies beyond it;
//! unless the address is the only one and its neighbours are here, for stacks choose odd limits (Siemens controllers 30).

use super::stations::{Station, StationKey};
use nullius_model::is_on_site;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Hop limits systems start from. Anything just below was forwarded. A low one such as 32 is none of these: the
/// internet's hosts arrive with it.
const INITIAL_HOP_LIMITS: [u8; 3] = [64, 128, 255];
/// Hop limit of old systems; enough where the address belongs to a site by its form.
const OLD_HOP_LIMIT: u8 = 32;
/// Hop limits of traffic that is meant never to leave the link (multicast discovery).
const LINK_ONLY_HOP_LIMIT: u8 = 4;
/// Routers between two places of one site. A hop limit further below an initial one is a stack's own odd choice, such
/// as 60 or 100, where the address is the only one its hardware address sends from.
const SITE_ROUTERS: u8 = 3;

/// The hardware address speaks for this network address itself; `alone` if it has no other that crosses routers.
pub(super) fn is_own(key: &StationKey, station: &Station, alone: bool, nearby: &BTreeSet<Network>) -> bool {
    let Some(ip) = key.ip() else { return true };
    let is_here = is_on_site(ip) || nearby.contains(&network(ip));
    is_link_local(ip)
        || is_surely_own(key, station, alone)
        || (is_here && INITIAL_HOP_LIMITS.contains(&station.hop_limit))
        || (alone && is_here && !is_forwarded(station.hop_limit))
}

/// Of the stations of one hardware address one has an address that crosses routers, and no more.
pub(super) fn is_alone<'a>(mut stations: impl Iterator<Item = &'a StationKey>) -> bool {
    let mut routable = stations.by_ref().filter(|key| key.ip().is_some_and(|ip| !is_link_local(ip)));
    routable.next().is_some() && routable.next().is_none()
}

/// Proven, or sent with a hop limit no router has touched. A sender on the internet can choose a hop limit that arrives
/// here as an initial one and would pass for the router, so an address that is no site's by its form must be `alone`.
pub(super) fn is_surely_own(key: &StationKey, station: &Station, alone: bool) -> bool {
    let hops = station.hop_limit;
    let on_site = key.ip().is_some_and(is_on_site);
    let old = hops == OLD_HOP_LIMIT || (hops > 0 && hops <= LINK_ONLY_HOP_LIMIT);
    let is_station = !key.mac().is_none() && !key.mac().is_group();
    let untouched = INITIAL_HOP_LIMITS.contains(&hops);
    is_station && (!station.proofs.is_empty() || (untouched && (on_site || alone)) || (old && on_site))
}

/// The leading bits of an address that neighbours on one link share: a /24 or a /64.
pub(super) type Network = (bool, u128);

pub(super) fn network(ip: IpAddr) -> Network {
    match ip {
        IpAddr::V4(ip) => (false, u128::from(ip.to_bits() >> 8)),
        IpAddr::V6(ip) => (true, ip.to_bits() >> 64),
    }
}

/// The address never crosses a router.
pub(super) const fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local() || ip.is_unspecified(),
        IpAddr::V6(ip) => ip.is_unicast_link_local() || ip.is_unspecified(),
    }
}

/// A hop limit that an initial one has after the routers of a site.
fn is_forwarded(hop_limit: u8) -> bool {
    INITIAL_HOP_LIMITS.iter().any(|initial| (1..=SITE_ROUTERS).contains(&initial.saturating_sub(hop_limit)))
}

/// An address without a hardware address of its own is a device's where its form says it is here, or its hop limit does
/// and no router forwarded it.
pub(super) fn is_local(key: &StationKey, ip: IpAddr, station: &Station) -> bool {
    let group = match ip {
        IpAddr::V4(ip) => ip.is_multicast() || ip.is_broadcast() || ip.is_unspecified(),
        IpAddr::V6(ip) => ip.is_multicast() || ip.is_unspecified(),
    };
    let sent_here = key.mac().is_none() && INITIAL_HOP_LIMITS.contains(&station.hop_limit);
    station.frames > 0 && !group && (is_on_site(ip) || sent_here)
}
