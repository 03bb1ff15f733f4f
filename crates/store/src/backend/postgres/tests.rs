//! PostgreSQL on bad days: writers that meet, connections that are lost, a program that freezes.

use crate::testing::{Scratch, postgres};
use crate::{Kek, Location, Store, StoreError, meta};
use postgres::{Client, NoTls};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Another program, which knows nothing of our order.
fn stranger(scratch: &Scratch) -> Client {
    let Location::Postgres(url) = &scratch.location else { panic!("not PostgreSQL") };
    Client::connect(url, NoTls).unwrap()
}

#[test]
fn a_write_that_met_another_is_tried_again() {
    let scratch = postgres();
    scratch.store.write(|tx| meta::put(tx, "n", &[0])).unwrap();
    let mut stranger = stranger(&scratch);
    let tries = AtomicU32::new(0);
    let written = scratch.store.write(|tx| {
        let found = meta::find(tx, "n")?.unwrap_or_default();
        // between our reading and our writing somebody else writes, three times
        if tries.fetch_add(1, Ordering::Relaxed) < 3 {
            stranger.batch_execute("UPDATE meta SET value = value || '\\x01' WHERE key = 'n'").unwrap();
        }
        meta::put(tx, "n", &[found, vec![2]].concat())
    });
    written.unwrap();
    assert_eq!(tries.into_inner(), 4);
    assert_eq!(scratch.store.read(|tx| meta::find(tx, "n")).unwrap().unwrap(), [0, 1, 1, 1, 2]);
}

#[test]
fn a_write_that_always_meets_another_gives_up() {
    let scratch = postgres();
    scratch.store.write(|tx| meta::put(tx, "n", &[0])).unwrap();
    let mut stranger = stranger(&scratch);
    let written = scratch.store.write(|tx| {
        meta::find(tx, "n")?;
        stranger.batch_execute("UPDATE meta SET value = '\\x01' WHERE key = 'n'").unwrap();
        meta::put(tx, "n", &[2])
    });
    assert!(matches!(written, Err(StoreError::Conflict)), "{written:?}");
}

#[test]
fn connections_that_were_lost_are_made_again() {
    let scratch = postgres();
    scratch.store.write(|tx| meta::put(tx, "n", &[0])).unwrap();
    for turn in 1..4 {
        let kill = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        stranger(&scratch).batch_execute(kill).unwrap();
        scratch.store.write(|tx| meta::put(tx, "n", &[turn])).unwrap();
        assert_eq!(scratch.store.read(|tx| meta::find(tx, "n")).unwrap().unwrap(), [turn]);
    }
}

#[test]
fn a_connection_lost_in_the_middle_writes_nothing() {
    let scratch = postgres();
    let written = scratch.store.write(|tx| {
        meta::put(tx, "n", &[0])?;
        let kill =
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE state LIKE 'idle in transaction'
            AND datname = current_database()";
        stranger(&scratch).batch_execute(kill).unwrap();
        meta::put(tx, "m", &[0])
    });
    assert!(matches!(written, Err(StoreError::Database(_))), "{written:?}");
    assert_eq!(scratch.store.read(|tx| meta::find(tx, "n")).unwrap(), None);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the server's clock decides here")]
fn a_program_that_freezes_in_its_transaction_stops_the_others_for_seconds_only() {
    let scratch = postgres();
    let frozen = Store::open(&scratch.location, Kek::for_tests()).unwrap();
    let began = Instant::now();
    let (inside, is_inside) = std::sync::mpsc::channel();
    let (wake, woken) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || {
        frozen.write(|tx| {
            meta::put(tx, "frozen", &[1])?;
            inside.send(()).unwrap();
            woken.recv().unwrap();
            meta::put(tx, "frozen", &[2])
        })
    });
    is_inside.recv().unwrap();
    scratch.store.write(|tx| meta::put(tx, "other", &[1])).unwrap();
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    wake.send(()).unwrap();
    let written: Result<(), StoreError> = thread.join().unwrap();
    assert!(written.is_err(), "what it did is not kept, and it knows");
    assert_eq!(scratch.store.read(|tx| meta::find(tx, "frozen")).unwrap(), None);
}

#[test]
fn a_commit_of_another_program_is_seen_by_the_generation() {
    let scratch = postgres();
    let other = Store::open(&scratch.location, Kek::for_tests()).unwrap();
    let before = scratch.store.generation().unwrap();
    other.read(|tx| meta::find(tx, "n")).unwrap();
    assert_eq!(scratch.store.generation().unwrap(), before, "reading changes nothing");
    other.write(|tx| meta::put(tx, "n", &[0])).unwrap();
    assert_eq!(scratch.store.generation().unwrap(), before + 1);
}

#[test]
fn more_readers_than_connections_wait_for_their_turn() {
    let scratch = postgres();
    let threads: Vec<_> = (0..super::CONNECTIONS * 2)
        .map(|_| {
            let store = scratch.store.clone();
            std::thread::spawn(move || {
                store.read(|tx| tx.query("SELECT CAST(pg_sleep(0.05) AS TEXT)", &[]).map(|rows| rows.len()))
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| assert_eq!(thread.join().unwrap().unwrap(), 1));
}
