//! From a draft of `nullius eval --draft` (`docs/draft-format.md`) to a repository people can start from, and to a
//! history a policy can be tried on.
//!
//! Nothing is generalised on the way: what was learned is allowed, and no neighbour of it. What a person must say, who
//! answers for a zone for one, stays open, and the repository is not accepted before it is said.
//!
//! INVARIANT: text that a device chose is a comment or nothing; names and addresses are parsed before they are written.

mod document;
mod history;
mod inventory;
mod permits;
mod services;
#[cfg(test)]
mod tests;

use crate::simulate::History;
use crate::{Files, Problem};
use document::{RulesFile, ZonesFile};
use inventory::Site;
use serde::Deserialize;

/// Name and version of the format this reads.
const FORMAT: &str = "nullius-draft/1";
/// Its two files.
const ZONES: &str = "zones.json";
const RULES: &str = "rules.json";
/// Largest file read: as large as the captures behind it are many, and no larger than a person can go through.
const MAX_BYTES: usize = 64 << 20;

/// Inventory and policies that allow exactly what was learned. Where the draft says until when it learned, what came
/// later is not allowed.
///
/// # Errors
/// A [`Problem`] where a file is no draft of the version this reads.
pub fn from_draft(zones_json: &str, rules_json: &str) -> Result<Files, Vec<Problem>> {
    let (zones, rules) = read(zones_json, rules_json)?;
    let site = Site::of(&zones, &rules);
    Ok(Files::from([
        ("inventory.toml".to_owned(), site.inventory(&zones)),
        ("policies/learned.cedar".to_owned(), permits::write(&site, &rules)),
    ]))
}

/// All conversations of a draft, whether learned or not.
///
/// # Errors
/// A [`Problem`] where the file is no draft of the version this reads.
pub fn history(rules_json: &str) -> Result<History, Vec<Problem>> {
    history::of(&rules(rules_json)?).map_err(|message| vec![Problem::of_file(RULES, message)])
}

fn read(zones_json: &str, rules_json: &str) -> Result<(ZonesFile, RulesFile), Vec<Problem>> {
    let zones: ZonesFile = parse(ZONES, zones_json)?;
    of_this_version(ZONES, &zones.format)?;
    Ok((zones, rules(rules_json)?))
}

fn rules(rules_json: &str) -> Result<RulesFile, Vec<Problem>> {
    let rules: RulesFile = parse(RULES, rules_json)?;
    of_this_version(RULES, &rules.format)?;
    Ok(rules)
}

fn parse<'a, T: Deserialize<'a>>(file: &str, text: &'a str) -> Result<T, Vec<Problem>> {
    if text.len() > MAX_BYTES {
        return Err(vec![Problem::of_file(file, format!("{} bytes; the limit is {MAX_BYTES}", text.len()))]);
    }
    serde_json::from_str(text).map_err(|error| {
        let [line, column] =
            [error.line(), error.column()].map(|number| u32::try_from(number).unwrap_or(u32::MAX));
        let problem = Problem { line, column, ..Problem::of_file(file, format!("no draft: {error}")) };
        vec![problem.with_help("make one: nullius eval CAPTURE --draft FOLDER")]
    })
}

fn of_this_version(file: &str, format: &str) -> Result<(), Vec<Problem>> {
    if format == FORMAT {
        return Ok(());
    }
    let message = format!("the format is `{}`, not {FORMAT}", format.escape_debug());
    Err(vec![
        Problem::of_file(file, message).with_help("make the draft anew: nullius eval CAPTURE --draft FOLDER"),
    ])
}
