//! Why there is no report.

use crate::focus::UnknownDevice;
use nullius_capture::{OpenError, ReadError, RingError, SpanError};
use std::path::PathBuf;

/// Why a capture could not be evaluated. The message names the file; causes follow by `source`.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// A file could not be opened, or is no capture that we read.
    #[error("`{}`", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: OpenError,
    },
    /// A file could not be looked through for its first and last frame.
    #[error("`{}`", path.display())]
    Span {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: SpanError,
    },
    /// A pipe or device can be read once only, and learning a share of it takes its length first.
    #[error(
        "`{}` is no file and can be read only once: say how long to learn, as `--learn 60s` or `--learn all`",
        path.display()
    )]
    ReadOnce {
        /// What was to be read.
        path: PathBuf,
    },
    /// The medium failed while reading.
    #[error("the capture could not be read to its end")]
    Read(#[from] ReadError),
    /// The interface could not be listened to.
    #[error("interface `{name}`")]
    Ring {
        /// The interface.
        name: String,
        /// Why.
        #[source]
        source: RingError,
    },
    /// No device, or more than one, goes by what was asked for.
    #[error(transparent)]
    Device(#[from] UnknownDevice),
    /// A file is there and was not to be replaced.
    #[error("`{}` exists already; `--force` replaces it", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A report file could not be written.
    #[error("`{}` cannot be written", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}
