//! From a key-encryption key to the keys of a store: made with a new store, unwrapped of one that exists.

use crate::attempt::{begin, finish, retried};
use crate::backend::{Backend, Mode, Session};
use crate::keys::cipher::random;
use crate::keys::{Descriptor, Ring, Wrapper, ring};
use crate::mark::{self, Verdict};
use crate::past::{self, Gap};
use crate::{Kek, StoreError, Tx, meta};
use std::sync::Arc;

/// What describes the key in `meta`.
const KEK: &str = "kek";

/// The store's own number, in `meta`.
const ID: &str = "id";

/// A store that is unlocked.
pub(crate) struct Unlocked {
    pub(crate) wrapper: Wrapper,
    pub(crate) id: Vec<u8>,
    pub(crate) generation: i64,
}

/// Finds the key that opens the store. Of two programs that open a new store at once, one makes its keys.
pub(crate) fn unlock(backend: &Backend, kek: &Kek) -> Result<Unlocked, StoreError> {
    let attempt = |session: &mut dyn Session| {
        let head = begin(session, Mode::Write)?;
        finish(session, Arc::new(Ring::empty()), &mut |tx: &mut Tx<'_>| match descriptor(tx)? {
            Some(found) => known(tx, kek, &found, head.generation),
            None => first(tx, kek),
        })
    };
    retried(backend, Mode::Write, attempt).map(|(unlocked, _)| unlocked)
}

fn first(tx: &mut Tx<'_>, kek: &Kek) -> Result<Unlocked, StoreError> {
    if let Some(path) = kek.mark()
        && mark::exists(path)?
    {
        return Err(StoreError::Vanished(path.display().to_string()));
    }
    let unlocked = set_up(tx, kek)?;
    ring::add(tx, &unlocked.wrapper)?;
    Ok(unlocked)
}

/// Gives a new store its number and a key; it has no data keys yet.
pub(crate) fn set_up(tx: &mut Tx<'_>, kek: &Kek) -> Result<Unlocked, StoreError> {
    let (wrapper, found) = kek.first()?;
    describe(tx, &found)?;
    let id = random::<16>()?.to_vec();
    meta::put(tx, ID, &id)?;
    ring::changed(tx)?;
    Ok(Unlocked { wrapper, id, generation: 0 })
}

fn known(tx: &mut Tx<'_>, kek: &Kek, found: &Descriptor, generation: i64) -> Result<Unlocked, StoreError> {
    let wrapper = wrapper(tx, kek, found)?;
    let id = meta::find(tx, ID)?.ok_or_else(|| StoreError::Damaged("it has no number".to_owned()))?;
    let generation = compared(tx, kek, &id, generation)?;
    Ok(Unlocked { wrapper, id, generation })
}

/// The key that opens the store now, where another program changed it.
pub(crate) fn again(tx: &mut Tx<'_>, kek: &Kek) -> Result<Wrapper, StoreError> {
    let found = descriptor(tx)?.ok_or_else(|| StoreError::Damaged("it has no key".to_owned()))?;
    wrapper(tx, kek, &found)
}

fn wrapper(tx: &mut Tx<'_>, kek: &Kek, found: &Descriptor) -> Result<Wrapper, StoreError> {
    let row = tx.one("SELECT id, wrapped FROM data_key ORDER BY id DESC LIMIT 1", &[])?;
    let row = row.ok_or_else(|| StoreError::Damaged("its keys are gone".to_owned()))?;
    let (key, wrapped) = (row.int(0)?, row.bytes(1)?);
    let key = u32::try_from(key).map_err(|_| StoreError::Damaged("a key has a wrong number".to_owned()))?;
    kek.again(found, |wrapper| match wrapper.unwrap_key(key, &wrapped) {
        Ok(_) => Ok(true),
        Err(StoreError::WrongKey) => Ok(false),
        Err(error) => Err(error),
    })
}

/// A store that is behind its mark goes on above it, and remembers.
fn compared(tx: &mut Tx<'_>, kek: &Kek, id: &[u8], generation: i64) -> Result<i64, StoreError> {
    let verdict = kek.mark().map(|path| mark::judge(path, id, generation)).transpose()?;
    let Some(Verdict::Behind(at)) = verdict else {
        return Ok(generation);
    };
    past::note(tx, Gap::RolledBack)?;
    tx.execute("UPDATE head SET generation = $1", &[at.into()])?;
    Ok(at)
}

pub(crate) fn descriptor(tx: &mut Tx<'_>) -> Result<Option<Descriptor>, StoreError> {
    let found = meta::find(tx, KEK)?.map(|text| serde_json::from_slice(&text));
    found.transpose().map_err(|_| StoreError::Damaged("the description of its key is unreadable".to_owned()))
}

/// Remembers how to come by the key.
pub(crate) fn describe(tx: &mut Tx<'_>, found: &Descriptor) -> Result<(), StoreError> {
    let text = serde_json::to_vec(found).map_err(|error| StoreError::Key(error.to_string()))?;
    meta::put(tx, KEK, &text)
}
