//! The files of the log, made of its rows as they are asked for, and proofs for who has a checkpoint.
//!
//! It hands out what the rows hold: whether that is right is for others to find out.

use super::read::checkpoint;
use crate::{Row, StoreError, Tx, Value};
use nullius_audit::layout::{HEIGHT, Resource, Span};
use nullius_audit::{Hash, bundle, proof};

/// The bytes of a file; nothing where the log does not reach so far.
///
/// # Errors
/// What the database fails with.
pub fn file(tx: &mut Tx<'_>, resource: Resource) -> Result<Option<Vec<u8>>, StoreError> {
    match resource {
        Resource::Checkpoint => Ok(checkpoint(tx)?.map(String::into_bytes)),
        Resource::Entries(span) => entries(tx, span),
        Resource::Tile { level, span } => {
            let hashes = hashes(tx, level, span.first(), u64::from(span.width))?;
            Ok(hashes.map(|hashes| hashes.iter().flat_map(|hash| hash.0).collect()))
        }
    }
}

/// The hashes that prove that record `number` is among the first `size`.
///
/// # Errors
/// What the database fails with, or a log that is not as long.
pub fn inclusion(tx: &mut Tx<'_>, number: u64, size: u64) -> Result<Vec<Hash>, StoreError> {
    proof::inclusion(number, size, |height, number| node(tx, height, number))
}

/// The hashes that prove that the first `old` records are the beginning of the first `new`.
///
/// # Errors
/// What the database fails with, or a log that is not as long.
pub fn consistency(tx: &mut Tx<'_>, old: u64, new: u64) -> Result<Vec<Hash>, StoreError> {
    proof::consistency(old, new, |height, number| node(tx, height, number))
}

fn entries(tx: &mut Tx<'_>, span: Span) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT record FROM audit_leaf WHERE number >= $1 AND number < $2 ORDER BY number";
    let rows = tx.query(sql, &between(span.first(), u64::from(span.width)))?;
    if rows.len() != usize::from(span.width) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    for row in rows {
        if !bundle::push(&mut bytes, &row.bytes(0)?) {
            return Err(StoreError::Damaged("an audit record is too long".to_owned()));
        }
    }
    Ok(Some(bytes))
}

/// Hashes of a level, all of them or nothing.
fn hashes(tx: &mut Tx<'_>, level: u8, first: u64, count: u64) -> Result<Option<Vec<Hash>>, StoreError> {
    let range = between(first, count);
    let rows = if level == 0 {
        tx.query("SELECT hash FROM audit_leaf WHERE number >= $1 AND number < $2 ORDER BY number", &range)?
    } else {
        let sql =
            "SELECT hash FROM audit_node WHERE level = $3 AND number >= $1 AND number < $2 ORDER BY number";
        let [from, to] = range;
        tx.query(sql, &[from, to, i64::from(level).into()])?
    };
    if rows.len() as u64 != count {
        return Ok(None);
    }
    rows.iter().map(hash).collect::<Result<_, _>>().map(Some)
}

/// A complete subtree: the nearest hashes below it that are kept, hashed together.
fn node(tx: &mut Tx<'_>, height: u32, number: u64) -> Result<Hash, StoreError> {
    let level = u8::try_from(height / HEIGHT).unwrap_or(u8::MAX);
    let count = 1_u64 << (height % HEIGHT);
    let short = || StoreError::Damaged("the audit log is shorter than was asked for".to_owned());
    let mut row = hashes(tx, level, number.saturating_mul(count), count)?.ok_or_else(short)?;
    while row.len() > 1 {
        row = row.chunks(2).filter_map(|pair| Some(Hash::node(*pair.first()?, *pair.get(1)?))).collect();
    }
    row.first().copied().ok_or_else(short)
}

fn hash(row: &Row) -> Result<Hash, StoreError> {
    let damaged = || StoreError::Damaged("an audit hash has a wrong length".to_owned());
    Hash::from_bytes(&row.bytes(0)?).ok_or_else(damaged)
}

fn between(first: u64, count: u64) -> [Value; 2] {
    [first.into(), first.saturating_add(count).into()]
}
