//! What an authority signs with: a key in memory, or one that stays where it is (PKCS#11).

use crate::{BadRequest, RequestedKey};
use rcgen::{KeyPair, PublicKeyData, SignatureAlgorithm, SigningKey};
use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

/// Why a key did not sign, in words for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key does not sign: {0}")]
pub struct SignerError(pub String);

/// A key that signs. It may be somewhere else, and then it may fail.
pub trait Signer: Send + Sync {
    /// Its public half.
    fn public(&self) -> &RequestedKey;

    /// A signature of the message: ECDSA with SHA-256 in its DER form, or Ed25519.
    ///
    /// # Errors
    /// [`SignerError`].
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError>;
}

impl<S: Signer + ?Sized> Signer for Arc<S> {
    fn public(&self) -> &RequestedKey {
        (**self).public()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        (**self).sign(message)
    }
}

/// A key in this process. Its `Debug` form shows the public half alone.
pub struct KeyInMemory {
    pair: KeyPair,
    public: RequestedKey,
}

impl KeyInMemory {
    /// From a P-256 or Ed25519 key (PKCS#8, DER).
    ///
    /// # Errors
    /// [`BadRequest::Key`] where it is no such key.
    pub fn from_pkcs8(key: &[u8]) -> Result<Self, BadRequest> {
        let pair = KeyPair::try_from(key).map_err(|_| BadRequest::Key)?;
        let public = RequestedKey::of_pair(&pair)?;
        Ok(Self { pair, public })
    }
}

impl Signer for KeyInMemory {
    fn public(&self) -> &RequestedKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        SigningKey::sign(&self.pair, message).map_err(|error| SignerError(error.to_string()))
    }
}

impl fmt::Debug for KeyInMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyInMemory").field("public", &self.public).finish_non_exhaustive()
    }
}

/// A signer as rcgen asks for it. Keeps the reason of a failure, for which rcgen has no room.
pub(crate) struct Signing<'s> {
    signer: &'s dyn Signer,
    failure: RefCell<Option<SignerError>>,
}

impl<'s> Signing<'s> {
    pub(crate) fn new(signer: &'s dyn Signer) -> Self {
        Self { signer, failure: RefCell::new(None) }
    }

    pub(crate) fn failure(&self) -> Option<SignerError> {
        self.failure.borrow_mut().take()
    }
}

impl SigningKey for Signing<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.signer.sign(message).map_err(|error| {
            *self.failure.borrow_mut() = Some(error);
            rcgen::Error::RemoteKeyError
        })
    }
}

impl PublicKeyData for Signing<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.signer.public().der_bytes()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.signer.public().algorithm()
    }
}
