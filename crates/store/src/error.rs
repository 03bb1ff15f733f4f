//! What can go wrong between us and a database.

use thiserror::Error;

/// A read or a write was not done; nothing of a write remains.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database refused, or is not there.
    #[error("the store does not answer: {0}")]
    Database(String),
    /// Two writers met; trying again may succeed. [`Store::write`](crate::Store::write) does so by itself.
    #[error("two writers met")]
    Conflict,
    /// Something that must be unique exists already.
    #[error("it exists already")]
    Duplicate,
    /// A row holds what it should not.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// The address of the store is not understood.
    #[error("`{0}` is no store: give a path, `sqlite:PATH` or `postgres://…`")]
    Location(String),
    /// A newer program wrote it.
    #[error(
        "the store has schema {found}, this program knows {known}: use the newer program, or restore a backup"
    )]
    Newer {
        /// Of the store.
        found: i64,
        /// The last one we know.
        known: i64,
    },
}
