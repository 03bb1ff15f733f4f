//! Signing in with a password and a code, or with a passkey.
//!
//! Whoever fails learns nothing: an account that does not exist, one that is locked and a wrong password take the same
//! time, one hash and one record, and get the same words. The log says which it was. A locked account opens to a passkey,
//! which nobody guesses, so that a stranger who fails on purpose locks nobody out who has one.

use super::log::{observed, record};
use super::session::{self, Cookie, Who};
use super::webauthn::{self, Assertion};
use super::{ceremony, totp};
use crate::App;
use crate::http::{Peer, Problem};
use axum::http::{HeaderMap, StatusCode};
use nullius_model::Timestamp;
use nullius_store::people::{self, Person, passkeys};
use nullius_store::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Failures in a row before an account is locked.
const FORGIVEN: u64 = 5;

/// Seconds of the first lock; each further failure doubles it.
const FIRST_LOCK: u64 = 30;

/// Seconds of the longest lock: a quarter of an hour, 96 guesses a day.
const LONGEST_LOCK: u64 = 900;

/// Somebody signs in with what they know and what they have.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    /// The account's name.
    #[schema(max_length = 63)]
    name: String,
    /// The password.
    #[schema(max_length = 256)]
    password: String,
    /// Six digits that the authenticator shows.
    #[schema(max_length = 6)]
    code: String,
}

/// Somebody signs in with a passkey.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeyProof {
    /// As the challenge came with it.
    #[schema(max_length = 64)]
    ceremony: String,
    /// What the authenticator answers.
    answer: Assertion,
}

/// A question for an authenticator.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Challenge {
    /// To be sent back with the answer.
    pub(crate) ceremony: String,
    /// `challenge`, base64url.
    pub(crate) challenge: String,
    /// `rpId`.
    pub(crate) party: String,
}

/// Why somebody is not let in: for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    Code,
    Disabled,
    Locked,
    Password,
    Unknown,
}

/// Signs in with a password and a code.
///
/// # Errors
/// 401 in the same words whatever is wrong; 429 and 503 where too many try.
pub(crate) async fn with_password(
    app: &App,
    peer: Peer,
    headers: HeaderMap,
    credentials: Credentials,
) -> Result<Cookie, Problem> {
    app.guard().sign_in(peer, app.now())?;
    let name = credentials.name.clone();
    let kept = app.read(move |tx| people::by_name(tx, &name)).await?.and_then(|person| person.password);
    let known = app.passwords().verify(credentials.password, kept.as_deref()).await?;
    let (config, now) = (app.config().clone(), app.now());
    let tried = Tried { name: credentials.name, code: credentials.code, kept: kept.filter(|_| known), now };
    let cookie = app
        .write(move |tx| match judge(tx, &tried)? {
            Ok(person) => welcome(tx, person, "password", now)
                .and_then(|id| session::begin(tx, Who::Person(&id), &config, &headers, now))
                .map(Some),
            Err(_) => Ok::<_, Problem>(None),
        })
        .await?;
    cookie.ok_or_else(refused)
}

/// What somebody tries to sign in with.
pub(super) struct Tried {
    pub(super) name: String,
    pub(super) code: String,
    /// What was kept of the password that was right.
    pub(super) kept: Option<String>,
    pub(super) now: Timestamp,
}

/// Whether somebody is let in, written down either way.
pub(super) fn judge(tx: &mut Tx<'_>, tried: &Tried) -> Result<Result<Person, Reason>, Problem> {
    let now = tried.now.as_secs();
    let Some(mut person) = people::by_name(tx, &tried.name)? else {
        return Ok(Err(failed(tx, None, Reason::Unknown, tried.now)?));
    };
    if !person.active {
        return Ok(Err(failed(tx, Some(&person), Reason::Disabled, tried.now)?));
    }
    if person.locked_until > now {
        return Ok(Err(failed(tx, Some(&person), Reason::Locked, tried.now)?));
    }
    let reason = match secret_of(tx, &person)? {
        _ if tried.kept.is_none() || tried.kept != person.password => Reason::Password,
        Some(secret) => match totp::verify(&secret, &tried.code, now, person.totp_step) {
            Some(step) => {
                person.totp_step = step;
                return Ok(Ok(person));
            }
            None => Reason::Code,
        },
        None => Reason::Code,
    };
    person.failures = person.failures.saturating_add(1);
    person.locked_until = now.saturating_add(lock(person.failures));
    people::update(tx, &person)?;
    Ok(Err(failed(tx, Some(&person), reason, tried.now)?))
}

