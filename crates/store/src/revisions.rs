//! What people author, revision by revision: the files as they wrote them, and which were put in force.

use crate::{Row, StoreError, Tx};
use nullius_model::Epoch;

/// A revision without its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// From 1, without gaps on a site.
    pub number: u64,
    /// SHA-256 of what it holds, in hexadecimal digits.
    pub digest: String,
    /// Who wrote it.
    pub author: String,
    /// When, in seconds since 1970.
    pub made: u64,
    /// What for.
    pub message: String,
    /// When it was last put in force, in seconds since 1970, and as which epoch.
    pub applied: Option<(u64, Epoch)>,
}

/// What a revision holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// JSON: path to text.
    pub files: String,
    /// JSON: declarations that enter the device record when it is first applied.
    pub devices: String,
}

const COLUMNS: &str = "number, digest, author, made, message, applied, term, counter";

/// A new revision; its number.
///
/// # Errors
/// What the store fails with.
pub fn insert(
    tx: &mut Tx<'_>,
    site: &str,
    revision: &Revision,
    content: &Content,
) -> Result<u64, StoreError> {
    let row = tx.one("SELECT COALESCE(MAX(number), 0) FROM revision WHERE site = $1", &[site.into()])?;
    let number = row.map_or(Ok(0), |row| row.count(0))?.saturating_add(1);
    tx.execute(
        "INSERT INTO revision (site, number, digest, files, devices, author, made, message) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            site.into(),
            number.into(),
            revision.digest.as_str().into(),
            content.files.as_str().into(),
            content.devices.as_str().into(),
            revision.author.as_str().into(),
            revision.made.into(),
            revision.message.as_str().into(),
        ],
    )?;
    Ok(number)
}

/// The revision of this number.
///
/// # Errors
/// What the store fails with.
pub fn find(tx: &mut Tx<'_>, site: &str, number: u64) -> Result<Option<Revision>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM revision WHERE site = $1 AND number = $2");
    tx.one(&sql, &[site.into(), number.into()])?.map(|row| revision(&row)).transpose()
}

/// What it holds.
///
/// # Errors
/// What the store fails with.
pub fn content(tx: &mut Tx<'_>, site: &str, number: u64) -> Result<Option<Content>, StoreError> {
    let row = tx.one(
        "SELECT files, devices FROM revision WHERE site = $1 AND number = $2",
        &[site.into(), number.into()],
    )?;
    row.map(|row| Ok(Content { files: row.text(0)?, devices: row.text(1)? })).transpose()
}

/// At most `limit` revisions older than `before`, the newest first.
///
/// # Errors
/// What the store fails with.
pub fn page(tx: &mut Tx<'_>, site: &str, before: u64, limit: usize) -> Result<Vec<Revision>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM revision WHERE site = $1 AND number < $2 ORDER BY number DESC LIMIT $3"
    );
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    tx.query(&sql, &[site.into(), before.into(), limit.into()])?.iter().map(revision).collect()
}

/// It was put in force as `epoch`.
///
/// # Errors
/// What the store fails with.
pub fn applied(tx: &mut Tx<'_>, site: &str, number: u64, at: u64, epoch: Epoch) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE revision SET applied = $3, term = $4, counter = $5 WHERE site = $1 AND number = $2",
        &[site.into(), number.into(), at.into(), epoch.term.into(), epoch.counter.into()],
    )
    .map(drop)
}

/// The revision in force: the one that was applied last.
///
/// # Errors
/// What the store fails with.
pub fn in_force(tx: &mut Tx<'_>, site: &str) -> Result<Option<Revision>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM revision WHERE site = $1 AND applied IS NOT NULL \
         ORDER BY term DESC, counter DESC LIMIT 1"
    );
    tx.one(&sql, &[site.into()])?.map(|row| revision(&row)).transpose()
}

fn revision(row: &Row) -> Result<Revision, StoreError> {
    let applied = match (row.maybe_int(5)?, row.maybe_int(6)?, row.maybe_int(7)?) {
        (Some(at), Some(term), Some(counter)) => {
            let count = |number: i64| u64::try_from(number).unwrap_or(0);
            Some((count(at), Epoch { term: count(term), counter: count(counter) }))
        }
        _ => None,
    };
    Ok(Revision {
        number: row.count(0)?,
        digest: row.text(1)?,
        author: row.text(2)?,
        made: row.count(3)?,
        message: row.text(4)?,
        applied,
    })
}
