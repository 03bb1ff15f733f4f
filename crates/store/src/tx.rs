//! What happens together or not at all.

use crate::backend::{Dialect, Each, Session};
use crate::keys::Ring;
use crate::{Row, Secret, StoreError, Value};
use std::fmt;
use std::sync::Arc;

/// What happens together or not at all.
pub struct Tx<'t> {
    session: &'t mut dyn Session,
    ring: Arc<Ring>,
    state: State,
    touched: bool,
}

/// How the transaction stands.
///
/// PostgreSQL gives a transaction up with the first statement that fails, SQLite would go on: both give up here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Fine,
    Failed,
    /// Another writer was in the way: the whole of it may be tried again.
    Met,
}

impl Tx<'_> {
    /// Runs a statement; how many rows it touched.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] where something must be unique, and whatever the database refuses. The transaction has
    /// failed then, whatever becomes of the error: ask first, or say `ON CONFLICT`.
    pub fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        self.touched = true;
        self.run(values, |session| session.execute(sql, values))
    }

    /// All rows of an answer.
    ///
    /// # Errors
    /// What the database refuses, as for [`Tx::execute`].
    pub fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.touched |= !sql.trim_start().starts_with("SELECT");
        self.run(values, |session| session.query(sql, values))
    }

    /// The first row of an answer.
    ///
    /// # Errors
    /// What the database refuses, as for [`Tx::execute`].
    pub fn one(&mut self, sql: &str, values: &[Value]) -> Result<Option<Row>, StoreError> {
        Ok(self.query(sql, values)?.into_iter().next())
    }

    /// Encrypts a value for one purpose, in the words that [`Tx::unseal`] will have to use: at most 255 bytes, visible
    /// to whoever has the database. Name the object (`totp/anna`), and nobody can put one sealed value in the place of
    /// another.
    ///
    /// # Errors
    /// [`StoreError::Key`] for a purpose that is too long.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.ring.seal(purpose, plain)
    }

    /// Decrypts what was sealed for the same purpose.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where it was changed, or sealed for something else.
    pub fn unseal(&self, purpose: &str, sealed: &[u8]) -> Result<Secret, StoreError> {
        self.ring.unseal(purpose, sealed)
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.session.dialect()
    }

    /// Rows one by one, however many there are.
    pub(crate) fn scan(&mut self, sql: &str, each: Each<'_>) -> Result<(), StoreError> {
        self.run(&[], |session| session.scan(sql, each))
    }

    pub(crate) fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        self.touched = true;
        self.run(&[], |session| session.script(sql))
    }

    fn run<T>(
        &mut self,
        values: &[Value],
        work: impl FnOnce(&mut dyn Session) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.state != State::Fine {
            return Err(StoreError::PassedOver);
        }
        let result = storable(values).and_then(|()| work(self.session));
        if let Err(error) = &result {
            self.state = if matches!(error, StoreError::Conflict) { State::Met } else { State::Failed };
        }
        result
    }
}

impl<'t> Tx<'t> {
    pub(crate) fn new(session: &'t mut dyn Session, ring: Arc<Ring>) -> Self {
        Self { session, ring, state: State::Fine, touched: false }
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// Whether something may have been written.
    pub(crate) fn touched(&self) -> bool {
        self.touched
    }
}

/// PostgreSQL's text holds no NUL, so that SQLite's must not either.
fn storable(values: &[Value]) -> Result<(), StoreError> {
    let holds_nul = |value: &Value| matches!(value, Value::Text(text) if text.contains('\0'));
    match values.iter().any(holds_nul) {
        true => Err(StoreError::Database("text with a NUL in it cannot be kept".to_owned())),
        false => Ok(()),
    }
}

impl fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tx")
    }
}
