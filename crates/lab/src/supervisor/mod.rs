//! What holds a running lab: two processes and a thread for each namespace.
//!
//! The outer process takes the lock, leaves the host's network (and, without root, the host's user namespace) and
//! waits. The inner one is the init of a process namespace: when it ends, or the outer one ends, the kernel ends every
//! process of the lab with it, whatever killed it.

mod guard;
mod init;
mod place;
mod plant;
mod program;

pub(crate) use program::ourselves;

use crate::{namespace, state::State};
use anyhow::{Context as _, Result, bail};
use std::process::Stdio;

/// How a lab is to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuperviseOptions {
    /// Where its files are.
    pub state: State,
    /// In a user namespace even for root.
    pub rootless: bool,
    /// Nothing is enforced: the bridge and the router forward everything.
    pub without_gateway: bool,
    /// The gateway has a controller of its own beside it, which brings the policy: `nullius up`.
    pub with_controller: bool,
}

/// The outer process: returns when the lab is down and its files are gone. Its standard input is a pipe from
/// whoever wants the lab: one byte says that it is to outlive the pipe.
///
/// # Errors
/// Where the system lacks the right or the lock is taken.
pub fn supervise(options: &SuperviseOptions) -> Result<()> {
    // fails only for the leader of a process group, which is then out of the terminal's reach already
    let _ = nix::unistd::setsid();
    let lock = options.state.claim()?;
    let ended = leave_and_wait(options);
    options.state.remove(lock)?;
    ended
}

fn leave_and_wait(options: &SuperviseOptions) -> Result<()> {
    if options.rootless || !nix::unistd::geteuid().is_root() {
        namespace::become_root_inside()?;
    }
    namespace::contain_processes()?;
    namespace::leave_network()?;
    let mut inside = ourselves("supervise-inside", &options.state)?;
    if options.without_gateway {
        inside.arg("--without-gateway");
    }
    if options.with_controller {
        inside.arg("--with-controller");
    }
    let status = inside.stdin(Stdio::inherit()).status().context("the supervisor cannot be started")?;
    if !status.success() {
        bail!("the supervisor ended: {status}");
    }
    Ok(())
}

/// The inner process: builds the plant, serves the control socket, and returns when asked to.
///
/// # Errors
/// Where the plant cannot be built.
pub fn supervise_inside(options: &SuperviseOptions) -> Result<()> {
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)
        .context("the end of the outer process cannot be watched")?;
    init::run(plant::Plant::build(options)?, options)
}
