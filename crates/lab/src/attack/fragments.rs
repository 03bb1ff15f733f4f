//! Ports hidden behind fragments: a rule that reads ports sees none in the second piece, and few in a tiny first one.

use super::Target;
use super::packet::{PUSH_ACK, Route, SYN, TCP, UDP};
use super::probe::{self, Findings, Probe};
use crate::plant::addresses_of;
use anyhow::Result;
use std::net::IpAddr;

/// Where the packet is cut: after the ports, and inside the data.
const CUTS: [usize; 2] = [8, 24];
/// Data behind the header, so that the second piece is recognised.
const DATA: &[u8] = b"nullius lab: the second piece of a packet";

pub(super) fn run(target: &Target<'_>) -> Result<Findings> {
    let mut found = probe::run(target.status, "vendor", "plc1", &pieces("vendor", 502)?)?;
    let more = probe::run(target.status, "hmi", "plc1", &pieces("hmi", 4840)?)?;
    found.of_probes.extend(more.of_probes);
    found.others += more.others;
    Ok(found)
}

pub(super) fn pieces(from: &str, port: u16) -> Result<Vec<Probe>> {
    let (a, b) = (addresses_of(from)?, addresses_of("plc1")?);
    let pairs: [(&str, IpAddr, IpAddr); 2] =
        [("IPv4", a.v4.into(), b.v4.into()), ("IPv6", a.v6.into(), b.v6.into())];
    let mut probes = Vec::new();
    for (family, source, destination) in pairs {
        let route = Route { from: a.mac, to: b.mac, source, destination };
        for cut in CUTS {
            let what = format!("{from} to plc1:{port}, {family}, cut at {cut}");
            probes.extend(cut_open(&route, port, cut, &what));
        }
    }
    Ok(probes)
}

fn cut_open(route: &Route, port: u16, cut: usize, what: &str) -> Vec<Probe> {
    let sequence = u32::try_from(cut).unwrap_or_default();
    let data = [DATA, &port.to_be_bytes(), &sequence.to_be_bytes()].concat();
    let syn = route.segment((47_120, port), SYN, sequence, &data);
    let bare = route.segment((47_121, port), PUSH_ACK, sequence, &data);
    let named = |(kind, frame): (&str, Vec<u8>)| Probe::whole(format!("{kind} of {what}"), frame);
    let [first, second] = route.fragments(TCP, &syn, cut);
    // a whole packet that calls itself a fragment of one piece
    let [atomic, _] = route.fragments(UDP, &bare, bare.len());
    [("first piece", first), ("second piece", second), ("a lone first piece", atomic)].map(named).to_vec()
}
