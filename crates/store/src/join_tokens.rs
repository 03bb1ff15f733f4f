//! Tokens with which gateways join: hashed, for one name, good once and for a while.

use crate::{Row, StoreError, Tx};

/// A token, as far as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinToken {
    /// Names it.
    pub id: Vec<u8>,
    /// SHA-256 of its secret.
    pub hash: Vec<u8>,
    /// The site it is good for.
    pub site: String,
    /// The gateway it is good for.
    pub gateway: String,
    /// Who made it.
    pub made_by: String,
    /// Its last second, since 1970.
    pub expires: u64,
    /// It was used.
    pub used: bool,
}

const COLUMNS: &str = "id, hash, site, gateway, made_by, expires, used";

/// Keeps a token, and forgets those of the same gateway that came before: the newest is the one that counts.
///
/// # Errors
/// What the database fails with.
pub fn add(tx: &mut Tx<'_>, token: &JoinToken) -> Result<(), StoreError> {
    let forget = "DELETE FROM join_token WHERE site = $1 AND gateway = $2";
    tx.execute(forget, &[token.site.as_str().into(), token.gateway.as_str().into()])?;
    let sql = "INSERT INTO join_token (id, hash, site, gateway, made_by, expires, used) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let values = [
        token.id.as_slice().into(),
        token.hash.as_slice().into(),
        token.site.as_str().into(),
        token.gateway.as_str().into(),
        token.made_by.as_str().into(),
        token.expires.into(),
        token.used.into(),
    ];
    tx.execute(sql, &values).map(|_| ())
}

/// A token.
///
/// # Errors
/// What the database fails with.
pub fn find(tx: &mut Tx<'_>, id: &[u8]) -> Result<Option<JoinToken>, StoreError> {
    let row = tx.one(&format!("SELECT {COLUMNS} FROM join_token WHERE id = $1"), &[id.into()])?;
    row.map(|row| read(&row)).transpose()
}

/// The tokens of a site that are neither used nor expired.
///
/// # Errors
/// What the database fails with.
pub fn open_of_site(tx: &mut Tx<'_>, site: &str, now: u64) -> Result<Vec<JoinToken>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM join_token WHERE site = $1 AND used = 0 AND expires >= $2 ORDER BY gateway"
    );
    tx.query(&sql, &[site.into(), now.into()])?.iter().map(read).collect()
}

/// Uses a token up; whether it was good for it until now.
///
/// # Errors
/// What the database fails with.
pub fn use_up(tx: &mut Tx<'_>, id: &[u8], now: u64) -> Result<bool, StoreError> {
    let sql = "UPDATE join_token SET used = 1 WHERE id = $1 AND used = 0 AND expires >= $2";
    tx.execute(sql, &[id.into(), now.into()]).map(|count| count > 0)
}

fn read(row: &Row) -> Result<JoinToken, StoreError> {
    Ok(JoinToken {
        id: row.bytes(0)?,
        hash: row.bytes(1)?,
        site: row.text(2)?,
        gateway: row.text(3)?,
        made_by: row.text(4)?,
        expires: row.count(5)?,
        used: row.bool(6)?,
    })
}
