//! One record of a backup, as CBOR: its kind first, then what it says.

use super::broken;
use crate::{Secret, StoreError, Value};
use ciborium::Value as Cbor;
use zeroize::Zeroizing;

#[derive(Debug, PartialEq)]
pub(super) enum Record {
    /// First: the steps of the schema, and the write it is a copy of.
    Store { steps: Vec<i64>, generation: i64 },
    /// A data key.
    Key { id: u32, key: Secret },
    /// A table; its rows follow.
    Table { name: String, columns: Vec<String> },
    /// A row of the table before it.
    Row(Vec<Value>),
    /// Last: how many rows there were.
    End { rows: u64 },
}

const STORE: u8 = 0;
const KEY: u8 = 1;
const TABLE: u8 = 2;
const ROW: u8 = 3;
const END: u8 = 4;

impl Record {
    pub(super) fn encode(self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let mut bytes = Zeroizing::new(Vec::new());
        let cbor = Cbor::Array(self.items());
        ciborium::into_writer(&cbor, &mut *bytes).map_err(|error| broken(&error.to_string()))?;
        Ok(bytes)
    }

    fn items(self) -> Vec<Cbor> {
        match self {
            Self::Store { steps, generation } => {
                let steps = steps.into_iter().map(Cbor::from).collect();
                vec![STORE.into(), Cbor::Array(steps), generation.into()]
            }
            Self::Key { id, key } => vec![KEY.into(), id.into(), Cbor::Bytes(key.expose().to_vec())],
            Self::Table { name, columns } => {
                let columns = columns.into_iter().map(Cbor::Text).collect();
                vec![TABLE.into(), Cbor::Text(name), Cbor::Array(columns)]
            }
            Self::Row(values) => vec![ROW.into(), Cbor::Array(values.into_iter().map(cbor).collect())],
            Self::End { rows } => vec![END.into(), rows.into()],
        }
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        let cbor: Cbor = ciborium::from_reader(bytes).map_err(|_| unread())?;
        Self::of(cbor).ok_or_else(unread)
    }

    fn of(cbor: Cbor) -> Option<Self> {
        let mut items = cbor.into_array().ok()?.into_iter();
        let kind = number(items.next()?)?;
        let record = match u8::try_from(kind).ok()? {
            STORE => Self::Store {
                steps: items.next()?.into_array().ok()?.into_iter().map(number).collect::<Option<_>>()?,
                generation: number(items.next()?)?,
            },
            KEY => Self::Key {
                id: u32::try_from(number(items.next()?)?).ok()?,
                key: Secret::new(items.next()?.into_bytes().ok()?),
            },
            TABLE => Self::Table {
                name: items.next()?.into_text().ok()?,
                columns: texts(items.next()?.into_array().ok()?)?,
            },
            ROW => Self::Row(items.next()?.into_array().ok()?.into_iter().map(value).collect::<Option<_>>()?),
            END => Self::End { rows: u64::try_from(number(items.next()?)?).ok()? },
            _ => return None,
        };
        items.next().is_none().then_some(record)
    }
}

fn cbor(value: Value) -> Cbor {
    match value {
        Value::Null => Cbor::Null,
        Value::Int(number) => number.into(),
        Value::Text(text) => Cbor::Text(text),
        Value::Bytes(bytes) => Cbor::Bytes(bytes),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a list of others', which grows")]
fn value(cbor: Cbor) -> Option<Value> {
    match cbor {
        Cbor::Null => Some(Value::Null),
        Cbor::Integer(number) => i64::try_from(number).ok().map(Value::Int),
        Cbor::Text(text) => Some(Value::Text(text)),
        Cbor::Bytes(bytes) => Some(Value::Bytes(bytes)),
        _ => None,
    }
}

fn number(cbor: Cbor) -> Option<i64> {
    i64::try_from(cbor.into_integer().ok()?).ok()
}

fn texts(items: Vec<Cbor>) -> Option<Vec<String>> {
    items.into_iter().map(|item| item.into_text().ok()).collect()
}

fn unread() -> StoreError {
    broken("has a record that this program does not understand")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_as_they_were_written() {
        let values = vec![Value::Null, Value::Int(i64::MIN), "ä".into(), vec![0_u8, 255].into()];
        let records = || {
            [
                Record::Store { steps: vec![1, 5], generation: 7 },
                Record::Key { id: 3, key: Secret::new(vec![1; 32]) },
                Record::Table { name: "device".to_owned(), columns: vec!["a".to_owned()] },
                Record::Row(values.clone()),
                Record::End { rows: u64::from(u32::MAX) },
            ]
        };
        for (written, record) in records().into_iter().zip(records()) {
            assert_eq!(Record::decode(&written.encode().unwrap()).unwrap(), record);
        }
        for wrong in [&b""[..], b"\x80", b"\x81\x09", b"\x83\x04\x01\x01", b"\x82\x03\x81\xf9\x3c\x00"] {
            assert!(Record::decode(wrong).is_err(), "{wrong:?}");
        }
    }
}
