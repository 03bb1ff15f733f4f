//! Checking a log without trusting who wrote it.
//!
//! All records are read from the first on and hashed; what they hash to is compared with what the log signed, and with
//! what it signed at other times ([anchors](verify)). Where they differ, the tiles that the signed root vouches for say which
//! record is the first bad one; where no tile can be believed either, all that is known is between which two signatures it
//! lies. It says nothing about what was never written down.
//!
//! INVARIANT: no fault means that every record is one that the log signed, at its place, and that every file is what the
//! records say. What a fault names as the first bad record has only good ones before it.

mod fault;
mod files;
mod locate;
mod records;
mod tiles;

pub use fault::{Fault, Reason};
pub use files::Files;

use crate::layout::Resource;
use crate::note::MAX_NOTE;
use crate::{Checkpoint, CheckpointError, Hash, VerifierKey};
use nullius_model::Timestamp;
use records::Records;
use std::collections::BTreeMap;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What the log says it is.
    pub checkpoint: Checkpoint,
    /// Anchors that the records agree with.
    pub agreeing: usize,
    /// When the first and the last record that could be read were written.
    pub times: Option<(Timestamp, Timestamp)>,
    /// The first thing that is wrong.
    pub fault: Option<Fault>,
}

/// Why nothing can be said about a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable<E> {
    /// Its checkpoint is not to be believed.
    #[error("the checkpoint is not to be believed: {0}. Is this the key of this log?")]
    Checkpoint(CheckpointError),
    /// There is none.
    #[error("there is no file `checkpoint`: this is no exported log, or not all of one")]
    NoCheckpoint,
    /// A file cannot be read.
    #[error(transparent)]
    Read(E),
}

/// What the log must hash to, by size: what it signed last, and what it signed at other times.
type Signed = BTreeMap<u64, Vec<Hash>>;

/// Checks a log against its key and its anchors: checkpoints of it that were kept where its owner cannot change them.
///
/// # Errors
/// Where there is nothing to check, or a file cannot be read.
pub fn verify<F: Files>(
    files: &mut F,
    key: &VerifierKey,
    anchors: &[Checkpoint],
) -> Result<Report, Unusable<F::Error>> {
    let note = files.read(&Resource::Checkpoint.path(), MAX_NOTE).map_err(Unusable::Read)?;
    let note = note.ok_or(Unusable::NoCheckpoint)?;
    let checkpoint = Checkpoint::open(&note, key).map_err(Unusable::Checkpoint)?;
    let mut signed = Signed::new();
    for one in anchors.iter().chain([&checkpoint]) {
        signed.entry(one.size).or_default().push(one.root);
    }
    let records = Records::read(files, checkpoint.size, &signed).map_err(Unusable::Read)?;
    let fault = first_fault(files, &checkpoint, &signed, &records).map_err(Unusable::Read)?;
    let agrees = |anchor: &&Checkpoint| records.roots.get(&anchor.size) == Some(&anchor.root);
    let agreeing = anchors.iter().filter(agrees).count();
    Ok(Report { checkpoint, agreeing, times: records.times, fault })
}

/// Of all that is wrong, what concerns the first record. Damaged tiles come last: they change no record.
fn first_fault<F: Files>(
    files: &mut F,
    checkpoint: &Checkpoint,
    signed: &Signed,
    records: &Records,
) -> Result<Option<Fault>, F::Error> {
    let altered = locate::altered(files, checkpoint, signed, records)?;
    let truncated =
        signed.last_key_value().and_then(|(anchored, _)| Fault::truncated(checkpoint.size, *anchored));
    let found = [altered, records.fault.clone(), truncated];
    let first = found.into_iter().flatten().min_by_key(|fault| fault.first);
    if first.is_some() {
        return Ok(first);
    }
    let higher = tiles::higher(files, checkpoint.size, records)?;
    Ok(records.tile.iter().cloned().chain(higher).min_by_key(|fault| fault.first))
}
