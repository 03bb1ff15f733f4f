//! What an auditor sees: the program over folders, beside a check that somebody else could have written.

#[path = "../../audit/tests/log/mod.rs"]
mod log;

use log::{Log, packed};
use nullius_audit::layout::{Resource, Span};
use nullius_audit::{Checkpoint, SigningKey};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{fs, io};

const SIZE: u64 = 2_000;

/// A folder of its own for a test, with the log in it.
fn exported(name: &str, log: &Log) -> io::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    for (path, bytes) in log.files() {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&folder))?;
        fs::write(path, bytes)?;
    }
    Ok(folder)
}

#[expect(clippy::disallowed_methods, reason = "the program under test is a process")]
fn nullius_verify(folder: &Path, key: &str, anchors: &[&Path]) -> io::Result<Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nullius-verify"));
    command.arg(folder).arg("--key").arg(key);
    anchors.iter().for_each(|anchor| {
        command.arg("--anchor").arg(anchor);
    });
    command.output()
}

#[expect(clippy::disallowed_methods, reason = "somebody else's program is a process")]
fn independent(folder: &Path, key: &str) -> io::Result<Output> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/independent.py");
    Command::new("/usr/bin/python3").arg(script).arg(folder).arg(key).output()
}

/// Exit code and what was printed, on whichever side.
fn heard(output: &Output) -> (Option<i32>, String) {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

fn anchored(folder: &Path, checkpoints: &[Checkpoint], key: &SigningKey) -> io::Result<PathBuf> {
    let path = folder.join("kept elsewhere");
    fs::write(
        &path,
        checkpoints.iter().map(|checkpoint| checkpoint.sign(key)).collect::<Vec<_>>().join("\n"),
    )?;
    Ok(path)
}

#[test]
fn a_whole_log_is_whole_for_us_and_for_somebody_else() {
    let log = Log::of(SIZE).unwrap();
    let folder = exported("whole", &log).unwrap();
    let key = log.key.verifier().to_string();
    let anchor = anchored(&folder, &log.checkpoints(&[1, 999, SIZE]), &log.key).unwrap();
    let (code, text) = heard(&nullius_verify(&folder, &key, &[&anchor]).unwrap());
    let root = log.checkpoint(SIZE).root;
    let expected = format!(
        "Log nullius/audit/test, 2000 records, from 2026-11-22T20:22:00.000000Z to 2026-11-22T20:55:19.000000Z.\n\
         Root {root}.\n\
         WHOLE: every record is the one that the log signed, and at its place.\n\
         Of the checkpoints that were kept elsewhere, 3 agree with these records.\n"
    );
    assert_eq!((code, text), (Some(0), expected));
    assert_eq!(heard(&independent(&folder, &key).unwrap()), (Some(0), format!("2000 {root}\n")));
}

#[test]
fn a_changed_log_is_bad_for_us_and_for_somebody_else() {
    let log = Log::of(SIZE).unwrap();
    let key = log.key.verifier().to_string();
    for (name, resource, place, expected) in [
        (
            "entry",
            Resource::Entries(Span::full(5)),
            100,
            "BAD: record 1280 is not the one that the log signed.",
        ),
        (
            "tile",
            Resource::Tile { level: 0, span: Span::full(5) },
            64,
            "BAD: the file tile/0/005 does not have the hash of record 1282;",
        ),
        (
            "node",
            Resource::Tile { level: 1, span: Span { number: 0, width: 7 } },
            32,
            "BAD: the file tile/1/000.p/7 does not have the hash of records 256 to 511;",
        ),
    ] {
        let folder = exported(name, &log).unwrap();
        let path = folder.join(resource.path());
        let mut bytes = fs::read(&path).unwrap();
        bytes[place] ^= 4;
        fs::write(&path, bytes).unwrap();
        let (code, text) = heard(&nullius_verify(&folder, &key, &[]).unwrap());
        assert!(code == Some(1) && text.contains(expected), "{name}: {text}");
        assert!(text.contains("No anchor was given"), "{text}");
        assert_eq!(heard(&independent(&folder, &key).unwrap()).0, Some(1), "{name}");
    }
}

#[test]
fn a_deleted_record_and_a_cut_tail_are_named() {
    let log = Log::of(SIZE).unwrap();
    let key = log.key.verifier().to_string();
    let folder = exported("deleted", &log).unwrap();
    let mut records = log.records.clone();
    records.remove(1_234);
    for span in Span::all(SIZE - 1) {
        fs::write(folder.join(Resource::Entries(span).path()), packed(&records, span)).unwrap();
    }
    let (code, text) = heard(&nullius_verify(&folder, &key, &[]).unwrap());
    assert!(
        code == Some(1)
            && text.contains(
                "BAD: record 1234 is not the one that the log signed. Records before 1234 are whole."
            ),
        "{text}"
    );

    let short = Log::of(1_500).unwrap();
    let folder = exported("cut", &short).unwrap();
    assert_eq!(heard(&nullius_verify(&folder, &key, &[]).unwrap()).0, Some(0));
    let anchor = anchored(&folder, &log.checkpoints(&[1_400, SIZE]), &log.key).unwrap();
    let (code, text) = heard(&nullius_verify(&folder, &key, &[&anchor]).unwrap());
    let expected =
        "BAD: record 1500 is missing, and all after it: the log ends there, but once had 2000 records.";
    assert!(code == Some(1) && text.contains(expected), "{text}");
}

#[test]
fn a_tail_that_was_written_anew_lies_between_two_anchors() {
    let honest = Log::of(SIZE).unwrap();
    let mut forged = Log::of(SIZE).unwrap();
    forged.records.swap(1_700, 1_704);
    let key = honest.key.verifier().to_string();
    let folder = exported("forged", &forged).unwrap();
    let anchor = anchored(&folder, &honest.checkpoints(&[1_650, 1_701, SIZE]), &honest.key).unwrap();
    let (code, text) = heard(&nullius_verify(&folder, &key, &[&anchor]).unwrap());
    let expected = "BAD: the first bad record is one of 1650 to 1700: they are not those that the log signed when it had 1701 records. Records before 1650 are whole.";
    assert!(code == Some(1) && text.contains(expected), "{text}");
}

#[test]
fn what_cannot_be_used_is_neither_good_nor_bad() {
    let log = Log::of(3).unwrap();
    let folder = exported("unusable", &log).unwrap();
    let key = log.key.verifier().to_string();
    let other = SigningKey::from_seed("nullius/audit/test", &[8; 32]).unwrap();
    let stranger = anchored(&folder, &log.checkpoints(&[2]), &other).unwrap();
    let empty = folder.join("empty");
    fs::write(&empty, "").unwrap();
    for (folder, key, anchors, expected) in [
        (folder.join("nowhere"), key.clone(), vec![], "there is no file `checkpoint`"),
        (
            folder.clone(),
            other.verifier().to_string(),
            vec![],
            "not signed by this key. Is this the key of this log?",
        ),
        (
            folder.clone(),
            "key".to_owned(),
            vec![],
            "the key: this is no verifier key: expected `NAME+ID+KEY`",
        ),
        (folder.clone(), key.replacen('+', "+0", 1), vec![], "the key: the id in this verifier key"),
        (folder.clone(), key.clone(), vec![stranger.as_path()], "checkpoint 1 in it is not to be believed"),
        (folder.clone(), key.clone(), vec![empty.as_path()], "there is no checkpoint in it"),
        (folder.clone(), key.clone(), vec![Path::new("no\nwhere")], "no\\u{a}where: there is no such file"),
        (folder.clone(), key.clone(), vec![folder.as_path()], "it is no plain file"),
    ] {
        let (code, text) = heard(&nullius_verify(&folder, &key, &anchors).unwrap());
        assert!(code == Some(2) && text.contains(expected), "{code:?}: {text}");
    }
}

#[test]
fn a_key_may_lie_in_a_file() {
    let log = Log::of(3).unwrap();
    let folder = exported("key", &log).unwrap();
    let path = folder.join("log.vkey");
    fs::write(&path, format!("{}\n", log.key.verifier())).unwrap();
    let output = nullius_verify(&folder, &path.display().to_string(), &[]).unwrap();
    assert_eq!(output.status.code(), Some(0));
}
