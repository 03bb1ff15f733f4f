//! `nullius stage`: how far roll-out has come.

use clap::Args;
use nullius_model::{Stage, inert};
use nullius_protocol::local::{Body, Command, StageTarget, Stages};
use std::io::Write;

use crate::connection::unexpected;
use crate::show::{json, table};
use crate::{Failure, Outcome, Site, World};

/// How far roll-out has come: `nullius stage` shows it, `nullius stage plc1 shadow` moves it.
#[derive(Debug, Args)]
#[command(after_help = crate::EXIT_CODES)]
pub struct Arguments {
    /// Of what: a device, two zones as `ops,cell-a`, or `default` for whatever has no stage of its own.
    #[arg(value_parser = target, requires = "stage")]
    target: Option<StageTarget>,

    /// `observe` (all passes), `shadow` (all passes, denials are counted) or `enforce` (denials are dropped).
    stage: Option<Stage>,

    /// Why it is enforced although denials were counted meanwhile; goes into the audit.
    #[arg(long, value_name = "WHY")]
    despite: Option<String>,

    #[command(flatten)]
    site: Site,
}

fn target(text: &str) -> Result<StageTarget, String> {
    match text.split_once(',') {
        Some((from, to)) if !from.is_empty() && !to.is_empty() && !to.contains(',') => {
            Ok(StageTarget::Conduit { from: from.to_owned(), to: to.to_owned() })
        }
        Some(_) => Err("two zones are written `ops,cell-a`".to_owned()),
        None if text == "default" => Ok(StageTarget::Default),
        None => Ok(StageTarget::Device(text.to_owned())),
    }
}

pub(crate) fn run(arguments: &Arguments, world: &mut World<'_>) -> Result<Outcome, Failure> {
    let command = match (&arguments.target, arguments.stage) {
        (Some(target), Some(stage)) => Command::StageSet {
            target: target.clone(),
            stage: stage.name().to_owned(),
            despite: arguments.despite.clone(),
        },
        _ => Command::Stages,
    };
    let body = arguments.site.connect()?.ask(command)?;
    if arguments.site.json {
        json(world.out, &body)?;
        return Ok(Outcome::Positive);
    }
    match (body, arguments.stage) {
        (Body::Stages(stages), _) => list(world.out, &stages)?,
        (Body::Done, Some(stage)) => writeln!(world.out, "{}", meaning(stage))?,
        (other, _) => return Err(unexpected(&other)),
    }
    Ok(Outcome::Positive)
}

const fn meaning(stage: Stage) -> &'static str {
    match stage {
        Stage::Observe => "observe: everything passes, and nothing is counted",
        Stage::Shadow => "shadow: everything passes; `nullius status` shows what would be denied",
        Stage::Enforce => "enforce: what policy denies is dropped from now on",
    }
}

fn list(out: &mut dyn Write, stages: &Stages) -> Result<(), Failure> {
    writeln!(out, "{} holds for whatever is not named here", inert(&stages.default))?;
    let devices = stages.devices.iter().map(|(device, stage)| [device.clone(), stage.clone()]);
    let conduits =
        stages.conduits.iter().map(|pair| [format!("{},{}", pair.from, pair.to), pair.stage.clone()]);
    let rows: Vec<_> = devices.chain(conduits).collect();
    if rows.is_empty() {
        return Ok(());
    }
    Ok(write!(out, "{}", table(["DEVICE OR ZONES", "STAGE"], &rows))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_device_two_zones_or_the_default() {
        let conduit = StageTarget::Conduit { from: "ops".into(), to: "cell-a".into() };
        let cases = [
            ("default", Ok(StageTarget::Default)),
            ("plc1", Ok(StageTarget::Device("plc1".into()))),
            ("ops,cell-a", Ok(conduit)),
        ];
        for (text, expected) in cases {
            assert_eq!(target(text), expected, "{text}");
        }
        for text in ["ops,", ",cell-a", "a,b,c"] {
            assert!(target(text).is_err(), "{text}");
        }
    }
}
