//! The audit log as a Merkle tree: records, tiles, checkpoints and proofs, so that somebody who trusts nobody can check
//! what was decided and done.
//!
//! Hashing is RFC 6962's; layout, checkpoints and notes are <https://c2sp.org/tlog-tiles>,
//! <https://c2sp.org/tlog-checkpoint> and <https://c2sp.org/signed-note>. Who keeps the log, and where, is not known here:
//! bytes come in and go out, seeds of keys are arguments.
//!
//! INVARIANT: whatever bytes come in, nothing here panics, and nothing is kept that has no limit.

mod at;
pub mod bundle;
mod checkpoint;
mod entry;
mod export;
mod hash;
mod key;
pub mod layout;
pub mod note;
pub mod proof;
mod tree;
pub mod verify;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use entry::{Entry, EntryError, MAX_ENTRY, Phase, word};
pub use export::export;
pub use hash::Hash;
pub use key::{KeyError, SigningKey, VerifierKey};
pub use tree::{MAX_SIZE, Tree};
