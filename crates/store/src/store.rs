//! A store: opened, brought up to date, unlocked, read and written.

use crate::attempt::{begin, finish, retried};
use crate::backend::{Backend, Mode, Session};
use crate::keys::{Ring, Wrapper};
use crate::mark::Mark;
use crate::migrations::{MIGRATIONS, migrate};
use crate::past::{self, Gap};
use crate::unlock::{self, unlock};
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
    kek: RwLock<(Kek, Arc<Wrapper>)>,
    ring: RwLock<Arc<Ring>>,
    mark: Option<Mark>,
}

impl Store {
    /// Opens a store, makes it where there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// Where it cannot be reached, is damaged, was sealed with another key, or a newer program wrote it.
    pub fn open(location: &Location, kek: Kek) -> Result<Self, StoreError> {
        let backend = Backend::open(location)?;
        migrate(&backend, MIGRATIONS)?;
        Self::unlocked(backend, kek)
    }

    /// The store behind a database that has its schema.
    pub(crate) fn unlocked(backend: Backend, kek: Kek) -> Result<Self, StoreError> {
        let unlocked = unlock(&backend, &kek)?;
        let mark = kek.mark().map(|path| Mark::open(path, &unlocked.id, unlocked.generation)).transpose()?;
        let kek = RwLock::new((kek, Arc::new(unlocked.wrapper)));
        Ok(Self(Arc::new(Inner { backend, kek, ring: RwLock::new(Arc::new(Ring::empty())), mark })))
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
    /// What `work` or the database fails with; nothing has changed then. One exception: where a server is lost while it
    /// commits, nobody knows.
    pub fn write<T, E: From<StoreError>>(
        &self,
        mut work: impl FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let (result, generation) = retried(&self.0.backend, Mode::Write, |session| {
            let ring = self.begin(session, Mode::Write)?;
            finish(session, ring, &mut work)
        })?;
        if let (Some(mark), Some(generation)) = (&self.0.mark, generation) {
            mark.note(generation);
        }
        Ok(result)
    }

    /// The keys of another program's making; its key-encryption key too, where it left that in the same place.
    fn load(&self, tx: &mut Tx<'_>, version: i64) -> Result<Ring, StoreError> {
        match Ring::load(tx, &self.wrapper(), version) {
            Err(StoreError::WrongKey) => {
                let kek = self.kek();
                self.set_kek(kek.clone(), unlock::again(tx, &kek)?);
                Ring::load(tx, &self.wrapper(), version)
            }
            result => result,
        }
    }

    /// Counts writes, of all programs: another number than before says that something may have changed. Cheap enough to
    /// be asked many times a second.
    ///
    /// # Errors
    /// What the database fails with.
    pub fn generation(&self) -> Result<u64, StoreError> {
        self.0.backend.with(Mode::Read, |session| {
            let head = begin(session, Mode::Read)?;
            session.roll_back();
            Ok(u64::try_from(head.generation).unwrap_or_default())
        })
    }

    /// Whether an older copy was put in the store's place, and nobody has dealt with it yet ([`past::settle`]).
    ///
    /// # Errors
    /// What the database fails with.
    pub fn rolled_back(&self) -> Result<bool, StoreError> {
        self.read(|tx| Ok(past::gap(tx)? == Some(Gap::RolledBack)))
    }

    pub(crate) fn kek(&self) -> Kek {
        self.0.kek.read().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    pub(crate) fn wrapper(&self) -> Arc<Wrapper> {
        Arc::clone(&self.0.kek.read().unwrap_or_else(PoisonError::into_inner).1)
    }

    pub(crate) fn set_kek(&self, kek: Kek, wrapper: Wrapper) {
        *self.0.kek.write().unwrap_or_else(PoisonError::into_inner) = (kek, Arc::new(wrapper));
    }

    pub(crate) fn forget_deleted(&self) -> Result<(), StoreError> {
        self.0.backend.forget_deleted()
    }

    /// Begins; the keys that are valid in it.
    fn begin(&self, session: &mut dyn Session, mode: Mode) -> Result<Arc<Ring>, StoreError> {
        let head = begin(session, mode)?;
        let ring = self.0.ring.read().unwrap_or_else(PoisonError::into_inner).clone();
        if ring.version == Some(head.keys) {
            return Ok(ring);
        }
        let loaded = self.load(&mut Tx::new(session, ring), head.keys);
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
