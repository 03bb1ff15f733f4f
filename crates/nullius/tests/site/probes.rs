//! Frames made by scapy, from every station to every other, and who received them (`probes.py`).

use crate::net::{Segment, ipv4, ipv6, mac, succeeded};
use serde::Deserialize;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is knocked at.
#[derive(Debug)]
pub(crate) struct Doors {
    pub(crate) tcp: &'static [u16],
    pub(crate) udp: &'static [u16],
    /// Ethertype and its application.
    pub(crate) frame: (u16, u16),
}

/// One frame that was sent; stations count from 1.
#[derive(Debug, Deserialize)]
pub(crate) struct Probe {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) kind: String,
    pub(crate) port: u16,
    pub(crate) arrived: Vec<usize>,
}

/// A file of this test run.
pub(crate) fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("site-{}-{name}", std::process::id()))
}

/// Knocks from each first to each second station of `pairs`; with `lies`, also in the names of others.
pub(crate) fn knock(segment: &Segment, doors: &Doors, pairs: &[(usize, usize)], lies: bool) -> Vec<Probe> {
    let numbered = segment.stations.iter().enumerate().map(|(index, station)| (index + 1, station.pid()));
    let stations: Vec<_> = numbered
        .map(|(number, pid)| json!({"pid": pid, "mac": mac(number), "ipv4": ipv4(number), "ipv6": ipv6(number)}))
        .collect();
    let pairs: Vec<_> = pairs.iter().map(|(from, to)| [from - 1, to - 1]).collect();
    let plan = json!({"stations": stations, "pairs": pairs, "tcp": doors.tcp, "udp": doors.udp,
        "frame": [doors.frame.0, doors.frame.1], "lies": lies});
    let path = scratch(&format!("plan-{}.json", segment.gateway.pid()));
    std::fs::write(&path, plan.to_string()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/site/probes.py");
    let output = Command::new("/usr/bin/python3").arg(script).arg(&path).output().unwrap();
    std::fs::remove_file(&path).unwrap();
    let printed = succeeded(output, "probes.py (Debian's python3-scapy)");
    let mut probes: Vec<Probe> = serde_json::from_str(&printed).unwrap();
    for probe in &mut probes {
        probe.from += 1;
        probe.to += 1;
        probe.arrived.iter_mut().for_each(|station| *station += 1);
    }
    probes
}
