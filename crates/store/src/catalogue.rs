//! Which tables and columns a store has: for a backup, and for a change of keys, which touch all of them.

use crate::backend::Dialect;
use crate::{Row, StoreError, Tx};

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) is_bytes: bool,
    pub(crate) is_number: bool,
}

/// All of them, as they were made: what refers to another comes after it.
pub(crate) fn tables(tx: &mut Tx<'_>) -> Result<Vec<Table>, StoreError> {
    let sql = match tx.dialect() {
        Dialect::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid"
        }
        Dialect::Postgres => {
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = CAST(current_schema() AS regnamespace)
             ORDER BY oid"
        }
    };
    let names = tx.query(sql, &[])?.iter().map(|row| row.text(0)).collect::<Result<Vec<_>, _>>()?;
    names.into_iter().map(|name| Ok(Table { columns: columns(tx, &name)?, name })).collect()
}

fn columns(tx: &mut Tx<'_>, table: &str) -> Result<Vec<Column>, StoreError> {
    let sql = match tx.dialect() {
        Dialect::Sqlite => {
            "SELECT name, type = 'BLOB', type = 'BIGINT' FROM pragma_table_info($1) ORDER BY cid"
        }
        Dialect::Postgres => {
            "SELECT attname, atttypid = CAST('bytea' AS regtype), atttypid = CAST('bigint' AS regtype)
             FROM pg_attribute
             JOIN pg_class ON pg_class.oid = attrelid
             WHERE relname = $1 AND relnamespace = CAST(current_schema() AS regnamespace)
               AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        }
    };
    let rows = tx.query(sql, &[table.into()])?;
    let column =
        |row: &Row| Ok(Column { name: row.text(0)?, is_bytes: row.bool(1)?, is_number: row.bool(2)? });
    rows.iter().map(column).collect()
}

/// A name of the catalogue in a statement.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn both_databases_have_the_same_tables_and_columns() {
        let [lite, server] =
            [testing::sqlite(), testing::postgres()].map(|scratch| scratch.store.read(tables).unwrap());
        assert!(lite.iter().any(|table| table.name == "data_key" && table.columns[1].is_bytes));
        assert_eq!(lite, server);
    }
}
