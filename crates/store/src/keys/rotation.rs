//! New keys for a store that is open.
//!
//! A sealed value is found by how it begins, in whichever column it is, and says itself what it was sealed for: no list
//! of columns can be forgotten. Bytes that only look sealed do not open, and are left as they are.

use super::ring::{self, MAGIC, Parts, Ring};
use super::{Kek, Wrapper};
use crate::backend::Dialect;
use crate::catalogue::{Table, quoted, tables};
use crate::unlock::describe;
use crate::{Store, StoreError, Tx, Value};

impl Store {
    /// Wraps the data keys by another key-encryption key; what they sealed stays as it is. A key file of the same name is
    /// replaced by a new one.
    ///
    /// Another program that has the store open goes on; it needs the new key when the data keys change or when it starts
    /// again, and finds it by itself where the old one was.
    ///
    /// # Errors
    /// Where the new key cannot be had, or the database fails: the old key stays in force.
    pub fn change_kek(&self, new: &Kek) -> Result<(), StoreError> {
        let (wrapper, found) = new.replacement(&self.kek())?;
        let old = self.wrapper();
        self.write(|tx| {
            let keys = ring::unwrapped(tx, &old)?;
            tx.execute("DELETE FROM data_key", &[])?;
            keys.iter().try_for_each(|(id, key)| ring::keep(tx, &wrapper, *id, key))?;
            describe(tx, &found)
        })?;
        new.take_over()?;
        self.set_kek(new.clone(), wrapper);
        self.forget_deleted()
    }

    /// Makes a new data key, seals everything under it, and deletes the keys before it; how many values were sealed
    /// again. Takes a look at every value that holds bytes.
    ///
    /// # Errors
    /// Where the database fails: the old keys stay in force.
    pub fn change_data_keys(&self) -> Result<u64, StoreError> {
        let wrapper = self.wrapper();
        let count = self.write(|tx| renew(tx, &wrapper))?;
        self.forget_deleted()?;
        Ok(count)
    }
}

fn renew(tx: &mut Tx<'_>, wrapper: &Wrapper) -> Result<u64, StoreError> {
    let id = ring::add(tx, wrapper)?;
    let ring = Ring::load(tx, wrapper, 0)?;
    let mut count = 0;
    for table in tables(tx)?.iter().filter(|table| table.name != "data_key") {
        for column in table.columns.iter().filter(|column| column.is_bytes) {
            count += renew_column(tx, &ring, table, &column.name)?;
        }
    }
    tx.execute("DELETE FROM data_key WHERE id < $1", &[id.into()])?;
    ring::changed(tx)?;
    Ok(count)
}

fn renew_column(tx: &mut Tx<'_>, ring: &Ring, table: &Table, column: &str) -> Result<u64, StoreError> {
    let (table, column) = (quoted(&table.name), quoted(column));
    let (place, here) = match tx.dialect() {
        Dialect::Sqlite => ("rowid", "rowid = $1"),
        Dialect::Postgres => ("CAST(ctid AS TEXT)", "ctid = CAST($1 AS tid)"),
    };
    let find = format!("SELECT {place} FROM {table} WHERE substr({column}, 1, {}) = $1", MAGIC.len());
    let found = tx.query(&find, &[MAGIC.as_slice().into()])?;
    let read = format!("SELECT {column} FROM {table} WHERE {here}");
    let write = format!("UPDATE {table} SET {column} = $2 WHERE {here}");
    let mut count = 0;
    for row in found {
        let place = row.0.into_iter().next().unwrap_or(Value::Null);
        let sealed = tx.one(&read, std::slice::from_ref(&place))?.map(|row| row.bytes(0)).transpose()?;
        if let Some(renewed) = renewed(ring, &sealed.unwrap_or_default())? {
            count += tx.execute(&write, &[place, renewed.into()])?;
        }
    }
    Ok(count)
}

/// Nothing where it does not open: it was damaged before, or never sealed by us.
fn renewed(ring: &Ring, sealed: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(parts) = Parts::of(sealed) else {
        return Ok(None);
    };
    match ring.unseal(parts.purpose, sealed) {
        Ok(plain) => ring.seal(parts.purpose, plain.expose()).map(Some),
        Err(_) => Ok(None),
    }
}
