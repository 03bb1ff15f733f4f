//! Facts about the store itself, by name.

use crate::{StoreError, Tx};

/// A fact, where it is known.
///
/// # Errors
/// What the database fails with.
pub fn find(tx: &mut Tx<'_>, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let row = tx.one("SELECT value FROM meta WHERE key = $1", &[key.into()])?;
    row.map(|row| row.bytes(0)).transpose()
}

/// Keeps a fact, in the place of an older one.
///
/// # Errors
/// What the database fails with.
pub fn put(tx: &mut Tx<'_>, key: &str, value: &[u8]) -> Result<(), StoreError> {
    let sql = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    tx.execute(sql, &[key.into(), value.into()]).map(|_| ())
}

/// Forgets a fact.
///
/// # Errors
/// What the database fails with.
pub fn remove(tx: &mut Tx<'_>, key: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM meta WHERE key = $1", &[key.into()]).map(|_| ())
}
