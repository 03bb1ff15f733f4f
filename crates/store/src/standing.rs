//! What is in force on a site beside its policy: stages, modes, where devices are bound. One row a key, as orders have
//! them (`stage/default`, `mode/site`); a later word replaces an earlier.

use crate::{Row, StoreError, Tx};
use nullius_model::Epoch;

/// What is in force under one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Of the order that said so.
    pub key: String,
    /// What: a word, or JSON.
    pub value: String,
    /// Counts its changes.
    pub version: u64,
    /// Who said so.
    pub author: String,
    /// When, in seconds since 1970.
    pub made: u64,
    /// Why.
    pub reason: String,
    /// As which epoch gateways were told.
    pub epoch: Epoch,
}

const COLUMNS: &str = "key, value, version, author, made, reason, term, counter";

/// Puts it in the place of what was there; the version is counted here.
///
/// # Errors
/// What the store fails with.
pub fn put(tx: &mut Tx<'_>, site: &str, standing: &Standing) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO standing (site, key, value, version, author, made, reason, term, counter) \
         VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8) \
         ON CONFLICT (site, key) DO UPDATE SET value = excluded.value, version = standing.version + 1, \
         author = excluded.author, made = excluded.made, reason = excluded.reason, term = excluded.term, \
         counter = excluded.counter",
        &[
            site.into(),
            standing.key.as_str().into(),
            standing.value.as_str().into(),
            standing.author.as_str().into(),
            standing.made.into(),
            standing.reason.as_str().into(),
            standing.epoch.term.into(),
            standing.epoch.counter.into(),
        ],
    )
    .map(drop)
}

/// What is in force under `key`.
///
/// # Errors
/// What the store fails with.
pub fn find(tx: &mut Tx<'_>, site: &str, key: &str) -> Result<Option<Standing>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM standing WHERE site = $1 AND key = $2");
    tx.one(&sql, &[site.into(), key.into()])?.map(|row| standing(&row)).transpose()
}

/// All that is in force, by key.
///
/// # Errors
/// What the store fails with.
pub fn all(tx: &mut Tx<'_>, site: &str) -> Result<Vec<Standing>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM standing WHERE site = $1");
    let mut found = tx.query(&sql, &[site.into()])?.iter().map(standing).collect::<Result<Vec<_>, _>>()?;
    // databases sort text in orders of their own
    found.sort_by(|left, right| left.key.cmp(&right.key));
    Ok(found)
}

fn standing(row: &Row) -> Result<Standing, StoreError> {
    Ok(Standing {
        key: row.text(0)?,
        value: row.text(1)?,
        version: row.count(2)?,
        author: row.text(3)?,
        made: row.count(4)?,
        reason: row.text(5)?,
        epoch: Epoch { term: row.count(6)?, counter: row.count(7)? },
    })
}
