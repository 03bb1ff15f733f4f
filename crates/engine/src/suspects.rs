//! Who was told of as a forger, so that one that goes on is told of with a count now and then, and not each time.
//!
//! Bounded by the alarms that a port may raise: only who was told of stands here, and is forgotten after a while.

use crate::Limits;
use nullius_model::{DenialReason, Mac, PortName, Uptime};
use std::collections::BTreeMap;

/// Somebody who does what it may not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Suspect {
    pub(crate) port: PortName,
    pub(crate) mac: Mac,
    pub(crate) reason: DenialReason,
}

/// Who was told of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Suspects {
    told: BTreeMap<Suspect, Told>,
}

#[derive(Clone, Copy, Debug)]
struct Told {
    at: Uptime,
    /// What it sent since.
    packets: u64,
}

impl Suspects {
    /// It did it, by so many packets: how many there are to tell of, if any are to be told of now.
    pub(crate) fn note(&mut self, who: &Suspect, packets: u64, now: Uptime, limits: &Limits) -> Option<u64> {
        let Some(told) = self.told.get_mut(who) else { return Some(packets) };
        told.packets = told.packets.saturating_add(packets);
        (now.since(told.at) >= limits.alarm_again).then_some(told.packets)
    }

    /// A person was told.
    pub(crate) fn tell(&mut self, who: Suspect, now: Uptime) {
        self.told.insert(who, Told { at: now, packets: 0 });
    }

    /// Forgets who was told of long ago; a while longer than it takes to be told of again, so that counts are whole.
    pub(crate) fn expire(&mut self, now: Uptime, limits: &Limits) {
        self.told.retain(|_, told| now.since(told.at) < limits.alarm_again * 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_goes_on_is_told_of_again_with_a_count_and_who_stopped_is_forgotten() {
        let (mut suspects, limits) = (Suspects::default(), Limits::default());
        let port = PortName::new("p1").unwrap();
        let who = Suspect { port, mac: Mac::new([2; 6]), reason: DenialReason::Spoof };
        let other = Suspect { reason: DenialReason::Resolution, ..who.clone() };
        let (start, again) = (Uptime::default(), Uptime::default().after(limits.alarm_again));
        assert_eq!(suspects.note(&who, 3, start, &limits), Some(3));
        suspects.tell(who.clone(), start);
        assert_eq!(suspects.note(&who, 3, start, &limits), None);
        assert_eq!(suspects.note(&other, 1, start, &limits), Some(1));
        suspects.expire(again, &limits);
        assert_eq!(suspects.note(&who, 2, again, &limits), Some(5));
        suspects.expire(again.after(limits.alarm_again), &limits);
        assert_eq!(suspects.note(&who, 1, again, &limits), Some(1));
    }
}
