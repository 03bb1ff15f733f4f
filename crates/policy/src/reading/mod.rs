//! A repository as people write it: `inventory.toml`, `policies/*.cedar`, `tests/*.toml`.
//!
//! Devices may also stand in `inventory/*.toml`: a controller writes its device record so, in small files of which the
//! change of one device changes one.
//!
//! One reading tells all that is wrong, each thing at its line. Nothing here knows files or folders: it takes relative
//! paths and texts, as they come out of a folder or of a bundle.
//!
//! INVARIANT: any text is read without a panic, in time and memory in proportion to its length: every count, length and
//! depth below has its limit.

mod cases;
mod device;
mod document;
mod inventory;
mod policies;
mod references;
#[cfg(test)]
mod tests;
mod window;
pub(crate) mod words;

pub(crate) use inventory::{Cycles, Places};
pub(crate) use policies::{Actions, Scope, Scoped, helped};

use crate::testing::Case;
use crate::{Files, PolicyId, PolicySource, Problem, Repository};
use document::Sink;
use std::collections::BTreeMap;

/// The file that declares the site.
const INVENTORY: &str = "inventory.toml";
/// More of its devices.
const DEVICES: &str = "inventory/";
const POLICIES: &str = "policies/";
const TESTS: &str = "tests/";

/// Most files, and most bytes of them all: a bundle is no larger.
const MAX_FILES: usize = 4_096;
const MAX_BYTES: usize = 8 << 20;
/// Longest path; it is repeated in every problem.
const MAX_PATH: usize = 255;

/// What a repository holds besides inventory and policies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) files: Files,
    pub(crate) places: Places,
    pub(crate) cycles: Cycles,
    pub(crate) policies: BTreeMap<PolicyId, Scoped>,
    pub(crate) cases: Vec<Case>,
}

impl Written {
    /// The place of byte `offset` of `file`, as a problem that says `message`.
    pub(crate) fn problem(&self, file: &str, offset: usize, message: impl Into<String>) -> Problem {
        let text = self.files.get(file).map_or("", String::as_str);
        Problem::error(file, text, offset, message)
    }
}

impl Repository {
    /// The policy of this id as it was written.
    pub fn policy_text(&self, id: &PolicyId) -> Option<&str> {
        self.written.policies.get(id).map(|policy| policy.text.as_str())
    }

    /// Reads all files of a repository, whose keys are paths relative to it.
    ///
    /// # Errors
    /// Every [`Problem`] found. A repository with problems is no repository: half of a policy may be the half without
    /// its forbids.
    pub fn parse(files: &Files) -> Result<Self, Vec<Problem>> {
        let problems = check_files(files);
        if !problems.is_empty() {
            return Err(problems);
        }
        let (repository, problems) = read(files);
        if problems.is_empty() { Ok(repository) } else { Err(sorted(problems)) }
    }
}

fn check_files(files: &Files) -> Vec<Problem> {
    let bytes: usize = files.values().map(String::len).sum();
    if files.len() > MAX_FILES || bytes > MAX_BYTES {
        let message =
            format!("{} files of {bytes} bytes; the limits are {MAX_FILES} and {MAX_BYTES}", files.len());
        return vec![
            Problem::of_file("", message).with_help("split the site, or leave out what is no policy"),
        ];
    }
    let mut problems: Vec<Problem> = files.keys().filter_map(|path| check_path(path)).collect();
    if !files.contains_key(INVENTORY) {
        let problem = Problem::of_file(INVENTORY, "there is no such file");
        problems.push(problem.with_help("a repository declares its zones and devices there"));
    }
    problems
}

/// What is neither read nor plainly a text for people is refused: a forbid in a file with a slip in its name would be
/// missed in silence.
fn check_path(path: &str) -> Option<Problem> {
    let direct = |folder: &str, ending: &str| {
        path.strip_prefix(folder).is_some_and(|name| {
            name.strip_suffix(ending).is_some_and(|stem| !stem.is_empty() && !stem.contains('/'))
        })
    };
    let toml = path == INVENTORY || direct(DEVICES, ".toml") || direct(TESTS, ".toml");
    let known = toml || direct(POLICIES, ".cedar") || path.ends_with(".md");
    let plain = path.len() <= MAX_PATH && !path.chars().any(char::is_control);
    if known && plain {
        return None;
    }
    let shown: String = path.chars().take(MAX_PATH).flat_map(char::escape_debug).collect();
    let problem = Problem::of_file(&shown, "no file of a repository is called so");
    Some(problem.with_help(
        "a repository is inventory.toml, inventory/NAME.toml, policies/NAME.cedar, tests/NAME.toml, and *.md for people",
    ))
}

fn read(files: &Files) -> (Repository, Vec<Problem>) {
    let text = files.get(INVENTORY).map_or("", String::as_str);
    let shards = of_folder(files, DEVICES).map(|(file, text)| Sink::new(file, text));
    let sinks: Vec<Sink<'_>> = std::iter::once(Sink::new(INVENTORY, text)).chain(shards).collect();
    let (inventory, places, cycles) = inventory::read(&sinks);
    let mut problems: Vec<Problem> = sinks.into_iter().flat_map(Sink::into_problems).collect();
    let checked = Repository::new(inventory.clone(), sources(files));
    let scopes = checked.as_ref().ok().map(|repository| policies::scopes(&repository.checked));
    let cases = cases::read_all(of_folder(files, TESTS), &inventory, scopes.as_ref(), &mut problems);
    let mut repository = checked.unwrap_or_else(|found| {
        problems.extend(helped(found));
        Repository::default()
    });
    let policies = scopes.unwrap_or_default();
    repository.written = Written { files: files.clone(), places, cycles, policies, cases };
    (repository, problems)
}

fn sources(files: &Files) -> Vec<PolicySource> {
    of_folder(files, POLICIES)
        .map(|(file, text)| PolicySource { file: file.to_owned(), text: text.to_owned() })
        .collect()
}

fn of_folder<'a>(files: &'a Files, folder: &'static str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let inside = files.iter().filter(move |(path, _)| path.starts_with(folder) && !path.ends_with(".md"));
    inside.map(|(path, text)| (path.as_str(), text.as_str()))
}

fn sorted(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort();
    problems.dedup();
    problems
}
