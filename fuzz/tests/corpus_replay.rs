//! Replays the committed corpora, and shows that the replay finds what is missing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use nullius_fuzz::{TARGETS, Target, find, replay};

#[test]
fn replays_every_committed_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let count = replay(TARGETS, &corpus).unwrap();
    assert!(count >= TARGETS.len());
}

#[test]
fn targets_have_names_of_their_own_in_order() {
    assert!(TARGETS.is_sorted_by(|earlier, later| earlier.name < later.name));
}

#[test]
fn every_input_goes_to_the_target_of_its_folder() {
    let corpus =
        corpus("every_input", &[("digits/one", "1"), ("digits/two", "22"), ("letters/one", "a")]).unwrap();
    assert_eq!(replay(&[DIGITS, LETTERS], &corpus).unwrap(), 3);
}

#[test]
fn a_target_without_input_is_found() {
    let empty = corpus("empty", &[("letters/one", "a")]).unwrap();
    fs::create_dir(empty.join("digits")).unwrap();
    let cases = [
        (empty, "the target `digits` has no input in the corpus: its folder is empty"),
        (
            corpus("absent", &[("letters/one", "a")]).unwrap(),
            "the target `digits` has no input in the corpus",
        ),
        (PathBuf::from("no such folder"), "the target `digits` has no input in the corpus"),
    ];
    for (corpus, expected) in cases {
        let error = replay(&[DIGITS, LETTERS], &corpus).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn a_corpus_without_a_target_is_found() {
    let corpus = corpus("stray", &[("digits/one", "1"), ("letters/one", "a")]).unwrap();
    let error = replay(&[DIGITS], &corpus).unwrap_err();
    assert_eq!(error.to_string(), "the corpus `letters` belongs to no target");
}

#[test]
fn a_target_is_found_by_name() {
    assert_eq!(find(&[DIGITS, LETTERS], "letters").map(|target| target.name), Some("letters"));
    assert!(find(&[DIGITS], "letters").is_none());
}

const DIGITS: Target = Target { name: "digits", run: |bytes| assert!(bytes.iter().all(u8::is_ascii_digit)) };
const LETTERS: Target =
    Target { name: "letters", run: |bytes| assert!(bytes.iter().all(u8::is_ascii_lowercase)) };

/// A fresh folder of inputs.
fn corpus(name: &str, inputs: &[(&str, &str)]) -> io::Result<PathBuf> {
    let corpus = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if corpus.exists() {
        fs::remove_dir_all(&corpus)?;
    }
    for (path, text) in inputs {
        let (folder, file) = path.split_once('/').unwrap_or(("", path));
        fs::create_dir_all(corpus.join(folder))?;
        fs::write(corpus.join(folder).join(file), text)?;
    }
    Ok(corpus)
}
