//! Whether the store's past has a gap: it was restored from a backup, or an older copy was put in its place.
//!
//! Gateways may know epochs and revocations from the gap. The controller opens a new term, learns from the gateways what
//! they know, and then says that this is settled.

use crate::{StoreError, Tx, meta};

/// Why the past has a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// It was restored from a backup.
    Restored,
    /// It is older than the mark beside the key says.
    RolledBack,
}

/// The names in `meta`.
const RESTORED: &str = "restored";
const ROLLED_BACK: &str = "rolled_back";

/// The gap that nobody settled yet. Of both kinds, the one that nobody asked for.
///
/// # Errors
/// What the database fails with.
pub fn gap(tx: &mut Tx<'_>) -> Result<Option<Gap>, StoreError> {
    if meta::find(tx, ROLLED_BACK)?.is_some() {
        return Ok(Some(Gap::RolledBack));
    }
    Ok(meta::find(tx, RESTORED)?.map(|_| Gap::Restored))
}

/// Takes back whatever lets somebody in by having it: sessions, tokens of programs, codes and tokens that work once. Which
/// of them were ended or used in the gap, nobody knows.
///
/// # Errors
/// What the database fails with.
pub fn void_bearers(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    for table in ["session", "api_token", "code", "ceremony", "join_token"] {
        tx.execute(&format!("DELETE FROM {table}"), &[])?;
    }
    Ok(())
}

/// The gap has been dealt with, in this transaction.
///
/// # Errors
/// What the database fails with.
pub fn settle(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    meta::remove(tx, RESTORED)?;
    meta::remove(tx, ROLLED_BACK)
}

pub(crate) fn note(tx: &mut Tx<'_>, gap: Gap) -> Result<(), StoreError> {
    let key = match gap {
        Gap::Restored => RESTORED,
        Gap::RolledBack => ROLLED_BACK,
    };
    meta::put(tx, key, &[])
}

#[cfg(test)]
mod tests;
