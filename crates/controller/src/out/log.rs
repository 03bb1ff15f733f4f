//! The log as a stream.

use nullius_store::{StoreError, Tx};

/// Leaves from an index on, each with its index.
pub(crate) fn range(tx: &mut Tx<'_>, from: u64, most: u32) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
    let rows = tx.query(
        "SELECT number, leaf FROM leaves WHERE number >= $1 ORDER BY number LIMIT $2",
        &[from.into(), most.into()],
    )?;
    rows.iter().map(|row| Ok((row.count(0)?, row.bytes(1)?))).collect()
}
