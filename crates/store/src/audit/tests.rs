//! The log over both databases: appended, read, exported, and changed behind our back.

use super::*;
use crate::Store;
use crate::testing::{Scratch, both, sqlite};
use nullius_audit::layout::{Resource, Span};
use nullius_audit::verify::{Fault, Reason, verify};
use nullius_audit::{EntryError, Phase, proof};
use nullius_model::Timestamp;
use std::collections::BTreeMap;

fn entry(number: u64) -> Entry {
    let site = if number.is_multiple_of(2) { "lab" } else { "plant" };
    let at = Timestamp::from_secs(1_795_378_920 + number);
    let object = format!("device/cam{}", number % 10);
    Entry::new(Phase::Decided, at, "user:anna", "device.revoke", object).site(site)
}

fn grow(store: &Store, size: u64) {
    let entries: Vec<_> = (0..size).map(entry).collect();
    assert_eq!(store.write(|tx| append_all(tx, &entries)).unwrap(), 0);
}

fn root(store: &Store) -> (u64, Hash) {
    let (note, key) = store.read(|tx| Ok::<_, StoreError>((checkpoint(tx)?, verifier(tx)?))).unwrap();
    let opened = Checkpoint::open(note.unwrap().as_bytes(), &key.unwrap()).unwrap();
    (opened.size, opened.root)
}

#[test]
fn a_record_is_appended_and_signed_or_nothing_is() {
    both(|Scratch { store, .. }| {
        let empty = store.read(|tx| Ok::<_, StoreError>((size(tx)?, checkpoint(tx)?))).unwrap();
        assert_eq!(empty, (0, None));
        for number in 0..3 {
            assert_eq!(store.write(|tx| append(tx, &entry(number))).unwrap(), number);
        }
        let before = root(store);
        assert_eq!(before.0, 3);
        let failed = store.write(|tx| {
            append(tx, &entry(3))?;
            Err::<(), _>(StoreError::Duplicate)
        });
        assert!(failed.is_err());
        assert_eq!(root(store), before);
        let text = store.read(|tx| find(tx, 2)).unwrap().unwrap();
        assert_eq!(Entry::parse(text.as_bytes()).unwrap(), entry(2));
        assert_eq!(store.read(|tx| find(tx, 3)).unwrap(), None);
    });
}

#[test]
fn one_by_one_or_together_is_the_same_tree() {
    both(|single| {
        let together = sqlite();
        grow(&together.store, 300);
        let mut tree = Tree::new();
        for number in 0..300 {
            single.store.write(|tx| append(tx, &entry(number))).unwrap();
            tree.append(Hash::leaf(&entry(number).encode().unwrap()), |_, _, _| {});
        }
        assert_eq!(root(&together.store), (300, tree.root()));
        assert_eq!(root(&single.store), (300, tree.root()));
    });
}

#[test]
fn writers_that_meet_append_one_after_the_other() {
    both(|Scratch { store, .. }| {
        let numbers = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..4)
                .map(|_| {
                    scope
                        .spawn(|| (0..25).map(|_| store.write(|tx| append(tx, &entry(1))).unwrap()).collect())
                })
                .collect();
            writers.into_iter().flat_map(|writer| -> Vec<u64> { writer.join().unwrap() }).collect::<Vec<_>>()
        });
        let mut sorted = numbers;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());
        assert_eq!(root(store).0, 100);
    });
}

#[test]
fn the_log_keeps_its_key_when_it_is_opened_again() {
    both(|Scratch { store, location, .. }| {
        store.write(|tx| append(tx, &entry(0))).unwrap();
        let again = Store::open(location, crate::Kek::for_tests()).unwrap();
        again.write(|tx| append(tx, &entry(1))).unwrap();
        assert_eq!(root(store).0, 2);
        assert_eq!(store.read(verifier).unwrap(), again.read(verifier).unwrap());
    });
}

