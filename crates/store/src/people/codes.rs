//! Codes that open something once. Only their digests are kept.

use crate::{Row, StoreError, Tx};

/// A code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// SHA-256.
    pub digest: Vec<u8>,
    /// What it opens.
    pub kind: String,
    /// For whom.
    pub person: Option<String>,
    /// Seconds since 1970.
    pub made: u64,
    /// Seconds since 1970.
    pub expires: u64,
}

/// Adds a code.
pub fn insert(tx: &mut Tx<'_>, code: &Code) -> Result<(), StoreError> {
    let sql = "INSERT INTO code (digest, kind, person, made, expires) VALUES ($1, $2, $3, $4, $5)";
    let (kind, person) = (code.kind.as_str(), code.person.as_deref());
    let values =
        [code.digest.as_slice().into(), kind.into(), person.into(), code.made.into(), code.expires.into()];
    tx.execute(sql, &values)?;
    Ok(())
}

/// The code of that digest and kind, if it is still good.
pub fn find(tx: &mut Tx<'_>, kind: &str, digest: &[u8], now: u64) -> Result<Option<Code>, StoreError> {
    let sql = "SELECT digest, kind, person, made, expires FROM code \
               WHERE digest = $1 AND kind = $2 AND expires > $3";
    tx.one(sql, &[digest.into(), kind.into(), now.into()])?.as_ref().map(code).transpose()
}

/// Uses a code up; whether it was there to be used.
pub fn spend(tx: &mut Tx<'_>, kind: &str, digest: &[u8], now: u64) -> Result<bool, StoreError> {
    let sql = "DELETE FROM code WHERE digest = $1 AND kind = $2 AND expires > $3";
    Ok(tx.execute(sql, &[digest.into(), kind.into(), now.into()])? > 0)
}

/// Removes a person's codes of a kind.
pub fn clear(tx: &mut Tx<'_>, kind: &str, person: Option<&str>) -> Result<(), StoreError> {
    match person {
        Some(person) => {
            tx.execute("DELETE FROM code WHERE kind = $1 AND person = $2", &[kind.into(), person.into()])?
        }
        None => tx.execute("DELETE FROM code WHERE kind = $1 AND person IS NULL", &[kind.into()])?,
    };
    Ok(())
}

fn code(row: &Row) -> Result<Code, StoreError> {
    Ok(Code {
        digest: row.bytes(0)?,
        kind: row.text(1)?,
        person: row.maybe_text(2)?,
        made: row.count(3)?,
        expires: row.count(4)?,
    })
}
