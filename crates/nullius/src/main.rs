//! The one binary: arguments, wiring and exit codes.
//!
//! Each command is a module of its own that parses its arguments and calls the crate that does the work. This is the
//! place that reads clocks, signals and the terminal, so that nothing below has to.

mod agent;
mod controller;
mod end;
mod eval;
mod gateway;
mod journal;
mod lab;
mod pki;
mod site;
mod up;

use clap::{Parser, Subcommand};
use std::io::Write as _;
use std::process::ExitCode;

/// Zero trust for networks of devices: who is there, who may say what to whom.
#[derive(Debug, Parser)]
#[command(name = "nullius", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Agent(agent::Arguments),
    Eval(Box<eval::Arguments>),
    Controller(controller::Arguments),
    Gateway(gateway::Arguments),
    Lab(lab::Arguments),
    Pki(pki::Arguments),
    Up(up::Arguments),
    #[command(flatten)]
    Site(nullius_cli::Command),
}

fn main() -> ExitCode {
    let Arguments { command } = Arguments::parse_from(nullius_cli::arrows(std::env::args_os()));
    let result = match &command {
        Command::Agent(arguments) => agent::run(arguments).map(|never| match never {}),
        Command::Eval(arguments) => eval::run(arguments).map(|()| ExitCode::SUCCESS),
        Command::Controller(arguments) => controller::run(arguments).map(|()| ExitCode::SUCCESS),
        Command::Gateway(arguments) => gateway::run(arguments).map(|()| ExitCode::SUCCESS),
        Command::Lab(arguments) => lab::run(arguments).map(|()| ExitCode::SUCCESS),
        Command::Pki(arguments) => pki::run(arguments),
        Command::Up(arguments) => up::run(arguments).map(|()| ExitCode::SUCCESS),
        Command::Site(command) => site::run(command),
    };
    result.unwrap_or_else(|failure| {
        complain(&failure.error);
        ExitCode::from(failure.code)
    })
}

/// A command that did not do what was asked.
struct Failure {
    error: anyhow::Error,
    code: u8,
}

/// One line with all causes, whatever characters are in a file's name.
fn complain(error: &anyhow::Error) {
    let line = nullius_model::inert(&format!("{error:#}"));
    // nobody is left to tell where even this fails
    let _ = writeln!(std::io::stderr(), "nullius: {line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_can_be_read() {
        <Arguments as clap::CommandFactory>::command().debug_assert();
    }
}
