//! SQLite: one file, one writer, readers beside it (WAL), every commit flushed to the disk.

use super::{COUNT_UP, Dialect, Each, HEAD, Head, Mode, Session};
use crate::{Row, StoreError, Value};
use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql, params_from_iter};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Readers that are kept open between reads.
const READERS: usize = 8;

/// Longest wait for another process that writes to the same file.
const PATIENCE: Duration = Duration::from_secs(10);

/// Statements kept compiled a connection.
const STATEMENTS: usize = 128;

/// For the writer: what a commit promises, and that what is deleted is gone from the file.
const WRITER: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
    PRAGMA secure_delete = ON; PRAGMA case_sensitive_like = ON;";

/// For readers: the same answers that PostgreSQL gives.
const READER: &str = "PRAGMA case_sensitive_like = ON;";

pub(crate) struct Database {
    path: PathBuf,
    writer: Mutex<Option<Connection>>,
    readers: Mutex<Vec<Connection>>,
}

impl Database {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        // SQLite would make the file for everybody to read, and takes the mode of the other two from it
        let made = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
        made.map_err(|error| StoreError::Database(format!("{}: {error}", path.display())))?;
        let writer = writer(path)?;
        check(&writer)?;
        Ok(Self { path: path.to_owned(), writer: Mutex::new(Some(writer)), readers: Mutex::default() })
    }

    /// Moves everything from the log to the file, where deleted rows are overwritten. A reader may be in the way: what it
    /// holds back goes with the next one.
    pub(super) fn empty_log(&self) -> Result<(), StoreError> {
        self.with(Mode::Write, |writer| {
            writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(told)
        })
    }

    pub(super) fn with<T, E: From<StoreError>>(
        &self,
        mode: Mode,
        work: impl FnOnce(&mut Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        match mode {
            Mode::Read => {
                let idle = locked(&self.readers).pop();
                let mut connection = idle.map_or_else(|| reader(&self.path), Ok)?;
                let result = work(&mut connection);
                let mut readers = locked(&self.readers);
                if readers.len() < READERS {
                    readers.push(connection);
                }
                result
            }
            Mode::Write | Mode::Migrate => {
                let mut place = locked(&self.writer);
                let mut connection = place.take().map_or_else(|| writer(&self.path), Ok)?;
                let result = work(&mut connection);
                *place = Some(connection);
                result
            }
        }
    }
}

/// A thread that panicked in its transaction took its connection with it, and nothing of it is left.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn writer(path: &Path) -> Result<Connection, StoreError> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, WRITER)
}

fn reader(path: &Path) -> Result<Connection, StoreError> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY, READER)
}

fn connect(path: &Path, flags: OpenFlags, pragmas: &str) -> Result<Connection, StoreError> {
    let connection =
        Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(told)?;
    connection.busy_timeout(PATIENCE).map_err(told)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.execute_batch(pragmas).map_err(told)?;
    Ok(connection)
}

/// A damaged file is not served: half of the record is worse than none.
fn check(connection: &Connection) -> Result<(), StoreError> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(told)?;
    match found.as_str() {
        "ok" => Ok(()),
        _ => Err(StoreError::Damaged(found)),
    }
}

impl Session for Connection {
    fn begin(&mut self, mode: Mode) -> Result<Option<Head>, StoreError> {
        let begin = match mode {
            Mode::Read => "BEGIN DEFERRED",
            Mode::Write | Mode::Migrate => "BEGIN IMMEDIATE",
        };
        self.execute_batch(begin).map_err(told)?;
        if mode == Mode::Migrate {
            return Ok(None);
        }
        let head = head(self);
        if head.is_err() {
            self.roll_back();
        }
        head.map(Some)
    }

    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        let mut statement = self.prepare_cached(&numbered(sql)).map_err(told)?;
        let touched = statement.execute(params_from_iter(values)).map_err(told)?;
        Ok(u64::try_from(touched).unwrap_or(u64::MAX))
    }

    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        each_row(self, &numbered(sql), values, &mut |row| {
            rows.push(row);
            Ok(())
        })?;
        Ok(rows)
    }

    fn scan(&mut self, sql: &str, each: Each<'_>) -> Result<(), StoreError> {
        each_row(self, sql, &[], each)
    }

    fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        self.execute_batch(&sql.replace("{BYTES}", "BLOB")).map_err(told)
    }

    fn commit(&mut self, counted: bool) -> Result<Option<i64>, StoreError> {
        let mut count = None;
        if counted {
            let mut statement = self.prepare_cached(COUNT_UP).map_err(told)?;
            count = Some(statement.query_row([], |row| row.get(0)).map_err(told)?);
        }
        self.execute_batch("COMMIT").map_err(told)?;
        Ok(count)
    }

    fn roll_back(&mut self) {
        if !self.is_autocommit() {
            // fails only where the transaction is gone already, which is what was wanted
            let _ = self.execute_batch("ROLLBACK");
        }
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }
}

fn head(connection: &Connection) -> Result<Head, StoreError> {
    let mut statement = connection.prepare_cached(HEAD).map_err(told)?;
    let head = statement
        .query_row([], |row| Ok(Head { generation: row.get(0)?, keys: row.get(1)?, schema: row.get(2)? }));
    head.map_err(told)
}

fn each_row(connection: &Connection, sql: &str, values: &[Value], each: Each<'_>) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(told)?;
    let columns = statement.column_count();
    let mut rows = statement.query(params_from_iter(values)).map_err(told)?;
    while let Some(row) = rows.next().map_err(told)? {
        let values = (0..columns).map(|column| owned(row.get_ref(column).map_err(told)?));
        each(Row(values.collect::<Result<_, _>>()?))?;
    }
    Ok(())
}

/// To SQLite `$2` is a name, counted when it first appears; `?2` is the second value.
fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn owned(value: ValueRef<'_>) -> Result<Value, StoreError> {
    match value {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(number) => Ok(Value::Int(number)),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Ok(Value::Text(text.to_owned())),
            Err(_) => Err(StoreError::Damaged("text that is no UTF-8".to_owned())),
        },
        ValueRef::Blob(bytes) => Ok(Value::Bytes(bytes.to_vec())),
        ValueRef::Real(_) => Err(StoreError::Damaged("a fraction, of which we store none".to_owned())),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
#[expect(clippy::wildcard_enum_match_arm, reason = "a list of others', which grows")]
fn told(error: rusqlite::Error) -> StoreError {
    let rusqlite::Error::SqliteFailure(failure, _) = &error else {
        return StoreError::Database(error.to_string());
    };
    let is_unique = [SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE].contains(&failure.extended_code);
    match failure.code {
        ErrorCode::ConstraintViolation if is_unique => StoreError::Duplicate,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::Conflict,
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreError::Damaged(error.to_string()),
        _ => StoreError::Database(error.to_string()),
    }
}
