//! Reading the log: by number, in order, or what concerns a site or an object.

use super::no_head;
use crate::{Row, StoreError, Tx, Value};
use nullius_audit::{Entry, Phase, VerifierKey};

/// Records a call returns at most: 60 MB if all of them were as long as can be.
pub const MAX_PAGE: u32 = 1_000;

/// A record and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Counted from 0.
    pub number: u64,
    /// JSON, byte by byte what was appended.
    pub record: String,
}

/// Which records to look for.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// Of this site only.
    pub site: Option<&'a str>,
    /// About this object only.
    pub object: Option<&'a str>,
    /// The first number that may be among them.
    pub from: u64,
    /// Which way to go from there.
    pub order: Order,
    /// How many at most; never more than [`MAX_PAGE`].
    pub limit: u32,
}

/// Which way to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Towards the beginning.
    Backwards,
    /// Towards the end.
    Forwards,
}

/// How many records there are.
///
/// # Errors
/// What the database fails with.
pub fn size(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    head(tx, "size")?.count(0)
}

/// What the log last signed, a note for whoever keeps it as an anchor; nothing before the first record.
///
/// # Errors
/// What the database fails with.
pub fn checkpoint(tx: &mut Tx<'_>) -> Result<Option<String>, StoreError> {
    head(tx, "checkpoint")?.maybe_text(0)
}

/// Whose signature the checkpoints have; nothing before the first record.
///
/// # Errors
/// What the database fails with, or a key that is damaged.
pub fn verifier(tx: &mut Tx<'_>) -> Result<Option<VerifierKey>, StoreError> {
    let text = head(tx, "verifier")?.maybe_text(0)?;
    let damaged = |_| StoreError::Damaged("the audit log's key is unreadable".to_owned());
    text.map(|text| VerifierKey::parse(&text).map_err(damaged)).transpose()
}

/// A record by its number.
///
/// # Errors
/// What the database fails with.
pub fn find(tx: &mut Tx<'_>, number: u64) -> Result<Option<String>, StoreError> {
    let row = tx.one("SELECT record FROM audit_leaf WHERE number = $1", &[number.into()])?;
    row.map(|row| record(&row, 0)).transpose()
}

/// Records from a number on, at most [`MAX_PAGE`]: how the log is followed.
///
/// # Errors
/// What the database fails with.
pub fn leaves(tx: &mut Tx<'_>, from: u64, limit: u32) -> Result<Vec<Leaf>, StoreError> {
    page(tx, &Page { site: None, object: None, from, order: Order::Forwards, limit })
}

/// Records that somebody asks for.
///
/// # Errors
/// What the database fails with.
pub fn page(tx: &mut Tx<'_>, asked: &Page<'_>) -> Result<Vec<Leaf>, StoreError> {
    let mut values: Vec<Value> = vec![asked.from.into()];
    let (compare, order) = match asked.order {
        Order::Backwards => ("<=", "DESC"),
        Order::Forwards => (">=", "ASC"),
    };
    let mut sql = format!("SELECT number, record FROM audit_leaf WHERE number {compare} $1");
    for (column, wanted) in [("site", asked.site), ("object", asked.object)] {
        if wanted.is_some() {
            values.push(word(wanted));
            sql += &format!(" AND {column} = ${}", values.len());
        }
    }
    sql += &format!(" ORDER BY number {order} LIMIT {}", asked.limit.min(MAX_PAGE));
    let rows = tx.query(&sql, &values)?;
    rows.iter().map(|row| Ok(Leaf { number: row.count(0)?, record: record(row, 1)? })).collect()
}

/// What a record says of a change, where there is such a record.
pub(super) fn phase(tx: &mut Tx<'_>, number: u64) -> Result<Option<Phase>, StoreError> {
    let Some(text) = find(tx, number)? else { return Ok(None) };
    let entry = Entry::parse(text.as_bytes());
    let damaged = |error| StoreError::Damaged(format!("audit record {number}: {error}"));
    entry.map(|entry| Some(entry.phase)).map_err(damaged)
}

/// Text to find a record by, as the record holds it.
pub(super) fn word(text: Option<&str>) -> Value {
    text.map(nullius_audit::word).into()
}

fn record(row: &Row, column: usize) -> Result<String, StoreError> {
    let damaged = |_| StoreError::Damaged("an audit record is no text".to_owned());
    String::from_utf8(row.bytes(column)?).map_err(damaged)
}

fn head(tx: &mut Tx<'_>, column: &str) -> Result<Row, StoreError> {
    tx.one(&format!("SELECT {column} FROM audit_head"), &[])?.ok_or_else(no_head)
}
