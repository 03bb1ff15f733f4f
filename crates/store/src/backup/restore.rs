//! Restoring a backup into a store that does not exist yet.
//!
//! The schema of the backup is made first, then its rows, then the steps that came later: an old backup climbs as the old
//! store would have. All of it is one transaction, and whatever is wrong with the file is known before it is committed.

use super::batch::Batch;
use super::head::Head;
use super::record::Record;
use super::stream::Opener;
use super::{Contents, broken};
use crate::attempt::finish;
use crate::backend::{Backend, Mode};
use crate::catalogue::{quoted, tables};
use crate::keys::{Ring, ring};
use crate::mark::Mark;
use crate::migrations::{MIGRATIONS, Migration, climb, newest};
use crate::past::{self, Gap};
use crate::unlock::{Unlocked, set_up};
use crate::{Kek, Location, Store, StoreError, Tx};
use std::io::Read;
use std::sync::Arc;

/// Makes a store of a backup: at `location`, where nothing is; under `kek`, which may be another one than the old
/// store's. `opens` is the key or the passphrase that the backup was written under.
///
/// The store says that it was restored ([`past::gap`]) until that is settled.
///
/// # Errors
/// Where something is there already, the backup is damaged or a newer program's, or a key is wrong: nothing is kept.
pub fn restore<R: Read>(
    location: &Location,
    kek: Kek,
    opens: &Kek,
    from: &mut R,
) -> Result<(Store, Contents), StoreError> {
    let (head, bytes) = Head::read(from)?;
    let mut opener = Opener::new(from, &head.key(opens)?, &bytes)?;
    let backend = Backend::open(location)?;
    let end = backend.with(Mode::Migrate, |session| {
        session.begin(Mode::Migrate)?;
        finish(session, Arc::new(Ring::empty()), &mut |tx: &mut Tx<'_>| fill(tx, &kek, &mut opener))
    })?;
    let crate::attempt::End::Done((unlocked, contents), _) = end else {
        return Err(StoreError::Conflict);
    };
    if let Some(path) = kek.mark() {
        Mark::open(path, &unlocked.id, unlocked.generation)?;
    }
    Ok((Store::unlocked(backend, kek)?, contents))
}

fn fill<R: Read>(
    tx: &mut Tx<'_>,
    kek: &Kek,
    from: &mut Opener<'_, R>,
) -> Result<(Unlocked, Contents), StoreError> {
    if !tables(tx)?.is_empty() {
        return Err(broken("is restored only where nothing is: this store exists"));
    }
    let Some(Record::Store { steps, generation }) = next(from)? else {
        return Err(broken("does not say what it is of"));
    };
    if let Some(found) = steps.iter().find(|step| MIGRATIONS.iter().all(|known| known.number != **step)) {
        return Err(StoreError::Newer { found: *found, known: newest() });
    }
    let known: Vec<&Migration> = MIGRATIONS.iter().filter(|step| steps.contains(&step.number)).collect();
    climb(tx, &known)?;
    for table in tables(tx)?.iter().rev().filter(|table| !["schema", "head"].contains(&table.name.as_str())) {
        tx.execute(&format!("DELETE FROM {}", quoted(&table.name)), &[])?;
    }
    let mut unlocked = set_up(tx, kek)?;
    let contents = put_all(tx, &unlocked, from, generation)?;
    climb(tx, &MIGRATIONS.iter().collect::<Vec<_>>())?;
    past::note(tx, Gap::Restored)?;
    unlocked.generation = generation.saturating_add(1);
    tx.execute("UPDATE head SET generation = $1", &[unlocked.generation.into()])?;
    Ok((unlocked, contents))
}

/// The keys and rows, to the last record.
fn put_all<R: Read>(
    tx: &mut Tx<'_>,
    unlocked: &Unlocked,
    from: &mut Opener<'_, R>,
    generation: i64,
) -> Result<Contents, StoreError> {
    let mut contents = Contents { tables: 0, rows: 0, generation: generation.unsigned_abs() };
    let (mut batch, mut is_new) = (Batch::new("", &[]), false);
    loop {
        match next(from)? {
            Some(Record::Key { id, key }) => ring::keep(tx, &unlocked.wrapper, id, &key)?,
            Some(Record::Table { name, columns }) => {
                batch.flush(tx)?;
                (batch, is_new) = (Batch::new(&name, &columns), true);
            }
            Some(Record::Row(values)) if batch.fits(&values) => {
                batch.put(tx, values)?;
                contents.rows += 1;
                contents.tables += u64::from(std::mem::take(&mut is_new));
            }
            Some(Record::End { rows }) if rows == contents.rows && next(from)?.is_none() => {
                return batch.flush(tx).map(|()| contents);
            }
            Some(_) | None => return Err(broken("has records that do not fit together")),
        }
    }
}

fn next<R: Read>(from: &mut Opener<'_, R>) -> Result<Option<Record>, StoreError> {
    from.next()?.map(|bytes| Record::decode(&bytes)).transpose()
}
