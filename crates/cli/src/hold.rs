//! `nullius hold`: nothing that the controller sends widens what passes, until a person at the gateway lets it.

use clap::{Args, ValueEnum};
use nullius_model::inert;
use nullius_protocol::local::{Body, Command};

use crate::connection::unexpected;
use crate::show::json;
use crate::{Failure, Outcome, Site, World};

/// Holds back what the controller sends: `nullius hold` shows it, `nullius hold on --reason …` begins, `off` ends it.
///
/// Policies, grants, restorations and whatever else could let pass what does not pass now wait, in order. Revocations
/// and what tightens take effect all the same.
#[derive(Debug, Args)]
#[command(after_help = crate::EXIT_CODES)]
pub struct Arguments {
    #[arg(value_enum, requires = "reason")]
    switch: Option<Switch>,

    /// Why; goes into the audit.
    #[arg(long, requires = "switch")]
    reason: Option<String>,

    #[command(flatten)]
    site: Site,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Switch {
    /// From here on.
    On,
    /// No more: what waits takes effect, the oldest first.
    Off,
}

pub(crate) fn run(arguments: &Arguments, world: &mut World<'_>) -> Result<Outcome, Failure> {
    let command = match (arguments.switch, &arguments.reason) {
        (Some(switch), Some(reason)) => Command::Hold { on: switch == Switch::On, reason: reason.clone() },
        _ => Command::Status,
    };
    let body = arguments.site.connect()?.ask(command)?;
    if arguments.site.json {
        json(world.out, &body)?;
        return Ok(Outcome::Positive);
    }
    match (body, arguments.switch) {
        (Body::Status(status), _) if status.held.is_empty() => writeln!(world.out, "nothing is held back")?,
        (Body::Status(status), _) => writeln!(world.out, "held back {}", inert(&status.held))?,
        (Body::Done, Some(Switch::On)) => {
            writeln!(
                world.out,
                "what the controller sends waits, but for what tightens: nullius hold off --reason WHY"
            )?;
        }
        (Body::Done, Some(Switch::Off)) => {
            writeln!(world.out, "what waited takes effect now, the oldest first")?
        }
        (other, _) => return Err(unexpected(&other)),
    }
    Ok(Outcome::Positive)
}
