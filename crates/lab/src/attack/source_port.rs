//! A symmetric rule mistakes a source port for an answer: here the controller, and the vendor, open connections from 502.

use super::Target;
use super::packet::{PUSH_ACK, Route, SYN};
use super::probe::{self, Findings, Probe};
use crate::plant::addresses_of;
use anyhow::Result;
use std::net::IpAddr;

/// Ports of the panel that a controller has no business with.
const TARGETS: [u16; 3] = [22, 502, 3389];

pub(super) fn run(target: &Target<'_>) -> Result<Findings> {
    let mut found = probe::run(target.status, "plc1", "hmi", &openings("plc1", "hmi")?)?;
    let more = probe::run(target.status, "vendor", "plc1", &vendor()?)?;
    found.of_probes.extend(more.of_probes);
    found.others += more.others;
    Ok(found)
}

/// Both families, from the port of the service that the policy lets the other side use.
pub(super) fn openings(from: &str, to: &str) -> Result<Vec<Probe>> {
    let mut probes = Vec::new();
    for (family, route) in routes(from, to)? {
        for port in TARGETS {
            let what = format!("{from} opens {to}:{port} from its port 502, {family}");
            probes.push(Probe::whole(what, route.tcp((502, port), SYN, u32::from(port), &[])));
        }
    }
    Ok(probes)
}

pub(super) fn vendor() -> Result<Vec<Probe>> {
    let mut probes = openings("vendor", "plc1")?;
    for (family, route) in routes("vendor", "plc1")? {
        let what = format!("vendor sends plc1 data without opening, {family}");
        probes.push(Probe::whole(what, route.tcp((502, 502), PUSH_ACK, 5, b"no handshake")));
        let what = format!("vendor sends plc1 a datagram from port 5683, {family}");
        probes.push(Probe::whole(what, route.udp((5683, 502), b"nullius source port")));
    }
    Ok(probes)
}

fn routes(from: &str, to: &str) -> Result<[(&'static str, Route); 2]> {
    let (a, b) = (addresses_of(from)?, addresses_of(to)?);
    let route = |source: IpAddr, destination: IpAddr| Route { from: a.mac, to: b.mac, source, destination };
    Ok([("IPv4", route(a.v4.into(), b.v4.into())), ("IPv6", route(a.v6.into(), b.v6.into()))])
}
