//! Files of an audit log as whoever handed them over may have made them.

use nullius_audit::bundle::Bundle;
use nullius_audit::layout::Resource;
use nullius_audit::note::{self, Note};
use nullius_audit::verify::{Files, verify};
use nullius_audit::{Checkpoint, Entry, Hash, SigningKey, VerifierKey};
use nullius_wire::reader::Reader;
use std::convert::Infallible;

/// Reads entries of a bundle.
pub(crate) fn bundle(bytes: &[u8]) {
    let read = Bundle::read(bytes);
    let owned: usize = read.entries.iter().map(|entry| entry.len() + 2).sum();
    assert_eq!(owned + read.rest, bytes.len(), "every byte is an entry's or left over");
}

/// Reads a record; what is one can be written again.
pub(crate) fn entry(bytes: &[u8]) {
    match Entry::parse(bytes) {
        Ok(entry) => {
            let again = entry.encode().and_then(|bytes| Entry::parse(&bytes));
            assert!(again.is_ok(), "{again:?}");
        }
        Err(error) => drop(error.to_string()),
    }
}

/// Reads a key, up to a zero byte, and notes that it may have signed.
pub(crate) fn note(bytes: &[u8]) {
    let (key, notes) = bytes.split_at(bytes.iter().position(|byte| *byte == 0).unwrap_or(0));
    let key = VerifierKey::parse(&String::from_utf8_lossy(key));
    for note in note::split(&String::from_utf8_lossy(notes)) {
        let opened = key.as_ref().map(|key| Checkpoint::open(note.as_bytes(), key));
        drop(format!("{:?} {opened:?}", Note::parse(note.as_bytes())));
    }
}

/// Reads the name of a file.
pub(crate) fn path(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Some(resource) = Resource::parse(&text) {
        assert_eq!(resource.path(), text, "a file has one name");
    }
}

/// Verifies a log whose key signs anything: eight bytes are its size, then its files stand in the order in which they are
/// asked for, each behind two bytes of length; the top bit says that a file is missing.
pub(crate) fn log(bytes: &[u8]) {
    let mut script = Script(Reader::new(bytes));
    let Ok(key) = SigningKey::from_seed("fuzz", &[7; 32]) else { return };
    let Ok(size) = script.0.take(8) else { return };
    let size = size.iter().fold(0, |size, byte| size << 8 | u64::from(*byte));
    let root = script.0.take(Hash::LENGTH).ok().and_then(Hash::from_bytes).unwrap_or_else(Hash::empty);
    let checkpoint = Checkpoint { origin: "fuzz".to_owned(), size, root };
    let anchors = [Checkpoint { size: size / 2, ..checkpoint.clone() }];
    let mut files = Signed { note: checkpoint.sign(&key), script };
    let report = verify(&mut files, key.verifier(), &anchors);
    drop(report.map(|report| report.fault.map(|fault| fault.to_string())));
}

struct Script<'a>(Reader<'a>);

struct Signed<'a> {
    note: String,
    script: Script<'a>,
}

impl Files for Signed<'_> {
    type Error = Infallible;

    fn read(&mut self, path: &str, _limit: usize) -> Result<Option<Vec<u8>>, Infallible> {
        if path == "checkpoint" {
            return Ok(Some(self.note.clone().into_bytes()));
        }
        let reader = &mut self.script.0;
        let Ok(header) = reader.be16() else { return Ok(None) };
        let length = usize::from(header & 0x7fff).min(reader.left());
        let file = reader.take(length).unwrap_or_default().to_vec();
        Ok((header & 0x8000 == 0).then_some(file))
    }
}
