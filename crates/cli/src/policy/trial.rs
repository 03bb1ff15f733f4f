//! What a folder of policies would do: to one request, and to a recorded past.

use nullius_model::{DeviceName, inert};
use nullius_policy::blast::{Graph, MAX_HOPS};
use nullius_policy::simulate::{Outcome as Verdict, simulate as judge_past};
use nullius_policy::slack::slack as judge_slack;
use nullius_policy::{Directory, Effect, World as Compiled, draft_history, explain as explain_request};
use serde_json::json;
use std::path::Path;

use super::assumed::Assumed;
use super::folder::{self, Folder, refused};
use super::judged::Judged;
use super::question;
use crate::show::json_value;
use crate::target::Question;
use crate::{Failure, Outcome, World};

pub(super) fn explain(
    folder: &Folder,
    words: &[String],
    assumed: &Assumed,
    as_json: bool,
    world: &mut World<'_>,
) -> Result<Outcome, Failure> {
    let Judged { repository, policies, .. } = Judged::of(folder)?;
    let asked = Question::parse(words).map_err(Failure::Unable)?;
    let request = question::request(repository.inventory(), &asked)?;
    let directory = Directory::from_inventory(repository.inventory());
    let (inputs, moment) = (assumed.inputs(), assumed.moment(world.now));
    let explained = explain_request(&repository, &policies, &directory, &request, &inputs, &moment, &[]);
    let allowed = explained.decision.effect == Effect::Allow;
    let lines: Vec<_> = explained.to_string().lines().map(inert).collect();
    match as_json {
        true => json_value(world.out, &json!({ "allowed": allowed, "lines": lines }))?,
        false => writeln!(world.out, "{}", lines.join("\n"))?,
    }
    Ok(Outcome::of(allowed))
}

pub(super) fn simulate(
    folder: &Folder,
    past: &Path,
    assumed: &Assumed,
    as_json: bool,
    world: &mut World<'_>,
) -> Result<Outcome, Failure> {
    let Judged { repository, policies, .. } = Judged::of(folder)?;
    let [_, rules] = folder::draft(past)?;
    let history = draft_history(&rules).map_err(refused)?;
    let inputs = assumed.inputs();
    let past = judge_past(&repository, &policies, &history, |_| inputs, &assumed.moment(world.now));
    let lines: Vec<_> = past.to_string().lines().map(inert).collect();
    let clean = past.verdict == Verdict::Clean;
    match as_json {
        true => json_value(world.out, &json!({ "clean": clean, "lines": lines }))?,
        false => writeln!(world.out, "{}", lines.join("\n"))?,
    }
    Ok(Outcome::of(clean))
}

pub(super) fn slack(
    folder: &Folder,
    past: &Path,
    assumed: &Assumed,
    as_json: bool,
    world: &mut World<'_>,
) -> Result<Outcome, Failure> {
    let judged = Judged::of(folder)?;
    let [_, rules] = folder::draft(past)?;
    let history = draft_history(&rules).map_err(refused)?;
    let directory = Directory::from_inventory(judged.repository.inventory());
    let inputs = assumed.inputs();
    let unused = judge_slack(judged.compiled(&directory), &history, |_| inputs, &assumed.moment(world.now));
    lines(&unused.to_string(), as_json, world)
}

pub(super) fn blast(
    folder: &Folder,
    device: &DeviceName,
    hops: u32,
    assumed: &Assumed,
    as_json: bool,
    world: &mut World<'_>,
) -> Result<Outcome, Failure> {
    let judged = Judged::of(folder)?;
    let inventory = judged.repository.inventory();
    if !inventory.devices.contains_key(device) {
        return Err(Failure::refused(format!("`{device}` is not in inventory.toml: declare it there")));
    }
    let directory = Directory::from_inventory(inventory);
    let inputs = assumed.inputs();
    let compiled: Compiled<'_> = judged.compiled(&directory);
    let conversations = compiled.conversations(|_| inputs, &assumed.moment(world.now));
    let blast = Graph::new(inventory, &conversations).blast(device, hops.min(MAX_HOPS));
    lines(&blast.to_string(), as_json, world)
}

fn lines(text: &str, as_json: bool, world: &mut World<'_>) -> Result<Outcome, Failure> {
    let lines: Vec<_> = text.lines().map(inert).collect();
    match as_json {
        true => json_value(world.out, &json!({ "lines": lines }))?,
        false => writeln!(world.out, "{}", lines.join("\n"))?,
    }
    Ok(Outcome::Positive)
}
