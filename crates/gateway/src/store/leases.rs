//! `leases.jsonl`: what devices proved, a line a change.
//!
//! A lease is of this boot, so it needs to survive the process and not the machine: a line is written and not forced to the
//! disk, which is what lets thousands of devices renew in one second. What a power cut leaves of the file is of a boot that
//! is over.

use super::Store;
use super::file::{self, FileError, failed};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

/// Size at which the file is written anew with what holds still, in bytes: some ten thousand renewals.
const MAX_FILE: usize = 4 << 20;

/// Most that is read back, in bytes: the file, and what holds still.
const MAX_READ: usize = 16 << 20;

/// The file that lines are added to.
#[derive(Debug)]
pub(crate) struct LeaseLog {
    path: PathBuf,
    file: File,
    length: usize,
}

impl LeaseLog {
    /// Adds a line. It is there when this returns, though the process be killed.
    ///
    /// # Errors
    /// [`FileError`] where there is no room.
    pub(crate) fn add(&mut self, line: &str) -> Result<(), FileError> {
        // a line that was cut off by a full disk must not swallow this one
        let line = format!("\n{line}");
        self.file.write_all(line.as_bytes()).map_err(failed("writing", &self.path))?;
        self.length = self.length.saturating_add(line.len());
        Ok(())
    }

    /// It is time to write down what holds still, and nothing else.
    pub(crate) const fn is_long(&self) -> bool {
        self.length > MAX_FILE
    }

    /// Puts these lines in the place of all there are.
    ///
    /// # Errors
    /// [`FileError`]; the old ones stay.
    pub(crate) fn rewrite(&mut self, lines: &[String]) -> Result<(), FileError> {
        let text = lines.join("\n");
        file::replace(&self.path, text.as_bytes())?;
        (self.file, self.length) = (open(&self.path)?, text.len());
        Ok(())
    }
}

impl Store {
    /// The file, and the lines in it.
    ///
    /// # Errors
    /// [`FileError`] where it cannot be opened. One that cannot be read is as good as empty: its leases are proved anew.
    pub(crate) fn leases(&self) -> Result<(LeaseLog, Vec<String>), FileError> {
        let path = self.directory.join("leases.jsonl");
        let file = open(&path)?;
        let bytes = file::read(&path, MAX_READ).unwrap_or_default();
        let length = bytes.len();
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let lines = lines.map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        Ok((LeaseLog { path, file, length }, lines))
    }
}

fn open(path: &std::path::Path) -> Result<File, FileError> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(failed("opening", path))
}
