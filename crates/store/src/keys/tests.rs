//! Keys open what they should, and nothing else, before and after they are changed.

use super::*;
use crate::testing::{Scratch, both, empty_postgres, sqlite};
use crate::{Location, Store, StoreError, meta, secrets};
use std::path::PathBuf;

fn phrase(text: &str) -> Kek {
    Kek::passphrase(Secret::new(text.as_bytes().to_vec()))
}

/// A place for a store and a key file.
fn place(scratch: &Scratch, name: &str) -> (Location, PathBuf) {
    let folder = scratch.folder().join(name);
    std::fs::create_dir(&folder).unwrap();
    (Location::Sqlite(folder.join("store.db")), folder.join("key"))
}

fn secret(store: &Store) -> Result<Option<Secret>, StoreError> {
    store.read(|tx| secrets::find(tx, "ca"))
}

#[test]
fn a_value_opens_only_for_what_it_was_sealed_for() {
    both(|scratch| {
        let sealed = scratch.store.read(|tx| tx.seal("totp/anna", b"seed")).unwrap();
        let open = |purpose: &str, sealed: &[u8]| scratch.store.read(|tx| tx.unseal(purpose, sealed));
        assert_eq!(open("totp/anna", &sealed).unwrap().expose(), b"seed");
        assert!(matches!(open("totp/bert", &sealed), Err(StoreError::Damaged(_))));
        let renamed = String::from_utf8_lossy(&sealed).contains("totp/anna");
        assert!(renamed, "the purpose is in the clear, and documented to be");
        for byte in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[byte] ^= 1;
            assert!(open("totp/anna", &changed).is_err(), "byte {byte}");
            assert!(open("totp/anna", &sealed[..byte]).is_err(), "cut at {byte}");
        }
        assert!(scratch.store.read(|tx| tx.seal(&"x".repeat(256), b"")).is_err());
    });
}

#[test]
fn another_key_opens_nothing_and_says_so() {
    let scratch = sqlite();
    let (location, path) = place(&scratch, "wrong");
    drop(Store::open(&location, Kek::file(&path)).unwrap());
    let right = std::fs::read(&path).unwrap();
    let told = |kek: Kek| Store::open(&location, kek).err().unwrap().to_string();
    assert!(told(phrase("x")).contains("sealed with a key file, not with a passphrase"));
    std::fs::remove_file(&path).unwrap();
    assert!(told(Kek::file(&path)).contains("is missing"));
    assert!(!path.exists(), "no new key is made for a store that has one");
    file::create(&path).unwrap();
    assert!(told(Kek::file(&path)).contains("sealed with another one"));
    std::fs::write(&path, right).unwrap();
    assert!(Store::open(&location, Kek::file(&path)).is_ok());
}

#[test]
fn a_passphrase_opens_the_store_again() {
    let location = empty_postgres();
    let store = Store::open(&location, phrase("four random common words")).unwrap();
    store.write(|tx| secrets::put(tx, "ca", b"private")).unwrap();
    let again = Store::open(&location, phrase("four random common words")).unwrap();
    assert_eq!(secret(&again).unwrap().unwrap().expose(), b"private");
    assert!(matches!(Store::open(&location, phrase("five")), Err(StoreError::WrongKey)));
}

#[test]
fn a_changed_kek_opens_the_store_and_the_old_one_does_not() {
    let scratch = sqlite();
    let (location, path) = place(&scratch, "kek");
    let store = Store::open(&location, Kek::file(&path)).unwrap();
    store.write(|tx| secrets::put(tx, "ca", b"private")).unwrap();
    let first = std::fs::read(&path).unwrap();
    store.change_kek(&Kek::file(&path)).unwrap();
    assert_ne!(std::fs::read(&path).unwrap(), first, "a file of the same name is replaced");
    assert!(!file::next(&path).exists());
    store.change_data_keys().unwrap();
    assert_eq!(secret(&store).unwrap().unwrap().expose(), b"private");
    store.change_kek(&phrase("words")).unwrap();
    assert_eq!(secret(&store).unwrap().unwrap().expose(), b"private");
    drop(store);
    assert!(Store::open(&location, Kek::file(&path)).is_err());
    let store = Store::open(&location, phrase("words")).unwrap();
    assert_eq!(secret(&store).unwrap().unwrap().expose(), b"private");
    assert!(
        store.change_kek(&Kek::file(&path)).is_err(),
        "a key that may be another store's is not overwritten"
    );
}

