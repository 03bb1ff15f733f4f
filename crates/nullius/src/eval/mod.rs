//! `nullius eval`: what a capture shows, and what default deny would have blocked.

mod arguments;
mod live;
mod moments;
mod outputs;
mod progress;

pub(crate) use arguments::Arguments;

use crate::Failure;
use anyhow::Context as _;
use nullius_eval::{EvalError, Evaluation, Learn, Options, Source, evaluate};
use outputs::Outputs;
use std::time::Duration;

/// The report was made and could not be written where it was wanted.
const NOT_WRITTEN: u8 = 1;
/// There is no report: no capture, or arguments that cannot be followed.
const NO_REPORT: u8 = 2;
/// Keys the tables of a file's evaluation, so that two runs agree to the byte.
const FILE_SEED: u64 = 0x6e75_6c6c_6975_7321;

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let no_report = |error| Failure { error, code: NO_REPORT };
    let outputs = Outputs::plan(arguments).map_err(no_report)?;
    let evaluation = look(arguments).map_err(no_report)?;
    outputs.write(&evaluation).map_err(|error| Failure { error, code: NOT_WRITTEN })
}

fn look(arguments: &Arguments) -> anyhow::Result<Evaluation> {
    let evaluation = match &arguments.iface {
        Some(interface) => listen(arguments, interface)?,
        None => evaluate(
            &options(arguments, Source::Files(arguments.files.clone()), arguments.learn, FILE_SEED),
            &mut progress::Bar::default(),
        )?,
    };
    match &arguments.device {
        Some(device) => Ok(evaluation.only(device).map_err(EvalError::from)?),
        None => Ok(evaluation),
    }
}

fn listen(arguments: &Arguments, interface: &str) -> anyhow::Result<Evaluation> {
    let learn = of_duration(arguments.learn, arguments.duration);
    let mut clock = live::Countdown::start(interface, arguments.duration)
        .context("the end of the capture cannot be watched for")?;
    let source = Source::Interface(interface.to_owned());
    Ok(evaluate(&options(arguments, source, learn, live::seed()), &mut clock)?)
}

/// A share of a live capture is a share of the time it was asked to last.
fn of_duration(learn: Learn, whole: Duration) -> Learn {
    match learn {
        Learn::Share(share) => Learn::For(whole.mul_f64(share.clamp(0.0, 1.0))),
        Learn::For(_) | Learn::Everything => learn,
    }
}

fn options(arguments: &Arguments, source: Source, learn: Learn, seed: u64) -> Options {
    Options {
        source,
        learn,
        cycles: arguments.cycle.clone(),
        since: arguments.since,
        until: arguments.until,
        filter: arguments.filter.clone(),
        follow_values: arguments.values,
        seed,
    }
}
