//! Which inputs turned an answer to deny.

use super::Policies;
use super::rule::Rule;
use crate::decision::{Decision, Effect, Unknown};
use crate::ir::{Expr, Input, Reads, Term, Value, World};

/// The denial of a request that names something nobody knows.
pub(super) fn unknown(unknown: Unknown) -> Decision {
    let input = match unknown {
        Unknown::Subject(_) => Input::Subject,
        Unknown::Object(_) => Input::Object,
        Unknown::Verb(..) => Input::Verb,
    };
    Decision { turned_by: vec![input.name()], unknown: Some(unknown), ..Decision::default() }
}

/// What the forbids that hit and the policies that failed looked at; where there are none, what kept each permit for this
/// pair from allowing; where there is no such permit, the end that none is for.
pub(super) fn inputs(
    policies: &Policies,
    fitting: &[&Rule],
    verb: u64,
    world: &World<'_>,
) -> Vec<&'static str> {
    let mut reads = Reads::default();
    let mut is_refused = false;
    for rule in fitting.iter().filter(|rule| rule.verbs(world.language) & verb != 0) {
        let outcome = rule.condition.evaluate(world);
        let is_hit = rule.effect == Effect::Deny && outcome == Ok(Term::Known(Value::Bool(true)));
        if is_hit || outcome.is_err() {
            is_refused = true;
            reads.extend(stood(&rule.condition, world));
        }
    }
    if is_refused {
        return reads.names();
    }
    for rule in fitting.iter().filter(|rule| rule.effect == Effect::Allow) {
        match rule.verbs(world.language) & verb {
            0 => reads.insert(Input::Verb),
            _ => reads.extend(stood(&rule.condition, world)),
        }
    }
    if fitting.iter().all(|rule| rule.effect == Effect::Deny) {
        reads.insert(if has_any_permit(policies, world) { Input::Object } else { Input::Subject });
    }
    reads.names()
}

/// What the part of a condition looked at that made it what it is: the first conjunct that is not true, or all of it.
fn stood(condition: &Expr, world: &World<'_>) -> Reads {
    let Expr::And(parts) = condition else { return Reads::of(condition) };
    let failing = parts.iter().find(|part| !holds(part, world));
    failing.map_or_else(|| Reads::of(condition), |part| stood(part, world))
}

fn holds(expr: &Expr, world: &World<'_>) -> bool {
    expr.evaluate(world) == Ok(Term::Known(Value::Bool(true)))
}

fn has_any_permit(policies: &Policies, world: &World<'_>) -> bool {
    let places = policies.index.of_subject(world.subject);
    let mut rules = places.filter_map(|place| policies.rules.get(place));
    rules.any(|rule| rule.effect == Effect::Allow && rule.subject.contains(world.subject))
}
