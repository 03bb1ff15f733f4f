//! One store, two databases: what differs between them ends here.

mod sqlite;

use crate::migrations::MIGRATIONS;
use crate::{Location, Row, StoreError, Value};
use std::fmt;
use std::sync::Arc;

/// Times a write is tried when writers meet.
const TRIES: u32 = 20;

/// A store. Clones are the same store.
#[derive(Clone)]
pub struct Store(Arc<Backend>);

enum Backend {
    Sqlite(sqlite::Database),
}

/// What happens together or not at all.
pub struct Tx<'t>(Transaction<'t>);

enum Transaction<'t> {
    Sqlite(&'t rusqlite::Connection),
}

impl Store {
    /// Opens a store, makes it where there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// Where it cannot be reached, is damaged, or a newer program wrote it.
    pub fn open(location: &Location) -> Result<Self, StoreError> {
        let backend = match location {
            Location::Sqlite(path) => Backend::Sqlite(sqlite::Database::open(path)?),
            Location::Postgres(url) => return Err(StoreError::Location(url.clone())),
        };
        let store = Self(Arc::new(backend));
        store.migrate()?;
        Ok(store)
    }

    /// Reads one consistent state.
    ///
    /// # Errors
    /// What `work` or the database fails with.
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        match &*self.0 {
            Backend::Sqlite(database) => {
                database.read(|connection| work(&mut Tx(Transaction::Sqlite(connection))))
            }
        }
    }

    /// Writes all of `work` or nothing; it is on the disk when this returns. `work` runs again where writers met.
    ///
    /// # Errors
    /// What `work` or the database fails with; nothing has changed then.
    pub fn write<T, E: From<StoreError>>(
        &self,
        mut work: impl FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let _ = TRIES;
        match &*self.0 {
            Backend::Sqlite(database) => {
                database.write(|connection| work(&mut Tx(Transaction::Sqlite(connection))))
            }
        }
    }

    fn migrate(&self) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute("CREATE TABLE IF NOT EXISTS schema (number BIGINT PRIMARY KEY)", &[])?;
            let row = tx.one("SELECT COALESCE(MAX(number), 0) FROM schema", &[])?;
            let found = row.map_or(Ok(0), |row| row.int(0))?;
            let known = MIGRATIONS.last().map_or(0, |last| last.number);
            if found > known {
                return Err(StoreError::Newer { found, known });
            }
            for migration in MIGRATIONS.iter().filter(|migration| migration.number > found) {
                tx.run_script(migration.sql)?;
                tx.execute("INSERT INTO schema (number) VALUES ($1)", &[migration.number.into()])?;
            }
            Ok(())
        })
    }
}

impl Tx<'_> {
    /// Runs a statement; how many rows it touched.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] where something must be unique, and whatever the database refuses.
    pub fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        match &self.0 {
            Transaction::Sqlite(connection) => sqlite::execute(connection, sql, values),
        }
    }

    /// All rows of an answer.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        match &self.0 {
            Transaction::Sqlite(connection) => sqlite::query(connection, sql, values),
        }
    }

    /// The first row of an answer.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn one(&mut self, sql: &str, values: &[Value]) -> Result<Option<Row>, StoreError> {
        Ok(self.query(sql, values)?.into_iter().next())
    }

    fn run_script(&mut self, sql: &str) -> Result<(), StoreError> {
        match &self.0 {
            Transaction::Sqlite(connection) => sqlite::script(connection, &sql.replace("{BYTES}", "BLOB")),
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}

impl fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tx")
    }
}

#[cfg(test)]
mod tests;