/// The secret of the second factor.
fn secret_of(tx: &mut Tx<'_>, person: &Person) -> Result<Option<Vec<u8>>, StoreError> {
    let sealed = person.totp.as_deref();
    let opened = sealed.map(|sealed| tx.unseal(&totp::purpose(&person.id), sealed)).transpose()?;
    Ok(opened.map(|secret| secret.expose().to_vec()))
}

/// Seconds for which an account is locked after so many failures in a row.
fn lock(failures: u64) -> u64 {
    match failures.checked_sub(FORGIVEN) {
        None => 0,
        Some(more) => FIRST_LOCK.saturating_mul(1 << more.min(10)).min(LONGEST_LOCK),
    }
}

/// Names that were typed and that nobody has are not written down: some are passwords in the wrong field.
fn failed(
    tx: &mut Tx<'_>,
    person: Option<&Person>,
    reason: Reason,
    now: Timestamp,
) -> Result<Reason, StoreError> {
    let object = person.map_or_else(|| "user".to_owned(), |person| format!("user/{}", person.name));
    let why = match reason {
        Reason::Code => "wrong code",
        Reason::Disabled => "the account is disabled",
        Reason::Locked => "the account is locked",
        Reason::Password => "wrong password",
        Reason::Unknown => "there is no such account",
    };
    record(tx, &observed("system", now, "session.refuse", object.as_str()).why(why))?;
    if let Some(person) =
        person.filter(|person| person.locked_until > now.as_secs() && reason != Reason::Locked)
    {
        let locked = observed("system", now, "user.lock", object);
        record(tx, &locked.detail("failures", person.failures).detail("until", person.locked_until))?;
    }
    Ok(reason)
}

/// Somebody is in: their failures are forgotten, and it is written down. Their id.
pub(super) fn welcome(
    tx: &mut Tx<'_>,
    mut person: Person,
    how: &str,
    now: Timestamp,
) -> Result<String, Problem> {
    person.failures = 0;
    person.locked_until = 0;
    person.seen = Some(now.as_secs());
    people::update(tx, &person)?;
    let entry =
        observed(format!("user:{}", person.name), now, "session.begin", format!("user/{}", person.name));
    record(tx, &entry.detail("with", how))?;
    Ok(person.id)
}

/// Asks any passkey of ours for an answer. No name is asked for, so none can be tried out.
///
/// # Errors
/// 429 and 503 where too many try.
pub(crate) async fn challenge(app: &App, peer: Peer) -> Result<Challenge, Problem> {
    app.guard().sign_in(peer, app.now())?;
    let now = app.now();
    let challenge = crate::secret::token("")?;
    let asked = challenge.clone();
    let ceremony = app.write(move |tx| ceremony::begin(tx, "passkey", &asked, now)).await?;
    Ok(Challenge { ceremony, challenge, party: webauthn::party(app.config()) })
}

/// Signs in with a passkey.
///
/// # Errors
/// 401 in the same words whatever is wrong; 429 where too many try.
pub(crate) async fn with_passkey(
    app: &App,
    peer: Peer,
    headers: HeaderMap,
    proof: PasskeyProof,
) -> Result<Cookie, Problem> {
    app.guard().sign_in(peer, app.now())?;
    let (config, now) = (app.config().clone(), app.now());
    let cookie = app
        .write(move |tx| {
            let challenge: String = ceremony::take(tx, "passkey", &proof.ceremony, now)?;
            let Some(key) = passkeys::by_id(tx, &proof.answer.id)? else { return Ok(None) };
            let Some(person) = people::by_id(tx, &key.person)? else { return Ok(None) };
            let object = format!("user/{}", person.name);
            let counter = match webauthn::proved(&proof.answer, &challenge, &key, &config) {
                Ok(counter) if person.active => counter,
                Ok(_) => {
                    failed(tx, Some(&person), Reason::Disabled, now)?;
                    return Ok(None);
                }
                Err(why) => {
                    record(tx, &observed("system", now, "session.refuse", object).why(why.to_string()))?;
                    return Ok(None);
                }
            };
            passkeys::touch(tx, &key.id, counter, now.as_secs())?;
            let id = welcome(tx, person, "passkey", now)?;
            session::begin(tx, Who::Person(&id), &config, &headers, now).map(Some)
        })
        .await?;
    cookie.ok_or_else(refused)
}

/// The one answer to whoever is not let in.
pub(super) fn refused() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "not-signed-in", "that did not let you in")
        .with_help("after several failures an account is locked for a while; an admin can recover it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_grow_and_end() {
        let seconds: Vec<_> = [0, 4, 5, 6, 7, 9, 10, 11, u64::MAX].into_iter().map(lock).collect();
        assert_eq!(seconds, [0, 0, 30, 60, 120, 480, 900, 900, 900]);
    }
}
