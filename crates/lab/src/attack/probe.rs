//! Frames sent at one place and looked for at another: the only proof that counts is what the victim's cable carried.

use super::wire::Wire;
use crate::control::Status;
use anyhow::Result;
use std::fmt;
use std::thread::sleep;
use std::time::Duration;

/// Times each frame is sent: one may be lost to chance, three are not.
const TIMES: usize = 3;
/// Time between two frames.
const GAP: Duration = Duration::from_millis(2);
/// How long a frame may be under way.
const UNDER_WAY: Duration = Duration::from_millis(400);

/// A frame, and how the victim's side would recognise it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Probe {
    /// What it tries.
    pub(super) what: String,
    /// What is sent.
    pub(super) frame: Vec<u8>,
    /// Bytes that are in no other frame.
    pub(super) needle: Vec<u8>,
}

impl Probe {
    /// Recognised by the whole packet, which no bridge changes; it may drop what pads the frame.
    pub(super) fn whole(what: impl Into<String>, frame: Vec<u8>) -> Self {
        let packet = frame.get(14..).unwrap_or_default();
        let length = match packet {
            &[0x45, _, a, b, ..] => usize::from(u16::from_be_bytes([a, b])),
            _ => packet.len(),
        };
        let needle = packet.get(..length).unwrap_or(packet).to_vec();
        Self { what: what.into(), frame, needle }
    }

    /// Recognised by `mark`, which is part of it.
    pub(super) fn marked(what: impl Into<String>, frame: Vec<u8>, mark: &[u8]) -> Self {
        Self { what: what.into(), frame, needle: mark.to_vec() }
    }
}

/// What became of one probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// What was tried.
    pub(super) what: String,
    /// Frames sent.
    pub(super) sent: usize,
    /// Of these, at the victim.
    pub(super) arrived: usize,
    /// Whether that is what a defence would have let happen.
    pub(super) held: bool,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.held { "held" } else { "got through" };
        write!(f, "{:<64} sent {:>5}  arrived {:>5}  {verdict}", self.what, self.sent, self.arrived)
    }
}

/// What all probes found, and what else the victim saw meanwhile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    /// One for each probe.
    pub(super) of_probes: Vec<Finding>,
    /// Frames at the victim that were none of ours: a watch that sees nothing proves nothing.
    pub(super) others: usize,
}

/// Sends every probe from `attacker` and looks for it at `victim`.
pub(super) fn run(status: &Status, attacker: &str, victim: &str, probes: &[Probe]) -> Result<Findings> {
    let (sender, watch) = (Wire::of(status, attacker)?, Wire::of(status, victim)?);
    watch.look();
    let mut seen = Vec::new();
    for probe in probes {
        for _ in 0..TIMES {
            sender.send(&probe.frame)?;
            sleep(GAP);
        }
        seen.append(&mut watch.look());
    }
    sleep(UNDER_WAY);
    seen.append(&mut watch.look());
    Ok(judge(probes, &seen))
}

fn judge(probes: &[Probe], seen: &[Vec<u8>]) -> Findings {
    let holds = |frame: &[u8], needle: &[u8]| frame.windows(needle.len().max(1)).any(|part| part == needle);
    let of_probe = |probe: &Probe| {
        let arrived = seen.iter().filter(|frame| holds(frame, &probe.needle)).count();
        Finding { what: probe.what.clone(), sent: TIMES, arrived, held: arrived == 0 }
    };
    let ours = |frame: &&Vec<u8>| probes.iter().any(|probe| holds(frame, &probe.needle));
    Findings {
        of_probes: probes.iter().map(of_probe).collect(),
        others: seen.iter().filter(|frame| !ours(frame)).count(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_victim_saw_got_through() {
        let probe = |what: &str, last: u8| Probe::whole(what, [&[0; 14][..], &[9, last]].concat());
        let probes = [probe("first", 1), probe("second", 2)];
        let seen = [vec![7; 20], [&[5; 18][..], &[9, 2]].concat()];
        let findings = judge(&probes, &seen);
        assert_eq!(findings.others, 1);
        assert_eq!(findings.of_probes.iter().map(|found| found.held).collect::<Vec<_>>(), [true, false]);
        assert!(findings.of_probes[1].to_string().ends_with("arrived     1  got through"));
    }
}
