//! When which pair of devices must be judged again, because an input of its verdict changes by time alone.

use crate::site::Id;
use nullius_model::Uptime;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long before its end an access is judged again: time for the packet path to take a later end before it forgets
/// the rule, many times what a change costs.
const RENEW_BEFORE: Duration = Duration::from_secs(5);

/// What is over already waits this long: whoever asks at once again must not spin.
const AGAIN: Duration = Duration::from_millis(1);

/// Pairs that are due at some time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schedule {
    by_time: BTreeSet<(Uptime, Pair)>,
    by_pair: BTreeMap<Pair, Uptime>,
}

/// Who asks, and who is asked.
pub(crate) type Pair = (Id, Id);

impl Schedule {
    /// What holds for `pair` holds until `end`. The earliest end of a pair counts.
    pub(crate) fn note(&mut self, pair: Pair, end: Uptime, now: Uptime) {
        let due = match end.since(now) {
            left if left > RENEW_BEFORE => now.after(left - RENEW_BEFORE),
            Duration::ZERO => now.after(AGAIN),
            _ => end,
        };
        match self.by_pair.get(&pair) {
            Some(&known) if known <= due => return,
            Some(&known) => self.by_time.remove(&(known, pair)),
            None => false,
        };
        self.by_pair.insert(pair, due);
        self.by_time.insert((due, pair));
    }

    /// Nothing of `pair` ends by itself.
    pub(crate) fn forget(&mut self, pair: Pair) {
        if let Some(due) = self.by_pair.remove(&pair) {
            self.by_time.remove(&(due, pair));
        }
    }

    /// The earliest time at which something is due.
    pub(crate) fn next(&self) -> Option<Uptime> {
        self.by_time.first().map(|&(due, _)| due)
    }

    /// Takes out one pair that is due.
    pub(crate) fn take_due(&mut self, now: Uptime) -> Option<Pair> {
        let &(_, pair) = self.by_time.first().filter(|(due, _)| *due <= now)?;
        self.forget(pair);
        Some(pair)
    }

    /// Every pair that is due at some time: a wall clock that stepped concerns them all.
    pub(crate) fn pairs(&self) -> Vec<Pair> {
        self.by_pair.keys().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: Pair = (Id::new(0), Id::new(1));

    fn at(secs: u64) -> Uptime {
        Uptime::from_millis(secs * 1000)
    }

    #[test]
    fn an_access_is_judged_before_its_end_and_once_more_at_it() {
        let mut schedule = Schedule::default();
        schedule.note(PAIR, at(60), at(0));
        assert_eq!(schedule.next(), Some(at(55)));
        assert_eq!(schedule.take_due(at(54)), None);
        assert_eq!(schedule.take_due(at(55)), Some(PAIR));
        schedule.note(PAIR, at(60), at(55));
        assert_eq!(schedule.take_due(at(60)), Some(PAIR));
        schedule.note(PAIR, at(60), at(60));
        assert_eq!(schedule.next(), Some(Uptime::from_millis(60_001)));
    }

    #[test]
    fn the_earliest_end_of_a_pair_counts() {
        let mut schedule = Schedule::default();
        for end in [90, 30, 60] {
            schedule.note(PAIR, at(end), at(0));
        }
        assert_eq!(schedule.next(), Some(at(25)));
        schedule.forget(PAIR);
        assert_eq!(schedule.next(), None);
    }
}
