//! `nullius emergency`: set off, confirmed, ended and armed by people on the site.

use clap::{Args, Subcommand};
use nullius_model::inert;
use nullius_protocol::local::{self, Body, Command};
use std::io::Write;

use crate::connection::unexpected;
use crate::show::{json, or_dash, span, table};
use crate::{Failure, Outcome, Site, World};

/// What may be set off when something is wrong: `nullius emergency trigger fire --reason …`. It needs no controller, ends
/// by itself, and must be armed again before it can be set off once more.
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
    /// The profiles of the inventory, and how they stand.
    List,
    /// Sets one off, or confirms what another person asked for within the last minute.
    Trigger {
        /// Which.
        profile: String,
        /// Why; goes into the audit.
        #[arg(long)]
        reason: String,
    },
    /// Ends one before its time.
    End {
        /// Which.
        profile: String,
        /// Why; goes into the audit.
        #[arg(long)]
        reason: String,
    },
    /// Makes one ready again after it was set off.
    Arm {
        /// Which.
        profile: String,
        /// Why; goes into the audit.
        #[arg(long)]
        reason: String,
    },
}

pub(crate) fn run(arguments: &Arguments, world: &mut World<'_>) -> Result<Outcome, Failure> {
    let body = arguments.site.connect()?.ask(command(arguments.action.as_ref()))?;
    if arguments.site.json {
        json(world.out, &body)?;
        return Ok(Outcome::Positive);
    }
    let out = &mut *world.out;
    match (&arguments.action, body) {
        (_, Body::Emergencies(profiles)) => list(out, &profiles)?,
        (Some(Action::Trigger { profile, .. }), Body::Awaits { seconds }) => {
            let profile = inert(profile);
            writeln!(out, "not in force yet: {profile} takes two people")?;
            writeln!(out, "another person confirms it with the same command within {seconds} s")?;
        }
        (Some(Action::Trigger { profile, .. }), Body::Done) => {
            let profile = inert(profile);
            writeln!(out, "{profile} is in force and ends by itself; `nullius emergency` shows when")?;
        }
        (Some(Action::End { profile, .. }), Body::Done) => {
            let profile = inert(profile);
            writeln!(
                out,
                "{profile} is over; `nullius emergency arm {profile} --reason …` makes it ready again"
            )?;
        }
        (Some(Action::Arm { profile, .. }), Body::Done) => writeln!(out, "{} is armed", inert(profile))?,
        (_, other) => return Err(unexpected(&other)),
    }
    Ok(Outcome::Positive)
}

fn command(action: Option<&Action>) -> Command {
    match action {
        None | Some(Action::List) => Command::Emergencies,
        Some(Action::Trigger { profile, reason }) => {
            Command::EmergencyTrigger { profile: profile.clone(), reason: reason.clone() }
        }
        Some(Action::End { profile, reason }) => {
            Command::EmergencyEnd { profile: profile.clone(), reason: reason.clone() }
        }
        Some(Action::Arm { profile, reason }) => {
            Command::EmergencyArm { profile: profile.clone(), reason: reason.clone() }
        }
    }
}

fn list(out: &mut dyn Write, profiles: &[local::Emergency]) -> Result<(), Failure> {
    if profiles.is_empty() {
        return Ok(writeln!(out, "the inventory declares no emergency")?);
    }
    let rows: Vec<_> = profiles
        .iter()
        .map(|profile| {
            let state = match (profile.left, profile.armed) {
                (Some(left), _) => format!("in force for {}", span(left)),
                (None, true) => "armed".to_owned(),
                (None, false) => "not armed".to_owned(),
            };
            [
                profile.name.clone(),
                state,
                profile.zones.join(", "),
                span(profile.seconds),
                profile.people.to_string(),
                or_dash(Some(profile.by.join(", ").as_str()).filter(|by| !by.is_empty())),
            ]
        })
        .collect();
    let heading = ["EMERGENCY", "IS", "ZONES", "LASTS", "PEOPLE", "SET OFF BY"];
    Ok(write!(out, "{}", table(heading, &rows))?)
}
