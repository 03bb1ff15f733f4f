//! The programs of the lab: this binary again, in other roles.

use crate::plant::Node;
use crate::state::State;
use anyhow::{Context as _, Result};
use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// `nullius lab ROLE --state DIR`.
pub(crate) fn ourselves(role: &str, state: &State) -> Result<Command> {
    let mut command = nullius()?;
    command.args(["lab", role, "--state"]).arg(state.directory());
    Ok(command)
}

/// The process of a node.
pub(crate) fn of_node(node: &Node, state: &State) -> Result<Command> {
    let mut command = nullius()?;
    command.args(["lab", "node", node.name]);
    logging(command, &state.log(node.name))
}

/// Starts `command` from the calling thread, thus in its namespace, and answers its number here and outside.
pub(crate) fn launch(mut command: Command) -> Result<Launched> {
    let child = command.spawn().context("a program of the lab cannot be started")?;
    Ok(Launched { inside: child.id(), outside: newest_child() })
}

/// A started process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Launched {
    /// Its number in the lab's process namespace.
    pub(crate) inside: u32,
    /// Its number on the host, where the kernel tells.
    pub(crate) outside: Option<u32>,
}

/// /proc is still the host's, so that it names processes by their numbers on the host.
fn newest_child() -> Option<u32> {
    fs::read_to_string("/proc/thread-self/children").ok()?.split_whitespace().last()?.parse().ok()
}

pub(super) fn logging(mut command: Command, log: &Path) -> Result<Command> {
    let log = File::options()
        .create(true)
        .append(true)
        .open(log)
        .with_context(|| format!("{} cannot be written", log.display()))?;
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).process_group(0);
    Ok(command)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the lab's devices are processes, and it is never part of a gateway"
)]
pub(super) fn nullius() -> Result<Command> {
    Ok(Command::new(std::env::current_exe().context("our own program cannot be found")?))
}
