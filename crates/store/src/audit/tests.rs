use super::*;
use crate::{Kek, Location, Store};
use nullius_audit::layout::{Resource, Span};
use nullius_audit::{EntryError, Phase, proof};
use nullius_model::Timestamp;

fn store(name: &str) -> Store {
    let path = std::env::temp_dir().join(format!("nullius-audit-{}-{name}.db", std::process::id()));
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", path.display()));
    }
    Store::open(&Location::Sqlite(path), Kek::for_tests()).unwrap()
}

fn entry(number: u64) -> Entry {
    let site = if number.is_multiple_of(2) { "lab" } else { "plant" };
    let at = Timestamp::from_secs(1_795_378_920 + number);
    let object = format!("device/cam{}", number % 10);
    Entry::new(Phase::Decided, at, "user:anna", "device.revoke", object).site(site)
}

fn grown(name: &str, size: u64) -> Store {
    let store = store(name);
    let entries: Vec<_> = (0..size).map(entry).collect();
    assert_eq!(store.write(|tx| append_all(tx, &entries)).unwrap(), 0);
    store
}

fn root(store: &Store) -> (u64, Hash) {
    let (note, key) = store.read(|tx| Ok::<_, StoreError>((checkpoint(tx)?, verifier(tx)?))).unwrap();
    let opened = Checkpoint::open(note.unwrap().as_bytes(), &key.unwrap()).unwrap();
    (opened.size, opened.root)
}

#[test]
fn a_record_is_appended_and_signed_or_nothing_is() {
    let store = store("one");
    assert_eq!(store.read(|tx| Ok::<_, StoreError>((size(tx)?, checkpoint(tx)?))).unwrap(), (0, None));
    for number in 0..3 {
        assert_eq!(store.write(|tx| append(tx, &entry(number))).unwrap(), number);
    }
    let before = root(&store);
    assert_eq!(before.0, 3);
    let failed = store.write(|tx| {
        append(tx, &entry(3))?;
        Err::<(), _>(StoreError::Duplicate)
    });
    assert!(failed.is_err());
    assert_eq!(root(&store), before);
    let text = store.read(|tx| find(tx, 2)).unwrap().unwrap();
    assert_eq!(Entry::parse(text.as_bytes()).unwrap(), entry(2));
    assert_eq!(store.read(|tx| find(tx, 3)).unwrap(), None);
}

#[test]
fn one_by_one_or_together_is_the_same_tree() {
    let (together, single) = (grown("together", 300), store("single"));
    let mut tree = Tree::new();
    for number in 0..300 {
        single.write(|tx| append(tx, &entry(number))).unwrap();
        tree.append(Hash::leaf(&entry(number).encode().unwrap()), |_, _, _| {});
    }
    assert_eq!(root(&together), (300, tree.root()));
    assert_eq!(root(&single), (300, tree.root()));
}

#[test]
fn the_log_keeps_its_key_when_it_is_opened_again() {
    let path = std::env::temp_dir().join(format!("nullius-audit-{}-again.db", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let open = || Store::open(&Location::Sqlite(path.clone()), Kek::for_tests()).unwrap();
    let keys: Vec<_> = (0..2)
        .map(|number| {
            let store = open();
            store.write(|tx| append(tx, &entry(number))).unwrap();
            assert_eq!(root(&store).0, number + 1);
            store.read(verifier).unwrap()
        })
        .collect();
    assert_eq!(keys[0], keys[1]);
}

#[test]
fn an_answer_needs_a_decision_before_it() {
    let store = store("answers");
    store.write(|tx| append(tx, &entry(0))).unwrap();
    let answer = |phase, of| Entry { phase, ..entry(9) }.of(of);
    assert_eq!(store.write(|tx| append(tx, &answer(Phase::Applied, 0))).unwrap(), 1);
    for (of, expected) in
        [(1, EntryError::Undecided(1)), (2, EntryError::Later(2)), (u64::MAX, EntryError::Later(u64::MAX))]
    {
        let refused = store.write(|tx| append(tx, &answer(Phase::Failed, of))).unwrap_err();
        assert!(matches!(&refused, StoreError::Record(error) if *error == expected), "{refused}");
    }
    assert_eq!(root(&store).0, 2);
    let batch = [entry(3), answer(Phase::Applied, 2)];
    assert_eq!(store.write(|tx| append_all(tx, &batch)).unwrap(), 2);
}

#[test]
fn records_are_found_by_number_site_and_object_both_ways() {
    let store = grown("pages", 40);
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
}

#[test]
fn files_hold_what_the_layout_says() {
    let store = grown("files", 600);
    let read = |resource| store.read(|tx| file(tx, resource)).unwrap();
    for resource in Resource::all(600) {
        assert!(read(resource).is_some(), "{}", resource.path());
    }
    let lowest = |number| Resource::Tile { level: 0, span: Span::full(number) };
    let tile = read(lowest(1)).unwrap();
    assert_eq!(tile.len(), 8_192);
    assert_eq!(tile.get(..32), Some(Hash::leaf(&entry(256).encode().unwrap()).0.as_slice()));
    assert_eq!(read(lowest(2)), None);
    assert_eq!(read(lowest(u64::MAX)), None);
    assert_eq!(read(Resource::Entries(Span { number: 2, width: 89 })), None);
    let bundle = read(Resource::Entries(Span { number: 2, width: 88 })).unwrap();
    assert_eq!(nullius_audit::bundle::Bundle::read(&bundle).entries.len(), 88);
}

#[test]
fn proofs_are_made_of_rows() {
    let store = grown("proofs", 700);
    let (size, whole) = root(&store);
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
}
