//! Keys in files: one a key, PKCS#8 (RFC 5208, DER), for the agent's user alone.

use super::{DeviceKey, KeyError, Keyring, Point, bytes_of, draw};
use crate::file::{self, FileError};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Bytes of a key's file at most.
const MAX_KEY: usize = 4 << 10;

/// Permissions that nobody but the owner may have.
const OTHERS: u32 = 0o077;

/// A directory of keys.
#[derive(Debug)]
pub(crate) struct KeyFiles(pub(crate) PathBuf);

impl KeyFiles {
    fn path(&self, handle: &str) -> Result<PathBuf, KeyError> {
        bytes_of(handle).map(|_| self.0.join(format!("{handle}.p8")))
    }
}

impl Keyring for KeyFiles {
    fn make(&self) -> Result<(String, Arc<dyn DeviceKey>), KeyError> {
        file::make_directory(&self.0)?;
        private(&self.0)?;
        let handle = draw()?;
        let key =
            EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| KeyError::Randomness)?;
        let der = key.to_pkcs8v1().map_err(|_| KeyError::Randomness)?;
        file::replace(&self.path(&handle)?, der.as_ref())?;
        Ok((handle.clone(), Arc::new(FileKey::new(key, &handle)?)))
    }

    fn open(&self, handle: &str) -> Result<Arc<dyn DeviceKey>, KeyError> {
        let path = self.path(handle)?;
        private(&self.0)?;
        private(&path)?;
        let der = Zeroizing::new(file::read(&path, MAX_KEY)?);
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &der);
        let key = key.map_err(|_| KeyError::Damaged(path.display().to_string()))?;
        Ok(Arc::new(FileKey::new(key, handle)?))
    }

    fn forget(&self, handle: &str) -> Result<(), KeyError> {
        Ok(file::remove(&self.path(handle)?)?)
    }
}

/// Refuses what others than its owner may use: what they may read they have read.
fn private(path: &Path) -> Result<(), KeyError> {
    use std::os::unix::fs::MetadataExt as _;
    let mode = std::fs::metadata(path).map_err(FileError::failed("reading", path))?.mode() & 0o7777;
    if mode & OTHERS == 0 { Ok(()) } else { Err(KeyError::Open { path: path.to_owned(), mode }) }
}

struct FileKey {
    key: EcdsaKeyPair,
    point: Point,
}

impl FileKey {
    fn new(key: EcdsaKeyPair, handle: &str) -> Result<Self, KeyError> {
        let point = key.public_key().as_ref().try_into();
        let point = point.map_err(|_| KeyError::Damaged(handle.to_owned()))?;
        Ok(Self { key, point })
    }
}

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileKey").finish_non_exhaustive()
    }
}

impl DeviceKey for FileKey {
    fn point(&self) -> &Point {
        &self.point
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signature = self.key.sign(&SystemRandom::new(), message).map_err(|_| KeyError::Randomness)?;
        Ok(signature.as_ref().to_vec())
    }
}
