//! Where captures are, and how one is read.

use nullius_capture::CaptureFile;
use nullius_model::{Seed, Sink};
use nullius_wire::{Dissector, Limits};
use std::fs;
use std::path::{Path, PathBuf};

/// The folder of all captures.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// All captures of [`folder`], in order.
pub(crate) fn all() -> Vec<PathBuf> {
    let mut found = within(&folder());
    assert!(!found.is_empty(), "no captures under tests/data");
    found.sort();
    found
}

/// Tells `sink` of a capture, of whose frames no more than `snapshot` bytes were kept.
pub(crate) fn read(capture: &Path, snapshot: usize, sink: &mut dyn Sink) {
    let mut file =
        CaptureFile::open(capture).unwrap_or_else(|error| panic!("{}: {error}", capture.display()));
    let mut dissector = Dissector::new(Limits::default(), Seed::new(1));
    while let Some(mut frame) = file.next_frame().unwrap() {
        frame.bytes = frame.bytes.get(..snapshot).unwrap_or(frame.bytes);
        dissector.handle_frame(&frame, sink);
    }
    dissector.finish(sink);
}

fn within(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(within(&path));
        } else if path.file_name().is_some_and(|name| name.to_string_lossy().contains(".pcap"))
            && path.extension().is_some_and(|extension| extension != "txt")
        {
            found.push(path);
        }
    }
    found
}
