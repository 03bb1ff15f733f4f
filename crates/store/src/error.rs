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
    /// Something that must be unique exists already, or something that must exist does not.
    #[error("it exists already")]
    Duplicate,
    /// A row, or the file, holds what it should not.
    #[error("the store is damaged: {0}; restore a backup")]
    Damaged(String),
    /// A key cannot be had or used.
    #[error("{0}")]
    Key(String),
    /// The key-encryption key does not open the store.
    #[error(
        "this key does not open the store: it was sealed with another one. Gateways go on enforcing without the store"
    )]
    WrongKey,
    /// The store is empty where it was not.
    #[error(
        "the store is empty, but `{0}` says that it was not: restore a backup, or remove that file to start anew"
    )]
    Vanished(String),
    /// A backup cannot be written or read.
    #[error("the backup {0}")]
    Backup(String),
    /// A statement failed, the failure was passed over, and the write was to be kept.
    #[error("a statement failed and was passed over: nothing was written")]
    PassedOver,
    /// A record that the audit log does not take.
    #[error("the audit log does not take the record: {0}")]
    Record(#[from] nullius_audit::EntryError),
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
