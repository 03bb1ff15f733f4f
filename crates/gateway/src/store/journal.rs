//! Journals: files that lines are added to, and that never grow without bound.
//!
//! A journal is a file and up to [`MAX_OLD`] older ones; a file that reaches [`MAX_FILE`] bytes becomes the first of
//! the older ones. A line that did not fit on the disk is taken out again and counted: the next line that fits is
//! preceded by how many are missing. Nothing that goes wrong here stops anybody (attack 14).

use super::file::{FileError, failed};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Size of a file at which it becomes an older one, in bytes.
pub(crate) const MAX_FILE: u64 = 8 << 20;

/// Older files that are kept beside the one that is written.
pub(crate) const MAX_OLD: u32 = 3;

/// Longest line that is read back, in bytes; also the longest that is written.
pub(crate) const MAX_LINE: u64 = 4 << 20;

/// A file that lines are added to.
#[derive(Debug)]
pub(crate) struct Journal {
    directory: PathBuf,
    name: String,
    file: File,
    /// Where the next line goes: behind the last whole one.
    length: u64,
    /// Lines that were lost since the last one that fitted.
    lost: u64,
}

impl Journal {
    pub(super) fn open(directory: &Path, name: &str) -> Result<Self, FileError> {
        let path = numbered(directory, name, 0);
        let file = open(&path).map_err(failed("opening", &path))?;
        let length = whole_lines(&file).map_err(failed("reading", &path))?;
        Ok(Self { directory: directory.to_owned(), name: name.to_owned(), file, length, lost: 0 })
    }

    /// Adds a line, which holds no line end. With `durable` it is on the disk when this returns.
    ///
    /// # Errors
    /// [`FileError`] where there is no room: the line is lost, and counted.
    pub(crate) fn add(&mut self, line: &str, durable: bool) -> Result<(), FileError> {
        let added = self.try_add(line, durable);
        match added {
            Ok(()) => self.lost = 0,
            Err(_) => self.lost = self.lost.saturating_add(1),
        }
        added.map_err(failed("writing", &numbered(&self.directory, &self.name, 0)))
    }

    /// All lines, the newest file first, each file from its beginning.
    pub(crate) fn files(&self) -> impl Iterator<Item = Lines> {
        (0..=MAX_OLD).filter_map(|number| {
            let file = File::open(numbered(&self.directory, &self.name, number)).ok()?;
            Some(Lines(BufReader::new(file)))
        })
    }

    fn try_add(&mut self, line: &str, durable: bool) -> io::Result<()> {
        let mut text = String::new();
        if self.lost > 0 {
            text = format!("{{\"lost\":{}}}\n", self.lost);
        }
        text.push_str(line);
        text.push('\n');
        let size = u64::try_from(text.len()).unwrap_or(u64::MAX);
        if size > MAX_LINE {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if self.length.saturating_add(size) > MAX_FILE {
            self.rotate()?;
        }
        self.file.seek(SeekFrom::Start(self.length))?;
        if let Err(error) = self.file.write_all(text.as_bytes()) {
            // half a line must not run into the next
            let _ = self.file.set_len(self.length);
            return Err(error);
        }
        self.length += size;
        if durable { self.file.sync_data() } else { Ok(()) }
    }

    fn rotate(&mut self) -> io::Result<()> {
        for number in (0..MAX_OLD).rev() {
            let (from, to) = (self.path(number), self.path(number + 1));
            match fs::rename(from, to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        self.file = open(&self.path(0))?;
        self.length = 0;
        Ok(())
    }

    fn path(&self, number: u32) -> PathBuf {
        numbered(&self.directory, &self.name, number)
    }
}

/// The lines of one file of a journal.
#[derive(Debug)]
pub(crate) struct Lines(BufReader<File>);

impl Iterator for Lines {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let mut line = String::new();
        let count = self.0.by_ref().take(MAX_LINE).read_line(&mut line).ok()?;
        (count > 0 && line.pop() == Some('\n')).then_some(line)
    }
}

fn numbered(directory: &Path, name: &str, number: u32) -> PathBuf {
    match number {
        0 => directory.join(format!("{name}.jsonl")),
        _ => directory.join(format!("{name}.{number}.jsonl")),
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// Bytes up to the end of the last whole line: a crash may have left half of one.
fn whole_lines(file: &File) -> io::Result<u64> {
    let mut reader = BufReader::new(file);
    let (mut whole, mut position) = (0, 0);
    loop {
        let chunk = reader.fill_buf()?;
        if chunk.is_empty() {
            return Ok(whole);
        }
        let count = chunk.len();
        if let Some(end) = chunk.iter().rposition(|&byte| byte == b'\n') {
            whole = position + u64::try_from(end).unwrap_or(u64::MAX) + 1;
        }
        position += u64::try_from(count).unwrap_or(u64::MAX);
        reader.consume(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory that goes away with the test.
    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("nullius-journal-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        let _ = fs::create_dir(&path);
        path
    }

    #[test]
    fn half_a_line_of_a_crash_does_not_run_into_the_next() {
        let directory = directory("half");
        fs::write(numbered(&directory, "audit", 0), "one\ntw").unwrap();
        let mut journal = Journal::open(&directory, "audit").unwrap();
        journal.add("three", true).unwrap();
        let lines: Vec<String> = journal.files().flatten().collect();
        assert_eq!(lines, ["one", "three"]);
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_journal_never_grows_without_bound() {
        let directory = directory("bound");
        let mut journal = Journal::open(&directory, "audit").unwrap();
        let line = "x".repeat(1 << 20);
        for _ in 0..50 {
            journal.add(&line, false).unwrap();
        }
        let sizes: Vec<u64> =
            fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).collect();
        assert_eq!(sizes.len(), 4);
        assert!(sizes.iter().all(|&size| size <= MAX_FILE), "{sizes:?}");
        assert!(journal.add(&"x".repeat(5 << 20), false).is_err());
        journal.add("next", false).unwrap();
        let newest = journal.files().next().unwrap().collect::<Vec<_>>();
        assert_eq!(newest[newest.len() - 2..], [r#"{"lost":1}"#, "next"]);
        fs::remove_dir_all(directory).unwrap();
    }
}
