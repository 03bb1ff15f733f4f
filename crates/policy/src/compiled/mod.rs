//! Policies as they are evaluated: one tree a policy, found by what its scope names.

mod candidates;
mod clock;
mod connect;
mod decide;
mod index;
mod rule;
mod turned;

use crate::directory::{Device, Service};
use crate::schema::Authored;
use crate::{Directory, Effect, Permit, PolicyId, Problem, Repository, ServiceId};
use index::Index;
use nullius_model::{DeviceName, VerbClass};
use rule::Rule;
use std::cmp::Reverse;

/// All policies of a repository, ready to decide.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    /// In order of their ids.
    rules: Vec<Rule>,
    index: Index,
}

/// The two ends of a request.
#[derive(Clone, Copy, Debug)]
struct Pair<'a> {
    subject: &'a Device,
    object: &'a Service,
}

impl Policies {
    /// Compiles the policies of a repository.
    ///
    /// # Errors
    /// A [`Problem`] for each policy that this evaluator cannot take.
    pub fn compile(repository: &Repository) -> Result<Self, Vec<Problem>> {
        Self::from_authored(&repository.checked.policies)
    }

    /// The ids of all policies, in order.
    pub fn ids(&self) -> impl Iterator<Item = &PolicyId> {
        self.rules.iter().map(|rule| &rule.id)
    }

    /// Whether the policy of this id forbids.
    pub fn is_forbid(&self, id: &PolicyId) -> bool {
        let place = self.rules.binary_search_by(|rule| rule.id.cmp(id));
        place.ok().and_then(|place| self.rules.get(place)).is_some_and(|rule| rule.effect == Effect::Deny)
    }

    fn from_authored(authored: &[Authored]) -> Result<Self, Vec<Problem>> {
        let mut rules = Vec::new();
        let mut problems = Vec::new();
        for policy in authored {
            match rule(policy) {
                Ok(rule) => rules.push(rule),
                Err(message) => problems.push(policy.problem(message)),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        rules.sort_by(|one: &Rule, other| one.id.cmp(&other.id));
        Ok(Self { index: Index::of(&rules), rules })
    }

    /// The rules whose scopes fit both ends, in order of their ids.
    fn fitting(&self, pair: Pair<'_>) -> Vec<&Rule> {
        let (subject, object) = (&pair.subject.entity, &pair.object.entity);
        let found = self.index.find(subject, object).into_iter().filter_map(|place| self.rules.get(place));
        found.filter(|rule| rule.subject.contains(subject) && rule.object.contains(object)).collect()
    }
}

impl<'a> Pair<'a> {
    fn find(directory: &'a Directory, subject: &DeviceName, object: &ServiceId) -> Option<Self> {
        Some(Self { subject: directory.device(subject)?, object: directory.offered(object)? })
    }
}

fn rule(policy: &Authored) -> Result<Rule, String> {
    let json = policy.policy.to_json().map_err(|error| error.to_string())?;
    Rule::read(policy.id.clone(), &json)
}

/// The grants that give `subject` a verb of `class` on `object`.
fn covering<'p>(
    permits: &'p [Permit],
    subject: &DeviceName,
    object: &ServiceId,
    class: VerbClass,
) -> impl Iterator<Item = &'p Permit> + Clone {
    permits.iter().filter(move |permit| {
        permit.subject == *subject && permit.object == *object && permit.verbs.contains(class)
    })
}

/// Of several grants, the one that conditions are asked about: the one most people approved, then the first by its id.
fn in_use<'p>(covering: impl Iterator<Item = &'p Permit>) -> Option<&'p Permit> {
    covering.max_by_key(|permit| (permit.approvers, Reverse(&permit.id)))
}
