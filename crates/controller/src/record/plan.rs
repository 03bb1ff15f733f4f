//! What would change if a revision were applied now: for a person to look at before.

use super::policy;
use crate::http::Problem;
use nullius_model::{Assurance, DeviceName, Mode, Timestamp};
use nullius_policy::blast::Graph;
use nullius_policy::diff::diff;
use nullius_policy::simulate::{Outcome, simulate};
use nullius_policy::{Directory, Files, Inputs, Moment, Policies, Posture, Repository, World, draft_history};
use serde::Serialize;
use utoipa::ToSchema;

/// What is compared: what a subject may do of whom nothing bad is known. Less is known of most, and that only takes
/// away.
const BEST: Inputs = Inputs {
    assurance: Assurance::Ia6,
    posture: Some(Posture { good: true, age: 0 }),
    risk: Some(0),
    conforms: Some(true),
};

/// Most pairs, devices, paths and blocked conversations that are told; the counts are of all.
const SHOWN: usize = 200;

/// Most devices whose reach is compared: each is a walk through the site.
const WALKED: usize = 2_000;

/// Hops of a reach.
const HOPS: u32 = 4;

/// What would change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Plan {
    /// Files that change: `+ path`, `- path`, `~ path`.
    files: Vec<String>,
    /// Conversations that are gained, lost, changed.
    conversations: Counts,
    /// Which, one a line: `+ accept hmi -> plc1/modbus`. The first two hundred.
    changes: Vec<String>,
    /// Devices that come.
    devices_new: usize,
    /// Devices that go.
    devices_gone: usize,
    /// New ways to devices that keep people safe or run the process, for whoever takes over the first device.
    new_paths: Vec<String>,
    /// What recorded traffic would be refused; none where no history was given.
    simulation: Option<Simulated>,
    /// What somebody should look at all the same: `file:line:column` and what.
    warnings: Vec<String>,
    /// How many others must agree before it is applied.
    #[schema(minimum = 0)]
    pub(crate) approvals: u64,
}

/// How many conversations change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
struct Counts {
    gained: usize,
    lost: usize,
    changed: usize,
}

/// What would have happened to recorded traffic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
struct Simulated {
    /// `clean`, `blocks` or `insufficient`.
    verdict: &'static str,
    /// Messages judged.
    messages: u64,
    /// Messages that would be refused.
    refused: u64,
    /// Which, one a line. The first two hundred.
    blocked: Vec<String>,
    /// Conversations with an end that is in no inventory.
    strangers: usize,
}

/// Both sides of a plan, as gateways would have them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sides {
    /// In force; nothing before the first.
    pub(crate) before: Option<Files>,
    /// As it would be.
    pub(crate) after: Files,
}

/// What leads from the one to the other. `rules` is `rules.json` of a draft: the recorded traffic it is tried on.
///
/// # Errors
/// 422 where it would not be accepted, or the draft is none.
pub(crate) fn plan(sides: &Sides, rules: Option<&str>, now: Timestamp) -> Result<Plan, Problem> {
    let old = match &sides.before {
        Some(files) => Repository::parse(files).map_err(|wrong| policy::refused(&wrong))?,
        None => Repository::default(),
    };
    let new = Repository::parse(&sides.after).map_err(|wrong| policy::refused(&wrong))?;
    let accepted = new.accept().map_err(|wrong| policy::refused(&wrong))?;
    let old_policies = Policies::compile(&old).map_err(|wrong| policy::refused(&wrong))?;
    let (old_directory, new_directory) =
        (Directory::from_inventory(old.inventory()), Directory::from_inventory(new.inventory()));
    let before = World { repository: &old, policies: &old_policies, directory: &old_directory };
    let after = World { repository: &new, policies: &accepted.policies, directory: &new_directory };
    let moment = moment(now);
    let changes = diff(before, after, |_| BEST, &moment);
    let (gained, lost, changed) = changes.counts();
    let simulation = rules.map(|rules| simulated(&new, &accepted.policies, rules, &moment)).transpose()?;
    Ok(Plan {
        files: files(sides),
        conversations: Counts { gained, lost, changed },
        changes: lines(&changes),
        devices_new: changes.new.len(),
        devices_gone: changes.gone.len(),
        new_paths: new_paths(before, after, &moment),
        simulation,
        warnings: accepted.warnings.iter().take(SHOWN).map(|wrong| told(&policy::fault(wrong))).collect(),
        approvals: 0,
    })
}

