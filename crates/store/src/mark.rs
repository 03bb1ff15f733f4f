//! How far the store has come, kept outside it: a copy of the store put back by whoever has the disk is noticed.
//!
//! The mark lies beside the key-encryption key. After every write it takes the number of that write, without waiting for
//! the disk: a mark that lags after a power cut notices less, and never accuses a store that is whole.

use crate::StoreError;
use aws_lc_rs::digest::{SHA256, digest};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// What the only line begins with.
const LABEL: &str = "nullius-mark-1";

/// Longest file that is read: the line.
const LENGTH_MAX: u64 = 256;

/// A mark that is open.
pub(crate) struct Mark {
    file: File,
    id: String,
    last: Mutex<i64>,
}

/// What a mark says of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// There is no mark yet.
    Unmarked,
    /// The store is where the mark left it, or further.
    Straight,
    /// The store is older than the mark, is another store, or the mark was changed. The number to go on above.
    Behind(i64),
}

impl Mark {
    /// Opens a mark, or makes it, for the store `id` at write `generation`.
    pub(crate) fn open(path: &Path, id: &[u8], generation: i64) -> Result<Self, StoreError> {
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(path);
        let file = file.map_err(|error| cannot(path, &error))?;
        let mark = Self { file, id: hex(id), last: Mutex::new(generation) };
        mark.put(generation).and_then(|()| mark.file.sync_all()).map_err(|error| cannot(path, &error))?;
        Ok(mark)
    }

    /// Takes the number of a write that is on the disk.
    pub(crate) fn note(&self, generation: i64) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if generation > *last {
            *last = generation;
            // the write is done and stays: a mark that lags notices less
            let _ = self.put(generation);
        }
    }

    fn put(&self, generation: i64) -> std::io::Result<()> {
        self.file.write_all_at(line(&self.id, generation).as_bytes(), 0)
    }
}

/// Compares a store with its mark.
pub(crate) fn judge(path: &Path, id: &[u8], generation: i64) -> Result<Verdict, StoreError> {
    let Some(text) = read(path)? else {
        return Ok(Verdict::Unmarked);
    };
    let mut words = text.split_ascii_whitespace().skip(1);
    let marked = words.next().zip(words.next().and_then(|number| number.parse::<i64>().ok()));
    Ok(match marked {
        Some((of, at)) if line(of, at) != text => Verdict::Behind(generation),
        Some((of, at)) if of != hex(id) || at > generation => Verdict::Behind(at.max(generation)),
        Some(_) => Verdict::Straight,
        None => Verdict::Behind(generation),
    })
}

/// Whether there is a mark.
pub(crate) fn exists(path: &Path) -> Result<bool, StoreError> {
    Ok(read(path)?.is_some())
}

fn read(path: &Path) -> Result<Option<String>, StoreError> {
    let mut text = Vec::new();
    match File::open(path).and_then(|file| file.take(LENGTH_MAX).read_to_end(&mut text)) {
        Ok(0) => Ok(None),
        Ok(_) => Ok(Some(String::from_utf8_lossy(&text).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot(path, &error)),
    }
}

/// Always of one length, so that it is put in the place of the last one at once.
fn line(id: &str, generation: i64) -> String {
    let said = format!("{LABEL} {id} {generation:020}");
    let sum = digest(&SHA256, said.as_bytes());
    format!("{said} {}\n", hex(sum.as_ref()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn cannot(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Key(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_is_older_or_another_is_behind_its_mark() {
        let scratch = crate::testing::sqlite();
        let path = scratch.folder().join("mark");
        assert_eq!(judge(&path, b"a", 0).unwrap(), Verdict::Unmarked);
        let mark = Mark::open(&path, b"a", 5).unwrap();
        mark.note(7);
        mark.note(6);
        for (id, generation, expected) in [
            (b"a", 7, Verdict::Straight),
            (b"a", 8, Verdict::Straight),
            (b"a", 6, Verdict::Behind(7)),
            (b"b", 9, Verdict::Behind(9)),
        ] {
            assert_eq!(judge(&path, id, generation).unwrap(), expected);
        }
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("07 ", "03 ")).unwrap();
        assert_eq!(judge(&path, b"a", 7).unwrap(), Verdict::Behind(7), "a mark that was changed");
    }
}
