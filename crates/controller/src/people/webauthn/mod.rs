//! Passkeys: the checks of a relying party (W3C Web Authentication Level 3, §7.1 and §7.2), for ES256 and EdDSA.
//!
//! It does not ask which make an authenticator is, and reads no statement about it. Whoever signs in has shown the
//! authenticator a finger or a code (user verification), so a passkey is both factors in one.
//!
//! INVARIANT: a challenge is taken once (`ceremony`), and nothing is signed for another page, another controller, or
//! without its owner at the device.

mod authenticator;
mod client;
#[cfg(test)]
mod doors;
mod key;
#[cfg(test)]
mod tests;

use crate::Config;
use crate::http::Problem;
use authenticator::AuthenticatorData;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use key::PublicKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// Longest field of an answer, in characters: a key and its wrapping have less than 2 kB.
const LONGEST: usize = 16 * 1024;

/// Bytes of a credential's id at most (§4).
const ID: usize = 1_023;

/// What an authenticator answers when a passkey is made. Fields are base64url.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Attestation {
    /// `clientDataJSON`.
    #[schema(max_length = 16384)]
    client_data: String,
    /// `attestationObject`.
    #[schema(max_length = 16384)]
    attestation: String,
}

/// What an authenticator answers when somebody signs in. Fields are base64url.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Assertion {
    /// The credential's id.
    #[schema(max_length = 2048)]
    pub(crate) id: String,
    /// `clientDataJSON`.
    #[schema(max_length = 16384)]
    client_data: String,
    /// `authenticatorData`.
    #[schema(max_length = 16384)]
    authenticator_data: String,
    /// The signature.
    #[schema(max_length = 16384)]
    signature: String,
    /// `userHandle`: the account's id.
    #[schema(max_length = 128)]
    user: Option<String>,
}

/// A passkey that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Made {
    /// base64url of the credential's id.
    pub(crate) id: String,
    /// COSE.
    pub(crate) public_key: Vec<u8>,
    /// Signatures made.
    pub(crate) counter: u64,
}

/// Why an answer is not good: for the log. Callers learn that it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("the answer is not understood")]
    Form,
    #[error("the answer is to another question")]
    Challenge,
    #[error("the answer was given to another page")]
    Origin,
    #[error("the key is of another controller")]
    Party,
    #[error("nobody was at the device, or did not say who")]
    Unverified,
    #[error("the key is of a kind we do not take")]
    Kind,
    #[error("the signature is wrong")]
    Signature,
    #[error("the key was copied: its counter goes back")]
    Copied,
    #[error("the key is of another account")]
    Account,
}

/// Callers learn that it is not good, and not why.
impl From<Refused> for Problem {
    fn from(_: Refused) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not-signed-in", "that did not let you in")
    }
}

/// A new passkey, if the answer to `challenge` is good.
pub(crate) fn made(answer: &Attestation, challenge: &str, config: &Config) -> Result<Made, Refused> {
    let client = decode(&answer.client_data)?;
    client::check(&client, "webauthn.create", challenge, &config.origin)?;
    let data = authenticator::of_attestation(&decode(&answer.attestation)?)?;
    let data = AuthenticatorData::parse(&data)?;
    data.check(&party(config))?;
    let credential = data.credential.ok_or(Refused::Form)?;
    PublicKey::parse(&credential.public_key)?;
    if credential.id.is_empty() || credential.id.len() > ID {
        return Err(Refused::Form);
    }
    let id = URL_SAFE_NO_PAD.encode(&credential.id);
    Ok(Made { id, public_key: credential.public_key, counter: data.counter.into() })
}

/// The counter of the key after an answer to `challenge` that is good.
pub(crate) fn proved(
    answer: &Assertion,
    challenge: &str,
    key: &nullius_store::people::passkeys::Passkey,
    config: &Config,
) -> Result<u64, Refused> {
    let client = decode(&answer.client_data)?;
    client::check(&client, "webauthn.get", challenge, &config.origin)?;
    let bytes = decode(&answer.authenticator_data)?;
    let data = AuthenticatorData::parse(&bytes)?;
    data.check(&party(config))?;
    if let Some(user) = &answer.user
        && decode(user)? != key.person.as_bytes()
    {
        return Err(Refused::Account);
    }
    let signed = [bytes.as_slice(), &Sha256::digest(&client)].concat();
    PublicKey::parse(&key.public_key)?.verify(&signed, &decode(&answer.signature)?)?;
    let counter = u64::from(data.counter);
    // §7.2 step 22: an authenticator that counts never shows a number twice.
    if (counter != 0 || key.counter != 0) && counter <= key.counter {
        return Err(Refused::Copied);
    }
    Ok(counter)
}

/// The relying party: the host of our address (§4, RP ID).
pub(crate) fn party(config: &Config) -> String {
    let host = config.origin.strip_prefix("https://").unwrap_or(&config.origin);
    host.rsplit_once(':').map_or(host, |(host, _)| host).to_owned()
}

fn decode(text: &str) -> Result<Vec<u8>, Refused> {
    if text.len() > LONGEST {
        return Err(Refused::Form);
    }
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| Refused::Form)
}