#[test]
fn an_answer_needs_a_decision_before_it() {
    both(|Scratch { store, .. }| {
        store.write(|tx| append(tx, &entry(0))).unwrap();
        let answer = |phase, of| Entry { phase, ..entry(9) }.of(of);
        assert_eq!(store.write(|tx| append(tx, &answer(Phase::Applied, 0))).unwrap(), 1);
        for (of, expected) in [
            (1, EntryError::Undecided(1)),
            (2, EntryError::Later(2)),
            (u64::MAX, EntryError::Later(u64::MAX)),
        ] {
            let refused = store.write(|tx| append(tx, &answer(Phase::Failed, of))).unwrap_err();
            assert!(matches!(&refused, StoreError::Record(error) if *error == expected), "{refused}");
        }
        assert_eq!(root(store).0, 2);
        let batch = [entry(3), answer(Phase::Applied, 2)];
        assert_eq!(store.write(|tx| append_all(tx, &batch)).unwrap(), 2);
    });
}

#[test]
fn records_are_found_by_number_site_and_object_both_ways() {
    both(|Scratch { store, .. }| {
        grow(store, 40);
        let numbers = |site, object, from, order, limit| {
            let page = store.read(|tx| page(tx, &Page { site, object, from, order, limit })).unwrap();
            page.into_iter().map(|leaf| leaf.number).collect::<Vec<_>>()
        };
        assert_eq!(numbers(None, None, 37, Order::Forwards, 10), [37, 38, 39]);
        assert_eq!(numbers(None, None, u64::MAX, Order::Backwards, 2), [39, 38]);
        assert_eq!(numbers(Some("plant"), None, 10, Order::Forwards, 3), [11, 13, 15]);
        assert_eq!(numbers(None, Some("device/cam7"), 20, Order::Backwards, 9), [17, 7]);
        assert_eq!(numbers(Some("lab"), Some("device/cam7"), 0, Order::Forwards, 9), [] as [u64; 0]);
        assert_eq!(store.read(|tx| leaves(tx, 38, u32::MAX)).unwrap().len(), 2);
    });
}

#[test]
fn files_are_those_of_the_layout_and_a_verifier_finds_them_whole() {
    both(|Scratch { store, .. }| {
        grow(store, 600);
        let read = |resource| store.read(|tx| file(tx, resource)).unwrap();
        let mut files = BTreeMap::new();
        for resource in Resource::all(600) {
            files.insert(resource.path(), read(resource).unwrap());
        }
        let key = store.read(verifier).unwrap().unwrap();
        let report = verify(&mut files, &key, &[]).unwrap();
        assert_eq!((report.fault, report.checkpoint.size), (None, 600));
        for beyond in [
            Resource::Tile { level: 0, span: Span::full(2) },
            Resource::Tile { level: 0, span: Span::full(u64::MAX) },
            Resource::Tile { level: 1, span: Span { number: 0, width: 3 } },
            Resource::Entries(Span { number: 2, width: 89 }),
        ] {
            assert_eq!(read(beyond), None, "{}", beyond.path());
        }
    });
}

#[test]
fn a_row_that_was_changed_is_named_by_a_verifier() {
    both(|Scratch { store, .. }| {
        grow(store, 600);
        let changed = "UPDATE audit_leaf SET record = $1 WHERE number = 300";
        store.write(|tx| tx.execute(changed, &[entry(301).encode().unwrap().into()])).unwrap();
        let read = |resource| store.read(|tx| file(tx, resource)).unwrap().unwrap();
        let mut files: BTreeMap<_, _> =
            Resource::all(600).map(|resource| (resource.path(), read(resource))).collect();
        let key = store.read(verifier).unwrap().unwrap();
        let fault = verify(&mut files, &key, &[]).unwrap().fault.unwrap();
        assert_eq!(fault, Fault { first: 300, last: 300, reason: Reason::Altered });
    });
}

#[test]
fn proofs_are_made_of_rows() {
    both(|Scratch { store, .. }| {
        grow(store, 700);
        let (size, whole) = root(store);
        let mut tree = Tree::new();
        for number in 0..700 {
            let leaf = Hash::leaf(&entry(number).encode().unwrap());
            if [1, 255, 256, 257, 512, 600].contains(&number) {
                let path = store.read(|tx| inclusion(tx, number, size)).unwrap();
                assert!(proof::includes(leaf, number, size, whole, &path), "{number}");
                let path = store.read(|tx| consistency(tx, number, size)).unwrap();
                assert!(proof::extends((number, tree.root()), (size, whole), &path), "{number}");
            }
            tree.append(leaf, |_, _, _| {});
        }
        assert!(store.read(|tx| inclusion(tx, 1, 701)).is_err());
    });
}
