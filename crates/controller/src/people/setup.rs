//! Accounts begin, and begin again, with a code that somebody was handed: the claim code of a new controller, or the
//! setup code that an admin gave.
//!
//! Nothing changes until the second factor was shown to work. Then, in one transaction, the code is used up, the account
//! stands, and its owner is signed in. A code that was used, is over, or was replaced opens nothing.

use super::log::{observed, record};
use super::session::{self, Cookie, Who};
use super::sign_in::{refused, welcome};
use super::webauthn::{self, Attestation};
use super::{ceremony, names, totp};
use crate::access::{ALL_SITES, Role};
use crate::http::{Peer, Problem};
use crate::{App, secret};
use axum::http::HeaderMap;
use nullius_model::Timestamp;
use nullius_store::people::codes::{self, Code};
use nullius_store::people::passkeys::{self, Passkey};
use nullius_store::people::roles::{self, HeldRole};
use nullius_store::people::{self, Person};
use nullius_store::{StoreError, Tx, sessions, tokens};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Kinds of codes.
pub(super) const CLAIM: &str = "claim";
pub(super) const SETUP: &str = "setup";

/// Seconds for which a code is good: a day for whoever stands at the machine, three for whoever gets a letter.
const CLAIM_LIFE: u64 = 24 * 60 * 60;
pub(crate) const SETUP_LIFE: u64 = 3 * 24 * 60 * 60;

/// Somebody begins with the code they were handed.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Begin {
    /// The code.
    #[schema(max_length = 128)]
    code: String,
    /// What the first account shall be called; other accounts have their name.
    #[schema(max_length = 63)]
    name: Option<String>,
    /// The password; without one the account signs in with a passkey.
    #[schema(max_length = 256)]
    password: Option<String>,
}

/// What the second factor needs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Begun {
    /// To be sent back.
    ceremony: String,
    /// The account's name.
    name: String,
    /// The account's id, `user.id` of a passkey.
    user: String,
    /// `challenge` of a passkey, base64url.
    challenge: String,
    /// `rp.id` of a passkey.
    party: String,
    /// For an authenticator that shows codes; shown once.
    totp: String,
}

/// The second factor works.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Finish {
    /// As it was given.
    #[schema(max_length = 128)]
    ceremony: String,
    /// Six digits that the authenticator shows, where there is a password.
    #[schema(max_length = 6)]
    code: Option<String>,
    /// Or what the authenticator answers when a passkey is made.
    passkey: Option<Attestation>,
}

/// What waits for the second factor.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Waiting {
    kind: String,
    code: Vec<u8>,
    person: String,
    name: String,
    password: Option<String>,
    totp: [u8; totp::SECRET],
    challenge: String,
}

/// The code with which the first account is made, where there is none yet: the program prints it, once. A later one
/// replaces it.
///
/// # Errors
/// Where the store fails.
pub(crate) async fn claim_code(app: &App) -> Result<Option<String>, Problem> {
    let now = app.now();
    app.write(move |tx| {
        if !people::none(tx)? {
            return Ok(None);
        }
        codes::clear(tx, CLAIM, None)?;
        let code = secret::token("claim_")?;
        codes::insert(tx, &kept(CLAIM, &code, None, now, CLAIM_LIFE))?;
        record(tx, &observed("system", now, "claim.offer", "controller"))?;
        Ok(Some(code))
    })
    .await
}

/// A new setup code for somebody; earlier ones are good no more.
pub(crate) fn setup_code(tx: &mut Tx<'_>, person: &str, now: Timestamp) -> Result<String, Problem> {
    codes::clear(tx, SETUP, Some(person))?;
    let code = secret::token("setup_")?;
    codes::insert(tx, &kept(SETUP, &code, Some(person), now, SETUP_LIFE))?;
    Ok(code)
}

/// What is kept of a code.
pub(super) fn kept(kind: &str, code: &str, person: Option<&str>, now: Timestamp, life: u64) -> Code {
    Code {
        digest: secret::digest(code),
        kind: kind.to_owned(),
        person: person.map(str::to_owned),
        made: now.as_secs(),
        expires: now.as_secs().saturating_add(life),
    }
}

/// Begins.
///
/// # Errors
/// 401 for a code that opens nothing; 422 for a bad name or password; 429 and 503 where too many try.
pub(crate) async fn begin(app: &App, peer: Peer, begin: Begin) -> Result<Begun, Problem> {
    app.guard().sign_in(peer, app.now())?;
    let (digest, now, name) = (secret::digest(&begin.code), app.now(), begin.name.clone());
    let found = digest.clone();
    let (kind, person, name) = app.read(move |tx| whose(tx, &found, name.as_deref(), now)).await?;
    let password = match begin.password {
        Some(password) => Some(app.passwords().hash(password).await?),
        None => None,
    };
    let challenge = secret::token("")?;
    let waiting = Waiting { kind, code: digest, person, name, password, totp: secret::random()?, challenge };
    let kept = waiting.clone();
    let ceremony = app.write(move |tx| ceremony::begin(tx, SETUP, &kept, now)).await?;
    Ok(Begun {
        ceremony,
        totp: totp::uri(&waiting.name, &waiting.totp),
        name: waiting.name,
        user: waiting.person,
        challenge: waiting.challenge,
        party: webauthn::party(app.config()),
    })
}

