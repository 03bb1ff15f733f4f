//! Every capture against the text beside it.
//!
//! The text is what the dissector tells, line by line; for a large capture it is the count of each kind of line.
//! `UPDATE_EXPECT=1` writes the texts anew: read the difference before you commit it.

use crate::capture;
use crate::dump::Dump;
use std::fs;
use std::path::{Path, PathBuf};

/// A dump longer than this is kept as counts.
const MAX_DUMP: usize = 48 << 10;

#[test]
fn every_capture_reads_as_written_beside_it() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut different = Vec::new();
    for capture in capture::all() {
        let text = read(&capture, usize::MAX).into_text(MAX_DUMP);
        let expected = PathBuf::from(format!("{}.txt", capture.display()));
        if update {
            fs::write(&expected, text).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != text {
            different.push(first_difference(&expected, &text));
        }
    }
    assert!(different.is_empty(), "UPDATE_EXPECT=1 writes these anew:\n{}", different.join("\n"));
}

/// Reading a capture that is cut anywhere tells something, or nothing, and never panics.
#[test]
fn every_small_capture_survives_a_snapshot_length_of_60() {
    for capture in capture::all() {
        if fs::metadata(&capture).unwrap().len() <= 100_000 {
            read(&capture, 60);
        }
    }
}

fn read(capture: &Path, snapshot: usize) -> Dump {
    let mut dump = Dump::default();
    capture::read(capture, snapshot, &mut dump);
    dump
}

fn first_difference(expected: &Path, text: &str) -> String {
    let before = fs::read_to_string(expected).unwrap_or_default();
    let line = before.lines().zip(text.lines()).position(|(before, after)| before != after);
    let line = line.unwrap_or_else(|| before.lines().count().min(text.lines().count()));
    let show = |text: &str| text.lines().nth(line).unwrap_or("(end)").to_owned();
    format!("{} line {}:\n  - {}\n  + {}", expected.display(), line + 1, show(&before), show(text))
}
