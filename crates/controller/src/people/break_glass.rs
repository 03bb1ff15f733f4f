//! Two people together, while nobody can sign in as usual: the provider is down, telephones are lost.
//!
//! Each holds a code that was made in good times and lies in an envelope. Two codes of two people open one session, for
//! an hour, that may keep the plant safe and approve grants. It is written down as what it is, and each code opens
//! once.

use super::log::{decided, observed, record};
use super::session::{self, Cookie, Who};
use super::setup::kept;
use super::sign_in::refused;
use crate::access::{Caller, Permission, Role};
use crate::http::{Peer, Problem};
use crate::{App, secret};
use axum::http::HeaderMap;
use nullius_model::Timestamp;
use nullius_store::Tx;
use nullius_store::people::{self, Person, codes, roles};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Kind of the codes.
pub(super) const KIND: &str = "break-glass";

/// Seconds for which a code is good: a year, then envelopes are made anew.
const LIFE: u64 = 365 * 24 * 60 * 60;

/// Longest reason, in bytes.
const REASON: usize = 500;

/// Two people open the glass.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Opening {
    /// The code of one.
    #[schema(max_length = 128)]
    first: String,
    /// The code of another.
    #[schema(max_length = 128)]
    second: String,
    /// Why, for the log.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// A code for the envelope.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Envelope {
    /// Shown once.
    code: String,
    /// Seconds since 1970.
    expires: u64,
}

/// A new code for the caller's envelope; the one before is good no more.
///
/// # Errors
/// 403 for programs; 401 where the caller signed in long ago.
pub(crate) async fn code(app: &App, caller: Caller) -> Result<Envelope, Problem> {
    let now = app.now();
    app.write(move |tx| {
        let (id, name) = caller.fresh(now)?;
        codes::clear(tx, KIND, Some(id))?;
        let code = secret::token("glass_")?;
        let kept = kept(KIND, &code, Some(id), now, LIFE);
        codes::insert(tx, &kept)?;
        record(tx, &decided(&caller, now, "break-glass.prepare", format!("user/{name}")))?;
        Ok(Envelope { code, expires: kept.expires })
    })
    .await
}

/// Opens the glass: a session of two.
///
/// # Errors
/// 401 where a code is not good, both are of one person, or they share no site; no code is used up then.
pub(crate) async fn open(
    app: &App,
    peer: Peer,
    headers: HeaderMap,
    opening: Opening,
) -> Result<Cookie, Problem> {
    app.guard().sign_in(peer, app.now())?;
    if opening.reason.trim().is_empty() || opening.reason.len() > REASON {
        return Err(Problem::wrong("say-why", format!("`reason` has 1 to {REASON} bytes")));
    }
    let (config, now) = (app.config().clone(), app.now());
    let cookie = app
        .write(move |tx| {
            let Some((first, second)) = holders(tx, &opening, now)? else {
                record(tx, &observed("system", now, "break-glass.refuse", "controller"))?;
                return Ok(None);
            };
            for code in [&opening.first, &opening.second] {
                codes::spend(tx, KIND, &secret::digest(code), now.as_secs())?;
            }
            let who = format!("break-glass:{}+{}", first.name, second.name);
            let entry = observed(who, now, "break-glass.open", "controller").why(opening.reason.as_str());
            record(tx, &entry.detail("seconds", config.sessions.break_glass.as_secs()))?;
            session::begin(tx, Who::Two(&first.id, &second.id), &config, &headers, now).map(Some)
        })
        .await?;
    cookie.ok_or_else(refused)
}

/// The two, where they are two and may do something together.
fn holders(tx: &mut Tx<'_>, opening: &Opening, now: Timestamp) -> Result<Option<(Person, Person)>, Problem> {
    let (Some(first), Some(second)) = (holder(tx, &opening.first, now)?, holder(tx, &opening.second, now)?)
    else {
        return Ok(None);
    };
    Ok((first.id != second.id).then_some((first, second)))
}

/// Whose code it is, where they may approve grants.
fn holder(tx: &mut Tx<'_>, code: &str, now: Timestamp) -> Result<Option<Person>, Problem> {
    let code = codes::find(tx, KIND, &secret::digest(code), now.as_secs())?;
    let Some(id) = code.and_then(|code| code.person) else { return Ok(None) };
    let approves = roles::of(tx, &id)?
        .iter()
        .any(|held| Role::parse(&held.role).is_some_and(|role| Permission::GrantApprove.is_held_by(role)));
    Ok(people::by_id(tx, &id)?.filter(|person| person.active && approves))
}
