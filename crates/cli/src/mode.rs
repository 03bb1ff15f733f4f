//! `nullius mode`: what the plant is doing, zone by zone, and what the windows will make of it.

use clap::{Args, Subcommand};
use nullius_model::Mode;
use nullius_protocol::local::{self, Body, Command};
use std::io::Write;

use crate::connection::unexpected;
use crate::show::{json, minute, or_dash, span, table};
use crate::{Failure, Outcome, Site, World};

/// What the plant is doing: `nullius mode` shows it, `nullius mode set maintenance --zone cell-a --reason …` changes it.
#[derive(Debug, Args)]
#[command(after_help = crate::EXIT_CODES)]
pub struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,

    #[command(flatten)]
    site: Site,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Says what the plant, or one zone of it, is doing.
    Set {
        /// `normal`, `maintenance`, `start-up`, `changeover` or `island`; an emergency is set off, see `nullius emergency`.
        mode: Mode,
        /// One zone; every zone that nothing else is said of where this is not given.
        #[arg(long)]
        zone: Option<String>,
        /// Why; goes into the audit.
        #[arg(long)]
        reason: String,
    },
    /// Takes back what was said of a zone: it does what the windows and the site say again.
    Clear {
        /// The zone.
        #[arg(long)]
        zone: String,
        /// Why; goes into the audit.
        #[arg(long)]
        reason: String,
    },
}

pub(crate) fn run(arguments: &Arguments, world: &mut World<'_>) -> Result<Outcome, Failure> {
    let command = match &arguments.action {
        None => Command::Modes,
        Some(Action::Set { mode, zone, reason }) => {
            Command::ModeSet { mode: mode.name().to_owned(), zone: zone.clone(), reason: reason.clone() }
        }
        Some(Action::Clear { zone, reason }) => {
            Command::ModeClear { zone: zone.clone(), reason: reason.clone() }
        }
    };
    let body = arguments.site.connect()?.ask(command)?;
    if arguments.site.json {
        json(world.out, &body)?;
        return Ok(Outcome::Positive);
    }
    match (body, &arguments.action) {
        (Body::Modes(modes), _) => show(world.out, &modes)?,
        (Body::Done, Some(_)) => {
            writeln!(
                world.out,
                "done; what hangs on the mode was judged anew, `nullius mode` shows all zones"
            )?;
        }
        (other, _) => return Err(unexpected(&other)),
    }
    Ok(Outcome::Positive)
}

fn show(out: &mut dyn Write, modes: &local::Modes) -> Result<(), Failure> {
    let rows: Vec<_> = modes
        .zones
        .iter()
        .map(|zone| {
            let next = zone.next.as_ref().map(|(seconds, mode)| format!("{mode} in {}", span(*seconds)));
            [zone.zone.clone(), zone.mode.clone(), zone.because.clone(), or_dash(next.as_deref())]
        })
        .collect();
    writeln!(out, "the site is in mode {}", nullius_model::inert(&modes.site))?;
    if !rows.is_empty() {
        write!(out, "\n{}", table(["ZONE", "MODE", "BECAUSE OF", "NEXT"], &rows))?;
    }
    let rows: Vec<_> = modes
        .windows
        .iter()
        .map(|window| {
            let state = if window.open { "open" } else { "closed" };
            [
                window.name.clone(),
                state.to_owned(),
                window.mode.clone(),
                window.zones.join(", "),
                or_dash(window.opens.as_deref().map(minute).as_deref()),
                or_dash(window.closes.as_deref().map(minute).as_deref()),
            ]
        })
        .collect();
    if !rows.is_empty() {
        write!(out, "\n{}", table(["WINDOW", "IS", "MODE", "ZONES", "OPENS", "CLOSES"], &rows))?;
    }
    Ok(())
}
