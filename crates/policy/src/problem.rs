//! What is wrong with a repository, and where.

use std::fmt;

/// How bad a [`Problem`] is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The repository is refused.
    #[default]
    Error,
    /// It works, and is probably not what was meant.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// One thing wrong with a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Path in the repository.
    pub file: String,
    /// From 1; 0 where the problem is of the whole file.
    pub line: u32,
    /// In characters, from 1; 0 where the problem is of the whole file.
    pub column: u32,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    /// An error at byte `offset` of `text`, the content of `file`.
    pub fn error(file: &str, text: &str, offset: usize, message: impl Into<String>) -> Self {
        let (line, column) = position(text, offset);
        Self {
            file: file.to_owned(),
            line,
            column,
            severity: Severity::Error,
            message: message.into(),
            help: None,
        }
    }

    /// An error of the whole file.
    pub fn of_file(file: &str, message: impl Into<String>) -> Self {
        Self { line: 0, column: 0, ..Self::error(file, "", 0, message) }
    }

    /// The same, as a warning.
    #[must_use]
    pub fn warning(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }

    /// The same, with advice.
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// `policies/a.cedar:3:9: error: …`, and the advice on a line of its own.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}: {}", self.severity, self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

/// Line and column of byte `offset`, both from 1; an offset inside a character counts as that character's.
fn position(text: &str, offset: usize) -> (u32, u32) {
    let before = text.get(..text.floor_char_boundary(offset)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|&character| character != '\n').count() + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_where_it_is_and_what_to_do() {
        let problem =
            Problem::error("policies/a.cedar", "permit(\n  ä, x", 13, "no such thing").with_help("drop it");
        assert_eq!(problem.to_string(), "policies/a.cedar:2:5: error: no such thing\n  help: drop it");
        let problem = Problem::of_file("inventory.toml", "too large").warning();
        assert_eq!(problem.to_string(), "inventory.toml: warning: too large");
    }
}
