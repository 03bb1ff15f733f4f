//! Answers kept for whoever asks the same again.

use crate::{StoreError, Tx};
use nullius_model::Timestamp;

/// How long an answer is kept, in seconds: a day.
const KEPT_FOR: u64 = 24 * 60 * 60;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Of the request it answered.
    pub digest: Vec<u8>,
    /// HTTP status.
    pub status: u64,
    /// JSON.
    pub body: String,
}

/// The answer kept under a caller's key.
pub fn find(tx: &mut Tx<'_>, who: &str, key: &str, now: Timestamp) -> Result<Option<Kept>, StoreError> {
    let sql = "SELECT digest, status, body FROM idempotency WHERE who = $1 AND key = $2 AND made > $3";
    let since = now.as_secs().saturating_sub(KEPT_FOR);
    tx.one(sql, &[who.into(), key.into(), since.into()])?
        .map(|row| Ok(Kept { digest: row.bytes(0)?, status: row.count(1)?, body: row.text(2)? }))
        .transpose()
}

/// Keeps an answer under a caller's key, and drops those that are too old.
///
/// # Errors
/// [`StoreError::Duplicate`] where one is kept there already.
pub fn keep(tx: &mut Tx<'_>, who: &str, key: &str, kept: &Kept, now: Timestamp) -> Result<(), StoreError> {
    let since = now.as_secs().saturating_sub(KEPT_FOR);
    tx.execute("DELETE FROM idempotency WHERE made <= $1", &[since.into()])?;
    let sql =
        "INSERT INTO idempotency (who, key, digest, status, body, made) VALUES ($1, $2, $3, $4, $5, $6)";
    let (digest, body) = (kept.digest.as_slice(), kept.body.as_str());
    tx.execute(
        sql,
        &[who.into(), key.into(), digest.into(), kept.status.into(), body.into(), now.as_secs().into()],
    )?;
    Ok(())
}
