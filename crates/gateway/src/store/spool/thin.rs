//! Making room where nobody takes the records: the oldest summaries of denials go, and nothing else ever does.
//!
//! What stays keeps its number and its place in the chain, so that the gap shows.

use super::segment::{self, Lines, Segment};
use crate::store::file::{self, FileError, failed};
use std::path::Path;

/// How a summary of denials is told from everything else.
const DENIED: &str = ",\"what\":\"denied\",";

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Thinned {
    /// How many went.
    pub(super) gone: u64,
    /// Bytes that are left of the file.
    pub(super) size: u64,
}

/// Takes the summaries of denials out of a closed file.
pub(super) fn thin(directory: &Path, name: &str, segment: Segment) -> Result<Thinned, FileError> {
    let path = segment::closed(directory, name, segment.first);
    let lines = Lines::open(&path, 0).map_err(failed("reading", &path))?;
    let (mut text, mut gone) = (String::new(), 0);
    for (line, _) in lines {
        if line.contains(DENIED) {
            gone += 1;
        } else {
            text.push_str(&line);
            text.push('\n');
        }
    }
    if gone > 0 {
        file::replace(&path, text.as_bytes())?;
    }
    Ok(Thinned { gone, size: u64::try_from(text.len()).unwrap_or(u64::MAX) })
}
