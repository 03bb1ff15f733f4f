//! Every parser as a fuzz target, and the replay of the inputs that were found worth keeping.
//!
//! A target takes bytes and must come back: no panic, no overflow, no allocation without a bound. What it returns
//! is of no interest here; golden files say what is right. libFuzzer drives the targets from `fuzz/libfuzzer`
//! (`cargo xtask fuzz`), the test `corpus_replay` runs them over `fuzz/corpus` at every test run.
//!
//! INVARIANT: every target has a folder of its name in the corpus, with at least one input, and every folder a
//! target: a parser that is never replayed is found.

mod audit;
mod drive;
mod identity;
mod targets;

pub use targets::TARGETS;

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

/// A parser that anybody may feed.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Names the folder of its inputs.
    pub name: &'static str,
    /// Parses the bytes and forgets what they said.
    pub run: fn(&[u8]),
}

/// The target of that name.
#[must_use]
pub fn find<'a>(targets: &'a [Target], name: &str) -> Option<&'a Target> {
    targets.iter().find(|target| target.name == name)
}

/// Runs every target over every input in its folder of `corpus` and counts the inputs.
///
/// # Errors
/// When a target has no input, a folder no target, or a file cannot be read.
pub fn replay(targets: &[Target], corpus: &Path) -> io::Result<usize> {
    let stray = folders(corpus)?.into_iter().find(|name| find(targets, name).is_none());
    if let Some(name) = stray {
        return Err(io::Error::other(format!("the corpus `{name}` belongs to no target")));
    }
    targets.iter().try_fold(0, |sum, target| Ok(sum + replay_one(target, corpus)?))
}

/// A corpus that does not exist holds no folders: so it is before the first target.
fn folders(corpus: &Path) -> io::Result<BTreeSet<String>> {
    if !corpus.exists() {
        return Ok(BTreeSet::new());
    }
    corpus.read_dir()?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

fn replay_one(target: &Target, corpus: &Path) -> io::Result<usize> {
    let folder = corpus.join(target.name);
    let entries = folder.read_dir().map_err(|error| without_input(target, &error.to_string()))?;
    let mut count = 0;
    for entry in entries {
        (target.run)(&std::fs::read(entry?.path())?);
        count += 1;
    }
    if count == 0 { Err(without_input(target, "its folder is empty")) } else { Ok(count) }
}

fn without_input(target: &Target, why: &str) -> io::Error {
    io::Error::other(format!("the target `{}` has no input in the corpus: {why}", target.name))
}
