//! `nullius grant`: access for a while, which ends by itself.

use clap::{Args, Subcommand};
use nullius_model::inert;
use nullius_protocol::local::{self, Body, Command};
use std::io::Write;
use std::time::Duration;

use crate::connection::unexpected;
use crate::show::{json, or_dash, span, table};
use crate::{Failure, Outcome, Site, World, times};

/// Allows for a while what policy does not: `nullius grant vendor1 plc1/modbus --verbs read --for 120s --reason …`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true, after_help = crate::EXIT_CODES)]
pub struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    wanted: Wanted,
    #[command(flatten)]
    site: Site,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// The grants in force.
    List,
    /// What was done under a grant that is in force or is over, and what changed.
    Show {
        /// Its number.
        grant: u64,
    },
    /// Ends a grant before its time, and every session it carries.
    End {
        /// Its number.
        grant: u64,
        /// Why; goes into the audit.
        #[arg(long)]
        reason: String,
    },
}

#[derive(Clone, Debug, Args)]
struct Wanted {
    /// Who may.
    #[arg(required = true)]
    subject: Option<String>,

    /// What: `plc1/modbus`.
    #[arg(required = true)]
    object: Option<String>,

    /// Which verbs, as `read,write`; every one where this is not given.
    #[arg(long, value_delimiter = ',')]
    verbs: Vec<String>,

    /// For how long: `120s`, `30m`, `8h`. No clock can stretch it.
    #[arg(long = "for", value_name = "TIME", value_parser = times::duration, required = true)]
    duration: Option<Duration>,

    /// Why; goes into the audit.
    #[arg(long, required = true)]
    reason: Option<String>,

    /// The work order it belongs to.
    #[arg(long)]
    work_order: Option<String>,

    /// Who approved it, beside the one who asks. May be repeated.
    #[arg(long = "approver", value_name = "WHO")]
    approvers: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments, world: &mut World<'_>) -> Result<Outcome, Failure> {
    let command = match &arguments.action {
        Some(Action::List) => Command::Grants,
        Some(Action::Show { grant }) => Command::Receipt { grant: *grant },
        Some(Action::End { grant, reason }) => Command::GrantEnd { grant: *grant, reason: reason.clone() },
        None => create(&arguments.wanted)?,
    };
    let body = arguments.site.connect()?.ask(command)?;
    if arguments.site.json {
        json(world.out, &body)?;
        return Ok(Outcome::Positive);
    }
    match (&arguments.action, body) {
        (_, Body::Grants(grants)) => list(world.out, &grants)?,
        (_, Body::Receipt(receipt)) => crate::receipt::show(world.out, &receipt)?,
        (_, Body::Grant(grant)) => given(world.out, &grant)?,
        (Some(Action::End { grant, .. }), Body::Done) => writeln!(world.out, "grant {grant} has ended")?,
        (_, other) => return Err(unexpected(&other)),
    }
    Ok(Outcome::Positive)
}

fn create(wanted: &Wanted) -> Result<Command, Failure> {
    let Wanted { subject, object, verbs, duration, reason, work_order, approvers } = wanted.clone();
    let (Some(subject), Some(object), Some(duration), Some(reason)) = (subject, object, duration, reason)
    else {
        return Err(Failure::unable(
            "a grant names SUBJECT, OBJECT, --for and --reason: see `nullius grant --help`",
        ));
    };
    // a part of a second more than was asked for would be access nobody asked for
    let seconds = duration.as_secs();
    if seconds == 0 {
        return Err(Failure::unable("a grant lasts at least one second: write --for 60s"));
    }
    Ok(Command::GrantCreate { subject, object, verbs, seconds, work_order, approvers, reason })
}

fn given(out: &mut dyn Write, grant: &local::Grant) -> Result<(), Failure> {
    let (number, left) = (grant.grant, span(grant.left));
    let (subject, object) = (inert(&grant.subject), inert(&grant.object));
    writeln!(out, "grant {number}: {subject} may {} on {object} for {left}", inert(&verbs(grant)))?;
    Ok(writeln!(out, "it ends by itself; `nullius grant end {number} --reason …` ends it now")?)
}

fn list(out: &mut dyn Write, grants: &[local::Grant]) -> Result<(), Failure> {
    if grants.is_empty() {
        return Ok(writeln!(out, "no grant is in force")?);
    }
    let rows: Vec<_> = grants
        .iter()
        .map(|grant| {
            [
                grant.grant.to_string(),
                grant.subject.clone(),
                grant.object.clone(),
                verbs(grant),
                span(grant.left),
                grant.by.clone(),
                or_dash(grant.work_order.as_deref()),
                grant.reason.clone(),
            ]
        })
        .collect();
    let heading = ["GRANT", "WHO", "MAY USE", "VERBS", "LEFT", "BY", "WORK ORDER", "REASON"];
    Ok(write!(out, "{}", table(heading, &rows))?)
}

fn verbs(grant: &local::Grant) -> String {
    if grant.verbs.is_empty() { "everything".to_owned() } else { grant.verbs.join(", ") }
}
