//! The machine loses power while it writes: what was flushed is there, of what was not any part, in any order.
//!
//! SQLite flushes its log (WAL) with every commit, and the file before the log begins anew. So after a power cut the file
//! is as it was at the last acknowledgement, and the log has in it what it had then; what a later commit wrote over it may
//! be there, not there, or anything in between.

use super::{Arbitrary, Folder, entry, survived};
use crate::audit::{append, append_all, size};
use crate::{Kek, Location, Store, StoreError};
use std::fs;
use std::path::{Path, PathBuf};

/// Acknowledgements: enough for SQLite to begin its log anew, twice.
const ACKS: usize = 420;

/// Every so often the power is cut, and always where the log begins anew.
const EVERY: usize = 60;

/// Power cuts at each of these.
const CUTS: usize = 20;

/// The beginning of SQLite's log: it changes when the log begins anew.
const HEADER: usize = 32;

/// What a disk writes as a whole.
const SECTOR: usize = 512;

/// The two files, when so many records were acknowledged.
struct Moment {
    records: u64,
    file: Vec<u8>,
    log: Vec<u8>,
}

#[test]
fn no_acknowledged_record_is_lost_by_a_write_that_is_torn() {
    let (folder, store) = opened("torn");
    let mut numbers = Arbitrary(9);
    let mut before = moment(&folder, &store);
    let (mut cuts, mut begun_anew) = (0, 0);
    for ack in 0..ACKS {
        acknowledge(&store);
        let after = moment(&folder, &store);
        let is_new = !after.log.starts_with(before.log.get(..HEADER).unwrap_or_default());
        begun_anew += usize::from(is_new);
        if is_new || ack % EVERY == 0 {
            for _ in 0..CUTS {
                let location = power_cut(&folder, &before, &torn(&before.log, &after.log, &mut numbers));
                let found = survived(&location, before.records);
                let expected = [Ok(before.records), Ok(after.records)];
                assert!(expected.contains(&found), "{found:?} after {} records", before.records);
                cuts += 1;
            }
        }
        before = after;
    }
    assert!(cuts >= 180 && begun_anew >= 2, "{cuts} cuts, begun anew {begun_anew} times");
}

#[test]
fn a_loss_of_what_was_acknowledged_would_be_seen() {
    let (folder, store) = opened("cut");
    for _ in 0..20 {
        acknowledge(&store);
    }
    let whole = moment(&folder, &store);
    let mut numbers = Arbitrary(5);
    let reach = 3_000;
    for _ in 0..20 {
        let cut = whole.log.len() - 1 - numbers.below(reach);
        let mut flipped = whole.log.clone();
        flipped[cut] ^= 1;
        for log in [whole.log[..cut].to_vec(), flipped] {
            let location = power_cut(&folder, &whole, &log);
            let lost = survived(&location, whole.records).unwrap_err();
            assert!(lost.contains("were acknowledged, and"), "{lost}");
        }
    }
    assert_eq!(survived(&power_cut(&folder, &whole, &whole.log), whole.records), Ok(whole.records));
}

fn acknowledge(store: &Store) {
    let write = store.write(|tx| {
        let first = size(tx)?;
        match first % 5 {
            0 => append_all(tx, &[entry(first), entry(first + 1)]),
            _ => append(tx, &entry(first)),
        }
    });
    write.map(|_| ()).unwrap_or_else(|error: StoreError| panic!("{error}"));
}

fn opened(name: &str) -> (Folder, Store) {
    let folder = Folder::new(name);
    let store = Store::open(&Location::Sqlite(folder.0.join("store.db")), Kek::for_tests()).unwrap();
    (folder, store)
}

fn moment(folder: &Folder, store: &Store) -> Moment {
    let path = folder.0.join("store.db");
    let records = store.read(size).unwrap();
    Moment { records, file: fs::read(&path).unwrap(), log: fs::read(beside(&path, "-wal")).unwrap() }
}

/// What may be left of the log when `after` was being written over `before`: cut at any byte, followed by what was there,
/// by nothing or by anything; or sector by sector, in any order.
fn torn(before: &[u8], after: &[u8], numbers: &mut Arbitrary) -> Vec<u8> {
    let same = same_until(before, after);
    let rewritten = if after.len() > before.len() { after.len() } else { changed_until(before, after) };
    let cut = same + numbers.below(rewritten - same);
    let old = |from: usize, to: usize| before.get(from..to.min(before.len())).unwrap_or_default().to_vec();
    let garbage = |length: usize, numbers: &mut Arbitrary| -> Vec<u8> {
        (0..length).map(|_| u8::try_from(numbers.below(256)).unwrap()).collect()
    };
    let written = after[..cut].to_vec();
    match numbers.below(4) {
        0 => [written, old(cut, before.len())].concat(),
        1 if after.len() > before.len() => written,
        2 => {
            let length = (rewritten - cut).min(1 + numbers.below(3 * SECTOR));
            [written, garbage(length, numbers), old(cut + length, before.len())].concat()
        }
        _ => {
            let mut log = after[..same].to_vec();
            while log.len() < rewritten {
                let (from, to) = (log.len(), (log.len() / SECTOR + 1) * SECTOR);
                let piece = match numbers.below(3) {
                    0 => old(from, to),
                    1 => garbage(to - from, numbers),
                    _ => after[from..to.min(after.len())].to_vec(),
                };
                log.extend(if piece.is_empty() { vec![0; to - from] } else { piece });
            }
            log.extend(old(log.len(), before.len()));
            log
        }
    }
}

/// Where the first difference is.
fn same_until(before: &[u8], after: &[u8]) -> usize {
    let sectors =
        before.chunks(SECTOR).zip(after.chunks(SECTOR)).take_while(|(before, after)| before == after);
    let from = sectors.map(|(sector, _)| sector.len()).sum();
    let same = before[from..].iter().zip(&after[from..]).take_while(|(before, after)| before == after);
    from + same.count()
}

/// Where the sector with the last difference ends.
fn changed_until(before: &[u8], after: &[u8]) -> usize {
    let last = before.chunks(SECTOR).zip(after.chunks(SECTOR)).rposition(|(before, after)| before != after);
    last.map_or(0, |last| ((last + 1) * SECTOR).min(after.len()))
}

fn power_cut(folder: &Folder, left: &Moment, log: &[u8]) -> Location {
    let path = folder.0.join("after.db");
    let _ = fs::remove_file(beside(&path, "-shm"));
    fs::write(&path, &left.file).unwrap();
    fs::write(beside(&path, "-wal"), log).unwrap();
    Location::Sqlite(path)
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
