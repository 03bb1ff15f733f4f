//! A store: opened, brought up to date, unlocked, read and written.

use crate::attempt::{begin, finish, retried};
use crate::backend::{Backend, Mode, Session};
use crate::keys::{Ring, Wrapper};
use crate::migrations::{MIGRATIONS, migrate};
use crate::unlock::unlock;
use crate::{Kek, Location, StoreError, Tx};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// A store. Clones are the same store.
///
/// Its functions wait for the disk or a server: in async code they are called where waiting is allowed.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    backend: Backend,
    wrapper: RwLock<Arc<Wrapper>>,
    ring: RwLock<Arc<Ring>>,
}

impl Store {
    /// Opens a store, makes it where there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// Where it cannot be reached, is damaged, was sealed with another key, or a newer program wrote it.
    pub fn open(location: &Location, kek: Kek) -> Result<Self, StoreError> {
        let backend = Backend::open(location)?;
        migrate(&backend, MIGRATIONS)?;
        let wrapper = RwLock::new(Arc::new(unlock(&backend, &kek)?));
        let ring = RwLock::new(Arc::new(Ring::empty()));
        Ok(Self(Arc::new(Inner { backend, wrapper, ring })))
    }

    /// Reads one consistent state.
    ///
    /// # Errors
    /// What `work` or the database fails with.
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.0.backend.with(Mode::Read, |session| {
            let ring = self.begin(session, Mode::Read)?;
            let result = work(&mut Tx::new(session, ring));
            session.roll_back();
            result
        })
    }

    /// Writes all of `work` or nothing; it is on the disk when this returns. `work` runs again where writers met.
    ///
    /// # Errors
    /// What `work` or the database fails with; nothing has changed then.
    pub fn write<T, E: From<StoreError>>(
        &self,
        mut work: impl FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let (result, _) = retried(&self.0.backend, Mode::Write, |session| {
            let ring = self.begin(session, Mode::Write)?;
            finish(session, ring, &mut work)
        })?;
        Ok(result)
    }

    /// Begins; the keys that are valid in it.
    fn begin(&self, session: &mut dyn Session, mode: Mode) -> Result<Arc<Ring>, StoreError> {
        let head = begin(session, mode)?;
        let ring = self.0.ring.read().unwrap_or_else(PoisonError::into_inner).clone();
        if ring.version == head.keys {
            return Ok(ring);
        }
        let wrapper = self.0.wrapper.read().unwrap_or_else(PoisonError::into_inner).clone();
        let loaded = Ring::load(&mut Tx::new(session, ring), &wrapper, head.keys);
        let ring = Arc::new(loaded.inspect_err(|_| session.roll_back())?);
        *self.0.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&ring);
        Ok(ring)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}

#[cfg(test)]
mod tests;
