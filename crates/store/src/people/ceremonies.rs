//! What was begun and waits for its second half. Kept here and not in memory, so that another controller may finish it.
//!
//! INVARIANT: what is taken is gone: no second half comes twice.

use crate::{StoreError, Tx};

/// Halves kept at once: strangers begin some of them.
const MOST: u64 = 20_000;

/// Keeps a first half; or not, where too many wait already.
pub fn begin(
    tx: &mut Tx<'_>,
    kind: &str,
    digest: &[u8],
    data: &[u8],
    expires: u64,
    now: u64,
) -> Result<bool, StoreError> {
    tx.execute("DELETE FROM ceremony WHERE expires <= $1", &[now.into()])?;
    let waiting = tx.one("SELECT COUNT(*) FROM ceremony", &[])?.map_or(Ok(0), |row| row.count(0))?;
    if waiting >= MOST {
        return Ok(false);
    }
    let sql = "INSERT INTO ceremony (digest, kind, data, expires) VALUES ($1, $2, $3, $4)";
    tx.execute(sql, &[digest.into(), kind.into(), data.into(), expires.into()])?;
    Ok(true)
}

/// Takes a first half away: what was kept, if it is still good.
pub fn take(tx: &mut Tx<'_>, kind: &str, digest: &[u8], now: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "DELETE FROM ceremony WHERE digest = $1 AND kind = $2 AND expires > $3 RETURNING data";
    tx.one(sql, &[digest.into(), kind.into(), now.into()])?.map(|row| row.bytes(0)).transpose()
}
