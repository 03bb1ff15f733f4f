//! When a capture begins and ends, for a caller who needs to know before the first frame is looked at.

use crate::error::SpanError;
use crate::file::CaptureFile;
use nullius_model::Timestamp;
use std::path::Path;

/// What a capture covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeSpan {
    /// The earliest timestamp, which need not be the first frame's.
    pub first: Timestamp,
    /// The latest.
    pub last: Timestamp,
    /// Frames on links we can read.
    pub frames: u64,
}

/// Reads the file at `path` through without looking into its frames; `None` where none is readable.
pub fn time_span(path: &Path) -> Result<Option<TimeSpan>, SpanError> {
    let mut file = CaptureFile::open(path)?;
    let mut span: Option<TimeSpan> = None;
    while let Some(frame) = file.next_frame()? {
        let so_far = span.unwrap_or(TimeSpan { first: frame.at, last: frame.at, frames: 0 });
        span = Some(TimeSpan {
            first: so_far.first.min(frame.at),
            last: so_far.last.max(frame.at),
            frames: so_far.frames + 1,
        });
    }
    Ok(span)
}
