//! Bundles that somebody holds back: taken, durable, and not in force.

use super::file::{self, failed};
use super::{Store, StoreError, Verified};
use nullius_model::Epoch;
use nullius_protocol::bundle::{Bundle, MAX_BUNDLE};
use nullius_protocol::parse_epoch;
use std::fs;
use std::path::PathBuf;

/// Bundles that are held back at once: whoever sends more while a gateway is held fills no disk.
pub(super) const MAX_HELD: usize = 256;

impl Store {
    /// Puts a bundle aside. Durable when this returns.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be written, or too many are.
    pub(crate) fn put_aside(&self, verified: &Verified) -> Result<(), StoreError> {
        if self.held()?.len() >= MAX_HELD {
            return Err(StoreError::TooManyHeld);
        }
        file::make_directory(&self.folder())?;
        Ok(file::replace(&self.held_path(verified.bundle.epoch), verified.bytes())?)
    }

    /// The epochs of what is held back, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`] where the directory cannot be read.
    pub(crate) fn held(&self) -> Result<Vec<Epoch>, StoreError> {
        let folder = self.folder();
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed("listing", &folder))?,
        };
        let epoch = |entry: fs::DirEntry| parse_epoch(entry.file_name().to_str()?.strip_suffix(".cose")?);
        let mut epochs: Vec<Epoch> = entries.filter_map(|entry| epoch(entry.ok()?)).collect();
        epochs.sort_unstable();
        Ok(epochs)
    }

    /// What is held back under that epoch, verified anew.
    ///
    /// # Errors
    /// [`StoreError`] where it is damaged.
    pub(crate) fn load_held(&self, epoch: Epoch) -> Result<Verified, StoreError> {
        let bytes = file::read(&self.held_path(epoch), MAX_BUNDLE)?;
        let bundle = Bundle::open(&bytes, &self.signers.at(epoch))?;
        if bundle.epoch != epoch {
            return Err(StoreError::Changed(epoch));
        }
        let marker = bundle.marker(&bytes);
        Ok(Verified { bundle, marker, bytes })
    }

    /// It waits no more. What cannot be removed now goes with the next that ends a hold.
    pub(crate) fn let_go(&self, epoch: Epoch) {
        let _ = fs::remove_file(self.held_path(epoch));
    }

    fn folder(&self) -> PathBuf {
        self.directory.join("held")
    }

    fn held_path(&self, epoch: Epoch) -> PathBuf {
        self.folder().join(format!("{epoch}.cose"))
    }
}
