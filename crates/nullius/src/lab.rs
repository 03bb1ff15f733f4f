//! `nullius lab`: a plant to try everything on, in namespaces, with nothing left behind.

use crate::Failure;
use clap::Subcommand;
use nullius_lab::attack::{self, Verdict};
use nullius_lab::{State, SuperviseOptions, UpOptions};
use std::ffi::OsString;
use std::fmt;
use std::io::{self, Write as _};
use std::path::PathBuf;

/// A plant in network namespaces: start it, look at it, attack it.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Directory of the lab's files [default: /run/nullius-lab, or below $XDG_RUNTIME_DIR].
    #[arg(long, global = true, value_name = "DIR")]
    state: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Starts the plant and leaves it running.
    Up {
        /// Use a user namespace even as root.
        #[arg(long)]
        rootless: bool,
        /// Enforce nothing: the gateway only forwards.
        #[arg(long)]
        without_gateway: bool,
        /// Start a controller beside the gateway, with the sample policy.
        #[arg(long, conflicts_with = "without_gateway")]
        with_controller: bool,
    },
    /// Lists nodes, addresses and processes.
    Status,
    /// Runs a command on a node.
    Exec {
        /// Which node; `gw` is the gateway.
        node: String,
        /// The command and its arguments, after `--`.
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
    /// Starts a node's process again.
    Start {
        /// Which node.
        node: String,
    },
    /// Ends a node's process.
    Stop {
        /// Which node.
        node: String,
    },
    /// Pulls a node's cable out.
    Unplug {
        /// Which node.
        node: String,
    },
    /// Puts a node's cable in again.
    Plug {
        /// Which node.
        node: String,
    },
    /// Attacks the plant and says what reached the victim.
    Attack {
        /// Which attack; without a name, lists them.
        name: Option<String>,
    },
    /// Writes the policy that fits the plant.
    Policy {
        /// A directory that is empty or does not exist.
        directory: PathBuf,
    },
    /// Ends the plant; nothing is left.
    Down,
    #[command(hide = true)]
    Supervise {
        #[arg(long)]
        rootless: bool,
        #[arg(long)]
        without_gateway: bool,
        #[arg(long)]
        with_controller: bool,
    },
    #[command(hide = true)]
    SuperviseInside {
        #[arg(long)]
        without_gateway: bool,
        #[arg(long)]
        with_controller: bool,
    },
    #[command(hide = true)]
    Node { name: String },
}

/// An attack reached its victim.
const GOT_THROUGH: u8 = 3;

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    obey(arguments).map_err(|error| {
        let code = if error.is::<GotThrough>() { GOT_THROUGH } else { 1 };
        Failure { error, code }
    })
}

/// What an attack that was not held ends with.
#[derive(Debug)]
struct GotThrough(Verdict);

impl fmt::Display for GotThrough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the attack {}", self.0)
    }
}

impl std::error::Error for GotThrough {}

fn obey(arguments: &Arguments) -> anyhow::Result<()> {
    let state = State::new(arguments.state.clone());
    match &arguments.command {
        &Command::Up { rootless, without_gateway, with_controller } => {
            nullius_lab::up(&UpOptions { state: state.clone(), rootless, without_gateway, with_controller })?;
            show(&nullius_lab::table(&state)?)
        }
        Command::Status => show(&nullius_lab::table(&state)?),
        Command::Exec { node, command } => nullius_lab::exec(&state, node, command),
        Command::Start { node } => nullius_lab::start(&state, node),
        Command::Stop { node } => nullius_lab::stop(&state, node),
        Command::Unplug { node } => nullius_lab::unplug(&state, node),
        Command::Plug { node } => nullius_lab::plug(&state, node),
        Command::Attack { name: Some(name) } => assault(&state, name),
        Command::Attack { name: None } => show(&attack::list()),
        Command::Policy { directory } => nullius_lab::site::write_policy(directory),
        Command::Down => nullius_lab::down(&state),
        &Command::Supervise { rootless, without_gateway, with_controller } => {
            nullius_lab::supervise(&SuperviseOptions { state, rootless, without_gateway, with_controller })
        }
        &Command::SuperviseInside { without_gateway, with_controller } => {
            nullius_lab::supervise_inside(&SuperviseOptions {
                state,
                rootless: false,
                without_gateway,
                with_controller,
            })
        }
        Command::Node { name } => nullius_lab::node::run(name),
    }
}

fn assault(state: &State, name: &str) -> anyhow::Result<()> {
    let report = attack::attack(state, name)?;
    show(&report.to_string())?;
    match report.verdict() {
        Verdict::Held => Ok(()),
        verdict @ (Verdict::GotThrough | Verdict::Blind) => Err(GotThrough(verdict).into()),
    }
}

fn show(text: &str) -> anyhow::Result<()> {
    Ok(io::stdout().write_all(text.as_bytes())?)
}
