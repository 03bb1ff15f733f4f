//! The commands that speak the local API of a gateway, or the API of a controller: what a person types at three in the morning, and what comes back.
//!
//! A command asks the gateway over its Unix socket and shows the answer in plain words, or as JSON. It decides nothing:
//! who may do what, and whether it was done, is the gateway's to say. Policies alone are read, tried and signed here,
//! with the code that the gateway will judge them by. It reads no clock: see [`World`]; of the
//! environment only `NULLIUS_SOCKET`.
//!
//! INVARIANT: every text that comes from a socket, a device or a file is made inert before it is shown.

mod connection;
mod controller;
mod device;
mod emergency;
mod failure;
mod grant;
mod hold;
mod mode;
mod policy;
mod receipt;
mod show;
mod stage;
mod status;
mod tail;
mod target;
pub mod times;
mod why;

pub use failure::{Failure, Outcome};
pub use nullius_policy::Files;
pub use policy::repository_files as repository;
pub use target::arrows;

use clap::{Args, Subcommand};
use nullius_model::Timestamp;
use std::io::Write;
use std::path::PathBuf;

use connection::Connection;

/// Where the packaged gateway listens.
pub const SOCKET: &str = "/run/nullius/gateway.sock";

const EXIT_CODES: &str = "\
Exit codes:
  0  done, or allowed
  1  refused, denied, or the policy has errors
  2  not understood, or no gateway answers";

/// What a person can ask a gateway.
#[derive(Debug, Subcommand)]
#[expect(missing_docs, reason = "clap shows what stands at each command's arguments")]
pub enum Command {
    Status(status::Arguments),
    Why(why::Arguments),
    Device(device::Arguments),
    Grant(grant::Arguments),
    Hold(hold::Arguments),
    Stage(stage::Arguments),
    Mode(mode::Arguments),
    Emergency(emergency::Arguments),
    Policy(Box<policy::Arguments>),
    Tail(tail::Arguments),
    Login(controller::login::Arguments),
    Logout(controller::logout::Arguments),
    Site(controller::site::Arguments),
    Enrol(controller::enrol::Arguments),
    Credential(controller::credential::Arguments),
    Manufacturer(controller::manufacturer::Arguments),
    Audit(controller::audit::Arguments),
    Api(controller::api::Arguments),
}

/// Which gateway, and in which form it answers.
#[derive(Debug, Args)]
struct Site {
    /// The gateway's socket.
    #[arg(long, value_name = "PATH", env = "NULLIUS_SOCKET", default_value = SOCKET, global = true)]
    socket: PathBuf,

    /// Answers in JSON, for programs.
    #[arg(long, global = true)]
    json: bool,
}

impl Site {
    fn connect(&self) -> Result<Connection, Failure> {
        Connection::open(&self.socket)
    }
}

/// What the program knows of its surroundings, and commands do not read by themselves.
pub struct World<'w> {
    /// Where answers go.
    pub out: &'w mut dyn Write,
    /// The time, for what is signed.
    pub now: Timestamp,
    /// Who is at the keyboard, for what is signed.
    pub who: String,
    /// Their home, where the controller they work with is kept.
    pub home: PathBuf,
    /// Asks them.
    pub keyboard: &'w mut dyn Keyboard,
}

/// Somebody who can be asked.
pub trait Keyboard {
    /// One line, shown as it is typed.
    ///
    /// # Errors
    /// Where nobody is there.
    fn line(&mut self, prompt: &str) -> std::io::Result<String>;

    /// One line that is not shown.
    ///
    /// # Errors
    /// Where nobody is there.
    fn secret(&mut self, prompt: &str) -> std::io::Result<String>;
}

impl std::fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("now", &self.now).field("who", &self.who).finish_non_exhaustive()
    }
}

/// Does what `command` says.
///
/// # Errors
/// What was not done, with its exit code; nothing has changed then.
pub fn run(command: &Command, world: &mut World<'_>) -> Result<Outcome, Failure> {
    match command {
        Command::Status(arguments) => status::run(arguments, world),
        Command::Why(arguments) => why::run(arguments, world),
        Command::Device(arguments) => device::run(arguments, world),
        Command::Grant(arguments) => grant::run(arguments, world),
        Command::Hold(arguments) => hold::run(arguments, world),
        Command::Stage(arguments) => stage::run(arguments, world),
        Command::Mode(arguments) => mode::run(arguments, world),
        Command::Emergency(arguments) => emergency::run(arguments, world),
        Command::Policy(arguments) => policy::run(arguments, world),
        Command::Tail(arguments) => tail::run(arguments, world),
        Command::Login(arguments) => controller::login::run(arguments, world),
        Command::Logout(arguments) => controller::logout::run(arguments, world),
        Command::Site(arguments) => controller::site::run(arguments, world),
        Command::Enrol(arguments) => controller::enrol::run(arguments, world),
        Command::Credential(arguments) => controller::credential::run(arguments, world),
        Command::Manufacturer(arguments) => controller::manufacturer::run(arguments, world),
        Command::Audit(arguments) => controller::audit::run(arguments, world),
        Command::Api(arguments) => controller::api::run(arguments, world),
    }
}
