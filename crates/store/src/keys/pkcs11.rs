//! A key in a hardware security module, by PKCS#11 (OASIS, version 2.40 and later).
//!
//! The module wraps and unwraps the data keys with AES-256-GCM inside; its key is made there, marked sensitive and not
//! extractable, and never leaves. A session is opened for each use, which are few (a start, a change of keys), so that a
//! module that was unplugged meanwhile is no broken connection.

use super::cipher::random;
use super::{Module, Secret};
use crate::StoreError;
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::{Attribute, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

/// Bytes of a nonce, and bits of a tag: those of AES-GCM everywhere.
const NONCE_LEN: usize = 12;
const TAG_BITS: std::ffi::c_ulong = 128;

/// Where a key is.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The module.
    pub(crate) module: Module,
    /// The key's label.
    pub(crate) key: String,
}

impl Place {
    /// Makes the key where there is none.
    pub(super) fn ensure(&self) -> Result<(), StoreError> {
        self.with(|session| match self.find(session)? {
            Some(_) => Ok(()),
            None => session.generate_key(&Mechanism::AesKeyGen, &self.template()).map(|_| ()),
        })
    }

    pub(super) fn exists(&self) -> Result<bool, StoreError> {
        self.with(|session| Ok(self.find(session)?.is_some()))
    }

    pub(super) fn wrap(&self, bound: &[u8], plain: &Secret) -> Result<Vec<u8>, StoreError> {
        let nonce: [u8; NONCE_LEN] = random()?;
        let sealed = self.with(|session| {
            let mut iv = nonce;
            let mechanism = Mechanism::AesGcm(GcmParams::new(&mut iv, bound, TAG_BITS.into())?);
            session.encrypt(&mechanism, self.key(session)?, plain.expose())
        })?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Nothing where another key wrapped it.
    pub(super) fn unwrap(&self, bound: &[u8], wrapped: &[u8]) -> Result<Option<Secret>, StoreError> {
        let Some((nonce, sealed)) = wrapped.split_first_chunk::<NONCE_LEN>() else {
            return Ok(None);
        };
        self.with(|session| {
            let mut iv = *nonce;
            let mechanism = Mechanism::AesGcm(GcmParams::new(&mut iv, bound, TAG_BITS.into())?);
            match session.decrypt(&mechanism, self.key(session)?, sealed) {
                Ok(plain) => Ok(Some(Secret::new(plain))),
                // the same key and words, and it does not open: modules name this differently
                Err(Error::Pkcs11(
                    RvError::EncryptedDataInvalid
                    | RvError::EncryptedDataLenRange
                    | RvError::GeneralError
                    | RvError::FunctionFailed,
                    _,
                )) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    fn with<T>(&self, work: impl FnOnce(&Session) -> Result<T, Error>) -> Result<T, StoreError> {
        self.module.with(work)
    }

    fn key(&self, session: &Session) -> Result<ObjectHandle, Error> {
        self.find(session)?.ok_or(Error::InvalidValue)
    }

    fn find(&self, session: &Session) -> Result<Option<ObjectHandle>, Error> {
        let wanted = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::AES),
            Attribute::Label(self.key.clone().into_bytes()),
        ];
        Ok(session.find_objects(&wanted)?.first().copied())
    }

    fn template(&self) -> Vec<Attribute> {
        vec![
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::AES),
            Attribute::ValueLen(32.into()),
            Attribute::Label(self.key.clone().into_bytes()),
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Encrypt(true),
            Attribute::Decrypt(true),
        ]
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::sqlite;
    use crate::{Kek, Secret, Store, StoreError, secrets};
    use std::path::Path;
    use std::process::Command;

    const LIBRARY: &str = "/usr/lib/softhsm/libsofthsm2.so";
    const NAME: &str = "keys::pkcs11::tests::a_hardware_module_holds_the_key";
    const CONFIG: &str = "SOFTHSM2_CONF";

    fn kek(key: &str, pin: &str) -> Kek {
        Kek::pkcs11(Path::new(LIBRARY), "nullius", Secret::new(pin.as_bytes().to_vec()), key)
    }

    /// `SoftHSM` reads its settings from the environment: the test runs itself again with them.
    #[test]
    fn a_hardware_module_holds_the_key() {
        match std::env::var_os(CONFIG) {
            Some(_) => inside(),
            None => outside(),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "only tests start programs")]
    fn outside() {
        let scratch = sqlite();
        let config = scratch.folder().join("softhsm2.conf");
        let text =
            format!("directories.tokendir = {}\nobjectstore.backend = file\n", scratch.folder().display());
        let written = std::fs::write(&config, text);
        assert!(written.is_ok(), "{written:?}");
        let arguments = ["--init-token", "--free", "--label", "nullius", "--pin", "1234", "--so-pin", "5678"];
        let made = Command::new("softhsm2-util").env(CONFIG, &config).args(arguments).output();
        assert!(made.is_ok_and(|made| made.status.success()), "apt-get install softhsm2");
        let program = std::env::current_exe().unwrap_or_default();
        let ran = Command::new(program).env(CONFIG, &config).args(["--exact", NAME, "--nocapture"]).output();
        let said = ran.as_ref().map(|ran| String::from_utf8_lossy(&ran.stderr).into_owned());
        assert!(ran.as_ref().is_ok_and(|ran| ran.status.success()), "{said:?}");
    }

    fn inside() {
        let scratch = sqlite();
        let location = scratch.empty_sqlite();
        let open = |key: &str, pin: &str| Store::open(&location, kek(key, pin));
        assert!(matches!(open("one", "0000"), Err(StoreError::Key(_))), "a wrong PIN");
        let store = open("one", "1234").unwrap();
        store.write(|tx| secrets::put(tx, "ca", b"private")).unwrap();
        drop(store);
        let opened = |store: &Store| store.read(|tx| secrets::find(tx, "ca")).unwrap().unwrap();
        let store = open("one", "1234").unwrap();
        assert_eq!(opened(&store).expose(), b"private");
        store.change_data_keys().unwrap();
        assert!(store.change_kek(&kek("one", "1234")).is_err(), "the same key is no change");
        store.change_kek(&kek("two", "1234")).unwrap();
        drop(store);
        assert!(matches!(open("one", "1234"), Err(StoreError::WrongKey)));
        assert!(matches!(open("three", "1234"), Err(StoreError::Key(_))), "a key that is not there");
        assert_eq!(opened(&open("two", "1234").unwrap()).expose(), b"private");
    }
}
