//! A hardware security module: its library, which of its tokens, and the user's PIN (PKCS#11, OASIS, version 2.40 and
//! later).
//!
//! It knows nothing of keys. A session is opened for each use, so that a token that was pulled meanwhile is no broken
//! connection: it is refused, and used again when it is back.

use super::Secret;
use crate::StoreError;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Libraries that are loaded. They stay: what one knows, and who is logged in, are facts of the whole process. One use
/// at a time.
static LOADED: Mutex<BTreeMap<PathBuf, Pkcs11>> = Mutex::new(BTreeMap::new());

/// A hardware security module.
#[derive(Clone, Debug)]
pub struct Module {
    library: PathBuf,
    token: String,
    pin: Secret,
}

impl Module {
    /// The library of the module's maker, the token's label, the user's PIN.
    #[must_use]
    pub fn new(library: &Path, token: &str, pin: Secret) -> Self {
        Self { library: library.to_owned(), token: token.to_owned(), pin }
    }

    /// Works in a session of its own; whoever comes meanwhile waits.
    ///
    /// # Errors
    /// [`StoreError::Key`] where there is no such token, the PIN is wrong, or the module refuses.
    pub fn with<T>(&self, work: impl FnOnce(&Session) -> Result<T, Error>) -> Result<T, StoreError> {
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        let told = |error: Error| StoreError::Key(format!("the module {}: {error}", self.library.display()));
        let session = self.log_in(&mut loaded).map_err(told)?;
        let session =
            session.ok_or_else(|| StoreError::Key(format!("no token `{}` is plugged in", self.token)))?;
        work(&session).map_err(told)
    }

    fn log_in(&self, loaded: &mut BTreeMap<PathBuf, Pkcs11>) -> Result<Option<Session>, Error> {
        let context = match loaded.entry(self.library.clone()) {
            Entry::Occupied(present) => present.into_mut(),
            Entry::Vacant(place) => place.insert(load(&self.library)?),
        };
        let Some(slot) = self.slot(context)? else {
            return Ok(None);
        };
        let session = context.open_rw_session(slot)?;
        let pin = AuthPin::from(String::from_utf8_lossy(self.pin.expose()).into_owned());
        match session.login(UserType::User, Some(&pin)) {
            Err(error) if !is(&error, RvError::UserAlreadyLoggedIn) => Err(error),
            Ok(()) | Err(_) => Ok(Some(session)),
        }
    }

    fn slot(&self, context: &Pkcs11) -> Result<Option<Slot>, Error> {
        for slot in context.get_slots_with_token()? {
            if context.get_token_info(slot)?.label() == self.token {
                return Ok(Some(slot));
            }
        }
        Ok(None)
    }
}

fn load(library: &Path) -> Result<Pkcs11, Error> {
    let context = Pkcs11::new(library)?;
    match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Err(error) if !is(&error, RvError::CryptokiAlreadyInitialized) => Err(error),
        Ok(()) | Err(_) => Ok(context),
    }
}

fn is(error: &Error, expected: RvError) -> bool {
    matches!(error, Error::Pkcs11(found, _) if *found == expected)
}
