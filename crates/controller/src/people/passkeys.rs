//! Passkeys of somebody who is signed in: one more, or one less.

use super::ceremony;
use super::log::{decided, record};
use super::setup;
use super::sign_in::Challenge;
use super::webauthn::{self, Attestation};
use crate::access::Caller;
use crate::http::Problem;
use crate::{App, secret};
use nullius_store::people::{self, passkeys};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const KIND: &str = "passkey-add";

/// Passkeys an account has at most.
const MOST: usize = 16;

/// Longest label, in bytes.
const LABEL: usize = 63;

/// One more passkey.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPasskey {
    /// As the challenge came with it.
    #[schema(max_length = 128)]
    ceremony: String,
    /// What its owner calls it.
    #[schema(max_length = 63)]
    label: String,
    /// What the authenticator answers.
    answer: Attestation,
}

/// A passkey.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PasskeyView {
    /// base64url of the credential's id.
    pub(crate) id: String,
    /// What its owner calls it.
    pub(crate) label: String,
    /// Seconds since 1970.
    pub(crate) made: u64,
    /// Seconds since 1970.
    pub(crate) used: Option<u64>,
}

/// The caller's passkeys.
///
/// # Errors
/// 403 for programs.
pub(crate) async fn list(app: &App, caller: &Caller) -> Result<Vec<PasskeyView>, Problem> {
    let id = caller.person()?.0.to_owned();
    let keys = app.read(move |tx| passkeys::of(tx, &id)).await?;
    let view =
        |key: passkeys::Passkey| PasskeyView { id: key.id, label: key.label, made: key.made, used: key.used };
    Ok(keys.into_iter().map(view).collect())
}

/// Asks an authenticator for a new passkey.
///
/// # Errors
/// 403 for programs; 401 where the caller signed in long ago.
pub(crate) async fn challenge(app: &App, caller: &Caller) -> Result<Challenge, Problem> {
    let now = app.now();
    let person = caller.fresh(now)?.0.to_owned();
    let challenge = secret::token("")?;
    let asked = (person, challenge.clone());
    let ceremony = app.write(move |tx| ceremony::begin(tx, KIND, &asked, now)).await?;
    Ok(Challenge { ceremony, challenge, party: webauthn::party(app.config()) })
}

/// Adds a passkey.
///
/// # Errors
/// 401 for an answer that is not good; 409 where there are enough.
pub(crate) async fn add(app: &App, caller: Caller, new: NewPasskey) -> Result<(), Problem> {
    let (config, now) = (app.config().clone(), app.now());
    if new.label.is_empty() || new.label.len() > LABEL {
        return Err(Problem::wrong("bad-label", format!("`label` has 1 to {LABEL} bytes")));
    }
    app.write(move |tx| {
        let (id, name) = caller.fresh(now)?;
        let (person, challenge): (String, String) = ceremony::take(tx, KIND, &new.ceremony, now)?;
        if person != id {
            return Err(webauthn::Refused::Account.into());
        }
        if passkeys::of(tx, id)?.len() >= MOST {
            return Err(Problem::conflict("enough", format!("an account has at most {MOST} passkeys")));
        }
        let made = webauthn::made(&new.answer, &challenge, &config)?;
        setup::passkey(tx, id, &nullius_model::inert(&new.label), made, now)?;
        Ok(record(tx, &decided(&caller, now, "passkey.add", format!("user/{name}")))?)
    })
    .await
}

/// Removes a passkey.
///
/// # Errors
/// 404 where the caller has none such; 409 for the last way in.
pub(crate) async fn remove(app: &App, caller: Caller, key: String) -> Result<(), Problem> {
    let now = app.now();
    app.write(move |tx| {
        let (id, name) = caller.person()?;
        let person = people::by_id(tx, id)?.ok_or_else(Problem::stranger)?;
        if !passkeys::remove(tx, id, &key)? {
            return Err(Problem::no_such("passkey"));
        }
        if person.password.is_none() && passkeys::of(tx, id)?.is_empty() {
            return Err(Problem::conflict("last-way-in", "nobody could sign in to the account any more"));
        }
        Ok(record(tx, &decided(&caller, now, "passkey.remove", format!("user/{name}")))?)
    })
    .await
}
