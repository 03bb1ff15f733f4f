//! The probe matrix: what arrives equals what policy says, and what does not was dropped by us.

use crate::gateway::Gateway;
use crate::net::Segment;
use crate::plant::{DEVICES, Door, allowed, converse, repository};
use crate::probes::{Doors, Probe, knock};

pub(crate) const DOORS: Doors = Doors { tcp: &[502, 80], udp: &[5683], frame: (0x88b8, 0x0003) };

fn every_pair(stations: usize) -> Vec<(usize, usize)> {
    (1..=stations)
        .flat_map(|from| (1..=stations).filter(move |to| *to != from).map(move |to| (from, to)))
        .collect()
}

/// Whether the receiver should have seen it.
fn expected(probe: &Probe) -> bool {
    let Probe { from, to, port, .. } = *probe;
    match probe.kind.as_str() {
        "ipv4 tcp" | "ipv6 tcp" => allowed(from, to, Door::Tcp(port)),
        "ipv4 tcp reply" | "ipv6 tcp reply" => allowed(to, from, Door::Tcp(port)),
        "ipv4 udp" | "ipv6 udp" => allowed(from, to, Door::Udp(port)),
        "ipv4 echo" | "ipv6 echo" => allowed(from, to, Door::Echo),
        "arp request" | "neighbour solicitation" => converse(from, to),
        "frame" => allowed(from, to, Door::Frame),
        _ => false,
    }
}

#[test]
fn every_kind_of_probe_arrives_where_nothing_is_enforced() {
    let segment = Segment::new(3);
    let probes = knock(&segment, &DOORS, &every_pair(3), false);
    let lost: Vec<_> = probes.iter().filter(|probe| !probe.arrived.contains(&probe.to)).collect();
    assert!(lost.is_empty(), "{lost:#?}");
}

#[test]
fn the_probe_matrix_of_twenty_devices_equals_the_policy_matrix() {
    let segment = Segment::new(DEVICES);
    let gateway = Gateway::start(&segment, "matrix", "hold");
    gateway.apply(&repository(false));
    // teaches the bridge where everybody is: what is flooded is dropped, and counted, once a port
    let ring: Vec<_> = (1..=DEVICES).map(|number| (number, number % DEVICES + 1)).collect();
    knock(&segment, &DOORS, &ring, false);
    let before = denied(&segment);
    let probes = knock(&segment, &DOORS, &every_pair(DEVICES), true);
    let wrong: Vec<_> = probes
        .iter()
        .filter(|probe| probe.arrived != if expected(probe) { vec![probe.to] } else { Vec::new() })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {} probes: {:#?}",
        wrong.len(),
        probes.len(),
        wrong.get(..10.min(wrong.len()))
    );
    let dropped = probes.iter().filter(|probe| !expected(probe)).count();
    assert_eq!(
        denied(&segment) - before,
        dropped as u64,
        "every denial is one of ours, counted in the kernel"
    );
}

/// Packets in the kernel's counters of denials, as `nft` reads them.
fn denied(segment: &Segment) -> u64 {
    let printed = segment.gateway.shell("nft -j list counters");
    let listed: serde_json::Value = serde_json::from_str(&printed).unwrap();
    let counters = listed["nftables"].as_array().unwrap().iter().filter_map(|entry| entry.get("counter"));
    let denials =
        counters.filter(|counter| counter["name"].as_str().is_some_and(|name| name.starts_with("deny_")));
    denials.map(|counter| counter["packets"].as_u64().unwrap()).sum()
}
