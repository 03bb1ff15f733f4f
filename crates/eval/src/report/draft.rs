//! A first draft of zones and allow rules, as data for a person to go through (dynamics §5.4, points 1 and 2).
//!
//! `zones` proposes who belongs together, `rules` what each conversation would need, `suspicion` what is not suggested
//! and why. Nothing is generalised: a rule allows what was seen and no neighbour of it. What is written is
//! [`FORMAT`], described in `docs/draft-format.md`; the policy compiler reads it, nobody enforces it.
//!
//! INVARIANT: a conversation is in `allow`, in `not_suggested`, or by its verbs in both; it is never lost.

mod document;
mod rules;
mod suspicion;
mod zones;

use crate::error::EvalError;
use crate::output::{self, Existing};
use crate::run::Evaluation;
use document::{RulesFile, ZonesFile};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

/// Name and version of the format; the version grows when a reader of the old one would be wrong.
pub const FORMAT: &str = "nullius-draft/1";
/// The file that says who belongs together.
pub const ZONES_FILE: &str = "zones.json";
/// The file that says who may do what.
pub const RULES_FILE: &str = "rules.json";

/// Whether a draft would replace one that is there; people edit drafts, so that is said before anything is read.
pub fn check(folder: &Path, existing: Existing) -> Result<(), EvalError> {
    match files(folder).into_iter().find(|path| path.exists()) {
        Some(path) if existing == Existing::Keep => Err(EvalError::Exists { path }),
        Some(_) | None => Ok(()),
    }
}

/// Writes the draft into `folder`, which is made if it is not there, and says which files it is. Unless told to replace,
/// a file that exists ends it before anything is written.
pub fn write(evaluation: &Evaluation, folder: &Path, existing: Existing) -> Result<[PathBuf; 2], EvalError> {
    check(folder, existing)?;
    fs::create_dir_all(folder).map_err(|source| EvalError::Write { path: folder.to_owned(), source })?;
    let (zones, rules) = propose(evaluation);
    let files = files(folder);
    let [zones_path, rules_path] = &files;
    write_json(zones_path, existing, &zones)?;
    write_json(rules_path, existing, &rules)?;
    Ok(files)
}

fn files(folder: &Path) -> [PathBuf; 2] {
    [ZONES_FILE, RULES_FILE].map(|name| folder.join(name))
}

fn propose(evaluation: &Evaluation) -> (ZonesFile, RulesFile) {
    let zones = zones::propose(&evaluation.picture);
    let rules = rules::propose(evaluation, &zones);
    (ZonesFile { format: FORMAT, zones: zones.into_documents() }, rules)
}

fn write_json(path: &Path, existing: Existing, content: &impl Serialize) -> Result<(), EvalError> {
    output::write(path, existing, |out| {
        serde_json::to_writer_pretty(&mut *out, content)?;
        out.write_all(b"\n")
    })
}
