//! Policies that decide nothing, because another without conditions always decides the same or the opposite first.
//!
//! For each policy the scopes that contain its own are enumerated and looked up, so that the cost does not grow with the
//! square of the policies.

use super::members::Members;
use super::{Found, Lint};
use crate::reading::{Authored, Scope};
use crate::{Effect, Problem, verbs};
use cedar_policy::EntityUid;
use nullius_model::Protocol;
use std::collections::BTreeMap;

/// Scopes of principal and resource, as texts.
type Key = (String, String);

pub(super) fn check(lint: &Lint<'_>) -> Vec<Problem> {
    let policies = &lint.repository.written.policies;
    let mut unconditional: BTreeMap<Key, Vec<&Authored>> = BTreeMap::new();
    for policy in policies.values().filter(|policy| !policy.conditional) {
        unconditional.entry((key(&policy.principal), key(&policy.resource))).or_default().push(policy);
    }
    let covered = |policy: &Authored| Some(lint.told(policy, cover(lint.members, &unconditional, policy)?));
    policies.values().filter_map(covered).collect()
}

fn cover(
    members: &Members<'_>,
    unconditional: &BTreeMap<Key, Vec<&Authored>>,
    policy: &Authored,
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
fn covers(other: &Authored, policy: &Authored) -> bool {
    let is_another = other.id != policy.id;
    let comparable = !(policy.effect == Effect::Deny && other.effect == Effect::Allow);
    let contains = |action: &EntityUid| other.actions.iter().any(|wider| is_in(action, wider));
    let actions =
        other.actions.is_empty() || (!policy.actions.is_empty() && policy.actions.iter().all(contains));
    is_another && comparable && actions && !(is_mutual(other, policy) && comes_first(policy, other))
}

fn is_mutual(left: &Authored, right: &Authored) -> bool {
    let same_scope = left.principal == right.principal && left.resource == right.resource;
    same_scope
        && left.actions == right.actions
        && left.conditional == right.conditional
        && left.effect == right.effect
}

fn comes_first(left: &Authored, right: &Authored) -> bool {
    (&left.file, left.offset) < (&right.file, right.offset)
}

fn key(scope: &Scope) -> String {
    match scope {
        Scope::Any => "any".to_owned(),
        Scope::Is(kind) => format!("is {kind}"),
        Scope::Only(uid) => format!("== {uid}"),
        Scope::In(Some(kind), uid) => format!("is {kind} in {uid}"),
        Scope::In(None, uid) => format!("in {uid}"),
    }
}

/// The keys of all scopes that contain this one, its own among them.
fn containing(members: &Members<'_>, scope: &Scope) -> Vec<String> {
    let mut keys = vec!["any".to_owned(), key(scope)];
    match scope {
        Scope::Any | Scope::Is(_) => {}
        Scope::Only(uid) => {
            let kind = uid.type_name();
            keys.push(format!("is {kind}"));
            for around in members.around(uid) {
                keys.push(format!("is {kind} in {around}"));
                keys.push(format!("in {around}"));
            }
        }
        Scope::In(kind, uid) => {
            keys.extend(kind.iter().map(|kind| format!("is {kind}")));
            for around in members.around(uid) {
                keys.extend(kind.iter().map(|kind| format!("is {kind} in {around}")));
                keys.push(format!("in {around}"));
            }
        }
    }
    keys.sort();
    keys.dedup();
    keys
}

/// Every request for `action` is one for `wider`.
fn is_in(action: &EntityUid, wider: &EntityUid) -> bool {
    if action == wider {
        return true;
    }
    let namespace = action.type_name().namespace();
    let (id, wider_id): (&str, &str) = (action.id().unescaped(), wider.id().unescaped());
    let class = id.strip_prefix("any ").or_else(|| class_of(&namespace, id));
    if wider.type_name().namespace().is_empty() {
        return !namespace.is_empty() && class == Some(wider_id);
    }
    wider.type_name().namespace() == namespace
        && (wider_id == "any"
            || (wider_id.strip_prefix("any ").is_some() && wider_id.strip_prefix("any ") == class))
}

fn class_of(namespace: &str, verb: &str) -> Option<&'static str> {
    const READ: &[Protocol] = &[Protocol::Modbus, Protocol::Mqtt, Protocol::Coap, Protocol::Http];
    let protocol = READ.iter().copied().find(|protocol| namespace.eq_ignore_ascii_case(protocol.name()))?;
    verbs(protocol).iter().find(|known| known.name == verb).map(|verb| verb.class.name())
}
