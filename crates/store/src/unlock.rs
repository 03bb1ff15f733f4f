//! From a key-encryption key to the keys of a store: made with a new store, unwrapped of one that exists.

use crate::attempt::{begin, finish, retried};
use crate::backend::{Backend, Mode, Session};
use crate::keys::cipher::random;
use crate::keys::{Descriptor, Ring, Wrapper, ring};
use crate::{Kek, StoreError, Tx, meta};
use std::sync::Arc;

/// What describes the key in `meta`.
const KEK: &str = "kek";

/// The store's own number, in `meta`.
const ID: &str = "id";

/// The key that opens the store. Of two programs that open a new store at once, one makes its keys.
pub(crate) fn unlock(backend: &Backend, kek: &Kek) -> Result<Wrapper, StoreError> {
    let attempt = |session: &mut dyn Session| {
        begin(session, Mode::Write)?;
        finish(session, Arc::new(Ring::empty()), &mut |tx: &mut Tx<'_>| match descriptor(tx)? {
            Some(found) => known(tx, kek, &found),
            None => first(tx, kek),
        })
    };
    retried(backend, Mode::Write, attempt).map(|(wrapper, _)| wrapper)
}

fn first(tx: &mut Tx<'_>, kek: &Kek) -> Result<Wrapper, StoreError> {
    let (wrapper, found) = kek.first()?;
    describe(tx, &found)?;
    meta::put(tx, ID, &random::<16>()?)?;
    ring::add(tx, &wrapper)?;
    ring::changed(tx)?;
    Ok(wrapper)
}

fn known(tx: &mut Tx<'_>, kek: &Kek, found: &Descriptor) -> Result<Wrapper, StoreError> {
    let row = tx.one("SELECT id, wrapped FROM data_key ORDER BY id DESC LIMIT 1", &[])?;
    let row = row.ok_or_else(|| StoreError::Damaged("its keys are gone".to_owned()))?;
    let (id, wrapped) = (row.int(0)?, row.bytes(1)?);
    let id = u32::try_from(id).map_err(|_| StoreError::Damaged("a key has a wrong number".to_owned()))?;
    kek.again(found, |wrapper| match wrapper.unwrap_key(id, &wrapped) {
        Ok(_) => Ok(true),
        Err(StoreError::WrongKey) => Ok(false),
        Err(error) => Err(error),
    })
}

fn descriptor(tx: &mut Tx<'_>) -> Result<Option<Descriptor>, StoreError> {
    let found = meta::find(tx, KEK)?.map(|text| serde_json::from_slice(&text));
    found.transpose().map_err(|_| StoreError::Damaged("the description of its key is unreadable".to_owned()))
}

/// Remembers how to come by the key.
pub(crate) fn describe(tx: &mut Tx<'_>, found: &Descriptor) -> Result<(), StoreError> {
    let text = serde_json::to_vec(found).map_err(|error| StoreError::Key(error.to_string()))?;
    meta::put(tx, KEK, &text)
}

/// The store's own number.
pub(crate) fn id(tx: &mut Tx<'_>) -> Result<Vec<u8>, StoreError> {
    meta::find(tx, ID)?.ok_or_else(|| StoreError::Damaged("it has no number of its own".to_owned()))
}
