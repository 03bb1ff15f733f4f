//! What is acknowledged is on the disk: programs that are killed, and writes that are torn.

mod killed;
mod torn;

use super::{checkpoint, file, find, size, verifier};
use crate::{Kek, Location, Store, StoreError};
use nullius_audit::layout::Resource;
use nullius_audit::verify::verify;
use nullius_audit::{Checkpoint, Entry, Phase};
use nullius_model::Timestamp;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A folder in memory: what a kill or a power cut leaves is the same there, and nothing waits for a disk.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(format!("/dev/shm/nullius-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What is written at each place: the same by whoever writes it.
fn entry(number: u64) -> Entry {
    let (phase, at) = (Phase::Decided, Timestamp::from_secs(1_795_378_920 + number));
    let entry =
        Entry::new(phase, at, "user:anna", "device.revoke", format!("device/cam{number}")).site("lab");
    if number % 2 == 1 { Entry { phase: Phase::Applied, ..entry.of(number - 1) } } else { entry }
}

/// Opens the store as after a power cut. The size of its log, when nothing that was acknowledged is lost and all of it is
/// whole.
fn survived(location: &Location, acknowledged: u64) -> Result<u64, String> {
    let store = Store::open(location, Kek::for_tests()).map_err(|error| error.to_string())?;
    let found = store.read(size).map_err(|error| error.to_string())?;
    if found < acknowledged {
        return Err(format!("{acknowledged} records were acknowledged, and {found} are there"));
    }
    if found == 0 {
        return Ok(0);
    }
    let key = store.read(verifier).map_err(|error| error.to_string())?.ok_or("no key")?;
    let mut files = BTreeMap::new();
    for resource in Resource::all(found) {
        let bytes = store.read(|tx| file(tx, resource)).map_err(|error| error.to_string())?;
        files.insert(resource.path(), bytes.ok_or_else(|| format!("{} is missing", resource.path()))?);
    }
    let report = verify(&mut files, &key, &[]).map_err(|error| error.to_string())?;
    match report.fault {
        Some(fault) => Err(fault.to_string()),
        None => expected(&store, found).map(|()| found),
    }
}

/// The records are those that were written, not just some that hash well.
fn expected(store: &Store, size: u64) -> Result<(), String> {
    for number in (0..size).step_by(7).chain([size - 1]) {
        let wanted = entry(number).encode().map_err(|error| error.to_string())?;
        let found = store.read(|tx| find(tx, number)).map_err(|error| error.to_string())?;
        if found.as_deref().map(str::as_bytes) != Some(&wanted) {
            return Err(format!("record {number} is {found:?}"));
        }
    }
    Ok(())
}

/// Size and root that the log has signed.
fn signed(store: &Store) -> Checkpoint {
    let (note, key) = store.read(|tx| Ok::<_, StoreError>((checkpoint(tx)?, verifier(tx)?))).unwrap();
    Checkpoint::open(note.unwrap().as_bytes(), &key.unwrap()).unwrap()
}

/// Numbers that look like any, the same on every run.
struct Arbitrary(u64);

impl Arbitrary {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }
}
