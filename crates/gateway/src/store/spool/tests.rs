//! What the audit gives back after crashes, damage and an upgrade, and what a reader gets out of it.

use super::*;
use nullius_protocol::link::Record;

/// A directory that goes away with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("nullius-spool-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        let _ = fs::create_dir(&path);
        Self(path)
    }

    fn open(&self, limit: Option<u64>) -> Spool {
        Spool::open(&self.0, "audit", limit).unwrap()
    }

    fn live(&self) -> PathBuf {
        segment::live(&self.0, "audit")
    }

    fn files(&self) -> usize {
        fs::read_dir(&self.0).unwrap().filter(|entry| is_journal(&entry.as_ref().unwrap().path())).count()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn is_journal(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "jsonl")
}

fn add(spool: &mut Spool, text: &str) {
    spool.add(&format!("{{\"text\":\"{text}\"}}"), false).unwrap();
}

/// Reads everything after `after`, and checks numbers and chain as a controller does.
fn read_all(spool: &mut Spool, mut after: u64) -> Vec<String> {
    let mut all = Vec::new();
    let mut chain = None;
    loop {
        let records = spool.read(after, 1000).unwrap();
        for record in &records {
            assert_eq!(record.seq, after + 1);
            let expected = chain.map(|chain| chained(&chain, record.seq, record.line.as_bytes()));
            assert!(expected.is_none_or(|expected| expected == record.chain), "{record:?}");
            (after, chain) = (record.seq, Some(record.chain));
        }
        if records.is_empty() {
            return all;
        }
        all.extend(records.into_iter().map(|record| record.line));
    }
}

#[test]
fn numbers_and_chain_go_on_after_a_crash_with_half_a_line() {
    let scratch = Scratch::new("half");
    let mut spool = scratch.open(None);
    ["one", "two"].into_iter().for_each(|text| add(&mut spool, text));
    drop(spool);
    let whole = fs::read(scratch.live()).unwrap();
    for length in 0..whole.len() {
        fs::write(scratch.live(), &whole[..length]).unwrap();
        let lines = whole[..length].iter().filter(|&&byte| byte == b'\n').count();
        let mut spool = scratch.open(None);
        add(&mut spool, "three");
        let records = read_all(&mut spool, 0);
        assert_eq!(records.len(), lines + 1, "{length}");
        assert!(records[lines].contains("three"));
    }
}

#[test]
fn a_reader_gets_every_record_once_across_files_and_restarts() {
    let scratch = Scratch::new("files");
    let mut spool = scratch.open(Some(1 << 30));
    let text = "x".repeat(100 << 10);
    for _ in 0..200 {
        add(&mut spool, &text);
    }
    assert_eq!((scratch.files(), spool.first(), spool.next()), (3, 1, 201));
    assert_eq!(read_all(&mut spool, 0).len(), 200);
    let mut spool = scratch.open(Some(1 << 30));
    assert_eq!(read_all(&mut spool, 100).len(), 100);
    // from anywhere, in any order
    for after in [199, 3, 85, 0, 150] {
        let records = spool.read(after, 2).unwrap();
        let left = 2.min(200 - usize::try_from(after).unwrap());
        assert_eq!((records[0].seq, records.len()), (after + 1, left));
    }
    assert!(spool.read(1000, 1).unwrap().is_empty());
}

#[test]
fn what_nobody_has_yet_stays_and_what_is_acknowledged_goes() {
    let scratch = Scratch::new("acked");
    let mut spool = scratch.open(Some(16 << 20));
    let text = "x".repeat(200 << 10);
    (0..280).for_each(|_| add(&mut spool, &text));
    assert_eq!(read_all(&mut spool, 0).len(), 280);
    spool.acknowledge(250).unwrap();
    assert_eq!((scratch.files(), spool.acked), (MAX_OLD + 1, 250));
    let mut spool = scratch.open(Some(16 << 20));
    assert_eq!((spool.acked, spool.next()), (250, 281));
    assert_eq!(read_all(&mut spool, 250).len(), 30);
    spool.acknowledge(280).unwrap();
    assert_eq!((spool.acked, spool.waiting()), (280, 0));
}

#[test]
fn where_there_is_no_room_the_oldest_denials_go_and_nothing_else() {
    let scratch = Scratch::new("thin");
    let mut spool = scratch.open(Some(20 << 20));
    let text = "x".repeat(100 << 10);
    for number in 0..600 {
        let what = if number % 3 == 0 { "revoked" } else { "denied" };
        spool.add(&format!("{{\"at\":\"\",\"what\":\"{what}\",\"text\":\"{text}\"}}"), false).unwrap();
    }
    let gone = spool.missing().unwrap().denials;
    let (mut after, mut acts, mut denials, mut gaps) = (0, 0, 0, 0);
    loop {
        let records = spool.read(after, 1000).unwrap();
        let Some(last) = records.last() else { break };
        for record in &records {
            gaps += record.seq - after - 1;
            after = record.seq;
            *(if record.line.contains("revoked") { &mut acts } else { &mut denials }) += 1;
        }
        assert_eq!(after, last.seq);
    }
    assert_eq!((acts, denials + gone, gaps), (200, 400, gone));
    assert!(gone > 200, "{gone}");
    // the newest are still there
    assert_eq!(after, 600);
}

