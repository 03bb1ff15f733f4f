//! What the supervisor is asked, and what it answers: one JSON object each way over its socket.

use crate::state::State;
use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// Longest line a client may send: nobody fills the supervisor's memory.
pub(crate) const MAX_LINE: u64 = 4096;
/// Longest answer that is read.
const MAX_REPLY: u64 = 1 << 20;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Request {
    /// What there is.
    Status,
    /// The end of the lab.
    Down,
    /// Start the process of a node.
    Start { node: String },
    /// End the process of a node.
    Stop { node: String },
    /// Put the cable of a node in.
    Plug { node: String },
    /// Pull the cable of a node out.
    Unplug { node: String },
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Reply {
    /// What there is.
    Status(Status),
    /// It was done.
    Done,
    /// It was not done, and why.
    Refused(String),
}

/// A running lab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The process, as the host numbers it, that everything ends with.
    pub supervisor: u32,
    /// Whether a gateway enforces anything.
    pub gateway: bool,
    /// The gateway's place and all nodes, by name.
    pub nodes: Vec<NodeStatus>,
}

impl Status {
    /// The node of this name.
    ///
    /// # Errors
    /// Where there is none.
    pub fn node(&self, name: &str) -> Result<&NodeStatus> {
        let found = self.nodes.iter().find(|node| node.name == name);
        found.with_context(|| format!("no node {name}: `nullius lab status` lists them"))
    }
}

/// A node of a running lab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeStatus {
    /// Its name.
    pub name: String,
    /// Where its network namespace can be opened.
    pub namespace: PathBuf,
    /// What it runs.
    pub process: Process,
}

/// The process of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Process {
    /// It never had one.
    #[default]
    None,
    /// It runs.
    Running {
        /// Its number in the lab's process namespace.
        inside: u32,
        /// Its number on the host.
        outside: Option<u32>,
    },
    /// It ran.
    Ended {
        /// Its exit code, or the signal that ended it.
        how: String,
    },
}

impl Process {
    /// Whether it runs.
    pub const fn is_running(&self) -> bool {
        matches!(self, Self::Running { .. })
    }
}

/// Asks the supervisor of the lab in `state`.
pub(crate) fn ask(state: &State, request: &Request) -> Result<Reply> {
    let mut socket = UnixStream::connect(state.socket()).with_context(|| {
        format!("no lab is up in {} (`nullius lab up` starts one)", state.directory().display())
    })?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.write_all(format!("{}\n", serde_json::to_string(request)?).as_bytes())?;
    let mut reply = Vec::new();
    socket.take(MAX_REPLY).read_to_end(&mut reply).context("the supervisor does not answer")?;
    match serde_json::from_slice(&reply).context("the supervisor answered nonsense")? {
        Reply::Refused(why) => bail!(why),
        reply @ (Reply::Status(_) | Reply::Done) => Ok(reply),
    }
}

/// What there is in `state`.
pub(crate) fn ask_status(state: &State) -> Result<Status> {
    match ask(state, &Request::Status)? {
        Reply::Status(status) => Ok(status),
        Reply::Done | Reply::Refused(_) => bail!("the supervisor answered something else"),
    }
}
