//! A folder of policies on disk: read with bounds, and made anew.
//!
//! It does not know what is in the files. What belongs to no repository (an editor's backup, a README) is left alone;
//! what looks like a policy and lies elsewhere is the repository's to complain of.

use nullius_model::inert;
use nullius_policy::{Files, Problem, from_draft};
use nullius_protocol::bundle::{MAX_BUNDLE, MAX_FILES};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::{Failure, Outcome, World};

/// Largest file of a draft, in bytes.
const MAX_DRAFT: usize = 64 << 20;

/// What a repository consists of: a folder, and the ending of its files.
const PARTS: [(&str, &str); 3] = [("inventory", "toml"), ("policies", "cedar"), ("tests", "toml")];

/// The files of a repository.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) files: Files,
}

impl Folder {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let mut files = Files::new();
        let inventory = "inventory.toml";
        if !path.join(inventory).is_file() {
            return Err(Failure::Unable(format!(
                "`{}` holds no {inventory}: name a folder of policies, or make one with `nullius policy new`",
                path.display()
            )));
        }
        files.insert(inventory.to_owned(), text(&path.join(inventory), MAX_BUNDLE)?);
        for (part, extension) in PARTS {
            for file in files_of(&path.join(part), extension)? {
                let name =
                    file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                files.insert(format!("{part}/{name}"), text(&file, MAX_BUNDLE)?);
                bounded(&files, path)?;
            }
        }
        Ok(Self { files })
    }
}

/// A folder of other things than policies is refused before it fills memory.
fn bounded(files: &Files, path: &Path) -> Result<(), Failure> {
    let bytes: usize = files.values().map(String::len).sum();
    if files.len() > MAX_FILES || bytes > MAX_BUNDLE {
        let path = path.display();
        return Err(Failure::Unable(format!(
            "`{path}` holds more than {MAX_FILES} files or {MAX_BUNDLE} bytes"
        )));
    }
    Ok(())
}

fn files_of(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, Failure> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// A file of at most `limit` bytes.
pub(super) fn text(path: &Path, limit: usize) -> Result<String, Failure> {
    let file = fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    let mut text = String::new();
    let limit_and_one = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit_and_one).read_to_string(&mut text).map_err(|error| unreadable(path, &error))?;
    match text.len() <= limit {
        true => Ok(text),
        false => Err(Failure::Unable(format!("`{}` has more than {limit} bytes", path.display()))),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Unable(format!("`{}` cannot be read: {error}", path.display()))
}

/// The two files of a draft: zones and rules.
pub(super) fn draft(path: &Path) -> Result<[String; 2], Failure> {
    Ok([text(&path.join("zones.json"), MAX_DRAFT)?, text(&path.join("rules.json"), MAX_DRAFT)?])
}

pub(super) fn make(folder: &Path, draft_folder: &Path, world: &mut World<'_>) -> Result<Outcome, Failure> {
    let [zones, rules] = draft(draft_folder)?;
    let files = from_draft(&zones, &rules).map_err(refused)?;
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Failure::Unable(format!("`{}` is not empty: name a new folder", folder.display())));
    }
    for (name, text) in &files {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|error| unwritable(parent, &error))?;
        fs::write(&path, text).map_err(|error| unwritable(&path, &error))?;
        writeln!(world.out, "{}", inert(&path.display().to_string()))?;
    }
    let shown = inert(&folder.display().to_string());
    writeln!(
        world.out,
        "\nSay who owns each zone, go through what is allowed, then: nullius policy check {shown}"
    )?;
    Ok(Outcome::Positive)
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Unable(format!("`{}` cannot be written: {error}", path.display()))
}

/// Problems of what was read.
pub(super) fn refused(problems: Vec<Problem>) -> Failure {
    let line =
        format!("{}: correct what is named above", crate::show::count(problems.len() as u64, "problem"));
    Failure::Refused { line, problems: problems.iter().map(Problem::to_string).collect() }
}
