//! PostgreSQL: a few connections, kept between transactions.
//!
//! Writers of all programs queue at a lock on `head`, taken before the transaction's snapshot: every write sees what the
//! one before it did, as in SQLite. A program that stops in the middle loses its transaction to a timeout of the
//! server's, so that a frozen one does not stop the others.

mod address;
mod session;
mod values;

use super::{Backend, Mode};
use crate::StoreError;
use address::Address;
use session::Connected;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Connections at once. A server allows a hundred to all its clients together.
const CONNECTIONS: usize = 16;

pub(crate) struct Database {
    address: Arc<Address>,
    idle: Mutex<Vec<Connected>>,
    lent: Mutex<usize>,
    returned: Condvar,
    writer: Mutex<()>,
}

impl Database {
    /// Learns where it is, and that it answers.
    pub(super) fn open(url: &str) -> Result<Backend, StoreError> {
        let database = Self {
            address: Arc::new(Address::parse(url)?),
            idle: Mutex::default(),
            lent: Mutex::new(0),
            returned: Condvar::new(),
            writer: Mutex::new(()),
        };
        let first = Connected::new(&database.address)?;
        locked(&database.idle).push(first);
        Ok(Backend::Postgres(database))
    }

    pub(super) fn with<T, E: From<StoreError>>(
        &self,
        mode: Mode,
        work: impl FnOnce(&mut Connected) -> Result<T, E>,
    ) -> Result<T, E> {
        // our own writers queue here, where they hold no connection
        let _turn = (mode != Mode::Read).then(|| locked(&self.writer));
        let _lease = Lease::new(self);
        let idle = locked(&self.idle).pop();
        let mut session = idle.map_or_else(|| Connected::new(&self.address), Ok)?;
        let result = work(&mut session);
        if session.is_sound() {
            locked(&self.idle).push(session);
        }
        result
    }
}

/// Connections end where waiting is allowed: whoever drops a store may be async code.
impl Drop for Database {
    fn drop(&mut self) {
        let idle = std::mem::take(&mut *locked(&self.idle));
        // a thread that panicked has closed its connections all the same
        let _ = std::thread::spawn(move || drop(idle)).join();
    }
}

/// The right to one connection.
struct Lease<'d>(&'d Database);

impl<'d> Lease<'d> {
    fn new(database: &'d Database) -> Self {
        let lent = locked(&database.lent);
        let full = |lent: &mut usize| *lent >= CONNECTIONS;
        let mut lent = database.returned.wait_while(lent, full).unwrap_or_else(PoisonError::into_inner);
        *lent += 1;
        Self(database)
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        *locked(&self.0.lent) -= 1;
        self.0.returned.notify_one();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tls_tests;
