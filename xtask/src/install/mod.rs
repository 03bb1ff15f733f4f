//! What a fresh Debian machine lacks.
//!
//! Tables say what is needed and why. Nothing is fetched when everything is there, so that a second run costs nothing
//! and works offline.

mod debian;
mod python;

use anyhow::Result;

use crate::shell::Root;

/// What something is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// `cargo xtask test`.
    Tests,
    /// `cargo xtask fuzz`.
    Fuzzing,
    /// `cargo xtask bench`.
    Benches,
}

/// Makes sure that everything for `need` is there.
pub(crate) fn install(root: &Root, need: Need) -> Result<()> {
    debian::install(root, need)?;
    match need {
        Need::Tests => python::install(root),
        Need::Fuzzing | Need::Benches => Ok(()),
    }
}
