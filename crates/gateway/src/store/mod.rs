//! What survives: bundles, whose signature counts, the standing, the audit and the history.
//!
//! ```text
//! bundles/1.42.cose   signed bundles, the last MAX_KEPT
//! current             which of them is in force: epoch and digest
//! held/1.43.cose      signed bundles that somebody holds back
//! local.key           the key made at first start (trusted.pub names it until a handover)
//! trusted.pub         whose signature counts, from which epoch on
//! standing.json       what people decided and what the wire taught
//! audit.jsonl         who did what, and why          audit.NUMBER.jsonl … older
//! audit.acked         through which record a controller has them
//! receipts/7.json     what was done under grant 7
//! leases.jsonl        what devices proved, as long as it holds
//! history.jsonl       the standing at each change    history.1.jsonl … older
//! ```
//!
//! The order of a change of policy: the bundle is on the disk, then the pointer names it, then the kernel gets its
//! rules, then the sender is told. A crash between two steps leaves the old policy or the new one; a start takes what
//! the pointer names and puts it into the kernel, so that the two agree again.
//!
//! INVARIANT: what was acknowledged is on the disk; what the disk has is verified again before it is believed.

mod bundles;
mod chain;
pub(crate) mod file;
mod held;
mod journal;
mod keys;
mod leases;
mod receipts;
mod spool;

pub(crate) use chain::MAX_DELTAS;
pub use file::FileError;
use held::MAX_HELD;
pub(crate) use journal::Journal;
pub use keys::KeyError;
pub(crate) use keys::Signers;
pub(crate) use leases::LeaseLog;
pub(crate) use spool::{Missing, Spool};

use crate::fault::Fault;
use nullius_model::{Epoch, Marker};
use nullius_protocol::bundle::{Body, Bundle, BundleError, PublicKey};
use std::path::{Path, PathBuf};

/// Largest standing, in bytes: a few thousand devices with all that can be known of them.
const MAX_STANDING: usize = 16 << 20;

/// Why a bundle is not taken, or not found.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The bundle itself.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// Replayed, or older than what is in force (attack 10).
    #[error("epoch {offered} is not above {floor}, which this gateway has taken already")]
    OldEpoch {
        /// Of the bundle.
        offered: Epoch,
        /// The highest epoch that was ever taken.
        floor: Epoch,
    },
    /// A policy where a handover belongs, or the other way round.
    #[error("this is a {0} bundle: use the command for it")]
    OtherBody(&'static str),
    /// A change of a policy that is not in force.
    #[error("it changes policy {base}, and {in_force} is in force")]
    OtherBase {
        /// What it changes.
        base: Epoch,
        /// What is in force.
        in_force: Epoch,
    },
    /// More changes since the last whole policy than anybody puts together at a start.
    #[error("{MAX_DELTAS} changes came since the last whole policy: a whole one is due")]
    TooManyDeltas,
    /// More than anybody looks through afterwards.
    #[error("{MAX_HELD} bundles are held back already")]
    TooManyHeld,
    /// The pointer and the bundle disagree.
    #[error("bundle {0} is not the one that was stored")]
    Changed(Epoch),
    /// Nothing of that epoch is kept.
    #[error("no bundle {0} is kept")]
    NoSuchBundle(Epoch),
}

/// A bundle that was verified, and the bytes it came in.
#[derive(Clone, Debug)]
pub(crate) struct Verified {
    /// What it says.
    pub(crate) bundle: Bundle,
    /// What stands in the kernel for it.
    pub(crate) marker: Marker,
    bytes: Vec<u8>,
}

impl Verified {
    /// The bytes it came in.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The state directory.
#[derive(Debug)]
pub(crate) struct Store {
    directory: PathBuf,
    signers: Signers,
    /// The highest epoch that was ever taken.
    floor: Epoch,
}

impl Store {
    /// Where the key lies that was made at the first start.
    pub(crate) fn local_key(&self) -> PathBuf {
        self.directory.join(keys::LOCAL_KEY)
    }

    /// Opens the directory; at first start, makes it and its key.
    ///
    /// # Errors
    /// [`StoreError`] where a file is unreadable or the keys are damaged: without them nothing can be verified.
    pub(crate) fn open(directory: &Path) -> Result<Self, StoreError> {
        file::make_directory(directory)?;
        file::make_directory(&directory.join("bundles"))?;
        let signers = Signers::open(directory)?;
        let taken = match bundles::pointer(directory) {
            Ok(pointer) => pointer.map(|pointer| pointer.epoch).unwrap_or_default(),
            // which one was in force is not known: nothing up to the newest may come again
            Err(_) => bundles::epochs(directory)?.last().copied().unwrap_or_default(),
        };
        let floor = taken.max(signers.since());
        Ok(Self { directory: directory.to_owned(), signers, floor })
    }

    /// Nothing up to this epoch is taken any more, as the standing says. What lies above was written and never taken.
    pub(crate) fn raise_floor(&mut self, taken: Epoch) {
        self.floor = self.floor.max(taken);
    }

    /// Removes what a crash left behind: bundles above the floor, which were written and never taken.
    pub(crate) fn tidy(&self) {
        bundles::remove_above(&self.directory, self.floor);
    }