#[test]
fn without_a_controller_the_oldest_goes_and_the_chain_goes_on() {
    let scratch = Scratch::new("alone");
    let mut spool = scratch.open(None);
    let text = "x".repeat(200 << 10);
    (0..300).for_each(|_| add(&mut spool, &text));
    assert_eq!(scratch.files(), MAX_OLD + 1);
    let (first, next) = (spool.first(), spool.next());
    assert!(first > 1 && next == 301);
    // a controller comes: it gets what is still there, and the chain's value to begin with
    let mut spool = scratch.open(Some(1 << 30));
    assert_eq!(read_all(&mut spool, first - 1).len(), usize::try_from(next - first).unwrap());
    let record = spool.read(first - 1, 1).unwrap().remove(0);
    assert_eq!(record.chain, chained(&spool.acked_chain, first, record.line.as_bytes()));
}

#[test]
fn a_number_that_was_acknowledged_never_comes_again_whatever_is_lost() {
    let scratch = Scratch::new("lost");
    let mut spool = scratch.open(Some(1 << 20));
    (0..10).for_each(|_| add(&mut spool, "x"));
    spool.acknowledge(10).unwrap();
    fs::remove_file(scratch.live()).unwrap();
    let mut spool = scratch.open(Some(1 << 20));
    add(&mut spool, "y");
    let record = spool.read(10, 1).unwrap().remove(0);
    assert_eq!((record.seq, record.chain), (11, chained(&spool.acked_chain, 11, record.line.as_bytes())));
    // an older copy of the file comes back
    drop(spool);
    let elsewhere = Scratch::new("lost-other");
    add(&mut elsewhere.open(Some(1 << 20)), "z");
    fs::copy(elsewhere.live(), scratch.live()).unwrap();
    let mut spool = scratch.open(Some(1 << 20));
    add(&mut spool, "y");
    assert_eq!((spool.read(10, 1).unwrap()[0].seq, spool.next()), (11, 12));
}

#[test]
fn an_older_copy_of_the_whole_counts_under_another_name() {
    let scratch = Scratch::new("copy");
    let mut spool = scratch.open(Some(1 << 20));
    (0..10).for_each(|_| add(&mut spool, "x"));
    let id = spool.id().to_owned();
    assert_eq!(scratch.open(Some(1 << 20)).id(), id);
    spool.acknowledge(11).unwrap();
    assert_ne!(spool.id(), id);
    assert_eq!((scratch.open(Some(1 << 20)).id(), spool.acked), (spool.id(), 0));
}

#[test]
fn a_flipped_bit_breaks_the_chain_at_its_record_and_stops_nobody() {
    let scratch = Scratch::new("damage");
    let mut spool = scratch.open(Some(1 << 20));
    ["one", "two", "three"].into_iter().for_each(|text| add(&mut spool, text));
    drop(spool);
    let whole = fs::read(scratch.live()).unwrap();
    let text = whole.windows(3).position(|word| word == b"two").unwrap();
    let mut bytes = whole;
    bytes[text] ^= 4;
    fs::write(scratch.live(), &bytes).unwrap();
    let mut spool = scratch.open(Some(1 << 20));
    let records = spool.read(0, 10).unwrap();
    assert_eq!((records.len(), spool.next()), (3, 4));
    let fits =
        |before: &Hash, record: &Record| record.chain == chained(before, record.seq, record.line.as_bytes());
    assert!(fits(&Hash::default(), &records[0]) && !fits(&records[0].chain, &records[1]));
    assert!(fits(&records[1].chain, &records[2]));
}

#[test]
fn journals_of_an_earlier_version_get_numbers_once() {
    let scratch = Scratch::new("upgrade");
    fs::write(scratch.0.join("audit.2.jsonl"), "{\"text\":\"a\"}\n{\"lost\":3}\n").unwrap();
    fs::write(scratch.0.join("audit.1.jsonl"), "nonsense\n").unwrap();
    fs::write(scratch.live(), "{\"text\":\"d\"}\n{\"text\":").unwrap();
    for _ in 0..2 {
        let mut spool = scratch.open(None);
        let records = read_all(&mut spool, 0);
        assert_eq!(records.len(), 4);
        for (record, word) in records.iter().zip(["\\\"a\\\"", "lost", "nonsense", "\\\"d\\\""]) {
            assert!(record.contains(word), "{record}");
        }
    }
    // interrupted between a file's new content and its new name
    let third = segment::closed(&scratch.0, "audit", 3);
    fs::rename(third, scratch.0.join("audit.1.jsonl")).unwrap();
    assert_eq!(read_all(&mut scratch.open(None), 0).len(), 4);
}

#[test]
fn a_line_that_does_not_fit_is_counted() {
    let scratch = Scratch::new("too-long");
    let mut spool = scratch.open(None);
    assert!(spool.add(&format!("{{\"text\":\"{}\"}}", "x".repeat(300 << 10)), false).is_err());
    assert_eq!(spool.missing(), Some(Missing { lines: 1, denials: 0 }));
    add(&mut spool, "next");
    spool.told();
    assert_eq!((read_all(&mut spool, 0).len(), spool.missing()), (1, None));
}
