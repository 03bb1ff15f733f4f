//! Tokens of programs. Only their digests are kept.

use crate::{Row, StoreError, Tx};

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Never given to another.
    pub id: String,
    /// SHA-256.
    pub digest: Vec<u8>,
    /// Unique among tokens that are.
    pub name: String,
    /// The person who answers for it.
    pub owner: String,
    /// What it is cut down to.
    pub permissions: Vec<String>,
    /// Where; `*` for all sites of its owner.
    pub sites: Vec<String>,
    /// Seconds since 1970.
    pub made: u64,
    /// Seconds since 1970.
    pub expires: u64,
    /// Seconds since 1970, to about a minute.
    pub used: Option<u64>,
}

const COLUMNS: &str = "id, digest, name, owner, permissions, sites, made, expires, used";

/// Adds a token.
///
/// # Errors
/// [`StoreError::Duplicate`] where the name is taken.
pub fn insert(tx: &mut Tx<'_>, token: &Token) -> Result<(), StoreError> {
    let sql = format!("INSERT INTO api_token ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
    let values = [
        token.id.as_str().into(),
        token.digest.as_slice().into(),
        token.name.as_str().into(),
        token.owner.as_str().into(),
        token.permissions.join(" ").into(),
        token.sites.join(" ").into(),
        token.made.into(),
        token.expires.into(),
        token.used.into(),
    ];
    tx.execute(&sql, &values)?;
    Ok(())
}

/// The token of that digest.
pub fn by_digest(tx: &mut Tx<'_>, digest: &[u8]) -> Result<Option<Token>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM api_token WHERE digest = $1");
    tx.one(&sql, &[digest.into()])?.as_ref().map(token).transpose()
}

/// The token of that id.
pub fn by_id(tx: &mut Tx<'_>, id: &str) -> Result<Option<Token>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM api_token WHERE id = $1");
    tx.one(&sql, &[id.into()])?.as_ref().map(token).transpose()
}

/// The token of that name.
pub fn by_name(tx: &mut Tx<'_>, name: &str) -> Result<Option<Token>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM api_token WHERE name = $1");
    tx.one(&sql, &[name.into()])?.as_ref().map(token).transpose()
}

/// Up to `limit` tokens in the order of their names, after a name, with a text in it; of one owner or of all.
pub fn page(
    tx: &mut Tx<'_>,
    owner: Option<&str>,
    after: &str,
    search: &str,
    limit: usize,
) -> Result<Vec<Token>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM api_token WHERE name > $1 AND name LIKE $2 ESCAPE '\\' \
         AND ($3 = '' OR owner = $3) ORDER BY name LIMIT $4"
    );
    let search = crate::people::containing(search);
    tx.query(&sql, &[after.into(), search.into(), owner.unwrap_or_default().into(), (limit as u64).into()])?
        .iter()
        .map(token)
        .collect()
}

/// Notes a use.
pub fn touch(tx: &mut Tx<'_>, id: &str, now: u64) -> Result<(), StoreError> {
    tx.execute("UPDATE api_token SET used = $2 WHERE id = $1", &[id.into(), now.into()])?;
    Ok(())
}

/// Removes one.
pub fn remove(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM api_token WHERE id = $1", &[id.into()])?;
    Ok(())
}

/// Removes all of a person; how many.
pub fn remove_all(tx: &mut Tx<'_>, owner: &str) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM api_token WHERE owner = $1", &[owner.into()])
}

fn token(row: &Row) -> Result<Token, StoreError> {
    let words = |text: String| text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    Ok(Token {
        id: row.text(0)?,
        digest: row.bytes(1)?,
        name: row.text(2)?,
        owner: row.text(3)?,
        permissions: words(row.text(4)?),
        sites: words(row.text(5)?),
        made: row.count(6)?,
        expires: row.count(7)?,
        used: row.maybe_int(8)?.and_then(|used| u64::try_from(used).ok()),
    })
}
