//! Permits wider than anybody means: everybody, everything, or across zones where no conduit is declared.

use super::members::speaks;
use super::{Found, Lint};
use crate::reading::{Scope, Scoped};
use crate::{Effect, Problem};
use nullius_model::{Protocol, SmolStr};
use std::collections::BTreeSet;

/// Most paths one problem names.
const NAMED: usize = 4;

pub(super) fn check(lint: &Lint<'_>, policy: &Scoped) -> Vec<Problem> {
    if policy.effect == Effect::Deny {
        return Vec::new();
    }
    let found = over_wide(policy).into_iter().chain(undeclared_paths(lint, policy));
    found.map(|found| lint.told(policy, found)).collect()
}

fn over_wide(policy: &Scoped) -> Option<Found> {
    let open = |scope: &Scope| matches!(scope, Scope::Any | Scope::Is(_));
    match (open(&policy.principal), open(&policy.resource)) {
        (true, true) if policy.conditional => Some(Found::warning(
            "lets anybody do something to anything, but for its conditions".to_owned(),
            "name a group, a zone or a device in its scope: conditions are easily wrong",
        )),
        (true, true) => Some(Found::error(
            "allows any device any service".to_owned(),
            "name who and what: permit (principal in Group::\"…\", …, resource in Zone::\"…\")",
        )),
        (true, false) => Some(Found::warning(
            "allows every device, those that come later too".to_owned(),
            "name who: principal == Device::\"…\", or in Group::\"…\"",
        )),
        (false, true) => Some(Found::warning(
            "allows every service, those that come later too".to_owned(),
            "name what: resource == Service::\"…\", or in Zone::\"…\"",
        )),
        (false, false) => None,
    }
}

fn undeclared_paths(lint: &Lint<'_>, policy: &Scoped) -> Option<Found> {
    let from_zones = lint.members.zones(&policy.principal);
    let mut missing = BTreeSet::new();
    for (to, protocol) in lint.members.services(&policy.resource) {
        if speaks(policy, protocol) {
            let undeclared = from_zones.iter().filter(|from| !is_declared(lint, from, &to, protocol));
            missing.extend(undeclared.map(|from| format!("`{from}` to `{to}` in {protocol}")));
        }
    }
    let named: Vec<&str> = missing.iter().take(NAMED).map(String::as_str).collect();
    let more = missing.len().saturating_sub(NAMED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!named.is_empty()).then(|| {
        let message = format!("allows what no conduit is declared for: {}{rest}", named.join(", "));
        Found::error(message, "declare the [[conduit]] with its protocols, or narrow the scope")
    })
}

/// Inside a zone nothing need be declared. A device in no zone has its own problem.
fn is_declared(lint: &Lint<'_>, from: &SmolStr, to: &SmolStr, protocol: Protocol) -> bool {
    let conduits = &lint.repository.inventory().conduits;
    from == to
        || from.is_empty()
        || to.is_empty()
        || conduits.iter().any(|conduit| {
            let speaks = conduit.protocols.is_empty() || conduit.protocols.contains(&protocol);
            conduit.from == *from && conduit.to == *to && speaks
        })
}
