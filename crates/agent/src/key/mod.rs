//! Keys of the device: P-256, wherever they are kept.
//!
//! A [`Keyring`] makes keys and finds them again by a handle, which is no secret; a [`DeviceKey`] signs. That is all: a
//! key in hardware cannot do more, and one in a file is not asked to. The same key signs the certificate request, the
//! TLS handshakes and the proofs.
//!
//! INVARIANT: no private key leaves this module, and none is shown by a `Debug` form.

mod adapter;
#[cfg(any(feature = "pkcs11", feature = "tpm"))]
mod der;
mod file;
#[cfg(feature = "pkcs11")]
mod pkcs11;
#[cfg(test)]
mod tests;
#[cfg(feature = "tpm")]
mod tpm;

pub(crate) use adapter::{Asking, Handshake};
pub(crate) use file::KeyFiles;
#[cfg(feature = "pkcs11")]
pub(crate) use pkcs11::Token;
#[cfg(feature = "tpm")]
pub(crate) use tpm::Tpm;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// A point of P-256, uncompressed (SEC 1 §2.3.3).
pub type Point = [u8; 65];

/// Bytes of a handle that is drawn: nobody's else has it.
const HANDLE: usize = 16;

/// A key of the device.
pub trait DeviceKey: fmt::Debug + Send + Sync {
    /// Its public half.
    fn point(&self) -> &Point;

    /// ECDSA with SHA-256 over `message`, as ASN.1 (RFC 3279 §2.2.3). It may take a while: keep it off the runtime.
    ///
    /// # Errors
    /// [`KeyError`], where the key is out of reach.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError>;
}

/// Where keys are kept.
pub trait Keyring: fmt::Debug + Send + Sync {
    /// A new key, and the handle by which it is found again.
    ///
    /// # Errors
    /// [`KeyError`].
    fn make(&self) -> Result<(String, Arc<dyn DeviceKey>), KeyError>;

    /// A key that was made.
    ///
    /// # Errors
    /// [`KeyError`], where it is gone, out of reach, or open to others.
    fn open(&self, handle: &str) -> Result<Arc<dyn DeviceKey>, KeyError>;

    /// Removes a key for good; nothing where it is gone.
    ///
    /// # Errors
    /// [`KeyError`].
    fn forget(&self, handle: &str) -> Result<(), KeyError>;
}

/// Why there is no key, or no signature.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Something with a file.
    #[error(transparent)]
    File(#[from] crate::file::FileError),
    /// Others may read it.
    #[error(
        "`{}` can be used by others than its owner (mode {mode:o}): take that from them (`chmod go=`), and enrol anew \
         where somebody may have been at it", path.display()
    )]
    Open {
        /// The file or its directory.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// No key, or of another kind.
    #[error("what is kept as `{}` is no P-256 key of this device", .0.escape_debug())]
    Damaged(String),
    /// No randomness.
    #[error("the system has no randomness to make a key of")]
    Randomness,
    /// What a token or a TPM says.
    #[error("{0}")]
    Hardware(String),
}

/// A handle nobody else has.
fn draw() -> Result<String, KeyError> {
    let mut bytes = [0; HANDLE];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| KeyError::Randomness)?;
    Ok(nullius_protocol::to_hex(&bytes))
}

/// A handle comes from a file: only what [`draw`] makes is one, so that it is no path.
fn bytes_of(handle: &str) -> Result<[u8; HANDLE], KeyError> {
    let bytes = nullius_protocol::from_hex(handle).and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| KeyError::Damaged(handle.to_owned()))
}
