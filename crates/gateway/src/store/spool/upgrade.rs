//! Journals of earlier versions, whose lines have neither a number nor a chain: `audit.jsonl`, `audit.1.jsonl` ….
//!
//! Each file is written anew beside itself, takes its own place in one step, and only then gets its new name: whatever
//! interrupts this, a line is there once.

use super::End;
use super::line;
use super::segment::{self, Lines};
use crate::store::file::{self, FileError, failed};
use nullius_protocol::link::chained;
use nullius_protocol::local::AuditLine;
use std::fs;
use std::path::Path;

/// Older files that earlier versions kept.
const MAX_OLD: u32 = 3;

/// Gives numbers to what has none, behind `end`.
pub(super) fn run(directory: &Path, name: &str, mut end: End) -> Result<(), FileError> {
    for number in (1..=MAX_OLD).rev() {
        let path = directory.join(format!("{name}.{number}.jsonl"));
        if !path.exists() {
            continue;
        }
        let first = match first_number(&path)? {
            // interrupted between its new content and its new name
            Some(first) => first,
            None => rewrite(&path, end)?,
        };
        let closed = segment::closed(directory, name, first);
        fs::rename(&path, &closed).map_err(failed("closing", &path))?;
        file::sync_directory_of(&path)?;
        end = end.behind(&closed, first)?;
    }
    let live = segment::live(directory, name);
    if live.exists() && first_number(&live)?.is_none() {
        rewrite(&live, end)?;
    }
    Ok(())
}

/// The number of the first line; none where the file was written by an earlier version, or is empty.
fn first_number(path: &Path) -> Result<Option<u64>, FileError> {
    let mut lines = Lines::open(path, 0).map_err(failed("reading", path))?;
    Ok(lines.next().and_then(|(text, _)| Some(line::number(&text)?.0)))
}

fn rewrite(path: &Path, mut end: End) -> Result<u64, FileError> {
    let first = end.next;
    let mut text = String::new();
    for (old, _) in Lines::open(path, 0).map_err(failed("reading", path))? {
        let record = as_audit_line(old);
        let chain = chained(&end.chain, end.next, record.as_bytes());
        let Some(line) = line::line(end.next, &record, &chain) else { continue };
        end = End { next: end.next + 1, chain };
        text.push_str(&line);
        text.push('\n');
    }
    file::replace(path, text.as_bytes())?;
    Ok(first)
}

/// What is none, such as the count of lines that were lost, becomes the text of one.
fn as_audit_line(old: String) -> String {
    if serde_json::from_str::<AuditLine>(&old).is_ok() {
        return old;
    }
    let line = AuditLine { who: "gateway".into(), what: "unknown".into(), text: old, ..AuditLine::default() };
    serde_json::to_string(&line).unwrap_or_default()
}
