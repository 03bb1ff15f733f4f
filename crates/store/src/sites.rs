//! Sites, and the number line of epochs that each has.
//!
//! INVARIANT: no epoch is given out twice, by however many controllers: counting and using happen in one transaction.

use crate::{Row, StoreError, Tx, secrets};
use nullius_model::Epoch;

/// A site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its name.
    pub name: String,
    /// The last epoch that was given out.
    pub last: Epoch,
    /// The public key whose signature its gateways take, as text.
    pub signer: String,
}

const COLUMNS: &str = "name, term, counter, signer";

/// Makes a site with a new number line, and seals the seed of the key that signs its bundles.
///
/// # Errors
/// [`StoreError::Duplicate`] where it exists.
pub fn add(tx: &mut Tx<'_>, name: &str, signer: &str, seed: &[u8]) -> Result<(), StoreError> {
    let sql = "INSERT INTO site (name, term, counter, signer) VALUES ($1, 1, 0, $2)";
    tx.execute(sql, &[name.into(), signer.into()])?;
    secrets::put(tx, &seed_name(name), seed)
}

/// A site.
///
/// # Errors
/// What the database fails with.
pub fn find(tx: &mut Tx<'_>, name: &str) -> Result<Option<Site>, StoreError> {
    let row = tx.one(&format!("SELECT {COLUMNS} FROM site WHERE name = $1"), &[name.into()])?;
    row.map(|row| read(&row)).transpose()
}

/// All sites, by name.
///
/// # Errors
/// What the database fails with.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Site>, StoreError> {
    tx.query(&format!("SELECT {COLUMNS} FROM site ORDER BY name"), &[])?.iter().map(read).collect()
}

/// The seed of the key that signs a site's bundles.
///
/// # Errors
/// What the database fails with.
pub fn seed(tx: &mut Tx<'_>, name: &str) -> Result<Option<crate::Secret>, StoreError> {
    secrets::find(tx, &seed_name(name))
}

/// The next epoch of a site; nothing where there is no such site.
///
/// # Errors
/// What the database fails with.
pub fn next_epoch(tx: &mut Tx<'_>, name: &str) -> Result<Option<Epoch>, StoreError> {
    let sql = "UPDATE site SET counter = counter + 1 WHERE name = $1 RETURNING term, counter";
    let row = tx.one(sql, &[name.into()])?;
    row.map(|row| Ok(Epoch { term: row.count(0)?, counter: row.count(1)? })).transpose()
}

/// Goes on counting in a later term; a term that was reached already stays.
///
/// # Errors
/// What the database fails with.
pub fn open_term(tx: &mut Tx<'_>, name: &str, term: u64) -> Result<(), StoreError> {
    let sql = "UPDATE site SET term = $2, counter = 0 WHERE name = $1 AND term < $2";
    tx.execute(sql, &[name.into(), term.into()]).map(|_| ())
}

fn seed_name(site: &str) -> String {
    format!("site/{site}/signer")
}

fn read(row: &Row) -> Result<Site, StoreError> {
    let last = Epoch { term: row.count(1)?, counter: row.count(2)? };
    Ok(Site { name: row.text(0)?, last, signer: row.text(3)? })
}
