//! `nullius device`: who is there, and who may stay.

use clap::{Args, Subcommand, ValueEnum};
use nullius_model::inert;
use nullius_protocol::local::{self, Body, Command, DeviceState, Station};
use std::io::Write;
use std::net::IpAddr;
use std::time::Duration;

use crate::connection::unexpected;
use crate::show::{json, or_dash, span, table};
use crate::{Failure, Outcome, Site, World, times};

/// Who is there, and who may stay: list, show, approve, revoke, restore.
#[derive(Debug, Args)]
#[command(after_help = crate::EXIT_CODES)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    site: Site,
}

#[derive(Clone, Debug, Subcommand)]
enum Action {
    /// Every device of the inventory, and every station that is none of them.
    List,
    /// One device: where it is, how sure we are, what it offers.
    Show {
        /// Its name.
        device: String,
    },
    /// Vouches that a station is this device, and binds it to its port.
    Approve {
        /// The device of the inventory.
        device: String,
        /// Where it is; the one port it is seen on where this is not given.
        #[arg(long)]
        port: Option<String>,
        /// Its hardware address; the declared one where this is not given.
        #[arg(long)]
        mac: Option<String>,
    },
    /// Forgets where a device is, so that it is bound anew where it is seen next.
    Forget {
        /// The device.
        device: String,
    },
    /// Vouches for what is plugged in where a device is, as one who stands in front of it: IA3 for a while.
    Vouch {
        /// The device.
        device: String,
        /// For how long: `2h`, eight hours at most. It ends with the link of the port, too, and with a double.
        #[arg(long = "for", value_name = "TIME", value_parser = times::duration)]
        duration: Duration,
        /// What makes you sure; goes into the audit.
        #[arg(long)]
        reason: String,
    },
    /// Ends a conflict: somebody went and found the double.
    Settle {
        /// The device whose double it was.
        device: String,
        /// What was found; goes into the audit.
        #[arg(long)]
        reason: String,
    },
    /// Cuts a device off, at once and until it is restored.
    Revoke {
        /// The device.
        device: String,
        /// Why; goes into the audit.
        #[arg(long)]
        reason: String,
    },
    /// Takes a revocation back.
    Restore {
        /// The device.
        device: String,
        /// Why; goes into the audit.
        #[arg(long)]
        reason: String,
    },
    /// States what is known of a device. Replaces what was stated before; what is left out is unknown, never good.
    Assess {
        /// The device.
        device: String,
        /// Whether its software and settings are as they should be.
        #[arg(long)]
        posture: Option<Judgement>,
        /// Risk band, from 0 (none) to 4.
        #[arg(long, value_parser = clap::value_parser!(u8).range(0..=4))]
        risk: Option<u8>,
        /// Whether its behaviour lies inside its baseline.
        #[arg(long)]
        conforms: Option<YesNo>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Judgement {
    Good,
    Bad,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum YesNo {
    Yes,
    No,
}

pub(crate) fn run(arguments: &Arguments, world: &mut World<'_>) -> Result<Outcome, Failure> {
    let body = arguments.site.connect()?.ask(command(&arguments.action))?;
    if arguments.site.json {
        json(world.out, &body)?;
        return Ok(Outcome::Positive);
    }
    match (&body, done(&arguments.action)) {
        (Body::Devices { devices, stations }, None) => list(world.out, devices, stations)?,
        (Body::Device(device), None) => one(world.out, device)?,
        (Body::Done, Some(line)) => writeln!(world.out, "{line}")?,
        (_, _) => return Err(unexpected(&body)),
    }
    Ok(Outcome::Positive)
}

fn command(action: &Action) -> Command {
    match action.clone() {
        Action::List => Command::Devices,
        Action::Show { device } => Command::Device { device },
        Action::Approve { device, port, mac } => Command::Approve { device, port, mac },
        Action::Forget { device } => Command::Forget { device },
        Action::Vouch { device, duration, reason } => {
            Command::Vouch { device, seconds: duration.as_secs(), reason }
        }
        Action::Settle { device, reason } => Command::Settle { device, reason },
        Action::Revoke { device, reason } => Command::Revoke { device, reason },
        Action::Restore { device, reason } => Command::Restore { device, reason },
        Action::Assess { device, posture, risk, conforms } => Command::Assess {
            device,
            posture: posture.map(|posture| posture == Judgement::Good),
            risk,
            conforms: conforms.map(|conforms| conforms == YesNo::Yes),
        },
    }
}

/// What has happened, and how to see it or take it back; nothing for what only looks.
fn done(action: &Action) -> Option<String> {
    Some(match action {
        Action::List | Action::Show { .. } => return None,
        Action::Approve { device, .. } => {
            format!("{} is bound: `nullius device show` tells where", inert(device))
        }
        Action::Forget { device } => format!("{} will be bound where it is seen next", inert(device)),
        Action::Vouch { device, duration, .. } => {
            format!("{} is vouched for, for {}", inert(device), span(duration.as_secs()))
        }
        Action::Settle { device, .. } => format!("the conflict about {} is settled", inert(device)),
        Action::Revoke { device, .. } => {
            format!("{} is cut off; `nullius device restore` takes it back", inert(device))
        }
        Action::Restore { device, .. } => format!("{} may do again what policy allows", inert(device)),
        Action::Assess { device, .. } => format!("what is known of {} is stated", inert(device)),
    })
}

fn list(out: &mut dyn Write, devices: &[local::Device], stations: &[Station]) -> Result<(), Failure> {
    let rows: Vec<_> = devices
        .iter()
        .map(|device| {
            [
                device.name.clone(),
                state(device.state).to_owned(),
                device.stage.clone(),
                device.assurance.clone(),
                or_dash(Some(&device.zone)),
                or_dash(device.port.as_deref()),
                addresses(&device.addresses),
            ]
        })
        .collect();
    write!(out, "{}", table(["DEVICE", "STATE", "STAGE", "SURE", "ZONE", "PORT", "ADDRESSES"], &rows))?;
    strangers(out, stations)
}

fn strangers(out: &mut dyn Write, stations: &[Station]) -> Result<(), Failure> {
    if stations.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = stations
        .iter()
        .map(|station| {
            let claims = station.claims.as_ref().map(|device| format!("says it is {device}"));
            [
                station.port.clone(),
                station.mac.clone(),
                addresses(&station.addresses),
                or_dash(claims.as_deref()),
            ]
        })
        .collect();
    writeln!(out, "\nNot in the inventory:")?;
    Ok(write!(out, "{}", table(["PORT", "MAC", "ADDRESSES", "CLAIM"], &rows))?)
}

fn one(out: &mut dyn Write, device: &local::Device) -> Result<(), Failure> {
    let posture = device.posture.map(|posture| {
        let word = if posture.good { "good" } else { "bad" };
        format!("{word}, found {} ago", span(posture.age))
    });
    let conforms = device.conforms.map(|conforms| if conforms { "yes" } else { "no" });
    let lines = [
        ("state", state_and_reason(device)),
        ("stage", device.stage.clone()),
        ("sure", device.assurance.clone()),
        ("zone", or_dash(Some(&device.zone))),
        ("port", or_dash(device.port.as_deref())),
        ("mac", or_dash(device.mac.as_deref())),
        ("addresses", addresses(&device.addresses)),
        ("services", or_dash(Some(&device.services.join(", ")))),
        ("posture", posture.unwrap_or_else(|| "unknown".to_owned())),
        ("risk", device.risk.map_or_else(|| "unknown".to_owned(), |risk| format!("band {risk}"))),
        ("conforms", conforms.unwrap_or("unknown").to_owned()),
    ];
    writeln!(out, "{}", inert(&device.name))?;
    for (name, text) in lines {
        writeln!(out, "  {name:<11}{}", inert(&text))?;
    }
    evidence(out, &device.evidence)
}

/// What the assurance rests on, and what lowers it.
fn evidence(out: &mut dyn Write, evidence: &[local::Evidence]) -> Result<(), Failure> {
    for local::Evidence { kind, text, left } in evidence {
        let left = left.map(|left| format!(", for {} yet", span(left))).unwrap_or_default();
        writeln!(out, "  {:<11}{}: {}{left}", "evidence", inert(kind), inert(text))?;
    }
    Ok(())
}

fn state_and_reason(device: &local::Device) -> String {
    match (state(device.state), device.reason.as_str()) {
        (state, "") => state.to_owned(),
        (state, reason) if state == reason => state.to_owned(),
        (state, reason) => format!("{state}: {reason}"),
    }
}

fn addresses(addresses: &[IpAddr]) -> String {
    or_dash(Some(&addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(" ")))
}

pub(crate) const fn state(state: DeviceState) -> &'static str {
    match state {
        DeviceState::Unknown => "never seen",
        DeviceState::Onboarding => "onboarding",
        DeviceState::Active => "active",
        DeviceState::Absent => "absent",
        DeviceState::Conflict => "conflict",
        DeviceState::Contained => "contained",
        DeviceState::Revoked => "revoked",
    }
}
