//! What may pass from one device to a service, and when it ends by itself.

use super::{Access, Asker, Facts};
use crate::site::Id;
use nullius_model::{Uptime, Verdict};
use nullius_policy::{Connection, Inputs, Permit, ServiceId};
use std::cmp::Ordering;

/// What is asked: for a service of a device, with the grants for it.
#[derive(Clone, Copy, Debug)]
struct Asked<'q, 'a> {
    asker: &'q Asker<'a>,
    object: Id,
    service: &'q ServiceId,
    granted: &'q [(Uptime, Permit)],
}

impl Facts<'_> {
    /// What may pass from one that asks to `service` of `object`.
    ///
    /// What policy gives only for what was proved ends with the proof: the packet path has that end, and forgets the rule
    /// though every process be dead. The later end of a proof that is renewed is put in its place in one step.
    pub(crate) fn access(&self, asker: &Asker<'_>, object: Id, service: &ServiceId) -> Access {
        let granted = self.permits(asker.id, object, service);
        let asked = Asked { asker, object, service, granted: &granted };
        let access = self.access_with(&asked, self.inputs(asker, object));
        if access.verdict == Verdict::Deny {
            return access;
        }
        let ends = self.inputs_later(asker, object).filter_map(|(end, inputs)| {
            let then = self.access_with(&asked, inputs);
            if then.verdict == access.verdict {
                then.ends.filter(|_| then.ends != access.ends).map(|ends| ends.max(end))
            } else {
                Some(end)
            }
        });
        Access { ends: access.ends.into_iter().chain(ends).min(), ..access }
    }

    fn access_with(&self, asked: &Asked<'_, '_>, inputs: &Inputs) -> Access {
        let (without, holds_until) = self.ask(asked, inputs, &[]);
        let plain = Access { verdict: without.verdict, ends: holds_until, holds_until };
        if asked.granted.is_empty() {
            return plain;
        }
        let (with, holds_until) = self.ask(asked, inputs, &of(asked.granted));
        match with.verdict.cmp(&plain.verdict) {
            Ordering::Equal => plain,
            Ordering::Less => Access { verdict: with.verdict, ends: holds_until, holds_until },
            Ordering::Greater => {
                let granted_until = self.granted_until(asked, inputs, with.verdict);
                Access {
                    verdict: with.verdict,
                    ends: granted_until.into_iter().chain(holds_until).min(),
                    holds_until,
                }
            }
        }
    }

    /// When grants that overlap no longer come to `verdict` together: what ends first may leave enough.
    fn granted_until(&self, asked: &Asked<'_, '_>, inputs: &Inputs, verdict: Verdict) -> Option<Uptime> {
        let is_last = |end: &Uptime| {
            let later: Vec<_> = asked.granted.iter().filter(|(other, _)| other > end).cloned().collect();
            later.is_empty() || self.ask(asked, inputs, &of(&later)).0.verdict != verdict
        };
        asked.granted.iter().map(|(end, _)| *end).find(is_last)
    }

    fn ask(
        &self,
        asked: &Asked<'_, '_>,
        inputs: &Inputs,
        permits: &[Permit],
    ) -> (Connection, Option<Uptime>) {
        self.connection(asked.asker, asked.object, asked.service, inputs, permits)
    }

    /// Asks policy about a whole service, and until when its answer holds.
    pub(crate) fn connection(
        &self,
        asker: &Asker<'_>,
        object: Id,
        service: &ServiceId,
        inputs: &Inputs,
        permits: &[Permit],
    ) -> (Connection, Option<Uptime>) {
        let began = self.clock.whole_second(self.at);
        let moment = self.clock.moment(began, self.mode_of(object));
        let policies = &self.site.version.policies;
        let answer = policies.connection(&self.site.directory, asker.name, service, inputs, &moment, permits);
        let holds_until = answer.holds_for.map(|holds| began.after(holds));
        (answer, holds_until)
    }
}

fn of(granted: &[(Uptime, Permit)]) -> Vec<Permit> {
    granted.iter().map(|(_, permit)| permit.clone()).collect()
}