    /// The key whose signature is taken for the next bundle.
    pub(crate) fn trusted(&self) -> PublicKey {
        self.signers.present()
    }

    /// The highest epoch that was ever taken; the next one must be above.
    pub(crate) const fn floor(&self) -> Epoch {
        self.floor
    }

    /// Checks what somebody sent: size, signature, form, epoch.
    ///
    /// # Errors
    /// [`StoreError`] says which of them is wrong; nothing has changed.
    pub(crate) fn verify(&self, bytes: Vec<u8>) -> Result<Verified, StoreError> {
        let bundle = Bundle::open(&bytes, &self.signers.present())?;
        if bundle.epoch <= self.floor {
            return Err(StoreError::OldEpoch { offered: bundle.epoch, floor: self.floor });
        }
        let marker = bundle.marker(&bytes);
        Ok(Verified { bundle, marker, bytes })
    }

    /// Keeps a policy and makes it the one that the next start loads. Durable when this returns.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be written; the one before stays in force.
    pub(crate) fn adopt(&mut self, verified: &Verified) -> Result<(), StoreError> {
        // what was held back was taken when it came
        let was_held = self.held()?.contains(&verified.bundle.epoch);
        if verified.bundle.epoch <= self.floor && !was_held {
            return Err(StoreError::OldEpoch { offered: verified.bundle.epoch, floor: self.floor });
        }
        Fault::BeforeStore.reached();
        bundles::write(&self.directory, verified)?;
        Fault::AfterStore.reached();
        bundles::point_to(&self.directory, verified.marker)?;
        Fault::AfterPointer.reached();
        self.raise_floor(verified.bundle.epoch);
        bundles::prune(&self.directory, verified.bundle.epoch);
        Ok(())
    }

    /// Makes an earlier policy the one that the next start loads. Durable when this returns; the floor stays.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be written.
    pub(crate) fn go_back(&self, verified: &Verified) -> Result<(), StoreError> {
        Ok(bundles::point_to(&self.directory, verified.marker)?)
    }

    /// Takes the word of another signer from here on. Durable when this returns.
    ///
    /// # Errors
    /// [`StoreError`] where this is no handover, or it cannot be written.
    pub(crate) fn hand_over(&mut self, verified: &Verified) -> Result<(), StoreError> {
        let Body::Handover(key) = &verified.bundle.body else { return Err(StoreError::OtherBody("policy")) };
        self.signers = self.signers.hand_over(verified.bundle.epoch, *key, &self.directory)?;
        self.raise_floor(verified.bundle.epoch);
        Ok(())
    }

    /// What the pointer names; `None` where no policy was ever taken.
    ///
    /// # Errors
    /// [`StoreError`] where the pointer or the bundle is damaged.
    pub(crate) fn current(&self) -> Result<Option<Verified>, StoreError> {
        let Some(pointer) = bundles::pointer(&self.directory)? else { return Ok(None) };
        let verified = self.load(pointer.epoch)?;
        if pointer.matches(verified.marker) {
            Ok(Some(verified))
        } else {
            Err(StoreError::Changed(pointer.epoch))
        }
    }

    /// A bundle that is kept, verified anew.
    ///
    /// # Errors
    /// [`StoreError`] where there is none, or it is damaged.
    pub(crate) fn load(&self, epoch: Epoch) -> Result<Verified, StoreError> {
        let bytes = bundles::read(&self.directory, epoch)?;
        let bundle = Bundle::open(&bytes, &self.signers.at(epoch))?;
        if bundle.epoch != epoch {
            return Err(StoreError::Changed(epoch));
        }
        let marker = bundle.marker(&bytes);
        Ok(Verified { bundle, marker, bytes })
    }

    /// The epochs of all bundles that are kept, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`] where the directory cannot be read.
    pub(crate) fn epochs(&self) -> Result<Vec<Epoch>, StoreError> {
        Ok(bundles::epochs(&self.directory)?)
    }

    /// Whether a policy was ever taken: without a readable one, that is damage and no first start.
    pub(crate) fn was_used(&self) -> bool {
        self.epochs().is_ok_and(|epochs| !epochs.is_empty()) || self.directory.join("current").exists()
    }

    /// Keeps the standing. Durable when this returns.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be written; the one before stays.
    pub(crate) fn save_standing(&self, json: &[u8]) -> Result<(), StoreError> {
        Ok(file::replace(&self.directory.join("standing.json"), json)?)
    }

    /// The standing that was kept; `None` where none ever was.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be read.
    pub(crate) fn standing(&self) -> Result<Option<Vec<u8>>, StoreError> {
        match file::read(&self.directory.join("standing.json"), MAX_STANDING) {
            Ok(json) => Ok(Some(json)),
            Err(error) if error.is_absent() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The standing at each change.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be opened.
    pub(crate) fn history(&self) -> Result<Journal, StoreError> {
        Ok(Journal::open(&self.directory, "history")?)
    }

    /// Who did what, and why. `limit` is how many bytes may wait for a controller, where one takes them.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be opened.
    pub(crate) fn audit(&self, limit: Option<u64>) -> Result<Spool, StoreError> {
        Ok(Spool::open(&self.directory, "audit", limit)?)
    }
}

#[cfg(test)]
mod tests;