/// Kind of the code, and the id and name of the account it opens.
fn whose(
    tx: &mut Tx<'_>,
    digest: &[u8],
    name: Option<&str>,
    now: Timestamp,
) -> Result<(String, String, String), Problem> {
    if codes::find(tx, CLAIM, digest, now.as_secs())?.is_some() && people::none(tx)? {
        let name = name.ok_or_else(|| Problem::wrong("bad-name", "say what the account shall be called"))?;
        names::check(name)?;
        return Ok((CLAIM.to_owned(), secret::ulid(now)?, name.to_owned()));
    }
    let code = codes::find(tx, SETUP, digest, now.as_secs())?.ok_or_else(refused)?;
    let person = code.person.map(|id| people::by_id(tx, &id)).transpose()?.flatten();
    let person = person.filter(|person| person.active).ok_or_else(refused)?;
    Ok((SETUP.to_owned(), person.id, person.name))
}

/// Finishes: the account stands, and its owner is signed in.
///
/// # Errors
/// 401 where the second factor does not work, or the code is used up; then everything begins again.
pub(crate) async fn finish(
    app: &App,
    peer: Peer,
    headers: HeaderMap,
    finish: Finish,
) -> Result<Cookie, Problem> {
    app.guard().sign_in(peer, app.now())?;
    let (config, now) = (app.config().clone(), app.now());
    app.write(move |tx| {
        let waiting: Waiting = ceremony::take(tx, SETUP, &finish.ceremony, now)?;
        if !codes::spend(tx, &waiting.kind, &waiting.code, now.as_secs())? {
            return Err(refused());
        }
        let mut person = account(tx, &waiting, now)?;
        let with = match (&finish.code, &finish.passkey) {
            (Some(code), None) if waiting.password.is_some() => {
                person.totp_step = totp::verify(&waiting.totp, code, now.as_secs(), 0).ok_or_else(refused)?;
                person.totp = Some(tx.seal(&totp::purpose(&person.id), &waiting.totp)?);
                person.password.clone_from(&waiting.password);
                "password"
            }
            (None, Some(answer)) if waiting.password.is_none() => {
                let made = webauthn::made(answer, &waiting.challenge, &config)?;
                passkey(tx, &person.id, "first", made, now)?;
                "passkey"
            }
            _ => {
                return Err(Problem::wrong(
                    "one-factor",
                    "send a code with a password, or a passkey without one",
                ));
            }
        };
        let what = if waiting.kind == CLAIM { "controller.claim" } else { "user.setup" };
        let who = format!("user:{}", person.name);
        record(tx, &observed(who, now, what, format!("user/{}", person.name)).detail("with", with))?;
        let id = welcome(tx, person, with, now)?;
        session::begin(tx, Who::Person(&id), &config, &headers, now)
    })
    .await
}

/// The account that a code opens: new and admin of everything, or as it is, with nothing of what it signed in with.
fn account(tx: &mut Tx<'_>, waiting: &Waiting, now: Timestamp) -> Result<Person, Problem> {
    if waiting.kind != CLAIM {
        let person =
            people::by_id(tx, &waiting.person)?.filter(|person| person.active).ok_or_else(refused)?;
        passkeys::clear(tx, &person.id)?;
        sessions::end_all(tx, &person.id)?;
        return Ok(person);
    }
    if !people::none(tx)? {
        return Err(refused());
    }
    let person = fresh(waiting.person.clone(), waiting.name.clone(), now);
    people::insert(tx, &person)?;
    let role = Role::Admin.name().to_owned();
    roles::set(
        tx,
        &person.id,
        &HeldRole { site: ALL_SITES.to_owned(), role, source: super::LOCAL.to_owned() },
    )?;
    Ok(person)
}

/// An account that nobody can sign in to yet.
pub(crate) fn fresh(id: String, name: String, now: Timestamp) -> Person {
    Person {
        id,
        name,
        version: 1,
        active: true,
        subject: None,
        password: None,
        totp: None,
        totp_step: 0,
        failures: 0,
        locked_until: 0,
        made: now.as_secs(),
        seen: None,
    }
}

/// Keeps a passkey that was made.
pub(crate) fn passkey(
    tx: &mut Tx<'_>,
    person: &str,
    label: &str,
    made: webauthn::Made,
    now: Timestamp,
) -> Result<(), Problem> {
    if passkeys::by_id(tx, &made.id)?.is_some() {
        return Err(Problem::conflict("key-is-taken", "somebody has that passkey already"));
    }
    let key = Passkey {
        id: made.id,
        person: person.to_owned(),
        label: label.to_owned(),
        public_key: made.public_key,
        counter: made.counter,
        made: now.as_secs(),
        used: None,
    };
    Ok(passkeys::insert(tx, &key)?)
}

/// Takes away all that somebody signs in with and what they made with it, and ends their sessions: who stole a telephone
/// may have made a token meanwhile.
pub(crate) fn strip(tx: &mut Tx<'_>, person: &mut Person) -> Result<(), StoreError> {
    person.password = None;
    person.totp = None;
    person.failures = 0;
    person.locked_until = 0;
    passkeys::clear(tx, &person.id)?;
    codes::clear(tx, super::break_glass::KIND, Some(&person.id))?;
    tokens::remove_all(tx, &person.id)?;
    sessions::end_all(tx, &person.id)?;
    Ok(())
}
