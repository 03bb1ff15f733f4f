//! What a store promises, on both databases.

use super::*;
use crate::testing::{Scratch, both};
use crate::{Value, meta};

#[test]
fn what_is_written_is_read_back_after_it_is_opened_again() {
    both(|scratch| {
        scratch.store.write(|tx| meta::put(tx, "k", &[1, 2])).unwrap();
        let again = Store::open(&scratch.location, Kek::for_tests()).unwrap();
        assert_eq!(again.read(|tx| meta::find(tx, "k")).unwrap().unwrap(), [1, 2]);
    });
}

#[test]
fn a_write_that_fails_leaves_nothing() {
    both(|scratch| {
        let failed: Result<(), StoreError> = scratch.store.write(|tx| {
            meta::put(tx, "k", &[1])?;
            Err(StoreError::Duplicate)
        });
        assert!(failed.is_err());
        assert_eq!(scratch.store.read(|tx| meta::find(tx, "k")).unwrap(), None);
    });
}

#[test]
fn a_statement_that_failed_cannot_be_passed_over() {
    both(|scratch| {
        let insert = "INSERT INTO meta (key, value) VALUES ($1, $2)";
        let passed_over = scratch.store.write(|tx| {
            meta::put(tx, "k", &[1])?;
            let twice = tx.execute(insert, &["k".into(), vec![2_u8].into()]);
            assert!(matches!(twice, Err(StoreError::Duplicate)), "{twice:?}");
            assert!(matches!(meta::find(tx, "k"), Err(StoreError::PassedOver)));
            Ok(())
        });
        assert!(matches!(passed_over, Err(StoreError::PassedOver)), "{passed_over:?}");
        assert_eq!(scratch.store.read(|tx| meta::find(tx, "k")).unwrap(), None);
    });
}

#[test]
fn a_panic_leaves_nothing_and_stops_nobody() {
    both(|scratch| {
        let store = scratch.store.clone();
        let thread = std::thread::spawn(move || {
            let _: Result<(), StoreError> = store.write(|tx| {
                meta::put(tx, "k", &[1])?;
                panic!("in the middle");
            });
        });
        assert!(thread.join().is_err());
        assert_eq!(scratch.store.read(|tx| meta::find(tx, "k")).unwrap(), None);
        scratch.store.write(|tx| meta::put(tx, "k", &[2])).unwrap();
    });
}

#[test]
fn all_kinds_of_value_come_back_as_they_were() {
    both(|scratch| {
        make(scratch, "CREATE TABLE kinds (id BIGINT PRIMARY KEY, number BIGINT, words TEXT, bytes {BYTES})");
        let rows = [
            [Value::Int(1), Value::Int(i64::MIN), "zwölf ☃ 'quoted' $1 ?".into(), vec![0_u8, 255].into()],
            [Value::Int(2), Value::Int(i64::MAX), "".into(), Vec::<u8>::new().into()],
            [Value::Int(3), Value::Null, Value::Null, Value::Null],
        ];
        for row in &rows {
            scratch.store.write(|tx| tx.execute("INSERT INTO kinds VALUES ($1, $2, $3, $4)", row)).unwrap();
        }
        let found = scratch.store.read(|tx| tx.query("SELECT * FROM kinds ORDER BY id", &[])).unwrap();
        assert_eq!(found, rows.map(|row| crate::Row(row.to_vec())));
    });
}

#[test]
fn text_is_ordered_by_its_bytes_and_matched_by_its_letters() {
    both(|scratch| {
        for name in ["b", "B", "a", "ä", "_", "10", "9"] {
            scratch.store.write(|tx| meta::put(tx, name, b"")).unwrap();
        }
        let names = |sql: &str| {
            let rows = scratch.store.read(|tx| tx.query(sql, &[])).unwrap();
            rows.iter().map(|row| row.text(0).unwrap()).collect::<Vec<_>>()
        };
        let known = "key NOT IN ('id', 'kek')";
        let sorted = ["10", "9", "B", "_", "a", "b", "ä"];
        assert_eq!(names(&format!("SELECT key FROM meta WHERE {known} ORDER BY key")), sorted);
        assert_eq!(names("SELECT key FROM meta WHERE key LIKE 'B%'"), ["B"]);
        let after = format!("SELECT key FROM meta WHERE {known} AND key > 'B' ORDER BY key LIMIT 2");
        assert_eq!(names(&after), ["_", "a"]);
    });
}

#[test]
fn text_with_a_nul_is_refused_by_both() {
    both(|scratch| {
        assert!(scratch.store.write(|tx| meta::put(tx, "a\0b", b"")).is_err());
    });
}

#[test]
fn a_reader_sees_one_state_while_others_write() {
    both(|scratch| {
        let count = |tx: &mut Tx<'_>| tx.one("SELECT COUNT(*) FROM meta", &[])?.unwrap().int(0);
        scratch
            .store
            .read(|tx| {
                let before = count(tx)?;
                scratch.store.write(|tx| meta::put(tx, "k", &[1]))?;
                assert_eq!(count(tx)?, before);
                Ok::<_, StoreError>(())
            })
            .unwrap();
    });
}

#[test]
fn writers_that_meet_lose_nothing() {
    both(|scratch| {
        make(scratch, "CREATE TABLE counter (n BIGINT NOT NULL); INSERT INTO counter VALUES (0)");
        let others = (0..2).map(|_| Store::open(&scratch.location, Kek::for_tests()).unwrap());
        let threads: Vec<_> = others
            .flat_map(|store| [store.clone(), store])
            .map(|store| std::thread::spawn(move || (0..25).for_each(|_| count_up(&store))))
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let row = scratch.store.read(|tx| tx.one("SELECT n FROM counter", &[])).unwrap().unwrap();
        assert_eq!(row.int(0).unwrap(), 100);
    });
}

/// Reads and then writes: a lost update would show.
fn count_up(store: &Store) {
    let done: Result<(), StoreError> = store.write(|tx| {
        let n = tx.one("SELECT n FROM counter", &[])?.map_or(Ok(0), |row| row.int(0))?;
        tx.execute("UPDATE counter SET n = $1", &[(n + 1).into()]).map(|_| ())
    });
    assert!(done.is_ok(), "{done:?}");
}

#[test]
fn programs_that_start_at_once_make_one_store() {
    let location = crate::testing::empty_postgres();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let location = location.clone();
            std::thread::spawn(move || Store::open(&location, Kek::for_tests()).unwrap())
        })
        .collect();
    let stores: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    let sealed = stores[0].read(|tx| tx.seal("p", b"plain")).unwrap();
    for store in &stores {
        assert_eq!(store.read(|tx| tx.unseal("p", &sealed)).unwrap().expose(), b"plain");
    }
}

#[test]
fn a_newer_schema_is_refused() {
    both(|scratch| {
        scratch.store.write(|tx| tx.execute("INSERT INTO schema VALUES (9999)", &[])).unwrap();
        let opened = Store::open(&scratch.location, Kek::for_tests());
        assert!(matches!(opened, Err(StoreError::Newer { found: 9999, .. })), "{opened:?}");
        let written = scratch.store.write(|tx| meta::put(tx, "k", b""));
        assert!(matches!(written, Err(StoreError::Newer { .. })), "one that was open already: {written:?}");
    });
}

fn make(scratch: &Scratch, sql: &str) {
    let made = scratch.store.write(|tx| tx.script(sql));
    assert!(made.is_ok(), "{made:?}");
}
