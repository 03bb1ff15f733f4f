//! Accounts, as admins manage them.
//!
//! INVARIANT: nobody changes what they are themselves, and somebody is always left who may do this: the last admin of all
//! sites stays.

use super::log::{decided, record};
use super::setup::{self, SETUP_LIFE};
use super::{LOCAL, names};
use crate::access::{ALL_SITES, Caller, Role};
use crate::http::{IfMatch, Problem};
use crate::secret;
use axum::http::StatusCode;
use nullius_model::Timestamp;
use nullius_store::people::roles::{self, HeldRole};
use nullius_store::people::{self, Person, codes, passkeys};
use nullius_store::{Tx, sessions, sites, tokens};

/// An account and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) person: Person,
    pub(crate) roles: Vec<HeldRole>,
    pub(crate) passkeys: usize,
}

/// A code that opens an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Handed {
    pub(crate) account: Account,
    pub(crate) code: String,
    pub(crate) expires: u64,
}

/// The account of that name.
///
/// # Errors
/// 404 where there is none.
pub(crate) fn find(tx: &mut Tx<'_>, name: &str) -> Result<Account, Problem> {
    let person = people::by_name(tx, name)?.ok_or_else(|| Problem::no_such("user"))?;
    account(tx, person)
}

/// With what belongs to it.
pub(crate) fn account(tx: &mut Tx<'_>, person: Person) -> Result<Account, Problem> {
    let roles = roles::of(tx, &person.id)?;
    let passkeys = passkeys::of(tx, &person.id)?.len();
    Ok(Account { person, roles, passkeys })
}

/// A new account, and the code with which its owner sets it up.
///
/// # Errors
/// 422 for a bad name; 409 for one that is taken.
pub(crate) fn create(
    tx: &mut Tx<'_>,
    caller: &Caller,
    name: &str,
    now: Timestamp,
) -> Result<Handed, Problem> {
    names::check(name)?;
    if people::by_name(tx, name)?.is_some() {
        return Err(Problem::conflict("name-is-taken", "there is an account of that name"));
    }
    let person = setup::fresh(secret::ulid(now)?, name.to_owned(), now);
    people::insert(tx, &person)?;
    record(tx, &decided(caller, now, "user.create", format!("user/{name}")))?;
    handed(tx, person, now)
}

/// Lets somebody sign in, or no more.
///
/// # Errors
/// 403 for the caller's own; 409 for the last admin; 412 where it was changed meanwhile.
pub(crate) fn activate(
    tx: &mut Tx<'_>,
    caller: &Caller,
    name: &str,
    seen: IfMatch,
    active: bool,
    now: Timestamp,
) -> Result<Account, Problem> {
    let mut person = other(tx, caller, name)?;
    seen.check(person.version)?;
    if !active {
        keep_an_admin(tx, &person, ALL_SITES)?;
        sessions::end_all(tx, &person.id)?;
        tokens::remove_all(tx, &person.id)?;
        forget_codes(tx, &person.id)?;
    }
    person.active = active;
    let what = if active { "user.enable" } else { "user.disable" };
    record(tx, &decided(caller, now, what, format!("user/{name}")))?;
    changed(tx, person)
}

/// Takes away all that somebody signs in with, and hands out a code to begin again: a telephone was lost.
///
/// # Errors
/// 403 for the caller's own; 409 where a provider signs them in, or the account is disabled.
pub(crate) fn recover(
    tx: &mut Tx<'_>,
    caller: &Caller,
    name: &str,
    now: Timestamp,
) -> Result<Handed, Problem> {
    let mut person = other(tx, caller, name)?;
    if person.subject.is_some() {
        return Err(Problem::conflict("of-a-provider", "the provider signs them in: recover it there"));
    }
    if !person.active {
        return Err(Problem::conflict("disabled", "the account is disabled"));
    }
    setup::strip(tx, &mut person)?;
    record(tx, &decided(caller, now, "user.recover", format!("user/{name}")))?;
    let account = changed(tx, person)?;
    handed(tx, account.person, now)
}

