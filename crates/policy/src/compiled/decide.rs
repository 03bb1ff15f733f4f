//! One message, judged.

use super::clock::Clock;
use super::rule::Rule;
use super::{Pair, Policies, covering, in_use, turned};
use crate::Directory;
use crate::decision::{Decision, Effect, PolicyId, Unknown};
use crate::inputs::{Inputs, Moment, Permit};
use crate::ir::{Input, Message, Reads, Term, Value, World};
use crate::request::{Request, Verb};

impl Policies {
    /// Judges one message.
    ///
    /// What is denied and why, in this order: something nobody knows; a policy that fails; a forbid; nothing that allows.
    pub fn decide(
        &self,
        directory: &Directory,
        request: &Request,
        inputs: &Inputs,
        moment: &Moment,
        permits: &[Permit],
    ) -> Decision {
        let (pair, bit, verb) = match known(directory, request) {
            Ok(known) => known,
            Err(unknown) => return turned::unknown(unknown),
        };
        let grants = covering(permits, &request.subject, &request.object, request.class);
        let world = World {
            directory,
            subject: &pair.subject.entity,
            object: &pair.object.entity,
            language: pair.object.language,
            action: verb.action,
            inputs,
            moment,
            grant: in_use(grants.clone()),
            message: request.message.as_ref().map_or(Message::Nothing, Message::Says),
        };
        let rules = self.fitting(pair);
        let mut tally = Tally { grants: grants.map(|grant| grant.id.clone()).collect(), ..Tally::default() };
        for rule in rules.iter().filter(|rule| rule.verbs(world.language) & (1 << bit) != 0) {
            tally.count(rule, &world);
        }
        let mut decision = tally.decision(&world);
        if decision.effect == Effect::Deny {
            decision.turned_by = turned::inputs(self, &rules, 1 << bit, &world);
        }
        decision
    }

    /// Whether the decision hangs neither on what the message says nor on time passing.
    pub(crate) fn is_lasting(&self, directory: &Directory, request: &Request) -> bool {
        let Ok((pair, bit, _)) = known(directory, request) else { return false };
        let rules = self.fitting(pair);
        let mut asked = rules.iter().filter(|rule| rule.verbs(pair.object.language) & (1 << bit) != 0);
        asked.all(|rule| !rule.reads.contains(Input::Message) && rule.clock == Clock::default())
    }
}

/// What the policies said, and the grants beside them.
#[derive(Default)]
struct Tally<'r> {
    permits: Vec<&'r Rule>,
    forbids: Vec<&'r Rule>,
    grants: Vec<PolicyId>,
    errors: Vec<(PolicyId, String)>,
    reads: Reads,
}

impl<'r> Tally<'r> {
    fn count(&mut self, rule: &'r Rule, world: &World<'_>) {
        self.reads.extend(rule.reads);
        match (rule.condition.evaluate(world), rule.effect) {
            (Ok(Term::Known(Value::Bool(false))), _) => {}
            (Ok(Term::Known(Value::Bool(true))), Effect::Allow) => self.permits.push(rule),
            (Ok(Term::Known(Value::Bool(true))), Effect::Deny) => self.forbids.push(rule),
            (Ok(_), _) => {
                self.errors.push((rule.id.clone(), "the condition is neither true nor false".to_owned()))
            }
            (Err(fault), _) => self.errors.push((rule.id.clone(), fault.to_string())),
        }
    }

    fn decision(self, world: &World<'_>) -> Decision {
        let allows = !self.permits.is_empty() || !self.grants.is_empty();
        let effect = match allows && self.forbids.is_empty() && self.errors.is_empty() {
            true => Effect::Allow,
            false => Effect::Deny,
        };
        // Who is overruled is named beside who overrules; where nobody is, nobody decided.
        let decided = effect == Effect::Allow || !self.forbids.is_empty();
        let rules = self.permits.iter().chain(&self.forbids).map(|rule| rule.id.clone());
        let mut reasons: Vec<PolicyId> = rules.chain(self.grants).filter(|_| decided).collect();
        reasons.sort_unstable();
        Decision {
            effect,
            reasons,
            errors: self.errors,
            missing: missing(self.reads, world),
            turned_by: Vec::new(),
            unknown: None,
        }
    }
}

/// Of what was looked at, what is not there; in alphabetical order.
pub(super) fn missing(reads: Reads, world: &World<'_>) -> Vec<&'static str> {
    let is_missing = |input: Input| match input {
        Input::ApprovedBy => world.grant.is_none(),
        Input::WorkOrder => world.grant.is_none_or(|grant| grant.work_order.is_none()),
        Input::Conforms => world.inputs.conforms.is_none(),
        Input::Posture => world.inputs.posture.is_none(),
        Input::Risk => world.inputs.risk.is_none(),
        Input::Assurance
        | Input::Message
        | Input::Mode
        | Input::Object
        | Input::Subject
        | Input::Time
        | Input::Verb => false,
    };
    let asked = Input::ALL.into_iter().filter(|input| reads.contains(*input));
    asked.filter(|input| is_missing(*input)).map(Input::name).collect()
}

fn known<'a>(
    directory: &'a Directory,
    request: &Request,
) -> Result<(Pair<'a>, usize, &'static Verb), Unknown> {
    let subject =
        directory.device(&request.subject).ok_or_else(|| Unknown::Subject(request.subject.clone()))?;
    let object = directory.offered(&request.object).ok_or_else(|| Unknown::Object(request.object.clone()))?;
    let found = object.language.find(request.class, &request.verb);
    let (bit, verb) = found.ok_or_else(|| Unknown::Verb(request.class, request.verb.clone()))?;
    Ok((Pair { subject, object }, bit, verb))
}
