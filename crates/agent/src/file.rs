//! Files that are old or new after a crash, never half of each, and for their owner alone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, chown};
use std::path::{Path, PathBuf};

/// What went wrong with which file.
#[derive(Debug, thiserror::Error)]
#[error("{act} `{}` failed: {source}", path.display())]
pub struct FileError {
    act: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl FileError {
    pub(crate) fn failed(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self { act, path: path.to_owned(), source }
    }

    /// No such file, which may be as it should be.
    pub(crate) fn is_absent(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }
}

/// Puts `bytes` at `path`, readable by the owner alone: written beside it, forced to the disk, renamed, and the
/// directory forced to the disk. When this returns, a power cut leaves the new content; before, the old.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let beside = path.with_added_extension("new");
    let written = write(&beside, bytes);
    if written.is_err() {
        // what is left of a full disk's last try must not keep it full
        let _ = fs::remove_file(&beside);
    }
    written?;
    fs::rename(&beside, path).map_err(FileError::failed("replacing", path))?;
    sync_directory_of(path)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    let mut file = opened.map_err(FileError::failed("creating", path))?;
    let written = file.write_all(bytes).and_then(|()| give_to_owner(path)).and_then(|()| file.sync_all());
    written.map_err(FileError::failed("writing", path))
}

/// What root writes into the directory of the agent's user is that user's: a person enrols, the service runs.
pub(crate) fn give_to_owner(path: &Path) -> io::Result<()> {
    let owner = path.parent().map(fs::metadata).transpose()?;
    match owner.filter(|owner| owner.uid() != 0 && nix::unistd::geteuid().is_root()) {
        Some(owner) => chown(path, Some(owner.uid()), Some(owner.gid())),
        None => Ok(()),
    }
}

fn sync_directory_of(path: &Path) -> Result<(), FileError> {
    let directory = path.parent().unwrap_or(path);
    let synced = File::open(directory).and_then(|directory| directory.sync_all());
    synced.map_err(FileError::failed("forcing to the disk", directory))
}

/// The whole file, unless it has more than `limit` bytes: whoever can write there could otherwise fill memory.
pub(crate) fn read(path: &Path, limit: usize) -> Result<Vec<u8>, FileError> {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    let count = File::open(path)
        .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(FileError::failed("reading", path))?;
    if u64::try_from(count).is_ok_and(|count| count > limit) {
        return Err(FileError::failed("reading", path)(io::ErrorKind::FileTooLarge.into()));
    }
    Ok(bytes)
}

/// Removes it; nothing where it is gone.
pub(crate) fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(FileError::failed("removing", path)(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A directory for its owner alone; one that is there stays as it is.
pub(crate) fn make_directory(path: &Path) -> Result<(), FileError> {
    if path.is_dir() {
        return Ok(());
    }
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.and_then(|()| give_to_owner(path)).map_err(FileError::failed("creating", path))
}
