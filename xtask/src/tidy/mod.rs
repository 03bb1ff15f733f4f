//! `cargo xtask tidy`: the rules of the house that no compiler checks.
//!
//! Arrows between crates, a front page for every module, sizes under a ratchet, nothing left over, no path of
//! somebody's machine. Files are the ones git tracks and new ones it does not ignore, so that a finding comes
//! before the commit.
//!
//! INVARIANT: every check is a pure function from text or metadata to [`Finding`]s.

mod arrows;
mod finding;
mod leftovers;
pub(crate) mod metadata;
mod places;
mod promises;
mod ratchet;
mod source;

use anyhow::{Context, Result, bail};

use self::finding::Finding;
use self::metadata::Workspace;
use self::ratchet::Ratchet;
use self::source::Source;
use crate::shell::Root;

const RATCHET: &str = "xtask/tidy-ratchet.txt";

/// Kinds of file that people write; so is one without a kind.
const WRITTEN: [&str; 12] = ["css", "html", "js", "md", "py", "rs", "sh", "toml", "ts", "tsx", "yaml", "yml"];

/// A text file of the repository; the path is relative to the root.
#[derive(Debug)]
struct TextFile {
    path: String,
    text: String,
}

impl TextFile {
    /// Whether people write it. Golden files and captures as text hold what devices say.
    fn is_written(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.rsplit_once('.').is_none_or(|(stem, kind)| stem.is_empty() || WRITTEN.contains(&kind))
    }
}

/// Prints every finding; any one is an error.
pub(crate) fn check(root: &Root) -> Result<()> {
    let files = text_files(root)?;
    let (sources, mut findings) = read_sources(&files);
    findings.extend(arrows::check(&Workspace::read(root)?));
    for file in &files {
        findings.extend(leftovers::words(file));
        findings.extend(places::check(file));
    }
    findings.extend(sources.iter().flat_map(|source| source.findings.iter().cloned()));
    findings.extend(promises::check(&files));
    findings.extend(check_sizes(root, &sources)?);

    println!("{}", ratchet::summary(&sources));
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => Ok(()),
        count => bail!("tidy: {count} findings"),
    }
}

fn read_sources(files: &[TextFile]) -> (Vec<Source>, Vec<Finding>) {
    let mut sources = Vec::new();
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        match Source::read(file) {
            Ok(source) => sources.push(source),
            Err(finding) => findings.push(finding),
        }
    }
    (sources, findings)
}

fn check_sizes(root: &Root, sources: &[Source]) -> Result<Vec<Finding>> {
    let text = std::fs::read_to_string(root.join(RATCHET)).context("the ratchet file cannot be read")?;
    let ratchet = match Ratchet::parse(&text) {
        Ok(ratchet) => ratchet,
        Err(finding) => return Ok(vec![finding]),
    };
    let mut findings = ratchet::grown(&ratchet_before(root, &text)?, &ratchet);
    findings.extend(ratchet::judge(sources, &ratchet));
    Ok(findings)
}

/// The ratchet as it was before its last change, committed or not. Without a history there is nothing to compare.
fn ratchet_before(root: &Root, now: &str) -> Result<Ratchet> {
    let commits = git(root, &["log", "-2", "--format=%H", "--", RATCHET]).unwrap_or_default();
    for commit in commits.lines() {
        let before = git(root, &["show", &format!("{commit}:{RATCHET}")])?;
        if before != now {
            return Ratchet::parse(&before).map_err(|finding| anyhow::anyhow!("{finding}"));
        }
    }
    Ratchet::parse(now).map_err(|finding| anyhow::anyhow!("{finding}"))
}

/// Files that are not text (captures, images) are left out; so is a tracked file that was deleted by hand.
fn text_files(root: &Root) -> Result<Vec<TextFile>> {
    let listed =
        git(root, &["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"])?;
    let paths = listed.split('\0').filter(|path| !path.is_empty());
    let read = |path: &str| {
        let text = String::from_utf8(std::fs::read(root.join(path)).ok()?).ok()?;
        (!text.contains('\0')).then(|| TextFile { path: path.to_owned(), text })
    };
    Ok(paths.filter_map(read).collect())
}

/// The checkout may belong to somebody else than who runs the tests: it is only read.
fn git(root: &Root, words: &[&str]) -> Result<String> {
    root.program("git").args(["-c", "safe.directory=*"]).args(words).read()
}
