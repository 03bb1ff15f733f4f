//! Writing a report's files: whole or not at all, and readable by their owner only.
//!
//! A report tells who controls what and by which messages, so it is created with mode 0600; whoever sends it around does
//! so knowingly. The content goes to a temporary file beside the target, which is then renamed: a full disk or a second
//! run never leaves half a report behind.
//!
//! INVARIANT: a file that was not to be replaced is never touched.

use crate::error::EvalError;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// What happens to a file that is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is written.
    #[default]
    Keep,
    /// It is replaced.
    Replace,
}

/// Writes one file.
pub fn write(
    path: &Path,
    existing: Existing,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), EvalError> {
    let failed = |source| EvalError::Write { path: path.to_owned(), source };
    match path.metadata() {
        // a terminal, a pipe, the null device: there is nothing to replace, and a rename would put a file in its place
        Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => {
            return straight(path, content).map_err(failed);
        }
        Ok(_) if existing == Existing::Keep => return Err(EvalError::Exists { path: path.to_owned() }),
        Ok(_) | Err(_) => {}
    }
    // through a symbolic link, so that the link stays one
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    replace(&target, existing, content).map_err(|error| {
        let exists = existing == Existing::Keep && error.kind() == io::ErrorKind::AlreadyExists;
        if exists { EvalError::Exists { path: path.to_owned() } } else { failed(error) }
    })
}

fn straight(path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut file = BufWriter::new(OpenOptions::new().write(true).open(path)?);
    content(&mut file)?;
    file.flush()
}

fn replace(
    target: &Path,
    existing: Existing,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let temporary = temporary(target);
    let written = fill(&temporary, content).and_then(|()| {
        if existing == Existing::Keep {
            // takes the name first: fails where somebody else was quicker, and works where there are no hard links
            private(target)?;
        }
        fs::rename(&temporary, target)
    });
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn fill(temporary: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    // left behind by a process of the same number that was killed
    let _ = fs::remove_file(temporary);
    let mut buffered = BufWriter::new(private(temporary)?);
    content(&mut buffered)?;
    buffered.flush()
}

/// A new file that only its owner may read.
fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Beside the target, since a rename does not cross file systems.
fn temporary(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.{}.part", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_report_is_written_whole_for_its_owner_and_replaced_only_when_asked() {
        let folder = folder("whole");
        let path = folder.join("report.json");
        write(&path, Existing::Keep, |out| out.write_all(b"one")).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let refused = write(&path, Existing::Keep, |out| out.write_all(b"two")).unwrap_err();
        assert!(matches!(refused, EvalError::Exists { .. }), "{refused}");
        assert_eq!(fs::read(&path).unwrap(), b"one");
        write(&path, Existing::Replace, |out| out.write_all(b"two")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside it");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_report_that_fails_half_way_leaves_what_was_there() {
        let folder = folder("half");
        let path = folder.join("report.html");
        write(&path, Existing::Keep, |out| out.write_all(b"good")).unwrap();
        let broken = |out: &mut dyn Write| {
            out.write_all(b"ha")?;
            Err(io::Error::other("disk full"))
        };
        assert!(write(&path, Existing::Replace, broken).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"good");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_null_device_stays_a_device() {
        let path = Path::new("/dev/null");
        write(path, Existing::Keep, |out| out.write_all(b"gone")).unwrap();
        assert!(!path.metadata().unwrap().is_file());
    }

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("nullius-output-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }
}
