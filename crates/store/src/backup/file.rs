//! A backup as a file: readable by its owner alone, there as a whole or not at all.

use super::{Contents, Under, broken, restore, write};
use crate::{Kek, Location, Store, StoreError};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Writes a backup to a new file, flushed to the disk when this returns.
///
/// # Errors
/// Where the file exists, cannot be written, or the database fails.
pub fn to_file(store: &Store, under: &Under, path: &Path) -> Result<Contents, StoreError> {
    let cannot = |error: std::io::Error| broken(&format!("{}: {error}", path.display()));
    if path.exists() {
        return Err(broken(&format!("{}: exists already", path.display())));
    }
    let part = part(path);
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(&part).map_err(cannot)?;
    let mut to = BufWriter::new(file);
    let contents = write(store, under, &mut to).inspect_err(|_| {
        // what is in it is of no use, and the error says why
        let _ = fs::remove_file(&part);
    })?;
    to.flush().and_then(|()| to.get_ref().sync_all()).map_err(cannot)?;
    fs::rename(&part, path).map_err(cannot)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(cannot)?;
    Ok(contents)
}

/// Restores a backup from a file, as [`restore()`] does.
///
/// # Errors
/// As for [`restore()`], and where the file cannot be read.
pub fn from_file(
    location: &Location,
    kek: Kek,
    opens: &Kek,
    path: &Path,
) -> Result<(Store, Contents), StoreError> {
    let file = File::open(path).map_err(|error| broken(&format!("{}: {error}", path.display())))?;
    restore(location, kek, opens, &mut BufReader::new(file))
}

fn part(path: &Path) -> PathBuf {
    let mut part: OsString = path.as_os_str().to_owned();
    part.push(".part");
    part.into()
}
