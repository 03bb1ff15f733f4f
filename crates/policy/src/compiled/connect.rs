//! All messages to a service, judged at once, and for how long.

use super::clock::Clock;
use super::decide::missing;
use super::rule::Rule;
use super::{Pair, Policies, in_use};
use crate::decision::{Connection, Effect, PolicyId};
use crate::inputs::{Inputs, Moment, Permit};
use crate::ir::{Input, Message, Reads, Term, Value, World};
use crate::vocabulary::Language;
use crate::{Directory, ServiceId};
use nullius_model::{DeviceName, Verdict};
use std::time::Duration;

mod ahead;

impl Policies {
    /// Judges all messages of `subject` to a service at once: accept where every verb is allowed whatever the message
    /// says, deny where none is, divert where it depends.
    pub fn connection(
        &self,
        directory: &Directory,
        subject: &DeviceName,
        object: &ServiceId,
        inputs: &Inputs,
        moment: &Moment,
        permits: &[Permit],
    ) -> Connection {
        let Some(pair) = Pair::find(directory, subject, object) else { return Connection::default() };
        let permits: Vec<&Permit> =
            permits.iter().filter(|permit| permit.subject == *subject && permit.object == *object).collect();
        let rules = self.fitting(pair);
        if permits.is_empty() && rules.iter().all(|rule| rule.effect == Effect::Deny) {
            return Connection::default();
        }
        let question = Question { directory, pair, rules, permits };
        let answer = question.answer(inputs, moment);
        Connection {
            verdict: answer.verdict(),
            holds_for: question.holds_for(answer.verdict(), inputs, moment),
            reasons: answer.reasons(),
            missing: answer.missing,
        }
    }
}

/// Who asks for what, and all that has a say in it.
struct Question<'a> {
    directory: &'a Directory,
    pair: Pair<'a>,
    rules: Vec<&'a Rule>,
    permits: Vec<&'a Permit>,
}

/// Sets of verbs, one bit each: those for which a rule is so.
#[derive(Clone, Copy, Default)]
struct Said {
    holds: u64,
    /// It hangs on the message.
    may_hold: u64,
    /// It fails, whatever the message.
    fails: u64,
    /// It fails for some message.
    may_fail: u64,
}

/// What was said about every verb.
#[derive(Default)]
struct Answer<'a> {
    /// Every verb there is.
    verbs: u64,
    granted: u64,
    permits: Said,
    forbids: Said,
    spoke: Vec<(&'a PolicyId, Effect)>,
    missing: Vec<&'static str>,
}

impl<'a> Question<'a> {
    fn answer(&self, inputs: &Inputs, moment: &Moment) -> Answer<'a> {
        let language = self.pair.object.language;
        let mut answer = Answer { verbs: every(language), ..Answer::default() };
        for permit in &self.permits {
            let granted =
                language.verbs().iter().enumerate().filter(|(_, verb)| permit.verbs.contains(verb.class));
            let granted = granted.fold(0, |bits, (bit, _)| bits | 1 << bit);
            answer.granted |= granted;
            if granted != 0 {
                answer.spoke.push((&permit.id, Effect::Allow));
            }
        }
        let mut reads = Reads::default();
        for rule in &self.rules {
            let said = self.said(rule, inputs, moment);
            reads.extend(rule.reads);
            answer.count(rule, said);
        }
        answer.missing = missing(reads, &self.world(0, inputs, moment));
        answer
    }

    /// What a rule says of each verb it speaks of. Where its condition looks neither at the verb nor at a grant, it says
    /// the same of all.
    fn said(&self, rule: &Rule, inputs: &Inputs, moment: &Moment) -> Said {
        let verbs = rule.verbs(self.pair.object.language);
        let mut said = Said::default();
        let of_grant = rule.reads.contains(Input::ApprovedBy) || rule.reads.contains(Input::WorkOrder);
        let differs = rule.reads.contains(Input::Verb) || (of_grant && !self.permits.is_empty());
        if !differs {
            said.note(verbs, rule, &self.world(0, inputs, moment));
            return said;
        }
        for bit in 0..self.pair.object.language.verbs().len() {
            if verbs & 1 << bit != 0 {
                said.note(1 << bit, rule, &self.world(bit, inputs, moment));
            }
        }
        said
    }

    fn world<'w>(&'w self, bit: usize, inputs: &'w Inputs, moment: &'w Moment) -> World<'w> {
        let language = self.pair.object.language;
        let verb = language.verbs().get(bit);
        let covering = self
            .permits
            .iter()
            .copied()
            .filter(|permit| verb.is_some_and(|verb| permit.verbs.contains(verb.class)));
        World {
            directory: self.directory,
            subject: &self.pair.subject.entity,
            object: &self.pair.object.entity,
            language,
            action: verb.map_or("", |verb| verb.action),
            inputs,
            moment,
            grant: in_use(covering),
            message: Message::Unknown,
        }
    }

    /// How long a verdict holds by itself.
    fn holds_for(&self, verdict: Verdict, inputs: &Inputs, moment: &Moment) -> Option<Duration> {
        let mut clock = Clock::default();
        for rule in &self.rules {
            clock.extend(&rule.clock);
        }
        ahead::first_change(&clock, inputs, moment, |inputs, moment| {
            self.answer(inputs, moment).verdict() != verdict
        })
    }
}

