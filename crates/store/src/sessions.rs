//! Who is signed in. Only digests of what browsers hold are kept.

use crate::{Row, StoreError, Tx};

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the cookie.
    pub digest: Vec<u8>,
    /// Whose.
    pub person: String,
    /// The other of two people, in an emergency.
    pub second: Option<String>,
    /// Seconds since 1970.
    pub made: u64,
    /// Seconds since 1970, to about a minute.
    pub used: u64,
    /// Seconds since 1970: never later.
    pub ends: u64,
}

const COLUMNS: &str = "digest, person, second, made, used, ends";

/// Adds a session, and removes those that are over.
pub fn insert(tx: &mut Tx<'_>, session: &Session) -> Result<(), StoreError> {
    tx.execute("DELETE FROM session WHERE ends <= $1", &[session.made.into()])?;
    let sql = format!("INSERT INTO session ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)");
    let values = [
        session.digest.as_slice().into(),
        session.person.as_str().into(),
        session.second.as_deref().into(),
        session.made.into(),
        session.used.into(),
        session.ends.into(),
    ];
    tx.execute(&sql, &values)?;
    Ok(())
}

/// The session of that digest.
pub fn find(tx: &mut Tx<'_>, digest: &[u8]) -> Result<Option<Session>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM session WHERE digest = $1");
    tx.one(&sql, &[digest.into()])?.as_ref().map(session).transpose()
}

/// Notes a use.
pub fn touch(tx: &mut Tx<'_>, digest: &[u8], now: u64) -> Result<(), StoreError> {
    tx.execute("UPDATE session SET used = $2 WHERE digest = $1", &[digest.into(), now.into()])?;
    Ok(())
}

/// Ends one.
pub fn end(tx: &mut Tx<'_>, digest: &[u8]) -> Result<(), StoreError> {
    tx.execute("DELETE FROM session WHERE digest = $1", &[digest.into()])?;
    Ok(())
}

/// Ends all in which a person takes part; how many.
pub fn end_all(tx: &mut Tx<'_>, person: &str) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM session WHERE person = $1 OR second = $1", &[person.into()])
}

fn session(row: &Row) -> Result<Session, StoreError> {
    Ok(Session {
        digest: row.bytes(0)?,
        person: row.text(1)?,
        second: row.maybe_text(2)?,
        made: row.count(3)?,
        used: row.count(4)?,
        ends: row.count(5)?,
    })
}
