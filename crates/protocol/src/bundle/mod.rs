//! Bundles: what a gateway is told, signed (design §9).
//!
//! A bundle is a COSE_Sign1 message (RFC 9052, tag 18) with EdDSA over Ed25519; its payload is deterministically encoded
//! CBOR (RFC 8949 §4.2.1):
//!
//! ```text
//! { "by": text, "body": body, "made": seconds since 1970, "epoch": [term, counter], "format": 1 }
//! body = { "policy": { "files": { path: text } } }
//!      / { "policy_delta": { "put": { path: text }, "base": epoch, "drop": [path], "result": 32 bytes,
//!                            "base_digest": 32 bytes } }
//!      / { "order": { "key": text, "order": order } }
//!      / { "handover": { "key": 32 bytes } }
//! ```
//!
//! The signature is checked before the first byte of the payload is looked at, and what a sender could have spelt in two
//! ways is refused: no two programs can read one bundle differently. Whether an epoch may follow another is for the
//! gateway to say, which remembers.
//!
//! INVARIANT: a [`Bundle`] that came out of [`Bundle::open`] was signed by the key that was given, to the last byte.

mod cbor;
mod decode;
mod delta;
mod encode;
mod error;
mod key;

pub use delta::{FilesDigest, PolicyDelta, files_digest};
pub use error::BundleError;
pub use key::{BadKey, PublicKey, SigningKey};

use crate::order::Order;
use aws_lc_rs::digest;
use nullius_model::{Epoch, Marker};
use std::collections::BTreeMap;

/// Largest bundle in bytes, its signature included: a larger one is refused before anything is read of it.
pub const MAX_BUNDLE: usize = 8 << 20;

/// Most files of a policy: each costs a lookup and a parse.
pub const MAX_FILES: usize = 4096;

/// Longest path of a file, name of a maker and key of an order, in bytes: they end up in log lines.
pub const MAX_NAME: usize = 255;

/// What a gateway is told, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// Its version. A gateway takes a higher one than it has, and no other.
    pub epoch: Epoch,
    /// When it was made, in seconds since 1970; for people.
    pub made: u64,
    /// Who made it; for people.
    pub by: String,
    /// What is said.
    pub body: Body,
}

/// What a bundle says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// The policy repository: relative path to text.
    Policy(BTreeMap<String, String>),
    /// The policy repository, as what changes in one that the gateway has.
    PolicyDelta(PolicyDelta),
    /// One act. A later order of the same key takes this one's place.
    Order {
        /// What it is about: `revocation/cam1`.
        key: String,
        /// The act.
        order: Order,
    },
    /// From here on another key signs.
    Handover(PublicKey),
}

impl Bundle {
    /// As bytes, signed.
    ///
    /// # Errors
    /// What [`Bundle::open`] would refuse is not signed.
    pub fn sign(&self, key: &SigningKey) -> Result<Vec<u8>, BundleError> {
        let payload = encode::payload(self)?;
        decode::payload(&payload)?;
        let bytes = encode::signed(payload, key)?;
        if bytes.len() > MAX_BUNDLE { Err(BundleError::TooLarge) } else { Ok(bytes) }
    }

    /// From bytes that `trusted` must have signed.
    ///
    /// # Errors
    /// [`BundleError`] says what is wrong with them; nothing of them may be used then.
    pub fn open(bytes: &[u8], trusted: &PublicKey) -> Result<Self, BundleError> {
        let message = decode::message(bytes)?;
        let signed = encode::signature_input(message.payload);
        if !trusted.verifies(&signed, message.signature) {
            return Err(BundleError::Signature);
        }
        decode::payload(message.payload)
    }

    /// The marker that stands in the kernel beside the rules that this bundle, in these `bytes`, led to.
    pub fn marker(&self, bytes: &[u8]) -> Marker {
        let hash = digest::digest(&digest::SHA256, bytes);
        let digest = hash.as_ref().first_chunk().copied().unwrap_or_default();
        Marker { epoch: self.epoch, digest }
    }
}

/// The payload of a message whose signature nobody has checked: what fuzzing and diagnosis look at, and a gateway never.
///
/// # Errors
/// As [`Bundle::open`], but for the signature.
pub fn decode_unverified(bytes: &[u8]) -> Result<Bundle, BundleError> {
    decode::payload(decode::message(bytes)?.payload)
}

#[cfg(test)]
mod tests;