impl Said {
    fn note(&mut self, verbs: u64, rule: &Rule, world: &World<'_>) {
        match rule.condition.evaluate(world) {
            Ok(Term::Known(Value::Bool(false))) => {}
            Ok(Term::Known(Value::Bool(true))) => self.holds |= verbs,
            Ok(Term::Unknown { may_fail }) => {
                self.may_hold |= verbs;
                self.may_fail |= if may_fail { verbs } else { 0 };
            }
            Ok(Term::Known(_) | Term::Part(_)) | Err(_) => self.fails |= verbs,
        }
    }

    const fn any(self) -> u64 {
        self.holds | self.may_hold | self.fails
    }
}

impl<'a> Answer<'a> {
    fn count(&mut self, rule: &'a Rule, said: Said) {
        let sum = match rule.effect {
            Effect::Allow => &mut self.permits,
            Effect::Deny => &mut self.forbids,
        };
        sum.holds |= said.holds;
        sum.may_hold |= said.may_hold;
        sum.fails |= said.fails;
        sum.may_fail |= said.may_fail;
        if said.any() != 0 {
            // A policy that fails denies, whatever it was meant to do.
            let effect = if said.fails == 0 { rule.effect } else { Effect::Deny };
            self.spoke.push((&rule.id, effect));
        }
    }

    fn verdict(&self) -> Verdict {
        let fails = self.permits.fails | self.forbids.fails;
        let may_fail = self.permits.may_fail | self.forbids.may_fail;
        let denied =
            fails | self.forbids.holds | !(self.granted | self.permits.holds | self.permits.may_hold);
        let allowed = (self.granted | self.permits.holds)
            & !(fails | may_fail | self.forbids.holds | self.forbids.may_hold);
        match self.verbs {
            verbs if allowed & verbs == verbs => Verdict::Accept,
            verbs if denied & verbs == verbs => Verdict::Deny,
            _ => Verdict::Divert,
        }
    }

    /// Where something is let through, all that spoke; where nothing is, the forbids and what they overruled.
    fn reasons(&self) -> Vec<PolicyId> {
        let is_forbidden = self.spoke.iter().any(|(_, effect)| *effect == Effect::Deny);
        if self.verdict() == Verdict::Deny && !is_forbidden {
            return Vec::new();
        }
        let mut reasons: Vec<PolicyId> = self.spoke.iter().map(|(id, _)| (*id).clone()).collect();
        reasons.sort_unstable();
        reasons
    }
}

/// All verbs of a language.
fn every(language: Language) -> u64 {
    language.verbs().iter().enumerate().fold(0, |bits, (bit, _)| bits | 1 << bit)
}
