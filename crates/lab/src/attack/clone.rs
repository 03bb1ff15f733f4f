//! Attack 1: a double of the operator panel, hardware and network address, behind another port.

use super::Target;
use super::packet::{ARP, PUSH_ACK, Route, SYN, arp, ethernet};
use super::probe::{self, Findings, Probe};
use crate::commands::{plug, unplug};
use crate::plant::{Addresses, addresses_of};
use anyhow::Result;
use nullius_model::Mac;
use std::net::IpAddr;
use std::thread::sleep;
use std::time::Duration;

/// How long the gateway may take to notice a cable.
const NOTICE: Duration = Duration::from_millis(500);
/// Port the double sends from.
const PORT: u16 = 47_110;
/// Write 6666 to register 1, the set point: an order nobody else gives.
const WRITE: [u8; 12] = [0x4e, 0x55, 0, 0, 0, 6, 1, 6, 0, 1, 0x1a, 0x0a];

pub(super) fn online(target: &Target<'_>) -> Result<Findings> {
    probe::run(target.status, "attacker", "plc1", &probes()?)
}

pub(super) fn unplugged(target: &Target<'_>) -> Result<Findings> {
    unplug(target.state, "hmi")?;
    sleep(NOTICE);
    let found = probes().and_then(|probes| probe::run(target.status, "attacker", "plc1", &probes));
    plug(target.state, "hmi")?;
    let mut found = found?;
    // nobody polls plc1 now but the historian, every two seconds: wait for one of its polls
    if found.others == 0 {
        found.others = heard(target)?;
    }
    Ok(found)
}

fn heard(target: &Target<'_>) -> Result<usize> {
    let watch = super::wire::Wire::of(target.status, "plc1")?;
    sleep(Duration::from_millis(2500));
    Ok(watch.look().len())
}

pub(super) fn probes() -> Result<Vec<Probe>> {
    let panel = addresses_of("hmi")?;
    let victim = addresses_of("plc1")?;
    let pairs: [(&str, IpAddr, IpAddr); 3] = [
        ("IPv4", panel.v4.into(), victim.v4.into()),
        ("IPv6", panel.v6.into(), victim.v6.into()),
        ("link-local", panel.link_local().into(), victim.link_local().into()),
    ];
    let mut probes = vec![question(&panel, &victim)];
    for (family, source, destination) in pairs {
        let route = Route { from: panel.mac, to: victim.mac, source, destination };
        let [syn, write] = [(SYN, 1, &[][..]), (PUSH_ACK, 2, &WRITE)]
            .map(|(flags, sequence, data)| route.tcp((PORT, 502), flags, 0x4e55_0000 + sequence, data));
        probes.push(Probe::whole(format!("SYN to Modbus as the panel, {family}"), syn));
        probes.push(Probe::whole(format!("Modbus write as the panel, {family}"), write));
    }
    Ok(probes)
}

/// The panel never asks for 10.77.1.11 on behalf of this target hardware address.
fn question(panel: &Addresses, victim: &Addresses) -> Probe {
    let odd = Mac::new([0x4e, 0x55, 1, 2, 3, 4]);
    let message = arp(1, (panel.mac, panel.v4), (odd, victim.v4));
    Probe::marked("ARP question as the panel", ethernet(panel.mac, victim.mac, ARP, &message), &message)
}
