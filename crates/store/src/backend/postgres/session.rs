//! One connection to PostgreSQL.

use super::address::Address;
use super::values::{owned, type_of};
use crate::backend::{COUNT_UP, Dialect, Each, HEAD, Head, Mode, Session};
use crate::{Row, StoreError, Value};
use postgres::error::SqlState;
use postgres::types::{ToSql, Type};
use postgres::{Client, SimpleQueryMessage, SimpleQueryRow, Statement};
use std::collections::HashMap;
use std::sync::Arc;

/// Statements kept prepared a connection.
const STATEMENTS: usize = 128;

/// Rows fetched at once by a scan.
const BATCH: usize = 256;

/// What the server is asked for with every connection: patience with a writer in our way, none with ourselves when we
/// stop in the middle, and commits that are on the disk.
const SETTINGS: &str = "SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = '10s';
    SET client_min_messages = 'warning';
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// Taken by a program that brings the schema up to date; any number that nobody else takes.
const MIGRATION_LOCK: &str = "5642799340912461";

pub(crate) struct Connected {
    address: Arc<Address>,
    client: Client,
    statements: HashMap<(String, Vec<Type>), Statement>,
    broken: bool,
}

impl Connected {
    pub(super) fn new(address: &Arc<Address>) -> Result<Self, StoreError> {
        let client = connect(address)?;
        Ok(Self { address: Arc::clone(address), client, statements: HashMap::new(), broken: false })
    }

    pub(super) fn is_sound(&self) -> bool {
        !self.broken && !self.client.is_closed()
    }

    /// Nothing was done yet in this transaction: a connection that died while idle is replaced.
    fn begun(&mut self, sql: &str) -> Result<Vec<SimpleQueryMessage>, StoreError> {
        match self.client.simple_query(sql) {
            Err(error) if is_lost(&error) => {
                self.client = connect(&self.address)?;
                self.statements.clear();
                self.client.simple_query(sql).map_err(told)
            }
            result => result.map_err(told),
        }
    }

    fn statement(&mut self, sql: &str, values: &[Value]) -> Result<Statement, StoreError> {
        let key = (sql.to_owned(), values.iter().map(type_of).collect::<Vec<_>>());
        if let Some(statement) = self.statements.get(&key) {
            return Ok(statement.clone());
        }
        if self.statements.len() >= STATEMENTS {
            self.statements.clear();
        }
        let statement = self.client.prepare_typed(sql, &key.1).map_err(told)?;
        self.statements.insert(key, statement.clone());
        Ok(statement)
    }
}

/// The connection is gone, or the server says that it is going (`57P01` to `57P03`).
fn is_lost(error: &postgres::Error) -> bool {
    error.code().is_none_or(|code| code.code().starts_with("57P"))
}

fn connect(address: &Address) -> Result<Client, StoreError> {
    let mut client = address.connect().map_err(told)?;
    client.batch_execute(SETTINGS).map_err(told)?;
    Ok(client)
}

impl Session for Connected {
    fn begin(&mut self, mode: Mode) -> Result<Option<Head>, StoreError> {
        let sql = match mode {
            Mode::Read => format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {HEAD}"),
            Mode::Write => {
                format!("BEGIN ISOLATION LEVEL REPEATABLE READ; LOCK TABLE head IN EXCLUSIVE MODE; {HEAD}")
            }
            Mode::Migrate => format!("BEGIN; SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"),
        };
        let answer = match self.begun(&sql) {
            Ok(answer) => answer,
            Err(error) => {
                self.roll_back();
                return Err(error);
            }
        };
        if mode == Mode::Migrate {
            return Ok(None);
        }
        let head = first_row(&answer).and_then(|row| {
            Some(Head { generation: number(row, 0)?, keys: number(row, 1)?, schema: number(row, 2)? })
        });
        Ok(head)
    }

    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        let statement = self.statement(sql, values)?;
        self.client.execute(&statement, &parameters(values)).map_err(told)
    }

    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let statement = self.statement(sql, values)?;
        let rows = self.client.query(&statement, &parameters(values)).map_err(told)?;
        rows.iter().map(owned).collect()
    }

    fn scan(&mut self, sql: &str, each: Each<'_>) -> Result<(), StoreError> {
        self.client.batch_execute(&format!("DECLARE scan NO SCROLL CURSOR FOR {sql}")).map_err(told)?;
        loop {
            let rows = self.client.query(&format!("FETCH {BATCH} FROM scan"), &[]).map_err(told)?;
            for row in &rows {
                each(owned(row)?)?;
            }
            if rows.len() < BATCH {
                return self.client.batch_execute("CLOSE scan").map_err(told);
            }
        }
    }

    fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        self.client.batch_execute(&in_byte_order(sql).replace("{BYTES}", "BYTEA")).map_err(told)
    }

    fn commit(&mut self, counted: bool) -> Result<Option<i64>, StoreError> {
        if !counted {
            self.client.batch_execute("COMMIT").map_err(told)?;
            return Ok(None);
        }
        let answer = self.client.simple_query(&format!("{COUNT_UP}; COMMIT")).map_err(told)?;
        Ok(first_row(&answer).and_then(|row| number(row, 0)))
    }

    fn roll_back(&mut self) {
        self.broken |= self.client.batch_execute("ROLLBACK").is_err();
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }
}

/// Text is ordered by its bytes, as in SQLite and in Rust, whatever language the database was made for.
fn in_byte_order(sql: &str) -> String {
    let word = |word: &str| if word == "TEXT" { "TEXT COLLATE \"C\"".to_owned() } else { word.to_owned() };
    let mut said = String::with_capacity(sql.len());
    let mut last = String::new();
    for letter in sql.chars() {
        if letter.is_ascii_alphanumeric() || letter == '_' {
            last.push(letter);
            continue;
        }
        said.push_str(&word(&std::mem::take(&mut last)));
        said.push(letter);
    }
    said.push_str(&word(&last));
    said
}

fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

fn first_row(answer: &[SimpleQueryMessage]) -> Option<&SimpleQueryRow> {
    answer
        .iter()
        .find_map(|message| if let SimpleQueryMessage::Row(row) = message { Some(row) } else { None })
}

fn number(row: &SimpleQueryRow, column: usize) -> Option<i64> {
    row.try_get(column).ok()??.parse().ok()
}

/// What the server says, without the values it names in its details.
#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn told(error: postgres::Error) -> StoreError {
    let again = [
        &SqlState::T_R_SERIALIZATION_FAILURE,
        &SqlState::T_R_DEADLOCK_DETECTED,
        &SqlState::LOCK_NOT_AVAILABLE,
    ];
    match error.as_db_error() {
        Some(answer) if again.contains(&answer.code()) => StoreError::Conflict,
        Some(answer) if *answer.code() == SqlState::UNIQUE_VIOLATION => StoreError::Duplicate,
        Some(answer) => StoreError::Database(format!("{} ({})", answer.message(), answer.code().code())),
        None => StoreError::Database(with_cause(&error)),
    }
}

fn with_cause(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_columns_are_ordered_by_bytes() {
        assert_eq!(in_byte_order("(a TEXT, TEXTS TEXT)"), r#"(a TEXT COLLATE "C", TEXTS TEXT COLLATE "C")"#);
    }
}
