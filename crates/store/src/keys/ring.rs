//! The data keys of an open store, and what they seal.
//!
//! A sealed value says which key sealed it and what for; both are authenticated. The purpose is no secret: it is in the
//! clear so that a rotation can seal every value again without asking who wrote it.

use super::cipher::{Cipher, random};
use super::{Secret, Wrapper, cipher};
use crate::{StoreError, Tx};
use std::collections::BTreeMap;

/// How a sealed value begins.
pub(crate) const MAGIC: &[u8; 4] = b"\xA7NS1";

/// Bytes of a key's number.
const ID_LEN: usize = 4;

/// The keys, by number; the highest one seals.
pub(crate) struct Ring {
    /// `head.keys` when they were read: another number there means other keys. Nothing where none were read.
    pub(crate) version: Option<i64>,
    keys: BTreeMap<u32, Cipher>,
}

impl Ring {
    /// None: for who only migrates.
    pub(crate) fn empty() -> Self {
        Self { version: None, keys: BTreeMap::new() }
    }

    /// Reads and unwraps them.
    pub(crate) fn load(tx: &mut Tx<'_>, wrapper: &Wrapper, version: i64) -> Result<Self, StoreError> {
        let keys = unwrapped(tx, wrapper)?;
        let keys = keys.iter().map(|(id, key)| Cipher::new(key).map(|cipher| (*id, cipher)));
        Ok(Self { version: Some(version), keys: keys.collect::<Result<_, _>>()? })
    }

    pub(crate) fn seal(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let (id, cipher) = self.keys.last_key_value().ok_or_else(no_key)?;
        let header = header(*id, purpose)?;
        let sealed = cipher.seal(&header, plain)?;
        Ok([header, sealed].concat())
    }

    pub(crate) fn unseal(&self, purpose: &str, sealed: &[u8]) -> Result<Secret, StoreError> {
        let Some(parts) = Parts::of(sealed) else {
            return Err(StoreError::Damaged("a sealed value has no head".to_owned()));
        };
        if parts.purpose != purpose {
            return Err(StoreError::Damaged(format!(
                "a value is sealed for something else than `{purpose}`"
            )));
        }
        let cipher = self.keys.get(&parts.key).ok_or_else(no_key)?;
        let opened = cipher.unseal(&header(parts.key, purpose)?, parts.text);
        opened.ok_or_else(|| StoreError::Damaged(format!("what was sealed for `{purpose}` was changed")))
    }
}

/// What a sealed value consists of.
pub(crate) struct Parts<'s> {
    key: u32,
    pub(crate) purpose: &'s str,
    text: &'s [u8],
}

impl<'s> Parts<'s> {
    /// Nothing where it is no sealed value.
    pub(crate) fn of(sealed: &'s [u8]) -> Option<Self> {
        let rest = sealed.strip_prefix(MAGIC)?;
        let (key, rest) = rest.split_first_chunk::<ID_LEN>()?;
        let (length, rest) = rest.split_first()?;
        let (purpose, text) = rest.split_at_checked(usize::from(*length))?;
        Some(Self { key: u32::from_be_bytes(*key), purpose: std::str::from_utf8(purpose).ok()?, text })
    }
}

/// The keys themselves: for [`Ring`], a backup and a change of what wraps them.
pub(crate) fn unwrapped(tx: &mut Tx<'_>, wrapper: &Wrapper) -> Result<BTreeMap<u32, Secret>, StoreError> {
    let rows = tx.query("SELECT id, wrapped FROM data_key ORDER BY id", &[])?;
    let mut keys = BTreeMap::new();
    for row in rows {
        let id = u32::try_from(row.int(0)?).map_err(|_| no_key())?;
        keys.insert(id, wrapper.unwrap_key(id, &row.bytes(1)?)?);
    }
    Ok(keys)
}

/// Keeps a key.
pub(crate) fn keep(tx: &mut Tx<'_>, wrapper: &Wrapper, id: u32, key: &Secret) -> Result<(), StoreError> {
    let wrapped = wrapper.wrap_key(id, key)?;
    tx.execute("INSERT INTO data_key (id, wrapped) VALUES ($1, $2)", &[id.into(), wrapped.into()])?;
    Ok(())
}

/// Makes a key that seals from now on; its number.
pub(crate) fn add(tx: &mut Tx<'_>, wrapper: &Wrapper) -> Result<u32, StoreError> {
    let row = tx.one("SELECT COALESCE(MAX(id), 0) FROM data_key", &[])?;
    let last = row.map_or(Ok(0), |row| row.int(0))?;
    let id = u32::try_from(last).ok().and_then(|last| last.checked_add(1)).ok_or_else(no_key)?;
    keep(tx, wrapper, id, &cipher::new_key()?)?;
    Ok(id)
}

/// Says to every open store that the keys are others.
pub(crate) fn changed(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let drawn = i64::from_be_bytes(random()?);
    tx.execute("UPDATE head SET keys = $1", &[drawn.into()])?;
    Ok(())
}

fn header(key: u32, purpose: &str) -> Result<Vec<u8>, StoreError> {
    let length = u8::try_from(purpose.len())
        .map_err(|_| StoreError::Key("a purpose has at most 255 bytes".to_owned()))?;
    Ok([MAGIC.as_slice(), &key.to_be_bytes(), &[length], purpose.as_bytes()].concat())
}

fn no_key() -> StoreError {
    StoreError::Key("a value was sealed with a key that the store no longer has".to_owned())
}