#[test]
fn a_crash_while_the_key_file_changes_loses_no_key() {
    let scratch = sqlite();
    let (location, path) = place(&scratch, "crash");
    let store = Store::open(&location, Kek::file(&path)).unwrap();
    store.write(|tx| secrets::put(tx, "ca", b"private")).unwrap();
    let old = std::fs::read(&path).unwrap();
    // before the commit: the next key is there, and wraps nothing
    let (wrapper, _) = Kek::file(&path).replacement(&Kek::file(&path)).unwrap();
    drop(wrapper);
    drop(store);
    let store = Store::open(&location, Kek::file(&path)).unwrap();
    assert!(!file::next(&path).exists());
    // after the commit, before the file was put in its place
    store.change_kek(&Kek::file(&path)).unwrap();
    drop(store);
    std::fs::rename(&path, file::next(&path)).unwrap();
    std::fs::write(&path, old).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let store = Store::open(&location, Kek::file(&path)).unwrap();
    assert_eq!(secret(&store).unwrap().unwrap().expose(), b"private");
    assert!(!file::next(&path).exists());
}

#[test]
fn a_program_that_runs_goes_on_when_another_changes_all_keys() {
    let scratch = sqlite();
    let (location, path) = place(&scratch, "both");
    let running = Store::open(&location, Kek::file(&path)).unwrap();
    running.write(|tx| secrets::put(tx, "ca", b"private")).unwrap();
    let other = Store::open(&location, Kek::file(&path)).unwrap();
    other.change_kek(&Kek::file(&path)).unwrap();
    assert_eq!(secret(&running).unwrap().unwrap().expose(), b"private");
    other.change_data_keys().unwrap();
    assert_eq!(secret(&running).unwrap().unwrap().expose(), b"private");
    running.write(|tx| secrets::put(tx, "ca", b"newer")).unwrap();
    assert_eq!(secret(&other).unwrap().unwrap().expose(), b"newer");
}

#[test]
fn data_keys_change_under_everything_that_is_sealed() {
    both(|scratch| {
        let store = &scratch.store;
        let other = Store::open(&scratch.location, Kek::for_tests()).unwrap();
        let made = store.write(|tx| {
            tx.script("CREATE TABLE vault (id BIGINT PRIMARY KEY, one {BYTES}, two {BYTES})")?;
            for id in 0..20_i64 {
                let sealed = [tx.seal("one", &[1; 40])?, tx.seal("two", b"")?];
                let [one, two] = sealed.map(crate::Value::from);
                tx.execute("INSERT INTO vault VALUES ($1, $2, $3)", &[id.into(), one, two])?;
            }
            // looks sealed, and is what somebody sent
            meta::put(tx, "fake", &[ring::MAGIC.as_slice(), &[0, 0, 0, 1, 1, b'x', 9, 9]].concat())?;
            secrets::put(tx, "ca", b"private")
        });
        made.unwrap();
        let before = wrapped(store);
        assert_eq!(store.change_data_keys().unwrap(), 41);
        let after = wrapped(store);
        assert_eq!((before.len(), after.len()), (1, 1));
        assert_ne!(before, after);
        for store in [store, &other] {
            assert_eq!(secret(store).unwrap().unwrap().expose(), b"private");
            let opened = store.read(|tx| {
                let rows = tx.query("SELECT one, two FROM vault", &[])?;
                rows.iter()
                    .map(|row| Ok((tx.unseal("one", &row.bytes(0)?)?, tx.unseal("two", &row.bytes(1)?)?)))
                    .collect()
            });
            let opened: Vec<(Secret, Secret)> = opened.map_err(|error: StoreError| error).unwrap();
            assert!(opened.iter().all(|(one, two)| one.expose() == [1; 40] && two.expose().is_empty()));
        }
        // who had the store open seals with the new key
        other.write(|tx| secrets::put(tx, "late", b"new")).unwrap();
        assert_eq!(store.read(|tx| secrets::find(tx, "late")).unwrap().unwrap().expose(), b"new");
    });
}

fn wrapped(store: &Store) -> Vec<crate::Row> {
    store.read(|tx| tx.query("SELECT id, wrapped FROM data_key", &[])).unwrap_or_default()
}

#[test]
fn secrets_have_names() {
    both(|scratch| {
        let store = &scratch.store;
        let names = store.write(|tx| {
            secrets::put(tx, "b", b"1")?;
            secrets::put(tx, "a", b"2")?;
            secrets::put(tx, "b", b"3")?;
            secrets::names(tx)
        });
        assert_eq!(names.unwrap(), ["a", "b"]);
        assert_eq!(store.read(|tx| secrets::find(tx, "b")).unwrap().unwrap().expose(), b"3");
        let swapped = store.write(|tx| {
            tx.execute(
                "UPDATE secret SET sealed = (SELECT sealed FROM secret WHERE name = 'a') WHERE name = 'b'",
                &[],
            )
        });
        assert_eq!(swapped.unwrap(), 1);
        assert!(store.read(|tx| secrets::find(tx, "b")).is_err(), "one secret in another's place");
        assert!(store.write(|tx| secrets::remove(tx, "b")).unwrap());
        assert!(!store.write(|tx| secrets::remove(tx, "b")).unwrap());
    });
}
