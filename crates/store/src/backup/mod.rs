//! Backups: all of a store in one file, which either database can be restored from.
//!
//! The file is a head in the clear (which key opens it, nothing else) and a stream of records, sealed as a whole: a byte
//! that was changed, a piece that is missing, moved or cut off is noticed before anything is kept. Records are the rows
//! of all tables, and the data keys, so that what was sealed in the store opens in the restored one, under its own
//! key-encryption key.
//!
//! INVARIANT: a backup is one state of the store, taken while it is written to; a restore happens as a whole or not at
//! all, and never over something that exists.

mod batch;
mod file;
mod head;
mod record;
mod restore;
mod stream;
mod write;

pub use file::{from_file, to_file};
pub use restore::restore;
pub use write::{Under, write};

/// What a backup holds, for the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Tables that had rows.
    pub tables: u64,
    /// Rows of all of them.
    pub rows: u64,
    /// The write it is a copy of ([`Store::generation`](crate::Store::generation)).
    pub generation: u64,
}

fn broken(why: &str) -> crate::StoreError {
    crate::StoreError::Backup(why.to_owned())
}

#[cfg(test)]
mod tests;
