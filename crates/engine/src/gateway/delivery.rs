//! From wanted to installed: numbering what goes out, hearing what came of it, repairing what was changed by others.

use super::Gateway;
use super::perimeters::Work;
use crate::{Act, Alarm, Drift, Now, Order, Output};
use nullius_model::{Marker, Rule, RuleChange, RuleSet, Terms, Uptime};
use std::collections::BTreeSet;
use std::time::Duration;

/// How long until a change that failed is tried again, at first; twice as long after each failure.
const RETRY_FIRST: Duration = Duration::from_secs(1);
/// And at most.
const RETRY_LAST: Duration = Duration::from_secs(30);

/// How far the end of a rule may be read back from where it was put: the kernel counts in its own ticks.
const END_SLACK: Duration = Duration::from_secs(2);

/// What came of an [`Output::Enforce`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Which.
    pub generation: u64,
    /// What went wrong, where it did: nothing was changed then.
    pub error: Option<String>,
}

/// What the packet path holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadBack<'a> {
    /// Which policy it says it comes from.
    pub marker: Marker,
    /// The rules found.
    pub rules: &'a RuleSet,
    /// The frame around the rules is whole.
    pub skeleton_intact: bool,
    /// What leads packets past the rules: leftover `tc` filters.
    pub bypasses: &'a [String],
}

/// How far delivery has come.
#[derive(Clone, Debug, Default)]
pub(super) struct Delivery {
    sent: u64,
    applied: u64,
    retry: Option<Retry>,
    /// Changes that only moved the ends of leases: thousands a minute, and no record.
    renewals: BTreeSet<u64>,
    bypasses: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
struct Retry {
    at: Uptime,
    wait: Duration,
}

impl Delivery {
    pub(super) fn retry_at(&self) -> Option<Uptime> {
        self.retry.map(|retry| retry.at)
    }

    /// A change moves the ends of leases, and nothing else.
    pub(super) fn renewed(&mut self, generation: Option<u64>) {
        self.renewals.extend(generation);
    }

    pub(super) const fn sent(&self) -> u64 {
        self.sent
    }

    pub(super) const fn applied(&self) -> u64 {
        self.applied
    }
}

impl Gateway {
    /// What came of a change. One that failed is repeated as a whole, since nobody knows what the packet path holds.
    pub fn handle_applied(&mut self, applied: Applied, now: Now) {
        self.enter(now);
        let Applied { generation, error } = applied;
        let work = Work { judged: 0, generation: Some(generation) };
        let is_renewal = self.delivery.renewals.remove(&generation);
        let Some(error) = error else {
            self.delivery.applied = self.delivery.applied.max(generation);
            if generation == self.delivery.sent {
                self.delivery.retry = None;
            }
            if !is_renewal {
                self.audit(None, Act::Applied, work);
            }
            return;
        };
        let wait = self.delivery.retry.map_or(RETRY_FIRST, |retry| (retry.wait * 2).min(RETRY_LAST));
        self.delivery.retry = Some(Retry { at: self.now.uptime.after(wait), wait });
        self.audit(None, Act::NotApplied { error: error.clone() }, work);
        self.outputs.push_back(Output::Alarm(Alarm::NotApplied { generation, error }));
    }

    /// Compares what the packet path holds with what it should, and replaces it as a whole where they differ. Says what
    /// differed. While a change is on its way nothing is compared.
    pub fn handle_read_back(&mut self, found: &ReadBack<'_>, now: Now) -> Drift {
        self.enter(now);
        if self.site.is_none() || self.delivery.applied != self.delivery.sent {
            return Drift::default();
        }
        let drift = self.drift(found);
        let repairable = Drift { bypasses: Vec::new(), ..drift };
        // a bypass is for a person to take away: told when it is found, not each time it is looked for
        let known = std::mem::replace(&mut self.delivery.bypasses, drift.bypasses.clone());
        let told = drift.bypasses.is_empty() || drift.bypasses == known;
        if !repairable.is_none() {
            let generation = Some(self.replace());
            self.audit(None, Act::Repaired(drift.clone()), Work { judged: 0, generation });
            self.outputs.push_back(Output::Alarm(Alarm::Drift(drift.clone())));
        } else if !told {
            self.alarm(Alarm::Drift(drift.clone()));
        }
        drift
    }

    /// How what is in the packet path differs from what is wanted there; changes nothing.
    pub fn drift(&self, found: &ReadBack<'_>) -> Drift {
        let marker = self.site.as_ref().map(|site| site.version.marker).unwrap_or_default();
        let now = self.now.uptime;
        let over = |terms: &Terms| terms.ends.is_some_and(|end| end <= now.after(END_SLACK));
        let missing = |(rule, terms): &(_, &Terms)| !found.rules.contains_key(*rule) && !over(terms);
        let foreign = |(rule, terms): &(&_, &Terms)| {
            !over(terms) && !self.rules.get(*rule).is_some_and(|wanted| is_same(rule, wanted, terms))
        };
        Drift {
            missing: self.rules.iter().filter(missing).count(),
            foreign: found.rules.iter().filter(foreign).count(),
            skeleton: !found.skeleton_intact,
            marker: found.marker != marker,
            bypasses: found.bypasses.to_vec(),
        }
    }

    /// Sends a difference; all of it where something before it failed.
    pub(super) fn enforce(&mut self, change: RuleChange) -> Option<u64> {
        if change.is_empty() { None } else { Some(self.enforce_marked(change)) }
    }

    /// The same, though it be empty: what the packet path holds comes from another policy now, and is to say so.
    pub(super) fn enforce_marked(&mut self, change: RuleChange) -> u64 {
        if self.delivery.retry.is_some() || self.outputs.iter().any(is_replacement) {
            return self.replace();
        }
        self.send(Order::Change(change))
    }

    /// Sends all rules. What is still queued would come twice.
    pub(super) fn replace(&mut self) -> u64 {
        self.outputs.retain(|output| !matches!(output, Output::Enforce { .. }));
        self.delivery.renewals.clear();
        self.send(Order::Replace)
    }

    fn send(&mut self, order: Order) -> u64 {
        self.delivery.sent += 1;
        let generation = self.delivery.sent;
        let marker = self.site.as_ref().map(|site| site.version.marker).unwrap_or_default();
        self.outputs.push_back(Output::Enforce { generation, order, marker });
        generation
    }

    /// Tries again what failed, when its time has come.
    pub(super) fn retry(&mut self) {
        let due = self.delivery.retry.as_mut().filter(|retry| retry.at <= self.now.uptime);
        if let Some(retry) = due {
            retry.at = self.now.uptime.after(retry.wait);
            self.replace();
        }
    }
}

fn is_replacement(output: &Output) -> bool {
    matches!(output, Output::Enforce { order: Order::Replace, .. })
}

/// The verdict counts for services alone: other rules ignore it, and it is not read back.
fn is_same(rule: &Rule, wanted: &Terms, found: &Terms) -> bool {
    let is_service = matches!(rule, Rule::Service { .. });
    let near = match (wanted.ends, found.ends) {
        (None, None) => true,
        (Some(wanted), Some(found)) => found.since(wanted).max(wanted.since(found)) <= END_SLACK,
        (None, Some(_)) | (Some(_), None) => false,
    };
    (!is_service || wanted.verdict == found.verdict) && near
}
