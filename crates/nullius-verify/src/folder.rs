//! A folder with the files of a log.

use nullius_audit::verify::Files;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

/// Reads files below a folder. Their names are made by the layout, never by what is in the folder.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }
}

impl Files for Folder {
    type Error = Unreadable;

    fn read(&mut self, path: &str, limit: usize) -> Result<Option<Vec<u8>>, Unreadable> {
        let path = self.0.join(path);
        read(&path, limit).map_err(|source| Unreadable { path, source })
    }
}

/// A file is there and cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}", path = .path.display())]
pub(crate) struct Unreadable {
    path: PathBuf,
    source: io::Error,
}

/// The bytes of a file, at most one more than `limit`; nothing where there is none. What is no plain file is not waited
/// for.
pub(crate) fn read(path: &Path, limit: usize) -> io::Result<Option<Vec<u8>>> {
    match path.metadata() {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Err(io::Error::new(ErrorKind::InvalidInput, "it is no plain file")),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}
