//! `receipts/NUMBER.json`: what was done under a grant, for as many grants as are kept.

use super::file::{make_directory, read, replace};
use super::{FileError, Store};
use std::fs;
use std::path::PathBuf;

/// Receipts that are kept; the oldest make room.
const MAX_RECEIPTS: usize = 512;

/// Largest receipt, in bytes: all the kinds and items that a transcript holds.
const MAX_RECEIPT: usize = 1 << 20;

impl Store {
    /// Puts a receipt on the disk.
    pub(crate) fn save_receipt(&self, grant: u64, bytes: &[u8]) -> Result<(), FileError> {
        make_directory(&self.receipts_folder())?;
        replace(&self.receipt_path(grant), bytes)?;
        let numbers = self.receipts();
        for old in numbers.iter().take(numbers.len().saturating_sub(MAX_RECEIPTS)) {
            // what cannot be removed now is so next time
            let _ = fs::remove_file(self.receipt_path(*old));
        }
        Ok(())
    }

    /// A receipt as it lies on the disk.
    pub(crate) fn load_receipt(&self, grant: u64) -> Result<Vec<u8>, FileError> {
        read(&self.receipt_path(grant), MAX_RECEIPT)
    }

    /// The numbers of the grants whose receipts are kept, the oldest first.
    pub(crate) fn receipts(&self) -> Vec<u64> {
        let entries = fs::read_dir(self.receipts_folder()).into_iter().flatten().flatten();
        let number = |entry: fs::DirEntry| entry.file_name().to_str()?.strip_suffix(".json")?.parse().ok();
        let mut numbers: Vec<u64> = entries.filter_map(number).collect();
        numbers.sort_unstable();
        numbers
    }

    fn receipts_folder(&self) -> PathBuf {
        self.directory.join("receipts")
    }

    fn receipt_path(&self, grant: u64) -> PathBuf {
        self.receipts_folder().join(format!("{grant}.json"))
    }
}
