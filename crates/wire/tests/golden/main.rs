//! Every capture under `tests/data`, read whole, against the text beside it.
//!
//! The text is what the dissector tells, line by line; for a large capture it is the count of each kind of line.
//! `UPDATE_EXPECT=1` writes the texts anew: read the difference before you commit it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a broken fixture must fail the test")]
#![expect(clippy::wildcard_enum_match_arm, reason = "a dump prints what it has no words for as it is")]

mod dump;

use dump::Dump;
use nullius_capture::CaptureFile;
use nullius_model::Seed;
use nullius_wire::{Dissector, Limits};
use std::fs;
use std::path::{Path, PathBuf};

/// A dump longer than this is kept as counts.
const MAX_DUMP: usize = 48 << 10;

#[test]
fn every_capture_reads_as_written_beside_it() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let captures = captures(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data"));
    assert!(!captures.is_empty(), "no captures under tests/data");
    let mut different = Vec::new();
    for capture in captures {
        let text = read(&capture);
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
    for capture in captures(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")) {
        if fs::metadata(&capture).unwrap().len() > 100_000 {
            continue;
        }
        let mut file = CaptureFile::open(&capture).unwrap();
        let mut dissector = Dissector::new(Limits::default(), Seed::new(1));
        let mut dump = Dump::default();
        while let Some(mut frame) = file.next_frame().unwrap() {
            frame.bytes = &frame.bytes[..frame.bytes.len().min(60)];
            dissector.handle_frame(&frame, &mut dump);
        }
        dissector.finish(&mut dump);
    }
}

fn captures(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(captures(&path));
        } else if path.file_name().is_some_and(|name| name.to_string_lossy().contains(".pcap"))
            && path.extension().is_some_and(|extension| extension != "txt")
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn read(capture: &Path) -> String {
    let mut file =
        CaptureFile::open(capture).unwrap_or_else(|error| panic!("{}: {error}", capture.display()));
    let mut dissector = Dissector::new(Limits::default(), Seed::new(1));
    let mut dump = Dump::default();
    while let Some(frame) = file.next_frame().unwrap() {
        dissector.handle_frame(&frame, &mut dump);
    }
    dissector.finish(&mut dump);
    dump.into_text(MAX_DUMP)
}

fn first_difference(expected: &Path, text: &str) -> String {
    let before = fs::read_to_string(expected).unwrap_or_default();
    let line = before.lines().zip(text.lines()).position(|(before, after)| before != after);
    let line = line.unwrap_or_else(|| before.lines().count().min(text.lines().count()));
    let show = |text: &str| text.lines().nth(line).unwrap_or("(end)").to_owned();
    format!("{} line {}:\n  - {}\n  + {}", expected.display(), line + 1, show(&before), show(text))
}
