//! The files of a spool: one that is written, and closed ones that are named after their first record.

use crate::store::file::{self, FileError, failed};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Longest line that is written, and read back, in bytes.
pub(super) const MAX_LINE: u64 = 256 << 10;

/// Digits of a number in a file's name: the order of the names is that of the numbers.
const DIGITS: usize = 20;

/// A file that is written no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// The number of its first record.
    pub(super) first: u64,
    /// Its size in bytes.
    pub(super) size: u64,
    /// It has been looked through for what may go.
    pub(super) is_thin: bool,
}

/// The file that is written.
pub(super) fn live(directory: &Path, name: &str) -> PathBuf {
    directory.join(format!("{name}.jsonl"))
}

/// A file that is written no more.
pub(super) fn closed(directory: &Path, name: &str, first: u64) -> PathBuf {
    directory.join(format!("{name}.{first:0DIGITS$}.jsonl"))
}

/// All closed files, the oldest first.
pub(super) fn list(directory: &Path, name: &str) -> Result<Vec<Segment>, FileError> {
    let entries = fs::read_dir(directory).map_err(failed("listing", directory))?;
    let mut segments: Vec<Segment> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let file = entry.file_name();
            let digits = file.to_str()?.strip_prefix(name)?.strip_prefix('.')?.strip_suffix(".jsonl")?;
            let first = digits.parse().ok().filter(|_| digits.len() == DIGITS)?;
            Some(Segment { first, size: entry.metadata().ok()?.len(), is_thin: false })
        })
        .collect();
    segments.sort_by_key(|segment| segment.first);
    Ok(segments)
}

/// Makes the file that was written the closed one of that number. Durable when this returns.
pub(super) fn close(directory: &Path, name: &str, first: u64) -> Result<(), FileError> {
    let path = live(directory, name);
    fs::rename(&path, closed(directory, name, first)).map_err(failed("closing", &path))?;
    file::sync_directory_of(&path)
}

pub(super) fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// Whole lines of a file from an offset on, each with the offset behind it. Half a line at the end is none.
#[derive(Debug)]
pub(super) struct Lines {
    reader: BufReader<File>,
    offset: u64,
}

impl Lines {
    pub(super) fn open(path: &Path, offset: u64) -> io::Result<Self> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(Self { reader: BufReader::new(file), offset })
    }
}

impl Iterator for Lines {
    type Item = (String, u64);

    /// Bytes that are no text come as what a reader of text makes of them: the chain tells that they are damaged.
    fn next(&mut self) -> Option<Self::Item> {
        let mut bytes = Vec::new();
        let count = self.reader.by_ref().take(MAX_LINE + 1).read_until(b'\n', &mut bytes).ok()?;
        if bytes.pop() != Some(b'\n') {
            return None;
        }
        self.offset += u64::try_from(count).ok()?;
        Some((String::from_utf8_lossy(&bytes).into_owned(), self.offset))
    }
}
