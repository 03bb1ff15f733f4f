//! SQLite: one file, one writer, readers beside it (WAL), every commit flushed to the disk.

use crate::{Row, StoreError, Value};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql, TransactionBehavior, params_from_iter};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Readers that are kept open between reads.
const READERS: usize = 8;

/// Longest wait for another process that writes to the same file.
const PATIENCE: Duration = Duration::from_secs(10);

/// Statements kept compiled a connection.
const STATEMENTS: usize = 128;

pub(super) struct Database {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl Database {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let writer = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        let pragmas = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;";
        writer.execute_batch(pragmas).map_err(|error| told(&error))?;
        Ok(Self { path: path.to_owned(), writer: Mutex::new(writer), readers: Mutex::default() })
    }

    pub(super) fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?,
        };
        let result = {
            let transaction = connection.transaction().map_err(|error| told(&error))?;
            work(&transaction)
        };
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < READERS {
            readers.push(connection);
        }
        result
    }

    pub(super) fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction =
            writer.transaction_with_behavior(TransactionBehavior::Immediate).map_err(|error| told(&error))?;
        let done = work(&transaction)?;
        transaction.commit().map_err(|error| told(&error))?;
        Ok(done)
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|error| told(&error))?;
    connection.busy_timeout(PATIENCE).map_err(|error| told(&error))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

pub(super) fn execute(connection: &Connection, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached(&numbered(sql)).map_err(|error| told(&error))?;
    let touched = statement.execute(params_from_iter(values)).map_err(|error| told(&error))?;
    Ok(u64::try_from(touched).unwrap_or(u64::MAX))
}

pub(super) fn query(connection: &Connection, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
    let mut statement = connection.prepare_cached(&numbered(sql)).map_err(|error| told(&error))?;
    let columns = statement.column_count();
    let rows = statement.query_map(params_from_iter(values), |row| {
        (0..columns).map(|column| row.get_ref(column).map(owned)).collect::<Result<Vec<_>, _>>()
    });
    let rows: Result<Vec<_>, _> = rows.map_err(|error| told(&error))?.collect();
    rows.map_err(|error| told(&error))?
        .into_iter()
        .map(|row| row.into_iter().collect::<Result<_, _>>().map(Row))
        .collect()
}

/// To SQLite `$2` is a name, counted when it first appears; `?2` is the second value.
fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}

pub(super) fn script(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.execute_batch(sql).map_err(|error| told(&error))
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

fn told(error: &rusqlite::Error) -> StoreError {
    match error {
        rusqlite::Error::SqliteFailure(code, _) => match code.code {
            ErrorCode::ConstraintViolation => StoreError::Duplicate,
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::Conflict,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreError::Damaged(error.to_string()),
            _ => StoreError::Database(error.to_string()),
        },
        _ => StoreError::Database(error.to_string()),
    }
}
