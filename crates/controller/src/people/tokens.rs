//! Tokens of programs: cut down to what the program needs, and good for a year at most.
//!
//! INVARIANT: a token is never more than its owner is at the moment it is used (`proof`), and was never more than its
//! owner was when it was made.

use super::log::{decided, record};
use super::names;
use crate::access::{ALL_SITES, Caller, Permission, Principal, Scope, Sites};
use crate::http::Problem;
use crate::secret;
use axum::http::StatusCode;
use nullius_model::{DeviceName, Timestamp};
use nullius_store::Tx;
use nullius_store::tokens::{self, Token};
use serde::Deserialize;
use utoipa::ToSchema;

/// How a token begins, so that it is found where it should not be.
const PREFIX: &str = "nullius_";

/// Longest life, in days.
const LONGEST: u64 = 366;

/// Sites and tokens an owner names at most.
const MOST: usize = 200;

/// A new token.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// What it is called.
    #[schema(max_length = 63)]
    name: String,
    /// Names of permissions.
    #[schema(min_items = 1)]
    permissions: Vec<String>,
    /// Names of sites; `*` for all sites of its owner.
    #[schema(min_items = 1)]
    sites: Vec<String>,
    /// For how many days it is good.
    #[schema(minimum = 1, maximum = 366)]
    days: u64,
}

/// Makes a token: what is kept, and the secret, which is shown once.
///
/// # Errors
/// 403 for what the caller may not do; 401 where they signed in long ago; 409 for a name that is taken; 422 for names
/// that mean nothing.
pub(crate) fn create(
    tx: &mut Tx<'_>,
    caller: &Caller,
    new: &NewToken,
    now: Timestamp,
) -> Result<(Token, String), Problem> {
    let (owner, _) = caller.fresh(now)?;
    names::check(&new.name)?;
    check(caller, new)?;
    if tokens::page(tx, Some(owner), "", "", MOST)?.len() >= MOST {
        return Err(Problem::conflict("enough", format!("an account has at most {MOST} tokens")));
    }
    if tokens::by_name(tx, &new.name)?.is_some() {
        return Err(Problem::conflict("name-is-taken", "there is a token of that name"));
    }
    let secret = secret::token(PREFIX)?;
    let token = Token {
        id: secret::ulid(now)?,
        digest: secret::digest(&secret),
        name: new.name.clone(),
        owner: owner.to_owned(),
        permissions: new.permissions.clone(),
        sites: new.sites.clone(),
        made: now.as_secs(),
        expires: now.as_secs().saturating_add(new.days.saturating_mul(24 * 60 * 60)),
        used: None,
    };
    tokens::insert(tx, &token)?;
    let entry = decided(caller, now, "token.create", format!("token/{}", token.name));
    let entry =
        entry.detail("permissions", token.permissions.join(" ")).detail("sites", token.sites.join(" "));
    record(tx, &entry.detail("expires", token.expires))?;
    Ok((token, secret))
}

/// A token that the caller may see: their own, the one they call with, or any where they manage all.
///
/// # Errors
/// 404 for others, as if they did not exist.
pub(crate) fn find(tx: &mut Tx<'_>, caller: &Caller, id: &str) -> Result<Token, Problem> {
    let token = tokens::by_id(tx, id)?.filter(|token| is_shown(caller, token));
    token.ok_or_else(|| Problem::no_such("token"))
}

/// Up to `limit` tokens that the caller may see, in the order of their names.
pub(crate) fn page(
    tx: &mut Tx<'_>,
    caller: &Caller,
    after: &str,
    search: &str,
    limit: usize,
) -> Result<Vec<Token>, Problem> {
    let owner = match &caller.principal {
        _ if manages(caller) => None,
        Principal::User { id, .. } => Some(id.as_str()),
        Principal::Token { id, .. } => return Ok(tokens::by_id(tx, id)?.into_iter().collect()),
        Principal::BreakGlass { .. } => return Ok(Vec::new()),
    };
    Ok(tokens::page(tx, owner, after, search, limit)?)
}

/// Ends a token that the caller may see.
///
/// # Errors
/// 404 for others.
pub(crate) fn revoke(tx: &mut Tx<'_>, caller: &Caller, id: &str, now: Timestamp) -> Result<(), Problem> {
    let token = find(tx, caller, id)?;
    tokens::remove(tx, &token.id)?;
    Ok(record(tx, &decided(caller, now, "token.revoke", format!("token/{}", token.name)))?)
}

fn is_shown(caller: &Caller, token: &Token) -> bool {
    manages(caller)
        || match &caller.principal {
            Principal::User { id, .. } => *id == token.owner,
            Principal::Token { id, .. } => *id == token.id,
            Principal::BreakGlass { .. } => false,
        }
}

fn manages(caller: &Caller) -> bool {
    caller.may_everywhere(Permission::TokenManage).is_ok()
}

/// Whether the caller may do all of that.
fn check(caller: &Caller, new: &NewToken) -> Result<(), Problem> {
    if !(1..=LONGEST).contains(&new.days) {
        return Err(Problem::wrong("bad-life", format!("`days` is 1 to {LONGEST}")));
    }
    let named = !new.permissions.is_empty() && !new.sites.is_empty();
    if !named || new.sites.len() > MOST || new.permissions.len() > Permission::ALL.len() {
        return Err(Problem::wrong("bad-scope", "name the permissions and the sites it is for"));
    }
    if !new.sites.iter().all(|site| site == ALL_SITES || DeviceName::new(site).is_ok()) {
        return Err(Problem::wrong("bad-scope", "name sites, or `*` for all of yours"));
    }
    new.permissions.iter().try_for_each(|name| {
        let permission = Permission::parse(name).ok_or_else(|| {
            Problem::wrong("bad-scope", format!("`{}` is no permission", nullius_model::inert(name)))
        })?;
        if holds(&caller.sites(permission), permission, &new.sites) {
            Ok(())
        } else {
            Err(too_much(permission))
        }
    })
}

/// `*` stands for whatever the owner has, which is not nothing.
fn holds(held: &Sites, permission: Permission, asked: &[String]) -> bool {
    let some = *held != Sites::These(std::collections::BTreeSet::new());
    match permission.scope() {
        Scope::Everywhere => *held == Sites::All && asked.iter().any(|site| site == ALL_SITES),
        Scope::Site => some && asked.iter().all(|site| site == ALL_SITES || held.contains(site)),
    }
}

fn too_much(permission: Permission) -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "more-than-yours",
        format!("you do not have `{}` there", permission.name()),
    )
    .with_help("a token has no more than its owner; what belongs to no site takes a token for `*`")
}
