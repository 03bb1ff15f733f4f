//! What a new policy changes, in devices and conversations, for a person to look at before it is in force.

use nullius_model::{Assurance, Mode, Timestamp, Verdict, inert};
use nullius_policy::diff::{Change, Diff, diff};
use nullius_policy::{Directory, Files, Inputs, Moment, Policies, Posture, Repository, World as Compiled};
use serde_json::{Value, json};
use std::io::Write;

use super::assumed::moment_of;
use super::folder::{Folder, refused};
use super::judged::Judged;
use crate::show::json_value;
use crate::{Failure, Outcome, World};

/// What is compared: what a subject may do of whom nothing bad is known. Less is known of most, and that only takes
/// away.
const BEST: Inputs = Inputs {
    assurance: Assurance::Ia6,
    posture: Some(Posture { good: true, age: 0 }),
    risk: Some(0),
    conforms: Some(true),
};

/// What `judged` changes; everything is new where nothing is in force.
pub(super) fn between(present: Option<&Files>, judged: &Judged, now: Timestamp) -> Result<Diff, Failure> {
    let old = match present {
        Some(files) => Repository::parse(files).map_err(refused)?,
        None => Repository::default(),
    };
    let old_policies = Policies::compile(&old).map_err(refused)?;
    let old_directory = Directory::from_inventory(old.inventory());
    let new_directory = Directory::from_inventory(judged.repository.inventory());
    let old = Compiled { repository: &old, policies: &old_policies, directory: &old_directory };
    let new = judged.compiled(&new_directory);
    let moment: Moment = moment_of(Mode::Normal, now);
    Ok(diff(old, new, |_| BEST, &moment))
}

pub(super) fn show(change: &Diff, out: &mut dyn Write) -> Result<(), Failure> {
    for line in change.to_string().lines() {
        writeln!(out, "{}", inert(line))?;
    }
    if change.pairs.iter().flat_map(|pair| pair.services.values()).any(is_diverted) {
        writeln!(
            out,
            "divert: the message filter judges each message; where there is none yet, all are denied"
        )?;
    }
    Ok(())
}

const fn is_diverted(change: &Change) -> bool {
    match change {
        Change::Gained(verdict) | Change::Verdict(_, verdict) => matches!(verdict, Verdict::Divert),
        Change::Conditions => true,
        Change::Lost(_) => false,
    }
}

/// The same for programs.
pub(super) fn described(change: &Diff) -> Value {
    let (gained, lost, changed) = change.counts();
    let pairs: Vec<_> = change
        .pairs
        .iter()
        .map(|pair| {
            let services: Vec<_> = pair
                .services
                .iter()
                .map(|(service, change)| json!({ "service": service.as_str(), "change": change.to_string() }))
                .collect();
            json!({ "client": pair.client.as_str(), "server": pair.server.as_str(), "services": services })
        })
        .collect();
    let names = |devices: &std::collections::BTreeSet<nullius_model::DeviceName>| {
        devices.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    json!({
        "gained": gained, "lost": lost, "changed": changed, "pairs": pairs,
        "devices_gone": names(&change.gone), "devices_new": names(&change.new),
    })
}

/// From one folder to another.
pub(super) fn compare(
    old: &Folder,
    new: &Folder,
    as_json: bool,
    world: &mut World<'_>,
) -> Result<Outcome, Failure> {
    let change = between(Some(&old.files), &Judged::of(new)?, world.now)?;
    match as_json {
        true => json_value(world.out, &described(&change))?,
        false => show(&change, world.out)?,
    }
    Ok(Outcome::Positive)
}
