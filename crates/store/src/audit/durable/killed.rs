//! A program that appends is killed again and again, at any moment, and goes on where its log ends.

use super::{Arbitrary, Folder, entry, expected, signed, survived};
use crate::audit::{append_all, leaves, size};
use crate::{Kek, Location, Store};
use nullius_audit::{Hash, Tree};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

/// How often it is killed.
const KILLS: usize = 200;

/// Tells the program that is killed where its store is.
const PLACE: &str = "NULLIUS_STORE_THAT_IS_KILLED";

#[test]
fn no_acknowledged_record_is_lost_by_a_program_that_is_killed() {
    if let Some(path) = std::env::var_os(PLACE) {
        append_until_killed(path.into());
    }
    let folder = Folder::new("killed");
    let path = folder.0.join("store.db");
    let location = Location::Sqlite(path.clone());
    let mut numbers = Arbitrary(4);
    let mut tree = Tree::new();
    let mut acknowledged = 0;
    let mut kills_with_acks = 0;
    for _ in 0..KILLS {
        let mut child = start(&path);
        let told = BufReader::new(child.stdout.take().unwrap());
        // some die while they open the store, some between two commits, some within one
        let last = killed(child, told, numbers.below(30), Duration::from_micros(numbers.below(3_000) as u64));
        kills_with_acks += usize::from(last.is_some());
        acknowledged = last.unwrap_or(acknowledged).max(acknowledged);
        let store = Store::open(&location, Kek::for_tests()).unwrap();
        assert!(store.read(size).unwrap() >= acknowledged, "{acknowledged} were acknowledged");
        grown(&store, &mut tree);
    }
    assert!(kills_with_acks > KILLS / 2, "{kills_with_acks}");
    assert_eq!(survived(&location, acknowledged), Ok(tree.size()));
}

/// What was there before is there still, and what is new continues it: otherwise the root is another.
fn grown(store: &Store, tree: &mut Tree) {
    while tree.size() < store.read(size).unwrap() {
        for leaf in store.read(|tx| leaves(tx, tree.size(), 1_000)).unwrap() {
            tree.append(Hash::leaf(leaf.record.as_bytes()), |_, _, _| {});
        }
    }
    if tree.size() > 0 {
        let signed = signed(store);
        assert_eq!((signed.size, signed.root), (tree.size(), tree.root()));
        assert_eq!(expected(store, tree.size()), Ok(()));
    }
}

#[expect(clippy::disallowed_methods, reason = "who is killed is a process")]
fn start(path: &Path) -> Child {
    let child = "audit::durable::killed::no_acknowledged_record_is_lost_by_a_program_that_is_killed";
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", child, "--nocapture", "--test-threads=1"]).env(PLACE, path);
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// Kills it some time after so many acknowledgements; how long the log was when it last acknowledged anything.
fn killed(mut child: Child, mut told: BufReader<ChildStdout>, acks: usize, later: Duration) -> Option<u64> {
    let (mut last, mut heard, mut line) = (None, 0, String::new());
    while heard < acks && told.read_line(&mut line).unwrap() > 0 {
        heard += usize::from(note(&line, &mut last));
        line.clear();
    }
    std::thread::sleep(later);
    child.kill().unwrap();
    child.wait().unwrap();
    while told.read_line(&mut line).unwrap() > 0 {
        note(&line, &mut last);
        line.clear();
    }
    last
}

/// A line that was cut by the kill acknowledges nothing.
fn note(line: &str, last: &mut Option<u64>) -> bool {
    let ack = line.strip_prefix("ack ").and_then(|line| line.strip_suffix('\n')?.parse().ok());
    *last = ack.or(*last);
    ack.is_some()
}

/// What the program does that is killed: this test again, told where its store is.
fn append_until_killed(path: PathBuf) -> ! {
    let store = Store::open(&Location::Sqlite(path), Kek::for_tests()).unwrap();
    loop {
        let end = store
            .write(|tx| {
                let first = size(tx)?;
                let entries: Vec<_> = (first..first + 1 + first % 3).map(entry).collect();
                append_all(tx, &entries).map(|first| first + entries.len() as u64)
            })
            .unwrap();
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "ack {end}").and_then(|()| stdout.flush()).unwrap();
    }
}
