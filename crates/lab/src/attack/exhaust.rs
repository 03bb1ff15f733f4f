//! Attack 13: more addresses and conversations than any table holds, while the panel polls.

use super::Target;
use super::packet::{Route, SYN};
use super::probe::{Finding, Findings};
use super::wire::Wire;
use crate::plant::{Addresses, addresses_of};
use anyhow::Result;
use nullius_model::Mac;
use std::net::Ipv4Addr;
use std::thread::sleep;
use std::time::Duration;

/// Of each kind: senders nobody knows, conversations of one sender.
const FLOOD: u32 = 20_000;
/// Frames between two breaths, so that the attack lasts as long as the calm before it.
const BURST: u32 = 200;
const BREATH: Duration = Duration::from_millis(30);
/// What of its usual share of polls the panel must keep, in percent: the machine is busy meanwhile.
const KEPT: usize = 90;

pub(super) fn run(target: &Target<'_>) -> Result<Findings> {
    let (panel, victim, attacker) = (addresses_of("hmi")?, addresses_of("plc1")?, addresses_of("attacker")?);
    let (sender, watch) = (Wire::of(target.status, "attacker")?, Wire::of(target.status, "plc1")?);
    watch.look();
    sleep(BREATH * (2 * FLOOD / BURST));
    let calm = Count::of(&watch.look(), &panel);
    let mut seen = Count::default();
    for number in 0..FLOOD {
        sender.send(&stranger(number, &victim))?;
        sender.send(&conversation(number, &attacker, &victim))?;
        if number % (BURST / 2) == 0 {
            sleep(BREATH);
            seen.add(Count::of(&watch.look(), &panel));
        }
    }
    sleep(BREATH);
    seen.add(Count::of(&watch.look(), &panel));
    Ok(judge(calm, seen))
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    /// From the panel.
    panel: usize,
    /// With our mark: the low port of the flood.
    flood: usize,
}

impl Count {
    fn of(frames: &[Vec<u8>], panel: &Addresses) -> Self {
        let from_panel = |frame: &&Vec<u8>| frame.get(6..12) == Some(&panel.mac.octets());
        let of_flood = |frame: &&Vec<u8>| frame.get(38..42) == Some(&MARK);
        Self {
            panel: frames.iter().filter(from_panel).count(),
            flood: frames.iter().filter(of_flood).count(),
        }
    }

    const fn add(&mut self, more: Self) {
        self.panel += more.panel;
        self.flood += more.flood;
    }
}

/// The sequence number of every segment of the flood.
const MARK: [u8; 4] = *b"NULL";

fn stranger(number: u32, victim: &Addresses) -> Vec<u8> {
    let [_, b, c, d] = number.to_be_bytes();
    let from = Mac::new([0x02, 0xbb, 0, b, c, d]);
    let source = Ipv4Addr::new(10, 77, c, d).into();
    let route = Route { from, to: victim.mac, source, destination: victim.v4.into() };
    route.tcp((40_000, 502), SYN, u32::from_be_bytes(MARK), &[])
}

fn conversation(number: u32, attacker: &Addresses, victim: &Addresses) -> Vec<u8> {
    let [.., high, low] = number.to_be_bytes();
    let port = u16::from_be_bytes([high, low]) | 0x8000;
    let route = Route {
        from: attacker.mac,
        to: victim.mac,
        source: attacker.v4.into(),
        destination: victim.v4.into(),
    };
    route.tcp((port, port ^ 0x55aa), SYN, u32::from_be_bytes(MARK), &[])
}

fn judge(calm: Count, seen: Count) -> Findings {
    let flood = Finding {
        what: "frames of the flood at plc1".to_owned(),
        sent: 2 * FLOOD as usize,
        arrived: seen.flood,
        held: seen.flood == 0,
    };
    let polls = Finding {
        what: "polls of the panel during the flood (sent: in the calm)".to_owned(),
        sent: calm.panel,
        arrived: seen.panel,
        held: seen.panel * 100 >= calm.panel * KEPT,
    };
    Findings { of_probes: vec![flood, polls], others: seen.panel }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flood_is_recognised_and_never_the_same_twice() {
        let victim = addresses_of("plc1").unwrap();
        let frames: Vec<_> = (0..1000).map(|number| stranger(number, &victim)).collect();
        let distinct: std::collections::BTreeSet<_> = frames.iter().collect();
        assert_eq!((distinct.len(), Count::of(&frames, &victim).flood), (1000, 1000));
    }

    #[test]
    fn a_panel_that_is_slowed_down_is_no_success() {
        let findings = judge(Count { panel: 100, flood: 0 }, Count { panel: 89, flood: 0 });
        assert_eq!(findings.of_probes.iter().map(|found| found.held).collect::<Vec<_>>(), [true, false]);
    }
}
