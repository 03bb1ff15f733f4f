//! Named secrets: what the controller must remember and nobody may read from the disk.

use crate::{Secret, StoreError, Tx};

/// A secret, where it is known.
///
/// # Errors
/// What the database fails with, or a value that was changed.
pub fn find(tx: &mut Tx<'_>, name: &str) -> Result<Option<Secret>, StoreError> {
    let row = tx.one("SELECT sealed FROM secret WHERE name = $1", &[name.into()])?;
    row.map(|row| tx.unseal(&purpose(name), &row.bytes(0)?)).transpose()
}

/// Keeps a secret, in the place of an older one. Names have at most 200 bytes.
///
/// # Errors
/// What the database fails with, or a name that is too long.
pub fn put(tx: &mut Tx<'_>, name: &str, plain: &[u8]) -> Result<(), StoreError> {
    let sealed = tx.seal(&purpose(name), plain)?;
    let sql = "INSERT INTO secret (name, sealed) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed";
    tx.execute(sql, &[name.into(), sealed.into()]).map(|_| ())
}

/// Forgets a secret; whether there was one.
///
/// # Errors
/// What the database fails with.
pub fn remove(tx: &mut Tx<'_>, name: &str) -> Result<bool, StoreError> {
    tx.execute("DELETE FROM secret WHERE name = $1", &[name.into()]).map(|count| count > 0)
}

/// The names, in order.
///
/// # Errors
/// What the database fails with.
pub fn names(tx: &mut Tx<'_>) -> Result<Vec<String>, StoreError> {
    tx.query("SELECT name FROM secret ORDER BY name", &[])?.iter().map(|row| row.text(0)).collect()
}

/// One secret does not open under another's name.
fn purpose(name: &str) -> String {
    format!("secret/{name}")
}
