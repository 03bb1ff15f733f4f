//! `nullius agent …`: hands over to the program `nullius-agent`, which is small enough for a device to carry alone.

use crate::Failure;
use anyhow::anyhow;
use std::convert::Infallible;
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};

const PROGRAM: &str = "nullius-agent";

/// The agent of a device, a program of its own: enrol, run, status. `nullius agent -- --help` says more.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What `nullius-agent` is told
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENT")]
    words: Vec<OsString>,
}

/// Becomes the agent: its exit code is the one that is seen.
pub(crate) fn run(arguments: &Arguments) -> Result<Infallible, Failure> {
    let beside = std::env::current_exe().ok();
    let found = find(beside.as_deref().and_then(Path::parent), std::env::var_os("PATH"));
    let error = match found {
        None => anyhow!(
            "`{PROGRAM}` is not installed: it is a package of its own (`nullius-agent`, docs/agent.md)"
        ),
        #[expect(clippy::disallowed_methods, reason = "the agent is a program of its own")]
        Some(program) => std::process::Command::new(program).args(&arguments.words).exec().into(),
    };
    Err(Failure { error, code: 1 })
}

/// Beside this program, or where programs are.
fn find(beside: Option<&Path>, path: Option<OsString>) -> Option<PathBuf> {
    let path = path.unwrap_or_default();
    let folders = beside.map(Path::to_owned).into_iter().chain(std::env::split_paths(&path));
    folders.map(|folder| folder.join(PROGRAM)).find(|program| program.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agent_is_looked_for_beside_this_program_and_then_in_the_path() {
        let folder = std::env::temp_dir().join(format!("nullius-agent-{}", std::process::id()));
        let [beside, path] = ["beside", "path"].map(|name| folder.join(name));
        for folder in [&beside, &path] {
            std::fs::create_dir_all(folder).unwrap();
        }
        let found = || find(Some(&beside), Some(path.clone().into_os_string()));
        assert_eq!(found(), None);
        std::fs::write(path.join(PROGRAM), "").unwrap();
        assert_eq!(found(), Some(path.join(PROGRAM)));
        std::fs::write(beside.join(PROGRAM), "").unwrap();
        assert_eq!(found(), Some(beside.join(PROGRAM)));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
