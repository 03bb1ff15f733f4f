//! Our four kinds of value as PostgreSQL's types, and back.

use crate::{Row, StoreError, Value};
use postgres::types::private::BytesMut;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use std::error::Error;

/// The type a value is sent as. Nothing has none of its own: the server finds out what is expected there.
pub(super) fn type_of(value: &Value) -> Type {
    match value {
        Value::Null => Type::UNKNOWN,
        Value::Int(_) => Type::INT8,
        Value::Text(_) => Type::TEXT,
        Value::Bytes(_) => Type::BYTEA,
    }
}

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) => number.to_sql(kind, out),
            Self::Text(text) => text.to_sql(kind, out),
            Self::Bytes(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A row of ours. Sums and averages have types that we do not keep: `CAST(SUM(x) AS BIGINT)`.
pub(super) fn owned(row: &postgres::Row) -> Result<Row, StoreError> {
    (0..row.len()).map(|column| value(row, column)).collect::<Result<_, _>>().map(Row)
}

fn value(row: &postgres::Row, column: usize) -> Result<Value, StoreError> {
    let kind = row.columns().get(column).map(|column| column.type_().clone());
    let found = match kind {
        Some(Type::INT8) => row.try_get::<_, Option<i64>>(column).map(Value::from),
        Some(Type::INT4) => {
            row.try_get::<_, Option<i32>>(column).map(|number| Value::from(number.map(i64::from)))
        }
        Some(Type::BOOL) => row.try_get::<_, Option<bool>>(column).map(Value::from),
        Some(Type::TEXT | Type::VARCHAR | Type::NAME) => {
            row.try_get::<_, Option<String>>(column).map(Value::from)
        }
        Some(Type::BYTEA) => row.try_get::<_, Option<Vec<u8>>>(column).map(Value::from),
        Some(kind) => {
            return Err(StoreError::Database(format!(
                "column {column} has type {kind}: cast it to BIGINT or TEXT"
            )));
        }
        None => return Err(StoreError::Database(format!("there is no column {column}"))),
    };
    found.map_err(|error| StoreError::Damaged(error.to_string()))
}
