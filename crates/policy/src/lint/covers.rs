//! Policies that decide nothing, because another without conditions always decides the same or the opposite first.
//!
//! For each policy the scopes that contain its own are enumerated and looked up, so that the cost does not grow with the
//! square of the policies.

use super::members::Members;
use super::members::is_in;
use super::{Found, Lint};
use crate::entity::{Kind, Uid};
use crate::reading::{Actions, Scope, Scoped};
use crate::{Effect, Problem};
use std::collections::BTreeMap;

/// Scopes of principal and resource, as texts.
type Key = (String, String);

pub(super) fn check(lint: &Lint<'_>) -> Vec<Problem> {
    let policies = &lint.repository.written.policies;
    let mut unconditional: BTreeMap<Key, Vec<&Scoped>> = BTreeMap::new();
    for policy in policies.values().filter(|policy| !policy.conditional) {
        unconditional.entry((key(&policy.principal), key(&policy.resource))).or_default().push(policy);
    }
    let covered = |policy: &Scoped| Some(lint.told(policy, cover(lint.members, &unconditional, policy)?));
    policies.values().filter_map(covered).collect()
}

fn cover(
    members: &Members<'_>,
    unconditional: &BTreeMap<Key, Vec<&Scoped>>,
    policy: &Scoped,
) -> Option<Found> {
    let principals = containing(members, &policy.principal);
    let resources = containing(members, &policy.resource);
    let keys =
        principals.iter().flat_map(|principal| resources.iter().map(move |resource| (principal, resource)));
    let candidates =
        keys.filter_map(|(principal, resource)| unconditional.get(&(principal.clone(), resource.clone())));
    let mut covering = candidates.flatten().filter(|other| covers(other, policy));
    // a forbid says more about a permit than another permit does
    let other = covering.clone().find(|other| other.effect == Effect::Deny).or_else(|| covering.next())?;
    match (policy.effect, other.effect) {
        (Effect::Allow, Effect::Deny) => Some(Found::warning(
            format!("allows nothing: `{}` forbids all of it", other.id),
            "take one of the two out",
        )),
        (Effect::Allow, Effect::Allow) => Some(Found::warning(
            format!("adds nothing: `{}` allows all of it without a condition", other.id),
            "take one of the two out, or narrow the other",
        )),
        (Effect::Deny, Effect::Deny) => Some(Found::warning(
            format!("adds nothing: `{}` forbids all of it without a condition", other.id),
            "take one of the two out",
        )),
        (Effect::Deny, Effect::Allow) => None,
    }
}

/// Of two that cover each other, the one written first stays.
fn covers(other: &Scoped, policy: &Scoped) -> bool {
    let is_another = other.id != policy.id;
    let comparable = !(policy.effect == Effect::Deny && other.effect == Effect::Allow);
    let actions = contains(&other.actions, &policy.actions);
    is_another && comparable && actions && !(is_mutual(other, policy) && comes_first(policy, other))
}

fn is_mutual(left: &Scoped, right: &Scoped) -> bool {
    let same_scope = left.principal == right.principal && left.resource == right.resource;
    same_scope
        && left.actions == right.actions
        && left.conditional == right.conditional
        && left.effect == right.effect
}

fn comes_first(left: &Scoped, right: &Scoped) -> bool {
    (&left.file, left.line, left.column) < (&right.file, right.line, right.column)
}

/// Every action of the second is one of the first.
fn contains(wider: &Actions, narrower: &Actions) -> bool {
    let beneath = |action: &Uid| match (wider, action.kind) {
        (Actions::Any, _) => true,
        (Actions::Only(only), _) => only == action,
        (Actions::In(several), Kind::Action(language)) => {
            several.iter().any(|wider| is_in(language, &action.name, wider))
        }
        (Actions::In(_), _) => false,
    };
    match narrower {
        Actions::Any => *wider == Actions::Any,
        Actions::Only(action) => beneath(action),
        // a set of actions holds more than itself
        Actions::In(several) => several.iter().all(beneath) && !matches!(wider, Actions::Only(_)),
    }
}

fn key(scope: &Scope) -> String {
    match scope {
        Scope::Any => "any".to_owned(),
        Scope::Is(kind) => format!("is {kind:?}"),
        Scope::Only(uid) => format!("== {uid}"),
        Scope::In(Some(kind), uid) => format!("is {kind:?} in {uid}"),
        Scope::In(None, uid) => format!("in {uid}"),
    }
}

/// The keys of all scopes that contain this one, its own among them.
fn containing(members: &Members<'_>, scope: &Scope) -> Vec<String> {
    let mut keys = vec!["any".to_owned(), key(scope)];
    let (kind, uid) = match scope {
        Scope::Any | Scope::Is(_) => return keys,
        Scope::Only(uid) => (Some(uid.kind), uid),
        Scope::In(kind, uid) => (*kind, uid),
    };
    keys.extend(kind.map(|kind| key(&Scope::Is(kind))));
    for around in members.around(uid) {
        keys.extend(kind.map(|kind| key(&Scope::In(Some(kind), around.clone()))));
        keys.push(key(&Scope::In(None, around)));
    }
    keys.sort();
    keys.dedup();
    keys
}
