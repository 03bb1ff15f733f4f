//! The account of somebody whom a provider knows.
//!
//! INVARIANT: an account belongs to issuer and subject, which a provider never gives to anybody else. No name and no
//! address of e-mail opens an account that was there before.

use super::claims::Claims;
use crate::access::Role;
use crate::http::Problem;
use crate::people::{names, setup};
use crate::secret;
use nullius_model::Timestamp;
use nullius_store::people::roles::{self, HeldRole};
use nullius_store::people::{self, Person};
use nullius_store::{StoreError, Tx, sessions};
use std::collections::BTreeMap;

/// Who gave a role: the provider, by a group. It goes when the group goes.
const PROVIDER: &str = "provider";

/// The account, new where there was none; nobody where it has no role, or is disabled.
pub(super) fn of(
    tx: &mut Tx<'_>,
    claims: &Claims,
    mapped: &BTreeMap<String, Role>,
    now: Timestamp,
) -> Result<Option<Person>, Problem> {
    let subject = format!("{} {}", claims.issuer, claims.subject);
    let person = match people::by_subject(tx, &subject)? {
        Some(person) if !person.active => return Ok(None),
        Some(person) => person,
        None if mapped.is_empty() => return Ok(None),
        None => first(tx, claims, subject, now)?,
    };
    sync(tx, &person, mapped)?;
    let some = !roles::of(tx, &person.id)?.is_empty();
    Ok(some.then_some(person))
}

fn first(tx: &mut Tx<'_>, claims: &Claims, subject: String, now: Timestamp) -> Result<Person, Problem> {
    let name = free(tx, &names::plain(&claims.name), &subject)?;
    let person = Person { subject: Some(subject), ..setup::fresh(secret::ulid(now)?, name, now) };
    people::insert(tx, &person)?;
    Ok(person)
}

/// The name, or with something after it that only this subject has.
fn free(tx: &mut Tx<'_>, name: &str, subject: &str) -> Result<String, StoreError> {
    if !name.is_empty() && people::by_name(tx, name)?.is_none() {
        return Ok(name.to_owned());
    }
    let mark: String = secret::digest(subject).iter().take(3).map(|byte| format!("{byte:02x}")).collect();
    Ok(if name.is_empty() { format!("user-{mark}") } else { format!("{name}-{mark}") })
}

/// Makes the roles of the provider what it says now. Those that somebody here gave stay, and win on their site.
fn sync(tx: &mut Tx<'_>, person: &Person, mapped: &BTreeMap<String, Role>) -> Result<(), StoreError> {
    let before = roles::of(tx, &person.id)?;
    for held in before.iter().filter(|held| held.source == PROVIDER && !mapped.contains_key(&held.site)) {
        roles::drop_role(tx, &person.id, &held.site)?;
    }
    for (site, role) in mapped {
        if !before.iter().any(|held| held.site == *site && held.source != PROVIDER) {
            let (site, role) = (site.clone(), role.name().to_owned());
            roles::set(tx, &person.id, &HeldRole { site, role, source: PROVIDER.to_owned() })?;
        }
    }
    if roles::of(tx, &person.id)? != before {
        sessions::end_all(tx, &person.id)?;
    }
    Ok(())
}
