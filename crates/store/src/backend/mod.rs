//! Two databases behind one set of verbs: what differs between them ends here.

mod postgres;
mod sqlite;

use crate::{Location, Row, StoreError, Value};

/// Which transaction begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// One consistent state, nothing written.
    Read,
    /// Alone among writers.
    Write,
    /// Alone among programs that start; the schema may not exist yet.
    Migrate,
}

/// A row of `head`, and the schema: read as a transaction begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) generation: i64,
    pub(crate) keys: i64,
    pub(crate) schema: i64,
}

/// The statement behind [`Head`].
pub(crate) const HEAD: &str = "SELECT generation, keys, (SELECT MAX(number) FROM schema) FROM head";

/// The statement that counts a write.
pub(crate) const COUNT_UP: &str = "UPDATE head SET generation = generation + 1 RETURNING generation";

/// Does something with one row of many.
pub(crate) type Each<'e> = &'e mut dyn FnMut(Row) -> Result<(), StoreError>;

/// One connection, in a transaction or not.
pub(crate) trait Session {
    /// Begins a transaction; nothing for [`Mode::Migrate`]. After a failure there is none.
    fn begin(&mut self, mode: Mode) -> Result<Option<Head>, StoreError>;
    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError>;
    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError>;
    /// Rows one by one, however many.
    fn scan(&mut self, sql: &str, each: Each<'_>) -> Result<(), StoreError>;
    /// Several statements, `{BYTES}` in them.
    fn script(&mut self, sql: &str) -> Result<(), StoreError>;
    /// Keeps what was written. Counts it when `counted`; the count.
    fn commit(&mut self, counted: bool) -> Result<Option<i64>, StoreError>;
    /// Ends the transaction without a trace. What cannot be undone is thrown away with the connection.
    fn roll_back(&mut self);
    /// The dialect, for the few who must know.
    fn dialect(&self) -> Dialect;
}

/// What two databases have no common words for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// A database that is open.
pub(crate) enum Backend {
    Sqlite(sqlite::Database),
    Postgres(postgres::Database),
}

impl Backend {
    pub(crate) fn open(location: &Location) -> Result<Self, StoreError> {
        match location {
            Location::Sqlite(path) => sqlite::Database::open(path).map(Self::Sqlite),
            Location::Postgres(url) => postgres::Database::open(url),
        }
    }

    /// What was deleted is nowhere in our files any more. PostgreSQL's files are its own: VACUUM does it there.
    pub(crate) fn forget_deleted(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(database) => database.empty_log(),
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Lends a connection: it comes back when `work` returns, and is closed when it panics.
    pub(crate) fn with<T, E: From<StoreError>>(
        &self,
        mode: Mode,
        work: impl FnOnce(&mut dyn Session) -> Result<T, E>,
    ) -> Result<T, E> {
        match self {
            Self::Sqlite(database) => database.with(mode, |session| work(session)),
            Self::Postgres(database) => database.with(mode, |session| work(session)),
        }
    }
}
