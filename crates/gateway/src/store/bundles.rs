//! Bundles on disk, and the pointer to the one in force.

use super::file::{self, FileError, failed};
use super::{StoreError, Verified};
use nullius_model::{Epoch, Marker};
use nullius_protocol::bundle::MAX_BUNDLE;
use nullius_protocol::{parse_epoch, to_hex};
use std::fs;
use std::path::{Path, PathBuf};

/// Bundles that are kept: enough to roll back, and to answer for the recent past.
const MAX_KEPT: usize = 32;

/// Bytes of the pointer at most: two numbers and a digest.
const MAX_POINTER: usize = 128;

/// Which bundle is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pointer {
    /// Its version.
    pub(super) epoch: Epoch,
    digest: String,
}

impl Pointer {
    /// It means the bundle of this marker and no other.
    pub(super) fn matches(&self, marker: Marker) -> bool {
        self.epoch == marker.epoch && self.digest == to_hex(&marker.digest)
    }
}

pub(super) fn write(directory: &Path, verified: &Verified) -> Result<(), FileError> {
    file::replace(&path(directory, verified.bundle.epoch), verified.bytes())
}

pub(super) fn read(directory: &Path, epoch: Epoch) -> Result<Vec<u8>, StoreError> {
    match file::read(&path(directory, epoch), MAX_BUNDLE) {
        Err(error) if error.is_absent() => Err(StoreError::NoSuchBundle(epoch)),
        read => Ok(read?),
    }
}

pub(super) fn point_to(directory: &Path, marker: Marker) -> Result<(), FileError> {
    let text = format!("{} {}\n", marker.epoch, to_hex(&marker.digest));
    file::replace(&directory.join("current"), text.as_bytes())
}

pub(super) fn pointer(directory: &Path) -> Result<Option<Pointer>, StoreError> {
    let path = directory.join("current");
    let bytes = match file::read(&path, MAX_POINTER) {
        Err(error) if error.is_absent() => return Ok(None),
        read => read?,
    };
    let read = str::from_utf8(&bytes).ok().and_then(parse);
    let damaged = || failed("understanding", &path)(std::io::ErrorKind::InvalidData.into());
    Ok(Some(read.ok_or_else(damaged)?))
}

fn parse(text: &str) -> Option<Pointer> {
    let (epoch, digest) = text.strip_suffix('\n')?.split_once(' ')?;
    Some(Pointer { epoch: parse_epoch(epoch)?, digest: digest.to_owned() })
}

/// Of all that are kept, the oldest first.
pub(super) fn epochs(directory: &Path) -> Result<Vec<Epoch>, FileError> {
    let folder = directory.join("bundles");
    let entries = fs::read_dir(&folder).map_err(failed("listing", &folder))?;
    let mut epochs: Vec<Epoch> = entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name();
            parse_epoch(name.to_str()?.strip_suffix(".cose")?)
        })
        .collect();
    epochs.sort_unstable();
    Ok(epochs)
}

/// Lets go of all but the newest. What cannot be removed now goes next time.
pub(super) fn prune(directory: &Path, current: Epoch) {
    let epochs = epochs(directory).unwrap_or_default();
    let surplus = epochs.len().saturating_sub(MAX_KEPT);
    for epoch in epochs.into_iter().take(surplus).filter(|epoch| *epoch != current) {
        let _ = fs::remove_file(path(directory, epoch));
    }
}

/// Removes what a crash left behind: bundles that were written and never put in force.
pub(super) fn remove_above(directory: &Path, taken: Epoch) {
    for epoch in epochs(directory).unwrap_or_default().into_iter().filter(|epoch| *epoch > taken) {
        let _ = fs::remove_file(path(directory, epoch));
    }
}

fn path(directory: &Path, epoch: Epoch) -> PathBuf {
    directory.join("bundles").join(format!("{epoch}.cose"))
}
