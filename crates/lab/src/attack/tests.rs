//! What the attacks send, read by the parsers of `wire`: a probe that a device would throw away by itself proves
//! nothing.

use super::probe::Probe;
use super::{around, clone, fragments, source_port};
use nullius_model::{
    Damage, FlowInfo, Frame, FrameNumber, LinkType, Observation, Seed, Seen, Sink, Timestamp,
};
use nullius_wire::{Dissector, Limits};

/// Bad checksums, and what was asked for. What rides on the link alone carries a mark and no message: the victim's
/// cable is asked, not its software.
#[derive(Default)]
struct Heard {
    wrong: Vec<String>,
    verbs: Vec<String>,
}

impl Sink for Heard {
    fn observe(&mut self, _: Seen, _: Option<&FlowInfo>, observation: Observation<'_>) {
        if let Observation::Damage(damage @ Damage::BadChecksum { .. }) = &observation {
            self.wrong.push(format!("{damage:?}"));
        }
        if let Observation::Message(message) = &observation {
            self.verbs.push(message.symbol.verb.to_string());
        }
    }
}

fn heard(probes: &[Probe]) -> Heard {
    let (mut dissector, mut heard) = (Dissector::new(Limits::default(), Seed::new(1)), Heard::default());
    for (number, probe) in (1..).zip(probes) {
        dissector.handle_frame(
            &Frame {
                number: FrameNumber(number),
                at: Timestamp::from_secs(number),
                link: LinkType::Ethernet,
                bytes: &probe.frame,
                wire_length: u32::try_from(probe.frame.len()).unwrap_or(u32::MAX),
            },
            &mut heard,
        );
    }
    dissector.finish(&mut heard);
    heard
}

#[test]
fn every_probe_is_sound_to_the_last_checksum() {
    for probes in [
        clone::probes().unwrap(),
        around::probes().unwrap(),
        source_port::openings("plc1", "hmi").unwrap(),
        source_port::vendor().unwrap(),
        fragments::pieces("vendor", 502).unwrap(),
    ] {
        assert_eq!(heard(&probes).wrong, [""; 0]);
        let needles: std::collections::BTreeSet<_> = probes.iter().map(|probe| &probe.needle).collect();
        assert_eq!(needles.len(), probes.len(), "two probes cannot be told apart");
    }
}

#[test]
fn the_double_really_writes_a_register() {
    let verbs = heard(&clone::probes().unwrap()).verbs;
    assert_eq!(verbs.iter().filter(|verb| *verb == "write_single_register").count(), 3, "{verbs:?}");
}
