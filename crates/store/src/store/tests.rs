use super::*;
use crate::meta;

fn store(name: &str) -> (std::path::PathBuf, Store) {
    let path = std::env::temp_dir().join(format!("nullius-store-{}-{name}.db", std::process::id()));
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", path.display()));
    }
    let store = Store::open(&Location::Sqlite(path.clone()), Kek::for_tests()).unwrap();
    (path, store)
}

#[test]
fn what_is_written_is_read_back_after_it_is_opened_again() {
    let (path, store) = store("again");
    store
        .write(|tx| {
            tx.execute("INSERT INTO meta (key, value) VALUES ($1, $2)", &["k".into(), vec![1_u8, 2].into()])
        })
        .unwrap();
    drop(store);
    let store = Store::open(&Location::Sqlite(path), Kek::for_tests()).unwrap();
    let row =
        store.read(|tx| tx.one("SELECT value FROM meta WHERE key = $1", &["k".into()])).unwrap().unwrap();
    assert_eq!(row.bytes(0).unwrap(), [1, 2]);
}

#[test]
fn a_write_that_fails_leaves_nothing() {
    let (_, store) = store("fails");
    let failed: Result<(), StoreError> = store.write(|tx| {
        tx.execute("INSERT INTO meta (key, value) VALUES ($1, $2)", &["k".into(), vec![1_u8].into()])?;
        Err(StoreError::Conflict)
    });
    assert!(failed.is_err());
    assert_eq!(store.read(|tx| meta::find(tx, "k")).unwrap(), None);
}
