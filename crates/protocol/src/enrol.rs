//! How a device gets its certificate: the token of its first enrolment, and what a device whose certificate ran out says
//! to get another one.
//!
//! Enrolment and renewal themselves are EST (RFC 7030), spoken with any client of it. Recovery is ours: an expired
//! certificate opens no door, so that the device signs a nonce with the key of its last one and says which generation
//! that was (`docs/enrolment.md`).

use crate::link::Hash;
use crate::text;
use crate::token::{self, TOKEN_ID, TOKEN_SECRET};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The version of this contract.
pub const VERSION: u32 = 1;

/// The port of the controller's EST listener where nobody says another.
pub const PORT: u16 = 8446;

/// What all operations of EST stand under (RFC 7030 §3.2.2).
pub const EST_PATH: &str = "/.well-known/est";

/// Where a device gets a nonce (`POST`, [`NonceRequest`] to [`NonceAnswer`]).
pub const NONCE_PATH: &str = "/enrol/v1/nonce";

/// Where it gets a certificate for it (`POST`, [`RecoverRequest`] to [`RecoverAnswer`]).
pub const RECOVER_PATH: &str = "/enrol/v1/recover";

/// The header of an EST answer that says which generation the certificate in it is, as decimal digits.
pub const GENERATION_HEADER: &str = "nullius-generation";

/// Bytes of a nonce.
pub const NONCE: usize = 32;

const KIND: &str = "nle1";

/// What a person carries to a device: `nle1-NAME-SECRET-ROOT`, hexadecimal. Its `Debug` form keeps the secret.
///
/// With HTTP Basic (RFC 7617) the name is the user and the secret the password, both in hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolToken {
    /// Names it in the controller's table.
    pub id: [u8; TOKEN_ID],
    /// What it proves; the controller has its hash only.
    pub secret: [u8; TOKEN_SECRET],
    /// SHA-256 of the controller's root certificate (DER).
    pub root: Hash,
}

/// A text that is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no enrolment token: expected `nle1-`, and three groups of hexadecimal digits")]
pub struct BadEnrolToken;

impl EnrolToken {
    /// From its text.
    ///
    /// # Errors
    /// [`BadEnrolToken`], which repeats nothing of the text.
    pub fn parse(text: &str) -> Result<Self, BadEnrolToken> {
        let (id, secret, root) = token::parse(KIND, text).ok_or(BadEnrolToken)?;
        Ok(Self { id, secret, root })
    }

    /// The user of HTTP Basic.
    #[must_use]
    pub fn user(&self) -> String {
        text::to_hex(&self.id)
    }

    /// The password of HTTP Basic.
    #[must_use]
    pub fn password(&self) -> String {
        text::to_hex(&self.secret)
    }
}

/// The token, its secret included.
impl fmt::Display for EnrolToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        token::write(f, KIND, (&self.id, &self.secret, &self.root))
    }
}

impl fmt::Debug for EnrolToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnrolToken").field("id", &text::to_hex(&self.id)).finish_non_exhaustive()
    }
}

/// Who wants to recover, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NonceRequest {
    /// [`VERSION`].
    pub version: u32,
    /// Its site.
    pub site: String,
    /// Its name there.
    pub device: String,
}

/// What it has to sign, as JSON. Whoever asks gets one: it says nothing of whether there is such a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NonceAnswer {
    /// [`VERSION`].
    pub version: u32,
    /// [`NONCE`] bytes, as hexadecimal digits.
    #[serde(with = "text::hex")]
    pub nonce: Vec<u8>,
    /// How long it is good for, in seconds.
    pub seconds: u32,
}

/// A device whose certificate ran out asks for another, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoverRequest {
    /// [`VERSION`].
    pub version: u32,
    /// Its site.
    pub site: String,
    /// Its name there.
    pub device: String,
    /// The generation of the last certificate it got.
    pub generation: u64,
    /// The nonce, as hexadecimal digits.
    #[serde(with = "text::hex")]
    pub nonce: Vec<u8>,
    /// A certificate request (PKCS#10, DER) as hexadecimal digits.
    #[serde(with = "text::hex")]
    pub csr: Vec<u8>,
    /// The key of its last certificate (`SubjectPublicKeyInfo`, DER), as hexadecimal digits.
    #[serde(with = "text::hex")]
    pub key: Vec<u8>,
    /// Its signature over what `nullius_identity::recovery` says, as hexadecimal digits.
    #[serde(with = "text::hex")]
    pub signature: Vec<u8>,
}

/// What it gets, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoverAnswer {
    /// [`VERSION`].
    pub version: u32,
    /// The generation of this certificate.
    pub generation: u64,
    /// Its certificate and those above it, without the root (PEM).
    pub chain: String,
    /// The trust anchors in force, and the certificates by which older ones vouch for newer ones (PEM).
    pub anchors: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::JoinToken;

    #[test]
    fn a_token_is_what_was_written_and_its_debug_form_keeps_the_secret() {
        let token = EnrolToken { id: [1; 8], secret: [2; 32], root: Hash([3; 32]) };
        let text = token.to_string();
        assert_eq!(EnrolToken::parse(&format!(" {text}\n")), Ok(token.clone()));
        assert_eq!((token.user(), token.password()), ("01".repeat(8), "02".repeat(32)));
        assert!(!format!("{token:?}").contains("0202"));
        for bad in ["", "nle1", "nle1-01-02-03", &text.to_uppercase(), &format!("{text}-00")] {
            assert_eq!(EnrolToken::parse(bad), Err(BadEnrolToken), "{bad}");
        }
    }

    #[test]
    fn the_token_of_a_gateway_enrols_no_device_and_the_other_way_about() {
        let joins = JoinToken { id: [1; 8], secret: [2; 32], root: Hash([3; 32]) }.to_string();
        let enrols = EnrolToken { id: [1; 8], secret: [2; 32], root: Hash([3; 32]) }.to_string();
        assert!(EnrolToken::parse(&joins).is_err() && JoinToken::parse(&enrols).is_err());
    }

    #[test]
    fn a_field_nobody_knows_is_refused() {
        let known = r#"{"version":1,"site":"lab","device":"cam1"}"#;
        assert!(serde_json::from_str::<NonceRequest>(known).is_ok());
        let more = known.replace('}', r#","serial":"1"}"#);
        assert!(serde_json::from_str::<NonceRequest>(&more).is_err());
    }
}
