//! How a command ends.

use nullius_protocol::local;
use std::fmt;

/// The command did what it is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// The answer is no, and has been shown: a conversation that is denied, a policy with errors.
    #[default]
    Negative,
    /// Done, or yes.
    Positive,
}

impl Outcome {
    /// What the program ends with.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Positive => 0,
            Self::Negative => 1,
        }
    }

    pub(crate) const fn of(good: bool) -> Self {
        if good { Self::Positive } else { Self::Negative }
    }
}

/// The command did not do what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The gateway refused, and changed nothing.
    Refused {
        /// What is wrong, and what to do about it.
        line: String,
        /// Problems of a policy, one an entry.
        problems: Vec<String>,
    },
    /// Arguments that cannot be followed, files that cannot be read, or nobody who answers.
    Unable(String),
}

impl Failure {
    /// What the program ends with.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Refused { .. } => 1,
            Self::Unable(_) => 2,
        }
    }

    /// Everything there is to say beside the last line.
    pub fn problems(&self) -> &[String] {
        match self {
            Self::Refused { problems, .. } => problems,
            Self::Unable(_) => &[],
        }
    }

    pub(crate) fn unable(line: impl Into<String>) -> Self {
        Self::Unable(line.into())
    }

    pub(crate) fn refused(line: impl Into<String>) -> Self {
        Self::Refused { line: line.into(), problems: Vec::new() }
    }
}

/// One line that says what to do.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { line, .. } | Self::Unable(line) => f.write_str(line),
        }
    }
}

impl From<local::Failure> for Failure {
    fn from(failure: local::Failure) -> Self {
        let line = match failure.help.is_empty() {
            true => failure.error,
            false => format!("{}: {}", failure.error, failure.help),
        };
        Self::Refused { line, problems: failure.problems }
    }
}

/// The reader of what we write went away, or its disk is full.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Unable(format!("the answer cannot be written: {error}"))
    }
}
