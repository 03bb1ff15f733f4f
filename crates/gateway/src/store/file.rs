//! Files that are old or new after a crash, never half of each.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// What went wrong with which file.
#[derive(Debug, thiserror::Error)]
#[error("{act} `{}` failed", path.display())]
pub struct FileError {
    act: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl FileError {
    /// No such file, which may be as it should be.
    pub(crate) fn is_absent(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }
}

pub(super) fn failed(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FileError {
    move |source| FileError { act, path: path.to_owned(), source }
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
    fs::rename(&beside, path).map_err(failed("replacing", path))?;
    sync_directory_of(path)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .map_err(failed("creating", path))?;
    let written =
        file.write_all(bytes).and_then(|()| give_to_owner(&file, path)).and_then(|()| file.sync_all());
    written.map_err(failed("writing", path))
}

/// What root writes into the directory of another user is that user's: a command that a person runs beside the gateway.
fn give_to_owner(file: &File, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let owner = path.parent().map(fs::metadata).transpose()?;
    match owner.filter(|owner| owner.uid() != 0 && nix::unistd::geteuid().is_root()) {
        Some(owner) => fchown(file, Some(owner.uid()), Some(owner.gid())),
        None => Ok(()),
    }
}

pub(super) fn sync_directory_of(path: &Path) -> Result<(), FileError> {
    let directory = path.parent().unwrap_or(path);
    let synced = File::open(directory).and_then(|directory| directory.sync_all());
    synced.map_err(failed("forcing to the disk", directory))
}

/// The whole file, unless it has more than `limit` bytes: whoever can write there could otherwise fill memory.
pub(crate) fn read(path: &Path, limit: usize) -> Result<Vec<u8>, FileError> {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    let count = File::open(path)
        .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(failed("reading", path))?;
    if u64::try_from(count).is_ok_and(|count| count > limit) {
        return Err(failed("reading", path)(io::ErrorKind::FileTooLarge.into()));
    }
    Ok(bytes)
}

pub(crate) fn make_directory(path: &Path) -> Result<(), FileError> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed("creating", path))
}
