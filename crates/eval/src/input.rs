//! Where frames come from: files merged in time, or an interface for a while.

use crate::error::EvalError;
use nullius_capture::{CaptureFile, MergedFiles, time_span};
use nullius_model::Timestamp;
use std::path::PathBuf;

/// Opens every file; the first that cannot be opened ends it.
pub(crate) fn open(paths: &[PathBuf]) -> Result<MergedFiles, EvalError> {
    let open = |path: &PathBuf| {
        CaptureFile::open(path).map_err(|source| EvalError::Open { path: path.clone(), source })
    };
    Ok(MergedFiles::new(paths.iter().map(open).collect::<Result<_, _>>()?))
}

/// Earliest and latest frame over all files; `None` where there is no frame. The files are read again afterwards, so
/// none may be a pipe.
pub(crate) fn span(paths: &[PathBuf]) -> Result<Option<(Timestamp, Timestamp)>, EvalError> {
    let mut whole: Option<(Timestamp, Timestamp)> = None;
    for path in paths {
        if !path.metadata().is_ok_and(|metadata| metadata.is_file()) && path.exists() {
            return Err(EvalError::ReadOnce { path: path.clone() });
        }
        let span = time_span(path).map_err(|source| EvalError::Span { path: path.clone(), source })?;
        let Some(span) = span else { continue };
        let (first, last) = whole.unwrap_or((span.first, span.last));
        whole = Some((first.min(span.first), last.max(span.last)));
    }
    Ok(whole)
}
