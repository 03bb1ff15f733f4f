//! A root in a folder: `root.pem`, its certificate, and `root.key`, its key sealed under a passphrase.
//!
//! The folder is meant to be carried away. A key file opens with its passphrase on any machine.

use super::{CaError, keys};
use crate::secret::random;
use nullius_identity::{Authority, TrustDomain, pem};
use nullius_store::{Secret, under_passphrase};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// What a key file is for, so that no other opens in its place.
const PURPOSE: &str = "nullius root key";

/// Longest file that is read, in bytes.
const MAX: u64 = 1 << 20;

/// Digits that nobody mistakes for others, spoken or written.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Digits of a passphrase: 160 random bits.
const LENGTH: usize = 32;

/// Writes a root to a folder that has none.
///
/// # Errors
/// [`CaError::File`], also where a key lies there already.
pub(super) fn write(
    folder: &Path,
    passphrase: &Secret,
    key: &Secret,
    certificate: &[u8],
) -> Result<(), CaError> {
    let sealed = under_passphrase::seal(passphrase, PURPOSE, key.expose())?;
    put(folder, &sealed, certificate)
}

fn put(folder: &Path, sealed: &str, certificate: &[u8]) -> Result<(), CaError> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| failed(folder, &error))?;
    create(&folder.join("root.key"), 0o600, sealed)?;
    create(&folder.join("root.pem"), 0o644, &pem(certificate))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| failed(folder, &error))
}

/// Writes a root to a folder from a key file that is sealed already; a folder that has one keeps it.
///
/// # Errors
/// [`CaError::File`].
pub(super) fn put_back(folder: &Path, sealed: &str, certificate: &[u8]) -> Result<(), CaError> {
    if folder.join("root.key").exists() {
        return Ok(());
    }
    put(folder, sealed, certificate)
}

/// Takes back what [`write()`] wrote a moment ago.
pub(super) fn discard(folder: &Path) {
    // what cannot be removed opens nothing that is in use
    let _ = fs::remove_file(folder.join("root.key"));
    let _ = fs::remove_file(folder.join("root.pem"));
}

/// A root, from its folder.
///
/// # Errors
/// [`CaError::File`], [`CaError::Store`] for another passphrase, [`CaError::Authority`] where the two files are not one
/// another's.
pub(super) fn read(folder: &Path, passphrase: &Secret, domain: TrustDomain) -> Result<Authority, CaError> {
    let key = under_passphrase::open(passphrase, PURPOSE, &text(&folder.join("root.key"))?)?;
    let certificate = certificate(&folder.join("root.pem"))?;
    Ok(Authority::load(domain, keys::in_memory(&key)?, vec![certificate])?)
}

/// The first certificate of a file (PEM), as DER.
fn certificate(path: &Path) -> Result<Vec<u8>, CaError> {
    let pem = text(path)?;
    let found = CertificateDer::from_pem_slice(pem.as_bytes());
    found
        .map(|der| der.to_vec())
        .map_err(|_| CaError::File { path: path.to_owned(), reason: "it holds no certificate".to_owned() })
}

/// A file that is short.
///
/// # Errors
/// [`CaError::File`].
pub(super) fn text(path: &Path) -> Result<String, CaError> {
    let length = fs::metadata(path).map_err(|error| failed(path, &error))?.len();
    if length > MAX {
        return Err(failed(path, &io::ErrorKind::FileTooLarge.into()));
    }
    fs::read_to_string(path).map_err(|error| failed(path, &error))
}

/// A new file.
///
/// # Errors
/// [`CaError::File`], also where there is one.
pub(super) fn create(path: &Path, mode: u32, text: &str) -> Result<(), CaError> {
    let mut options = OpenOptions::new();
    let made = options.write(true).create_new(true).mode(mode).open(path);
    let written = made.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|error| failed(path, &error))
}

/// A passphrase that nobody guesses, in groups of four digits.
///
/// # Errors
/// [`CaError::Random`].
pub(super) fn passphrase() -> Result<String, CaError> {
    let drawn: [u8; LENGTH] = random().map_err(|_| CaError::Random)?;
    let digit = |byte: &u8| DIGITS.get(usize::from(byte & 31)).copied().map_or('0', char::from);
    let groups = drawn.chunks(4).map(|group| group.iter().map(digit).collect::<String>());
    Ok(groups.collect::<Vec<_>>().join("-"))
}

fn failed(path: &Path, error: &io::Error) -> CaError {
    CaError::File { path: path.to_owned(), reason: error.to_string() }
}
