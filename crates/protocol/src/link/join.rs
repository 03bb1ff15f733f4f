//! How a gateway becomes one of a site: a token that works once, and what it is given for it.
//!
//! The token names the controller's root certificate by its SHA-256, so that the gateway knows to whom it speaks before
//! it trusts anybody. Which gateway of which site it is for, the controller knows; nothing in the request says so.

use super::Hash;
use crate::text;
use crate::token::{self, TOKEN_ID, TOKEN_SECRET};
use serde::{Deserialize, Serialize};
use std::fmt;

const KIND: &str = "nlj1";

/// What a person carries to a gateway: `nlj1-NAME-SECRET-ROOT`, hexadecimal. Its `Debug` form keeps the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinToken {
    /// Names it in the controller's table.
    pub id: [u8; TOKEN_ID],
    /// What it proves; the controller has its hash only.
    pub secret: [u8; TOKEN_SECRET],
    /// SHA-256 of the controller's root certificate (DER).
    pub root: Hash,
}

/// A text that is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no join token: expected `nlj1-`, and three groups of hexadecimal digits")]
pub struct BadToken;

impl JoinToken {
    /// From its text.
    ///
    /// # Errors
    /// [`BadToken`], which repeats nothing of the text.
    pub fn parse(text: &str) -> Result<Self, BadToken> {
        let (id, secret, root) = token::parse(KIND, text).ok_or(BadToken)?;
        Ok(Self { id, secret, root })
    }
}

/// The token, its secret included.
impl fmt::Display for JoinToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        token::write(f, KIND, (&self.id, &self.secret, &self.root))
    }
}

impl fmt::Debug for JoinToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinToken").field("id", &text::to_hex(&self.id)).finish_non_exhaustive()
    }
}

/// What a gateway asks, as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinRequest {
    /// [`super::VERSION`].
    pub version: u32,
    /// The token.
    pub token: String,
    /// A certificate request (PKCS#10, DER) as hexadecimal digits. Only its public key is taken.
    #[serde(with = "text::hex")]
    pub csr: Vec<u8>,
}

impl fmt::Debug for JoinRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinRequest").field("version", &self.version).finish_non_exhaustive()
    }
}

/// What it gets, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinAnswer {
    /// [`super::VERSION`].
    pub version: u32,
    /// Its site.
    pub site: String,
    /// Its name there.
    pub gateway: String,
    /// Its certificate and those above it, without the root (PEM).
    pub chain: String,
    /// The controller's root certificate (PEM): whose SHA-256 stands in the token, or which that one vouches for.
    pub root: String,
    /// The key that signs the site's bundles, as hexadecimal digits.
    pub signer: String,
    /// Where to dial: `https://host:port`, to be tried in turn.
    pub links: Vec<String>,
    /// The policy in force as a signed bundle, as hexadecimal digits; empty where the site has none yet.
    #[serde(with = "text::hex")]
    pub policy: Vec<u8>,
}
