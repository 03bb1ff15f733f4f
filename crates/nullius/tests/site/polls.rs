//! Twenty masters that poll, and how punctual they were, by what arrived at the controllers.

use crate::net::{Segment, ipv4};
use crate::peers::{Running, modbus_server, poll};
use crate::tap::{Arrival, Tap};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Panels and controllers of the plant: each panel polls all of these controllers, 4 × 5 = 20 masters.
const PANELS: RangeInclusive<usize> = 1..=4;
const CONTROLLERS: RangeInclusive<usize> = 5..=9;
const PERIOD: u32 = 100;

/// Masters and servers at work.
#[derive(Debug)]
pub(crate) struct Polling {
    masters: Vec<Running>,
    taps: Vec<Tap>,
    _servers: Vec<Running>,
}

/// What arrived at the controllers.
#[derive(Debug)]
pub(crate) struct Punctuality {
    /// From one request of a master to its next, in order of length.
    pub(crate) gaps: Vec<Duration>,
    /// Everything that arrived at any controller, by the sender's address.
    pub(crate) senders: BTreeMap<Ipv4Addr, usize>,
    /// What the masters complained about.
    pub(crate) failures: Vec<String>,
}

impl Polling {
    pub(crate) fn start(segment: &Segment) -> Self {
        PANELS.chain(CONTROLLERS).for_each(|number| segment.address(number));
        let servers = CONTROLLERS.map(|number| modbus_server(segment.station(number), number)).collect();
        let taps = CONTROLLERS.map(|number| Tap::at(segment.station(number), "ip")).collect();
        let pairs = PANELS.flat_map(|panel| CONTROLLERS.map(move |controller| (panel, controller)));
        let masters =
            pairs.map(|(panel, controller)| poll(segment.station(panel), controller, PERIOD)).collect();
        Self { masters, taps, _servers: servers }
    }

    pub(crate) fn stop(self) -> Punctuality {
        let printed = self.masters.iter().map(Running::printed);
        let failures = printed.flat_map(|text| {
            text.lines().filter(|line| line.contains("ailed")).map(str::to_owned).collect::<Vec<_>>()
        });
        let failures = failures.collect();
        drop(self.masters);
        let arrived: Vec<_> = self.taps.into_iter().map(Tap::stop).collect();
        let mut gaps: Vec<_> = arrived.iter().flat_map(|arrivals| gaps(arrivals)).collect();
        gaps.sort_unstable();
        let mut senders = BTreeMap::new();
        for address in arrived.iter().flatten().filter_map(sender) {
            *senders.entry(address).or_default() += 1;
        }
        Punctuality { gaps, senders, failures }
    }
}

impl Punctuality {
    /// Requests that came more than half a period late, of all.
    pub(crate) fn late(&self) -> f64 {
        let late =
            self.gaps.iter().filter(|gap| **gap > Duration::from_millis(u64::from(PERIOD) * 3 / 2)).count();
        late as f64 / self.gaps.len() as f64
    }
}

/// The sender of an IPv4 packet in an Ethernet frame.
fn sender(arrival: &Arrival) -> Option<Ipv4Addr> {
    let address: [u8; 4] = arrival.bytes.get(26..30)?.try_into().ok()?;
    Some(address.into())
}

/// Times between one Modbus request and the next, sender by sender.
fn gaps(arrivals: &[Arrival]) -> Vec<Duration> {
    let mut last = BTreeMap::new();
    let requests = arrivals.iter().filter(|arrival| is_request(&arrival.bytes));
    requests
        .filter_map(|request| last.insert(sender(request), request.at).map(|before| request.at.since(before)))
        .collect()
}

/// TCP with a payload: the IPv4 header has no options, the total length exceeds both headers.
fn is_request(frame: &[u8]) -> bool {
    let total = match frame.get(16..18) {
        Some(&[high, low]) => u16::from_be_bytes([high, low]),
        Some(_) | None => 0,
    };
    let header = frame.get(46).map_or(0, |byte| u16::from(byte >> 4) * 4);
    frame.get(23) == Some(&6) && total > 20 + header
}

/// Opens connections to a controller's Modbus port a thousand times a second, in no policy's name.
pub(crate) fn intrude(segment: &Segment, number: usize) -> Running {
    segment.address(number);
    let (victim, mac) = (ipv4(*CONTROLLERS.start()), crate::net::mac(*CONTROLLERS.start()));
    let arguments = [
        "--tcp",
        "-p",
        "502",
        "--flags",
        "syn",
        "--rate",
        "1000",
        "-c",
        "0",
        "-H",
        "-N",
        "-e",
        "eth0",
        "--dest-mac",
        &mac,
        &victim,
    ];
    Running::start(segment.station(number), "intruder", "nping", &arguments)
}
