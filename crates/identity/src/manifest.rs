//! What a manufacturer says of devices that it made, before they arrive: which serial numbers, which keys, kept how.
//!
//! A manifest is a JSON text, and beside it a detached CMS signature by a certificate under one of the manufacturer's
//! anchors. Who presents an IDevID is claimed by the entry with its serial number, where the key is the same.
//!
//! INVARIANT: there is no [`Manifest`] that was not signed; its one constructor is [`Manifest::verify`].

mod body;

use crate::chain::Anchors;
use crate::cms::signed::{self, BadSignature};
use crate::{Protection, key::sha256};
use std::collections::BTreeMap;

/// Longest text, in bytes: ten thousand entries of some hundred bytes each.
pub const MAX_MANIFEST: usize = 8 << 20;

/// Most devices of one: who has more sends several.
pub const MAX_DEVICES: usize = 10_000;

/// A manifest that its manufacturer signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The manufacturer, as it calls itself.
    pub manufacturer: String,
    /// Grows with every new text about the same devices.
    pub revision: u64,
    /// By serial number.
    pub devices: BTreeMap<String, Entry>,
    /// SHA-256 of the text.
    pub hash: [u8; 32],
    /// SHA-256 of the certificate that signed it.
    pub signer: [u8; 32],
}

/// A device as it left the factory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// SHA-256 of its key (`SubjectPublicKeyInfo`).
    pub key: [u8; 32],
    /// How the key is kept.
    pub protection: Protection,
    /// Where the manufacturer says what it needs of a network (RFC 8520).
    pub mud_url: Option<String>,
    /// What kind of device it is.
    pub class: Option<String>,
    /// What a measurement of it must say, by name.
    pub references: BTreeMap<String, String>,
}

/// Why a manifest is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadManifest {
    /// More than [`MAX_MANIFEST`] bytes.
    #[error("a manifest has at most {MAX_MANIFEST} bytes")]
    TooLarge,
    /// More than [`MAX_DEVICES`].
    #[error("a manifest names at most {MAX_DEVICES} devices")]
    TooMany,
    /// Not the JSON that it should be.
    #[error("this is no manifest: {0}")]
    Form(String),
    /// A serial number stands there twice.
    #[error("the serial number `{}` stands there twice", .0.escape_debug())]
    Twice(String),
    /// Two devices with the same key are two that can pass for one another.
    #[error("`{}` has the key of another device", .0.escape_debug())]
    SharedKey(String),
    /// The signature.
    #[error(transparent)]
    Signature(#[from] BadSignature),
}

impl Manifest {
    /// From the text and its signature (CMS, DER), at `now` in seconds since 1970. The signature is checked first: a
    /// stranger's text is not read.
    ///
    /// # Errors
    /// [`BadManifest`].
    pub fn verify(text: &[u8], signature: &[u8], anchors: &Anchors, now: u64) -> Result<Self, BadManifest> {
        if text.len() > MAX_MANIFEST {
            return Err(BadManifest::TooLarge);
        }
        let signer = signed::verify(signature, text, anchors, now)?;
        let read = body::read(text)?;
        Ok(Self {
            manufacturer: read.manufacturer,
            revision: read.revision,
            devices: read.devices,
            hash: sha256(text),
            signer: sha256(&signer),
        })
    }
}

/// Whether this would be the text of a manifest: what a manufacturer asks before it signs, and says nothing to anybody
/// else.
///
/// # Errors
/// [`BadManifest`].
pub fn check(text: &[u8]) -> Result<usize, BadManifest> {
    if text.len() > MAX_MANIFEST {
        return Err(BadManifest::TooLarge);
    }
    Ok(body::read(text)?.devices.len())
}