/// Gives somebody a role on a site, in place of the one they have there; their sessions end.
///
/// # Errors
/// 403 for the caller's own; 409 where it would leave no admin; 404 where there is no such account.
pub(crate) fn give(
    tx: &mut Tx<'_>,
    caller: &Caller,
    name: &str,
    site: &str,
    role: Role,
    now: Timestamp,
) -> Result<(), Problem> {
    let person = other(tx, caller, name)?;
    check_site(tx, site)?;
    if role != Role::Admin {
        keep_an_admin(tx, &person, site)?;
    }
    let held = HeldRole { site: site.to_owned(), role: role.name().to_owned(), source: LOCAL.to_owned() };
    roles::set(tx, &person.id, &held)?;
    let entry = decided(caller, now, "role.give", format!("user/{name}")).detail("role", role.name());
    record(tx, &at(entry, site))?;
    changed_role(tx, person)
}

/// Takes somebody's role on a site; their sessions end.
///
/// # Errors
/// 403 for the caller's own; 404 where they have none there; 409 where it would leave no admin.
pub(crate) fn take(
    tx: &mut Tx<'_>,
    caller: &Caller,
    name: &str,
    site: &str,
    now: Timestamp,
) -> Result<(), Problem> {
    let person = other(tx, caller, name)?;
    keep_an_admin(tx, &person, site)?;
    if !roles::drop_role(tx, &person.id, site)? {
        return Err(Problem::no_such("role"));
    }
    record(tx, &at(decided(caller, now, "role.take", format!("user/{name}")), site))?;
    changed_role(tx, person)
}

/// The account of that name, where the caller is not among whom it belongs to.
fn other(tx: &mut Tx<'_>, caller: &Caller, name: &str) -> Result<Person, Problem> {
    let person = people::by_name(tx, name)?.ok_or_else(|| Problem::no_such("user"))?;
    if caller.principal.people().contains(&person.id.as_str()) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "your-own",
            "that is for somebody else to do: it is yours",
        ));
    }
    Ok(person)
}

/// # Errors
/// 409 where the person is the only admin of all sites, and `site` stands for all of them.
fn keep_an_admin(tx: &mut Tx<'_>, person: &Person, site: &str) -> Result<(), Problem> {
    let admin = Role::Admin.name();
    let is_one = roles::of(tx, &person.id)?.iter().any(|held| held.site == ALL_SITES && held.role == admin);
    if site == ALL_SITES
        && is_one
        && person.active
        && roles::others_with(tx, admin, ALL_SITES, &person.id)? == 0
    {
        return Err(Problem::conflict("last-admin", "nobody would be left who manages people"));
    }
    Ok(())
}

fn check_site(tx: &mut Tx<'_>, site: &str) -> Result<(), Problem> {
    if site == ALL_SITES || sites::find(tx, site)?.is_some() { Ok(()) } else { Err(Problem::no_such("site")) }
}

fn at(entry: nullius_audit::Entry, site: &str) -> nullius_audit::Entry {
    if site == ALL_SITES { entry } else { entry.site(site) }
}

fn changed(tx: &mut Tx<'_>, mut person: Person) -> Result<Account, Problem> {
    person.version = person.version.saturating_add(1);
    people::update(tx, &person)?;
    account(tx, person)
}

/// What a session was opened with is not what its owner is any more.
fn changed_role(tx: &mut Tx<'_>, person: Person) -> Result<(), Problem> {
    sessions::end_all(tx, &person.id)?;
    changed(tx, person).map(drop)
}

fn handed(tx: &mut Tx<'_>, person: Person, now: Timestamp) -> Result<Handed, Problem> {
    let code = setup::setup_code(tx, &person.id, now)?;
    let account = account(tx, person)?;
    Ok(Handed { account, code, expires: now.as_secs().saturating_add(SETUP_LIFE) })
}

/// No code of an account that was disabled opens anything.
fn forget_codes(tx: &mut Tx<'_>, person: &str) -> Result<(), Problem> {
    for kind in [setup::SETUP, super::break_glass::KIND] {
        codes::clear(tx, kind, Some(person))?;
    }
    Ok(())
}
