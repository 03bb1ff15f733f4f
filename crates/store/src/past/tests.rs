//! Copies put back, stores that vanished, and files that are damaged.

use super::*;
use crate::testing::sqlite;
use crate::{Kek, Location, Store};
use std::path::{Path, PathBuf};

/// The database and what lies beside it, copied as somebody with the disk would.
fn copy(from: &Path, to: &Path) {
    for end in ["", "-wal", "-shm"] {
        let [from, to] = [from, to].map(|path| PathBuf::from(format!("{}{end}", path.display())));
        let _ = std::fs::remove_file(&to);
        if from.exists() {
            assert!(std::fs::copy(&from, &to).is_ok());
        }
    }
}

#[test]
fn an_older_copy_in_the_stores_place_is_noticed_until_it_is_settled() {
    let scratch = sqlite();
    let [database, old, key] = ["store", "old", "key"].map(|name| scratch.folder().join(name));
    let open = || Store::open(&Location::Sqlite(database.clone()), Kek::file(&key)).unwrap();
    let write = |store: &Store, key: &str| store.write(|tx| meta::put(tx, key, b"")).unwrap();
    let store = open();
    write(&store, "one");
    drop(store);
    copy(&database, &old);
    let store = open();
    assert!(!store.rolled_back().unwrap());
    write(&store, "two");
    drop(store);
    assert!(!open().rolled_back().unwrap(), "nothing happened to it");
    copy(&old, &database);
    let store = open();
    assert!(store.rolled_back().unwrap());
    drop(store);
    let store = open();
    assert!(store.rolled_back().unwrap(), "until it is settled");
    store.write(settle).unwrap();
    drop(store);
    assert!(!open().rolled_back().unwrap());
    copy(&old, &database);
    assert!(open().rolled_back().unwrap(), "and again");
}

#[test]
fn a_store_that_vanished_is_not_begun_anew() {
    let scratch = sqlite();
    let [database, key] = ["store", "key"].map(|name| scratch.folder().join(name));
    let location = Location::Sqlite(database.clone());
    drop(Store::open(&location, Kek::file(&key)).unwrap());
    copy(&scratch.folder().join("nothing"), &database);
    std::fs::write(&database, b"").unwrap();
    let opened = Store::open(&location, Kek::file(&key));
    assert!(matches!(opened, Err(StoreError::Vanished(_))), "{opened:?}");
    std::fs::remove_file(scratch.folder().join("key.mark")).unwrap();
    assert!(Store::open(&location, Kek::file(&key)).is_ok());
}

#[test]
fn a_damaged_file_is_not_served() {
    let scratch = sqlite();
    let [database, key] = ["store", "key"].map(|name| scratch.folder().join(name));
    let location = Location::Sqlite(database.clone());
    let store = Store::open(&location, Kek::file(&key)).unwrap();
    for name in 0..200 {
        store.write(|tx| meta::put(tx, &format!("name-{name}"), &[1; 500])).unwrap();
    }
    drop(store);
    let whole = std::fs::read(&database).unwrap();
    let mut damaged = whole.clone();
    damaged[40_000..60_000].fill(0xA5);
    for bytes in [
        damaged,
        b"this is no database, and longer than a head of one needs to be".repeat(20),
        whole[..50_000].to_vec(),
    ] {
        copy(&scratch.folder().join("nothing"), &database);
        std::fs::write(&database, &bytes).unwrap();
        let opened = Store::open(&location, Kek::file(&key));
        let told = opened.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(told.starts_with("the store is damaged") && told.ends_with("restore a backup"), "{told}");
    }
}
