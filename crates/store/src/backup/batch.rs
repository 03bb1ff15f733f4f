//! Rows of one table on their way into a store, many in a statement: a server is asked a thousand times and not a
//! million.

use crate::catalogue::quoted;
use crate::{StoreError, Tx, Value};

/// Values in one statement.
const VALUES: usize = 512;

/// Bytes in one statement, about: rows of a megabyte do not wait for each other.
const BYTES: usize = 1024 * 1024;

pub(super) struct Batch {
    into: String,
    width: usize,
    values: Vec<Value>,
    bytes: usize,
}

impl Batch {
    pub(super) fn new(table: &str, columns: &[String]) -> Self {
        let names = columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
        let into = format!("INSERT INTO {} ({names}) VALUES ", quoted(table));
        Self { into, width: columns.len(), values: Vec::new(), bytes: 0 }
    }

    /// Whether a row has a value for each column.
    pub(super) fn fits(&self, row: &[Value]) -> bool {
        !row.is_empty() && row.len() == self.width
    }

    pub(super) fn put(&mut self, tx: &mut Tx<'_>, row: Vec<Value>) -> Result<(), StoreError> {
        self.bytes += row.iter().map(size).sum::<usize>();
        self.values.extend(row);
        match self.values.len() + self.width > VALUES || self.bytes > BYTES {
            true => self.flush(tx),
            false => Ok(()),
        }
    }

    /// Writes what waits.
    pub(super) fn flush(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        if self.values.is_empty() {
            return Ok(());
        }
        let rows = (0..self.values.len()).step_by(self.width).map(|first| {
            let places = (first + 1..=first + self.width).map(|place| format!("${place}"));
            format!("({})", places.collect::<Vec<_>>().join(", "))
        });
        let sql = format!("{}{}", self.into, rows.collect::<Vec<_>>().join(", "));
        tx.execute(&sql, &self.values)?;
        self.values.clear();
        self.bytes = 0;
        Ok(())
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Int(_) => 8,
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
    }
}
