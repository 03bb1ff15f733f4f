//! How far background readers of the log are: the leaf each of them reads next.

use crate::{StoreError, Tx};

/// The leaf that `name` reads next: the first at first.
///
/// # Errors
/// What the store fails with.
pub fn next(tx: &mut Tx<'_>, name: &str) -> Result<u64, StoreError> {
    let row = tx.one("SELECT next FROM reader WHERE name = $1", &[name.into()])?;
    row.map_or(Ok(0), |row| row.count(0))
}

/// `name` has read everything before `next`.
///
/// # Errors
/// What the store fails with.
pub fn advance(tx: &mut Tx<'_>, name: &str, next: u64) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO reader (name, next) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET next = excluded.next",
        &[name.into(), next.into()],
    )
    .map(drop)
}