fn told(fault: &crate::http::Fault) -> String {
    format!("{}: {}", fault.at, fault.detail)
}

fn files(sides: &Sides) -> Vec<String> {
    let nothing = Files::new();
    let before = sides.before.as_ref().unwrap_or(&nothing);
    let gone = before.keys().filter(|path| !sides.after.contains_key(*path)).map(|path| format!("- {path}"));
    let changed = sides.after.iter().filter_map(|(path, text)| match before.get(path) {
        None => Some(format!("+ {path}")),
        Some(old) if old != text => Some(format!("~ {path}")),
        Some(_) => None,
    });
    gone.chain(changed).collect()
}

fn lines(changes: &nullius_policy::diff::Diff) -> Vec<String> {
    let of_pair = |pair: &nullius_policy::diff::PairChange| {
        let (client, server) = (pair.client.clone(), pair.server.clone());
        let line = move |(service, change): (&nullius_model::SmolStr, &nullius_policy::diff::Change)| {
            format!("{change} {client} -> {server}/{service}")
        };
        pair.services.iter().map(line).collect::<Vec<_>>()
    };
    changes.pairs.iter().flat_map(of_pair).take(SHOWN).collect()
}

fn new_paths(before: World<'_>, after: World<'_>, moment: &Moment) -> Vec<String> {
    let graph =
        |world: World<'_>| Graph::new(world.repository.inventory(), &world.conversations(|_| BEST, moment));
    let origins: Vec<DeviceName> = after.directory.devices().take(WALKED).cloned().collect();
    let (before, after) = (graph(before), graph(after));
    let mut paths = Vec::new();
    for origin in origins {
        let (was, is) = (before.blast(&origin, HOPS), after.blast(&origin, HOPS));
        for (jewel, path) in was.difference(&is).jewels_gained {
            let steps: Vec<String> = path.iter().map(ToString::to_string).collect();
            paths.push(format!("{origin} reaches {jewel} by {}", steps.join(" -> ")));
        }
        if paths.len() >= SHOWN {
            break;
        }
    }
    paths.truncate(SHOWN);
    paths
}

fn simulated(
    repository: &Repository,
    policies: &Policies,
    rules: &str,
    moment: &Moment,
) -> Result<Simulated, Problem> {
    let history = draft_history(rules).map_err(|wrong| policy::refused(&wrong))?;
    let found = simulate(repository, policies, &history, |_| BEST, moment);
    let verdict = match found.verdict {
        Outcome::Insufficient => "insufficient",
        Outcome::Blocks => "blocks",
        Outcome::Clean => "clean",
    };
    let blocked = found.blocked.iter().take(SHOWN).map(|blocked| {
        let (client, object, class) = (&blocked.client, &blocked.object, blocked.class);
        format!("{client} -> {object} ({class}): {} messages", blocked.messages())
    });
    Ok(Simulated {
        verdict,
        messages: found.total.messages,
        refused: found.refused().messages,
        blocked: blocked.collect(),
        strangers: found.strangers.len(),
    })
}

/// Now, in the mode of every day. 1970 began on a Thursday.
pub(super) fn moment(now: Timestamp) -> Moment {
    let minutes = now.as_secs() / 60;
    Moment {
        mode: Mode::Normal,
        minute: u16::try_from(minutes % 1_440).unwrap_or(0),
        weekday: u8::try_from((minutes / 1_440 + 3) % 7 + 1).unwrap_or(1),
        second: 0,
        mode_change: None,
    }
}
