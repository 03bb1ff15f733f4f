//! Records into a file, on the disk before they count as taken.
//!
//! The file is set aside at a size, under the number of the first record that comes after it, and never removed: what
//! becomes of old files is the operator's to say. Half a record that a crash left is taken out when the file is opened,
//! so that the next one does not run into it; that record comes again, whole.

use super::Trouble;
use crate::out::ocsf::Line;
use nix::fcntl::OFlag;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Bytes at the end of a file that are searched for the end of its last line: more than the longest event.
const TAIL: u64 = 1 << 20;

/// What a file consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Events, a line each.
    Lines,
    /// Signed notes with an empty line behind each.
    Notes,
}

/// A file of records.
#[derive(Debug)]
pub(crate) struct Lines {
    path: PathBuf,
    rotate: u64,
    form: Form,
    settled: u64,
}

impl Lines {
    pub(crate) const fn new(path: PathBuf, rotate: u64, form: Form) -> Self {
        Self { path, rotate, form, settled: 0 }
    }

    pub(crate) const fn open(&mut self, next: u64) {
        self.settled = next;
    }

    pub(crate) const fn settled(&self) -> u64 {
        self.settled
    }

    pub(crate) async fn send(&mut self, lines: &[Line]) -> Result<(), Trouble> {
        let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return Ok(()) };
        let (next, sequence) = (last.sequence + 1, first.sequence);
        let bytes: String = lines.iter().flat_map(|line| [line.json.as_str(), "\n"]).collect();
        let (path, rotate, form) = (self.path.clone(), self.rotate, self.form);
        let written =
            tokio::task::spawn_blocking(move || add(&path, form, rotate, sequence, bytes.as_bytes())).await;
        match written {
            Ok(Ok(())) => self.settled = next,
            Ok(Err(error)) => return Err(Trouble::io("writing the file", &error)),
            Err(error) => return Err(Trouble::new(error.to_string())),
        }
        Ok(())
    }
}

/// Opened for every batch, so that a file that somebody moved away is made anew.
fn add(path: &Path, form: Form, rotate: u64, sequence: u64, bytes: &[u8]) -> io::Result<()> {
    let (mut file, length) = open_whole(path, form)?;
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if length > 0 && length.saturating_add(size) > rotate {
        drop(file);
        set_aside(path, sequence)?;
        (file, _) = open_whole(path, form)?;
    }
    file.write_all(bytes)?;
    file.sync_data()
}

/// At the end of its last whole record.
fn open_whole(path: &Path, form: Form) -> io::Result<(File, u64)> {
    let flags = OFlag::O_NOFOLLOW.bits();
    let new = !path.exists();
    let mut options = OpenOptions::new();
    let mut file = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(flags)
        .open(path)?;
    if new {
        sync_folder(path)?;
    }
    let length = whole(&mut file, form)?;
    if length < file.metadata()?.size() {
        file.set_len(length)?;
    }
    file.seek(SeekFrom::Start(length))?;
    Ok((file, length))
}

fn whole(file: &mut File, form: Form) -> io::Result<u64> {
    let size = file.metadata()?.size();
    let from = size.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    match form.end(&tail) {
        Some(end) => Ok(from + u64::try_from(end).unwrap_or(u64::MAX)),
        None if from == 0 => Ok(0),
        None => {
            Err(io::Error::new(io::ErrorKind::InvalidData, "it is not one of ours: no record ends in it"))
        }
    }
}

impl Form {
    /// Where the last whole record ends. A note ends with a signature, which begins with a dash, and an empty line.
    fn end(self, bytes: &[u8]) -> Option<usize> {
        let mut ends = bytes.iter().enumerate().rev().filter(|&(_, &byte)| byte == b'\n').map(|(at, _)| at);
        match self {
            Self::Lines => ends.next().map(|at| at + 1),
            Self::Notes => ends.find(|&at| is_signature_before(bytes, at)).map(|at| at + 1),
        }
    }
}

fn is_signature_before(bytes: &[u8], empty_line: usize) -> bool {
    let before = bytes.get(..empty_line).and_then(|before| before.strip_suffix(b"\n")).unwrap_or_default();
    let line = before.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    line.starts_with("\u{2014} ".as_bytes())
}

/// `events.jsonl` becomes `events.jsonl.00000000000000004711`. One that exists is kept: that name was written before a
/// crash, and a number is added.
fn set_aside(path: &Path, sequence: u64) -> io::Result<()> {
    let named = |number: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{sequence:020}"));
        if number > 0 {
            name.push(format!(".{number}"));
        }
        PathBuf::from(name)
    };
    let free = (0..=u32::MAX).map(named).find(|name| !name.exists());
    fs::rename(path, free.unwrap_or_else(|| named(0)))?;
    sync_folder(path)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("nullius-sink-file-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        path
    }

    #[test]
    fn half_a_line_of_a_crash_does_not_run_into_the_next() {
        let folder = folder("half");
        let path = folder.join("events.jsonl");
        fs::write(&path, "{\"a\":1}\n{\"a\"").unwrap();
        add(&path, Form::Lines, 1 << 20, 1, b"{\"a\":2}\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"a\":1}\n{\"a\":2}\n");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn half_a_note_of_a_crash_does_not_run_into_the_next() {
        let folder = folder("note");
        let path = folder.join("checkpoints");
        let note = |size| format!("log\n{size}\nroot\n\n\u{2014} log c2ln\n\n");
        for torn in ["", "log\n2", "log\n2\nroot\n\n", "log\n2\nroot\n\n\u{2014} log c2l"] {
            fs::write(&path, note(1) + torn).unwrap();
            add(&path, Form::Notes, 1 << 20, 1, note(3).as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), note(1) + &note(3), "{torn}");
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_full_file_is_set_aside_and_nothing_is_removed() {
        let folder = folder("full");
        let path = folder.join("events.jsonl");
        for number in 0..9_u64 {
            add(&path, Form::Lines, 20, number, format!("{{\"a\":{number}}}\n").as_bytes()).unwrap();
        }
        let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert_eq!(files.len(), 5);
        let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert!(files.iter().all(|path| mode(path) == 0o600));
        let (newest, older) = files.split_first().unwrap();
        let texts = older.iter().chain([newest]).map(|path| fs::read_to_string(path).unwrap());
        let expected: String = (0..9).map(|number| format!("{{\"a\":{number}}}\n")).collect();
        assert_eq!(texts.collect::<String>(), expected);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_is_a_link_is_not_followed() {
        let folder = folder("link");
        let (path, other) = (folder.join("events.jsonl"), folder.join("other"));
        fs::write(&other, "").unwrap();
        std::os::unix::fs::symlink(&other, &path).unwrap();
        assert!(add(&path, Form::Lines, 20, 0, b"{}\n").is_err());
        fs::remove_dir_all(folder).unwrap();
    }
}
