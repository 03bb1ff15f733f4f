//! Where keys of authorities are: sealed in the store, or in a hardware module. A root's is in neither.

use super::{CaError, new_key};
use crate::config::Config;
use nullius_identity::{BadAuthority, KeyInMemory, RequestedKey, Signer};
use nullius_store::authorities::{Authority, Place};
use nullius_store::{Secret, Tx, secrets};

/// A new key of an issuing authority.
pub(super) struct NewKey {
    pub(super) signer: Box<dyn Signer>,
    pub(super) place: Place,
    /// PKCS#8, where the store is to seal it.
    pub(super) sealed: Option<Secret>,
}

/// Makes a key where the configuration says that issuing keys are.
///
/// # Errors
/// [`CaError::Module`] where the module is not there.
pub(super) fn make(config: &Config) -> Result<NewKey, CaError> {
    match &config.pki.module {
        None => {
            let key = new_key()?;
            Ok(NewKey { signer: in_memory(&key)?, place: Place::Sealed, sealed: Some(key) })
        }
        Some(module) => in_module(module),
    }
}

/// The key of an authority.
///
/// # Errors
/// [`CaError::Not`] where its key is away.
pub(super) fn signer(tx: &mut Tx<'_>, config: &Config, row: &Authority) -> Result<Box<dyn Signer>, CaError> {
    match &row.place {
        Place::Sealed => {
            let key = secrets::find(tx, &name(&row.id))?.ok_or(CaError::None)?;
            in_memory(&key)
        }
        Place::Module(label) => {
            let public = RequestedKey::from_spki(&row.public_key).map_err(|_| BadAuthority::Pair)?;
            of_module(config, label, public)
        }
        Place::Away => Err(CaError::Not("the key of this authority is kept elsewhere".to_owned())),
    }
}

/// Seals a key in the store.
///
/// # Errors
/// What the store fails with.
pub(super) fn keep(tx: &mut Tx<'_>, id: &str, key: &Secret) -> Result<(), CaError> {
    Ok(secrets::put(tx, &name(id), key.expose())?)
}

/// The sealed key of an authority (PKCS#8), where the store has it.
///
/// # Errors
/// What the store fails with.
pub(super) fn sealed(tx: &mut Tx<'_>, id: &str) -> Result<Option<Secret>, CaError> {
    Ok(secrets::find(tx, &name(id))?)
}

/// A key in our memory (PKCS#8).
///
/// # Errors
/// Where it is none.
pub(super) fn in_memory(key: &Secret) -> Result<Box<dyn Signer>, CaError> {
    Ok(Box::new(KeyInMemory::from_pkcs8(key.expose()).map_err(|_| BadAuthority::Pair)?))
}

fn name(id: &str) -> String {
    format!("pki/{id}")
}

#[cfg(feature = "pkcs11")]
fn in_module(hsm: &super::Hsm) -> Result<NewKey, CaError> {
    let (label, key) = super::module::ModuleKey::make(hsm)?;
    Ok(NewKey { signer: Box::new(key), place: Place::Module(label), sealed: None })
}

#[cfg(feature = "pkcs11")]
fn of_module(config: &Config, label: &str, public: RequestedKey) -> Result<Box<dyn Signer>, CaError> {
    let hsm = config.pki.module.as_ref().ok_or_else(no_module)?;
    Ok(Box::new(super::module::ModuleKey::new(hsm, label, public)))
}

#[cfg(not(feature = "pkcs11"))]
fn in_module(_: &super::Hsm) -> Result<NewKey, CaError> {
    Err(no_module())
}

#[cfg(not(feature = "pkcs11"))]
fn of_module(_: &Config, _: &str, _: RequestedKey) -> Result<Box<dyn Signer>, CaError> {
    Err(no_module())
}

fn no_module() -> CaError {
    CaError::Module(
        "the issuing key is in a hardware module, which `[pki.module]` does not name or this program cannot use"
            .to_owned(),
    )
}
