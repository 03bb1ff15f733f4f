//! Journals of earlier versions, whose lines have neither a number nor a chain: `audit.jsonl`, `audit.1.jsonl` ….
//!
//! Each file is written anew beside itself, takes its own place in one step, and only then gets its new name: whatever
//! interrupts this, a line is there once.

use super::line::{self, Chain};
use super::segment::{self, Lines};
use crate::store::file::{self, FileError, failed};
use std::fs;
use std::path::{Path, PathBuf};

/// Older files that earlier versions kept.
const MAX_OLD: u32 = 3;

/// Gives numbers to what has none. `next` and `chain` are where the numbers go on; returns where they end.
pub(super) fn run(
    directory: &Path,
    name: &str,
    mut next: u64,
    mut chain: Chain,
) -> Result<(u64, Chain), FileError> {
    for number in (1..=MAX_OLD).rev() {
        let path = directory.join(format!("{name}.{number}.jsonl"));
        if !path.exists() {
            continue;
        }
        let first = match first_number(&path)? {
            // interrupted between its new content and its new name
            Some(first) => first,
            None => rewrite(&path, &mut next, &mut chain)?,
        };
        fs::rename(&path, segment::closed(directory, name, first)).map_err(failed("closing", &path))?;
        file::sync_directory_of(&path)?;
        (next, chain) = end_of(&segment::closed(directory, name, first), first, next, chain)?;
    }
    let live = segment::live(directory, name);
    if live.exists() && first_number(&live)?.is_none() {
        rewrite(&live, &mut next, &mut chain)?;
    }
    Ok((next, chain))
}

/// The number of the first line; none where the file was written by an earlier version, or is empty.
fn first_number(path: &PathBuf) -> Result<Option<u64>, FileError> {
    let mut lines = Lines::open(path, 0).map_err(failed("reading", path))?;
    Ok(lines.next().and_then(|(text, _)| line::open(&text).seq))
}

fn rewrite(path: &Path, next: &mut u64, chain: &mut Chain) -> Result<u64, FileError> {
    let first = *next;
    let mut text = String::new();
    for (old, _) in Lines::open(path, 0).map_err(failed("reading", path))? {
        let quoted = || serde_json::json!({ "text": old }).to_string();
        let json = if serde_json::from_str::<serde_json::Map<_, _>>(&old).is_ok() { old } else { quoted() };
        let Some(record) = line::record(*next, &json) else { continue };
        *chain = chain.after(&record);
        *next += 1;
        text.push_str(&line::line(&record, *chain));
        text.push('\n');
    }
    file::replace(path, text.as_bytes())?;
    Ok(first)
}

/// Where the numbers go on behind a closed file.
pub(super) fn end_of(path: &Path, first: u64, next: u64, chain: Chain) -> Result<(u64, Chain), FileError> {
    let lines = Lines::open(path, 0).map_err(failed("reading", path))?;
    let (count, last) = lines.fold((0, None), |(count, _), (text, _)| (count + 1, Some(text)));
    let after = |text: String| {
        let opened = line::open(&text);
        opened.chain.unwrap_or_else(|| chain.after(&opened.record))
    };
    Ok((next.max(first + count), last.map_or(chain, after)))
}
