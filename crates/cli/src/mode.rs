//! `nullius mode`: what the plant is doing.

use clap::Args;
use nullius_model::{Mode, inert};
use nullius_protocol::local::{Body, Command};

use crate::connection::unexpected;
use crate::show::json;
use crate::{Failure, Outcome, Site, World};

/// What the plant is doing: `nullius mode` shows it, `nullius mode maintenance --reason …` changes it.
#[derive(Debug, Args)]
#[command(after_help = crate::EXIT_CODES)]
pub struct Arguments {
    /// `normal`, `maintenance`, `start-up`, `changeover`, `emergency` or `island`.
    #[arg(requires = "reason")]
    mode: Option<Mode>,

    /// Why; goes into the audit.
    #[arg(long, requires = "mode")]
    reason: Option<String>,

    #[command(flatten)]
    site: Site,
}

pub(crate) fn run(arguments: &Arguments, world: &mut World<'_>) -> Result<Outcome, Failure> {
    let command = match (arguments.mode, &arguments.reason) {
        (Some(mode), Some(reason)) => {
            Command::ModeSet { mode: mode.name().to_owned(), reason: reason.clone() }
        }
        _ => Command::Status,
    };
    let body = arguments.site.connect()?.ask(command)?;
    if arguments.site.json {
        json(world.out, &body)?;
        return Ok(Outcome::Positive);
    }
    match (body, arguments.mode) {
        (Body::Status(status), _) => writeln!(world.out, "{}", inert(&status.mode))?,
        (Body::Done, Some(mode)) => writeln!(world.out, "the mode is {mode}; every policy was judged anew")?,
        (other, _) => return Err(unexpected(&other)),
    }
    Ok(Outcome::Positive)
}
