//! Ed25519 keys: the one that signs, and the one whose signature is taken.

use crate::text;
use aws_lc_rs::encoding::AsBigEndian as _;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use std::fmt;

/// Bytes of a seed and of a public key (RFC 8032).
const KEY: usize = 32;

/// What is no key, or no key could be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// Not what [`SigningKey::seed`] or [`PublicKey`]'s text form gives.
    #[error("this is no Ed25519 key: expected 64 hexadecimal digits")]
    Form,
    /// The system gave no randomness.
    #[error("no key could be made")]
    Random,
}

/// The key that signs bundles. Its `Debug` form shows the public half only.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// A new one, from the system's randomness.
    pub fn generate() -> Result<Self, BadKey> {
        Ed25519KeyPair::generate().map(Self).map_err(|_| BadKey::Random)
    }

    /// From the digits that [`SigningKey::seed`] gave.
    pub fn from_seed(digits: &str) -> Result<Self, BadKey> {
        let seed = text::from_hex(digits).filter(|seed| seed.len() == KEY).ok_or(BadKey::Form)?;
        Ed25519KeyPair::from_seed_unchecked(&seed).map(Self).map_err(|_| BadKey::Form)
    }

    /// The secret, as hexadecimal digits: for the key file and nothing else.
    pub fn seed(&self) -> Result<String, BadKey> {
        let seed = self.0.seed().map_err(|_| BadKey::Form)?;
        let bytes = seed.as_be_bytes().map_err(|_| BadKey::Form)?;
        Ok(text::to_hex(bytes.as_ref()))
    }

    /// The half that others know.
    pub fn public(&self) -> PublicKey {
        let bytes = self.0.public_key().as_ref();
        PublicKey(bytes.first_chunk().copied().unwrap_or_default())
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey").field(&self.public()).finish()
    }
}

/// The key whose signature is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; KEY]);

impl PublicKey {
    /// From its text form.
    pub fn from_text(digits: &str) -> Result<Self, BadKey> {
        text::from_hex(digits).and_then(|bytes| Self::from_bytes(&bytes)).ok_or(BadKey::Form)
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }
}

/// 64 hexadecimal digits.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::to_hex(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
