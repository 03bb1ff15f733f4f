//! A key-encryption key that is at hand, and what it wraps.

use super::Secret;
use super::cipher::Cipher;
use crate::StoreError;

/// What the data keys are wrapped by.
pub(crate) enum Wrapper {
    /// A key in our memory.
    Key(Cipher),
    /// A key in a hardware module.
    #[cfg(feature = "pkcs11")]
    Module(super::pkcs11::Place),
}

impl Wrapper {
    pub(crate) fn wrap(&self, bound: &[u8], plain: &Secret) -> Result<Vec<u8>, StoreError> {
        match self {
            Self::Key(cipher) => cipher.seal(bound, plain.expose()),
            #[cfg(feature = "pkcs11")]
            Self::Module(place) => place.wrap(bound, plain),
        }
    }

    /// Nothing where another key wrapped it.
    pub(crate) fn unwrap(&self, bound: &[u8], wrapped: &[u8]) -> Result<Option<Secret>, StoreError> {
        match self {
            Self::Key(cipher) => Ok(cipher.unseal(bound, wrapped)),
            #[cfg(feature = "pkcs11")]
            Self::Module(place) => place.unwrap(bound, wrapped),
        }
    }

    pub(crate) fn wrap_key(&self, id: u32, key: &Secret) -> Result<Vec<u8>, StoreError> {
        self.wrap(&bound(id), key)
    }

    pub(crate) fn unwrap_key(&self, id: u32, wrapped: &[u8]) -> Result<Secret, StoreError> {
        self.unwrap(&bound(id), wrapped)?.ok_or(StoreError::WrongKey)
    }
}

/// A wrapped key does not open under another key's number.
fn bound(id: u32) -> Vec<u8> {
    [b"nullius data key ".as_slice(), &id.to_be_bytes()].concat()
}
