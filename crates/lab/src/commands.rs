//! What a person asks of a lab from outside.

use crate::control::{Request, Status, ask, ask_status};
use crate::namespace;
use crate::state::State;
use crate::supervisor::ourselves;
use anyhow::{Context as _, Result, bail};
use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// How often a change is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Looks before the lab is given up: 30 s, on a slow and busy machine.
const LOOKS: u32 = 1500;

/// How to start a lab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpOptions {
    /// Where its files go.
    pub state: State,
    /// In a user namespace even for root.
    pub rootless: bool,
    /// With nothing enforced.
    pub without_gateway: bool,
    /// With a controller beside the gateway, which brings the sample policy.
    pub with_controller: bool,
}

/// Starts a lab that outlives the caller. Where the caller ends before it is up, it goes down again.
///
/// # Errors
/// Where the system lacks the right, or a lab is up there.
pub fn up(options: &UpOptions) -> Result<Status> {
    let mut supervisor = spawn(options)?;
    wait_until_up(&mut supervisor)?;
    let mut pipe = supervisor.stdin.take().context("the supervisor has no pipe")?;
    pipe.write_all(b"!").context("the supervisor ended")?;
    ask_status(&options.state)
}

/// What is up in `state`.
///
/// # Errors
/// Where nothing is.
pub fn status(state: &State) -> Result<Status> {
    ask_status(state)
}

/// Ends the lab and waits until nothing of it is left.
///
/// # Errors
/// Where none is up.
pub fn down(state: &State) -> Result<()> {
    ask(state, &Request::Down)?;
    for _ in 0..LOOKS {
        if !state.is_claimed() {
            return Ok(());
        }
        sleep(LOOK_EVERY);
    }
    bail!("the lab does not end")
}

/// Starts the process of a node that has ended.
///
/// # Errors
/// Where it runs, or runs nothing.
pub fn start(state: &State, node: &str) -> Result<()> {
    ask(state, &Request::Start { node: node.to_owned() }).map(drop)
}

/// Ends the process of a node.
///
/// # Errors
/// Where none runs.
pub fn stop(state: &State, node: &str) -> Result<()> {
    ask(state, &Request::Stop { node: node.to_owned() }).map(drop)
}

/// Puts the cable of a node in again.
///
/// # Errors
/// Where there is no such node.
pub fn plug(state: &State, node: &str) -> Result<()> {
    ask(state, &Request::Plug { node: node.to_owned() }).map(drop)
}

/// Pulls the cable of a node out.
///
/// # Errors
/// Where there is no such node.
pub fn unplug(state: &State, node: &str) -> Result<()> {
    ask(state, &Request::Unplug { node: node.to_owned() }).map(drop)
}

/// Becomes `command` in the namespaces of `node`; returns only where that fails.
///
/// # Errors
/// Where there is no such node or program.
pub fn exec(state: &State, node: &str, command: &[OsString]) -> Result<()> {
    let (program, arguments) = command.split_first().context("no command")?;
    enter(&ask_status(state)?, node)?;
    #[expect(
        clippy::disallowed_methods,
        reason = "running a program of the person's choice is what exec is for"
    )]
    let error = Command::new(program).args(arguments).exec();
    Err(error).with_context(|| format!("{} cannot be run", program.display()))
}

/// The calling process, of one thread, moves into the namespaces of `node`.
fn enter(status: &Status, node: &str) -> Result<()> {
    let node = status.node(node)?;
    namespace::enter_user(status.supervisor)?;
    namespace::enter_network(&node.namespace)
}

fn spawn(options: &UpOptions) -> Result<Child> {
    let mut command = ourselves("supervise", &options.state)?;
    if options.rootless {
        command.arg("--rootless");
    }
    if options.without_gateway {
        command.arg("--without-gateway");
    }
    if options.with_controller {
        command.arg("--with-controller");
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().context("the supervisor cannot be started")
}

/// The supervisor says one byte when it can be asked.
fn wait_until_up(supervisor: &mut Child) -> Result<()> {
    let mut said = supervisor.stdout.take().context("the supervisor has no pipe")?;
    if said.read_exact(&mut [0]).is_err() {
        let words = last_words(supervisor);
        supervisor.wait()?;
        bail!(words);
    }
    Ok(())
}

/// What the supervisor said before it ended, without the name every program of ours puts first.
fn last_words(supervisor: &mut Child) -> String {
    let mut words = String::new();
    if let Some(mut pipe) = supervisor.stderr.take() {
        // what cannot be read is not worth a second error
        let _ = pipe.read_to_string(&mut words);
    }
    let line = words.lines().next().unwrap_or("the supervisor ended without a word");
    line.strip_prefix("nullius: ").unwrap_or(line).to_owned()
}
