//! Taking a backup.

use super::Contents;
use super::head::Head;
use super::record::Record;
use super::stream::Sealer;
use crate::catalogue::{Table, quoted, tables};
use crate::keys::cipher::new_key;
use crate::keys::{Descriptor, Kek, Wrapper, ring};
use crate::unlock::descriptor;
use crate::{Secret, Store, StoreError, Tx};
use std::io::Write;

/// Whose key opens a backup.
#[derive(Clone, Debug)]
pub enum Under {
    /// The key-encryption key of the store, as it is now: keep a copy of it elsewhere.
    StoreKey,
    /// A passphrase of its own.
    Passphrase(Secret),
}

/// Tables that are not rows to a backup: it has records of their own for them.
const NOT_ROWS: [&str; 3] = ["schema", "head", "data_key"];

/// Facts of `meta` that belong to one store and not to its contents.
pub(super) const OF_ONE_STORE: &str = "key IN ('id', 'kek', 'restored', 'rolled_back')";

/// Writes all of one state of the store, while others go on writing to it.
///
/// # Errors
/// What the database or the writer fails with; what was written then is of no use.
pub fn write<W: Write>(store: &Store, under: &Under, to: &mut W) -> Result<Contents, StoreError> {
    let wrapper = store.wrapper();
    store.read(|tx| {
        let keys = ring::unwrapped(tx, &wrapper)?;
        let key = new_key()?;
        let head = head(tx, under, &wrapper, &key)?.write(to)?;
        let mut sealer = Sealer::new(to, &key, &head)?;
        let (steps, generation) = position(tx)?;
        sealer.put(&Record::Store { steps, generation }.encode()?)?;
        for (id, key) in keys {
            sealer.put(&Record::Key { id, key }.encode()?)?;
        }
        let mut contents = Contents { tables: 0, rows: 0, generation: generation.unsigned_abs() };
        for table in tables(tx)?.iter().filter(|table| !NOT_ROWS.contains(&table.name.as_str())) {
            let rows = put_table(tx, table, &mut sealer)?;
            contents.tables += u64::from(rows > 0);
            contents.rows += rows;
        }
        sealer.put(&Record::End { rows: contents.rows }.encode()?)?;
        sealer.finish()?;
        Ok(contents)
    })
}

fn head(tx: &mut Tx<'_>, under: &Under, wrapper: &Wrapper, key: &Secret) -> Result<Head, StoreError> {
    match under {
        Under::StoreKey => {
            let found: Option<Descriptor> = descriptor(tx)?;
            let found = found.ok_or_else(|| StoreError::Damaged("it has no key".to_owned()))?;
            Head::new(wrapper, found, key)
        }
        Under::Passphrase(passphrase) => {
            let (wrapper, found) = Kek::passphrase(passphrase.clone()).first()?;
            Head::new(&wrapper, found, key)
        }
    }
}

fn position(tx: &mut Tx<'_>) -> Result<(Vec<i64>, i64), StoreError> {
    let steps = tx.query("SELECT number FROM schema ORDER BY number", &[])?;
    let steps = steps.iter().map(|row| row.int(0)).collect::<Result<_, _>>()?;
    let row = tx.one("SELECT generation FROM head", &[])?;
    Ok((steps, row.map_or(Ok(0), |row| row.int(0))?))
}

fn put_table<W: Write>(tx: &mut Tx<'_>, table: &Table, to: &mut Sealer<'_, W>) -> Result<u64, StoreError> {
    let columns: Vec<_> = table.columns.iter().map(|column| column.name.clone()).collect();
    let names = columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    let kept = if table.name == "meta" { format!(" WHERE NOT {OF_ONE_STORE}") } else { String::new() };
    to.put(&Record::Table { name: table.name.clone(), columns }.encode()?)?;
    let mut rows = 0;
    tx.scan(&format!("SELECT {names} FROM {}{kept}", quoted(&table.name)), &mut |row| {
        rows += 1;
        to.put(&Record::Row(row.0).encode()?)
    })?;
    Ok(rows)
}
