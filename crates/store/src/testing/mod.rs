//! Throw-away stores for tests, of this crate and of others (feature `test-support`).
//!
//! PostgreSQL is a cluster of its own, one for each test program, started when the first test asks and gone when the
//! program is, however it ends.

mod cluster;

use crate::{Kek, Location, Store};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A store that is gone after the test.
#[derive(Debug)]
pub struct Scratch {
    /// Open, with [`Kek::for_tests`].
    pub store: Store,
    /// Where it is: a second program would open it there.
    pub location: Location,
    folder: PathBuf,
}

impl Scratch {
    /// A folder for what the test makes beside the store.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The address of a file that does not exist yet.
    #[must_use]
    pub fn empty_sqlite(&self) -> Location {
        Location::Sqlite(self.folder.join(format!("{}.db", next())))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A store in a file.
#[must_use]
pub fn sqlite() -> Scratch {
    let folder = new_folder();
    open(Location::Sqlite(folder.join("store.db")), folder)
}

/// A store in a database of its own.
///
/// # Panics
/// Where no PostgreSQL is installed: the message says what to install.
#[must_use]
pub fn postgres() -> Scratch {
    open(empty_postgres(), new_folder())
}

/// The address of a new database, in which nothing is.
///
/// # Panics
/// Where no PostgreSQL is installed: the message says what to install.
#[must_use]
#[expect(clippy::panic, reason = "a test that lacks what it needs fails")]
pub fn empty_postgres() -> Location {
    match cluster::new_database(&format!("t{}", next())) {
        Ok(url) => Location::Postgres(url),
        Err(error) => panic!("no PostgreSQL to test with: {error}"),
    }
}

/// Every file that holds something of a store, as somebody with the disk finds it, and for PostgreSQL a dump besides:
/// the name, and the bytes.
///
/// # Errors
/// Where they cannot be read.
pub fn remains(scratch: &Scratch) -> Result<Vec<(PathBuf, Vec<u8>)>, std::io::Error> {
    let mut folders = vec![scratch.folder.clone()];
    let mut remains = Vec::new();
    if let Location::Postgres(url) = &scratch.location {
        folders.extend(cluster::folders(url)?);
        remains.push((PathBuf::from("pg_dump"), cluster::dump(url)?));
    }
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            match entry.file_type()?.is_dir() {
                true => folders.push(entry.path()),
                false => remains.push((entry.path(), std::fs::read(entry.path())?)),
            }
        }
    }
    Ok(remains)
}

/// Runs a test over both databases.
pub fn both(test: impl Fn(&Scratch)) {
    test(&sqlite());
    test(&postgres());
}

#[expect(clippy::panic, reason = "a test that lacks what it needs fails")]
fn open(location: Location, folder: PathBuf) -> Scratch {
    match Store::open(&location, Kek::for_tests()) {
        Ok(store) => Scratch { store, location, folder },
        Err(error) => panic!("a store for a test: {error}"),
    }
}

#[expect(clippy::panic, reason = "a test that lacks what it needs fails")]
fn new_folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("nullius-store-{}-{}", std::process::id(), next()));
    // what an earlier program of the same number left
    let _ = std::fs::remove_dir_all(&folder);
    match std::fs::create_dir_all(&folder) {
        Ok(()) => folder,
        Err(error) => panic!("{}: {error}", folder.display()),
    }
}

fn next() -> u32 {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}
