//! Backups go from either database to either, and are refused when a byte of them is wrong.

use super::*;
use crate::testing::{Scratch, both, empty_postgres, sqlite};
use crate::{Kek, Location, Secret, Store, StoreError, meta, past, secrets};

fn passphrase() -> Secret {
    Secret::new(b"four random common words".to_vec())
}

fn opens() -> Kek {
    Kek::passphrase(passphrase())
}

/// A backup with something of everything in it.
fn backup(scratch: &Scratch, under: &Under) -> Vec<u8> {
    let store = &scratch.store;
    store.write(|tx| meta::put(tx, "long", &vec![7; 200_000])).unwrap();
    store.write(|tx| secrets::put(tx, "ca", b"private")).unwrap();
    let many = store.write(|tx| (0..700).try_for_each(|n| meta::put(tx, &format!("many-{n}"), &[0; 50])));
    many.unwrap();
    store.change_data_keys().unwrap();
    let mut bytes = Vec::new();
    write(store, under, &mut bytes).unwrap();
    bytes
}

#[test]
fn a_backup_of_either_database_is_restored_to_either() {
    both(|scratch| {
        let bytes = backup(scratch, &Under::Passphrase(passphrase()));
        for location in [scratch.empty_sqlite(), empty_postgres()] {
            let restored = restore(&location, Kek::for_tests(), &opens(), &mut bytes.as_slice());
            let (store, contents) = restored.unwrap();
            assert_eq!(contents.generation, scratch.store.generation().unwrap());
            assert!(store.generation().unwrap() > contents.generation);
            same(&store, &scratch.store);
            drop(store);
            same(&Store::open(&location, Kek::for_tests()).unwrap(), &scratch.store);
        }
    });
}

/// The same rows, and secrets that open.
fn same(one: &Store, other: &Store) {
    let [one, other] = [one, other].map(|store| {
        let read = store.read(|tx| {
            let secret = secrets::find(tx, "ca")?;
            let rows = tx.query(
                "SELECT key, value FROM meta WHERE key = 'long' OR key LIKE 'many%' ORDER BY key",
                &[],
            )?;
            Ok::<_, StoreError>((secret, rows, crate::catalogue::tables(tx)?))
        });
        read.ok()
    });
    assert!(one.is_some());
    assert_eq!(one, other);
}

#[test]
fn a_restored_store_says_so_until_it_is_settled() {
    let scratch = sqlite();
    let bytes = backup(&scratch, &Under::Passphrase(passphrase()));
    let restored = restore(&scratch.empty_sqlite(), Kek::for_tests(), &opens(), &mut bytes.as_slice());
    let (store, _) = restored.unwrap();
    assert_eq!(store.read(past::gap).unwrap(), Some(past::Gap::Restored));
    assert!(!store.rolled_back().unwrap());
    store.write(past::settle).unwrap();
    assert_eq!(store.read(past::gap).unwrap(), None);
}

#[test]
fn the_key_of_the_store_opens_a_backup_under_it() {
    let scratch = sqlite();
    let bytes = backup(&scratch, &Under::StoreKey);
    let restored = restore(&scratch.empty_sqlite(), opens(), &Kek::for_tests(), &mut bytes.as_slice());
    assert!(restored.is_ok(), "under another key of its own: {restored:?}");
    let wrong = Kek::file(&scratch.folder().join("another"));
    for kek in [opens(), wrong] {
        assert!(restore(&scratch.empty_sqlite(), Kek::for_tests(), &kek, &mut bytes.as_slice()).is_err());
    }
}

#[test]
fn a_wrong_passphrase_opens_nothing() {
    let scratch = sqlite();
    let bytes = backup(&scratch, &Under::Passphrase(passphrase()));
    let wrong = Kek::passphrase(Secret::new(b"five".to_vec()));
    let location = scratch.empty_sqlite();
    let told = restore(&location, Kek::for_tests(), &wrong, &mut bytes.as_slice()).err().unwrap().to_string();
    assert_eq!(told, "the backup was not written under this key or passphrase");
}

#[test]
fn nothing_is_restored_over_a_store() {
    both(|scratch| {
        let bytes = backup(scratch, &Under::StoreKey);
        let restored = restore(&scratch.location, Kek::for_tests(), &Kek::for_tests(), &mut bytes.as_slice());
        assert!(matches!(restored, Err(StoreError::Backup(_))), "{restored:?}");
        assert!(scratch.store.read(|tx| secrets::find(tx, "ca")).unwrap().is_some());
    });
}

#[test]
fn a_backup_that_was_changed_or_cut_is_refused_and_leaves_nothing() {
    let scratch = sqlite();
    let bytes = backup(&scratch, &Under::StoreKey);
    let location = scratch.empty_sqlite();
    let refused = |bytes: &[u8], what: &str| {
        let restored = restore(&location, Kek::for_tests(), &Kek::for_tests(), &mut &*bytes);
        assert!(matches!(restored, Err(StoreError::Backup(_) | StoreError::Key(_))), "{what}: {restored:?}");
    };
    let places = (0..400).chain((400..bytes.len()).step_by(9973)).chain(bytes.len() - 40..bytes.len());
    for place in places {
        let mut changed = bytes.clone();
        changed[place] ^= 0x20;
        refused(&changed, &format!("byte {place}"));
        refused(&bytes[..place], &format!("cut at {place}"));
    }
    refused(&[bytes.as_slice(), b"x"].concat(), "something behind it");
    let fine = restore(&location, Kek::for_tests(), &Kek::for_tests(), &mut bytes.as_slice());
    assert!(fine.is_ok(), "nothing was left in the way: {fine:?}");
}

#[test]
fn a_backup_of_a_newer_program_is_refused() {
    let scratch = sqlite();
    let mut bytes = backup(&scratch, &Under::StoreKey);
    let version = bytes.iter().position(|byte| *byte == b'1').unwrap();
    bytes[version] = b'2';
    let told = restore(&scratch.empty_sqlite(), Kek::for_tests(), &Kek::for_tests(), &mut bytes.as_slice());
    assert_eq!(told.err().unwrap().to_string(), "the backup is none of ours, or of a newer program");
}

#[test]
fn a_file_appears_as_a_whole_and_is_never_overwritten() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = sqlite();
    let path = scratch.folder().join("backup");
    let written = to_file(&scratch.store, &Under::StoreKey, &path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(to_file(&scratch.store, &Under::StoreKey, &path).is_err());
    let location = Location::Sqlite(scratch.folder().join("restored.db"));
    let (_, read) = from_file(&location, Kek::for_tests(), &Kek::for_tests(), &path).unwrap();
    assert_eq!(read, written);
}
