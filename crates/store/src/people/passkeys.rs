//! Keys with which people sign in instead of a password.

use crate::{Row, StoreError, Tx};

/// One key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// base64url of the credential id.
    pub id: String,
    /// Whose.
    pub person: String,
    /// What they call it.
    pub label: String,
    /// COSE.
    pub public_key: Vec<u8>,
    /// How often the authenticator says it was used.
    pub counter: u64,
    /// Seconds since 1970.
    pub made: u64,
    /// Seconds since 1970.
    pub used: Option<u64>,
}

const COLUMNS: &str = "id, person, label, public_key, counter, made, used";

/// Adds a key.
///
/// # Errors
/// [`StoreError::Duplicate`] where somebody has it already.
pub fn insert(tx: &mut Tx<'_>, key: &Passkey) -> Result<(), StoreError> {
    let sql = format!("INSERT INTO passkey ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)");
    let values = [
        key.id.as_str().into(),
        key.person.as_str().into(),
        key.label.as_str().into(),
        key.public_key.as_slice().into(),
        key.counter.into(),
        key.made.into(),
        key.used.into(),
    ];
    tx.execute(&sql, &values)?;
    Ok(())
}

/// The key of that id.
pub fn by_id(tx: &mut Tx<'_>, id: &str) -> Result<Option<Passkey>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM passkey WHERE id = $1");
    tx.one(&sql, &[id.into()])?.as_ref().map(passkey).transpose()
}

/// A person's keys, oldest first.
pub fn of(tx: &mut Tx<'_>, person: &str) -> Result<Vec<Passkey>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM passkey WHERE person = $1 ORDER BY made, id");
    tx.query(&sql, &[person.into()])?.iter().map(passkey).collect()
}

/// Notes a use.
pub fn touch(tx: &mut Tx<'_>, id: &str, counter: u64, now: u64) -> Result<(), StoreError> {
    let sql = "UPDATE passkey SET counter = $2, used = $3 WHERE id = $1";
    tx.execute(sql, &[id.into(), counter.into(), now.into()])?;
    Ok(())
}

/// Removes a person's key; whether there was one.
pub fn remove(tx: &mut Tx<'_>, person: &str, id: &str) -> Result<bool, StoreError> {
    let sql = "DELETE FROM passkey WHERE person = $1 AND id = $2";
    Ok(tx.execute(sql, &[person.into(), id.into()])? > 0)
}

/// Removes all of a person's keys.
pub fn clear(tx: &mut Tx<'_>, person: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM passkey WHERE person = $1", &[person.into()])?;
    Ok(())
}

fn passkey(row: &Row) -> Result<Passkey, StoreError> {
    Ok(Passkey {
        id: row.text(0)?,
        person: row.text(1)?,
        label: row.text(2)?,
        public_key: row.bytes(3)?,
        counter: row.count(4)?,
        made: row.count(5)?,
        used: row.maybe_int(6)?.and_then(|used| u64::try_from(used).ok()),
    })
}
