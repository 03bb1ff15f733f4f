//! Policy as people author it, and as gateways get it.
//!
//! A revision is kept to the byte as it was written, but for its devices: those enter the record when it is first
//! applied. What gateways get is the revision's files and the record's (see `shards`), under a new epoch each time, so
//! that going back is going on.
//!
//! INVARIANT: what is put in force was accepted as a whole, with the devices as they are then.

use super::act::Done;
use super::changes::Changes;
use super::devices::Arrival;
use super::split::split;
use super::{Actor, Declaration, devices, digest, line, shards, tell};
use crate::http::{Fault, Problem};
use nullius_policy::{Accepted, Files, Problem as Wrong, Repository, Severity};
use nullius_store::revisions::{self as rows, Content, Revision};
use nullius_store::{StoreError, Tx};
use std::collections::BTreeMap;

/// Most problems told at once.
pub(crate) const MAX_TOLD: usize = 200;

/// A file the device record is rendered to; people put devices into `inventory.toml`.
const INVENTORY: &str = "inventory.toml";

/// What a revision holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// The files but for the devices.
    pub(crate) authored: Files,
    /// The devices that came with it.
    pub(crate) devices: BTreeMap<String, Declaration>,
}

/// The revision of this number.
///
/// # Errors
/// 404.
pub(crate) fn find(tx: &mut Tx<'_>, site: &str, number: u64) -> Result<Revision, Problem> {
    rows::find(tx, site, number)?.ok_or_else(|| Problem::no_such("revision"))
}

/// What it holds.
///
/// # Errors
/// 404.
pub(crate) fn held(tx: &mut Tx<'_>, site: &str, number: u64) -> Result<Held, Problem> {
    let content = rows::content(tx, site, number)?.ok_or_else(|| Problem::no_such("revision"))?;
    Ok(read(&content)?)
}

/// The authored files in force; nothing before the first.
pub(crate) fn in_force(tx: &mut Tx<'_>, site: &str) -> Result<Option<Files>, Problem> {
    let Some(revision) = rows::in_force(tx, site)? else { return Ok(None) };
    Ok(Some(held(tx, site, revision.number)?.authored))
}

/// What gateways get: these authored files, and the devices of the record.
pub(crate) fn render(tx: &mut Tx<'_>, site: &str, authored: &Files) -> Result<Files, Problem> {
    let mut files = shards::files(tx, site, &BTreeMap::new())?;
    files.extend(authored.clone());
    Ok(files)
}

/// What gateways would get if this revision were applied now.
pub(crate) fn rendered(tx: &mut Tx<'_>, site: &str, number: u64) -> Result<Files, Problem> {
    let fresh = find(tx, site, number)?.applied.is_none();
    let held = held(tx, site, number)?;
    let more = if fresh { held.devices } else { BTreeMap::new() };
    let mut files = shards::files(tx, site, &more)?;
    files.extend(held.authored);
    Ok(files)
}

/// Whether files could be put in force, with the devices there are: every problem at the line somebody wrote.
///
/// # Errors
/// 422 with what is wrong.
pub(crate) fn check(tx: &mut Tx<'_>, site: &str, written: &Files) -> Result<Vec<Wrong>, Problem> {
    if let Some(path) = written.keys().find(|path| shards::is_shard(path)) {
        let fault = Fault { at: path.clone(), detail: "the device record is written there".to_owned() };
        return Err(Problem::wrong("not-accepted", "the policy is not accepted")
            .with_errors(vec![fault])
            .with_help("put the devices into inventory.toml, or import them"));
    }
    let named = split(written.get(INVENTORY).map_or("", String::as_str)).devices;
    let mut files = shards::without(tx, site, &named)?;
    files.extend(written.clone());
    accept(&files).map(|accepted| accepted.warnings)
}

/// Keeps a revision that [`check`] found good; its number.
///
/// # Errors
/// What the store fails with.
pub(crate) fn keep(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    mut written: Files,
    message: &str,
) -> Result<Revision, Problem> {
    let message = line("message", message)?;
    let split = split(written.get(INVENTORY).map_or("", String::as_str));
    written.insert(INVENTORY.to_owned(), split.authored);
    let content = Content { files: json(&written), devices: json(&split.devices) };
    let revision = Revision {
        number: 0,
        digest: digest(format!("{}\n{}", content.files, content.devices).as_bytes()),
        author: actor.who.clone(),
        made: actor.seconds(),
        message: message.clone(),
        applied: None,
    };
    let number = rows::insert(tx, site, &revision, &content)?;
    let entry = tell::decided(site, actor, "revision.write", &format!("policy/{number}")).why(message);
    let entry = entry.detail("files", written.len()).detail("devices", split.devices.len());
    tell::log(tx, &entry.detail("digest", revision.digest.as_str()))?;
    find(tx, site, number)
}

/// Puts a revision in force: its devices enter the record, and gateways are told.
///
/// # Errors
/// 404; 422 where it is not accepted with the devices there are.
pub(super) fn apply(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    number: u64,
    reason: &str,
) -> Result<Done, Problem> {
    let revision = find(tx, site, number)?;
    let held = held(tx, site, number)?;
    if revision.applied.is_none() {
        take_in(tx, site, actor, &held.devices)?;
    }
    let files = render(tx, site, &held.authored)?;
    accept(&files)?;
    let digest = digest(json(&files).as_bytes());
    let count = files.len();
    let epoch = tell::policy(tx, site, actor, files, reason)?;
    rows::applied(tx, site, number, actor.seconds(), epoch)?;
    let entry =
        tell::decided(site, actor, "revision.apply", &format!("policy/{number}")).why(reason).epoch(epoch);
    tell::log(tx, &entry.detail("files", count).detail("digest", digest))?;
    Ok(Done { epoch: Some(epoch), outcome: format!("revision {number} is in force as {epoch}") })
}

/// As the API tells it.
pub(crate) fn fault(wrong: &Wrong) -> Fault {
    let at = if wrong.line == 0 {
        wrong.file.clone()
    } else {
        format!("{}:{}:{}", wrong.file, wrong.line, wrong.column)
    };
    let severity = if wrong.severity == Severity::Warning { "warning: " } else { "" };
    let help = wrong.help.iter().map(|help| format!("; {help}")).collect::<String>();
    Fault { at, detail: nullius_model::inert(&format!("{severity}{}{help}", wrong.message)) }
}

/// Compiles, lints and tests.
pub(crate) fn accept(files: &Files) -> Result<Accepted, Problem> {
    Repository::parse(files).and_then(|repository| repository.accept()).map_err(|wrong| refused(&wrong))
}

/// All that is wrong with a policy.
pub(crate) fn refused(wrong: &[Wrong]) -> Problem {
    let faults = wrong.iter().take(MAX_TOLD).map(fault).collect();
    Problem::wrong("not-accepted", "the policy is not accepted").with_errors(faults)
}

fn take_in(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    declared: &BTreeMap<String, Declaration>,
) -> Result<(), Problem> {
    let mut changes = Changes::default();
    let mut count = 0_u64;
    for (name, declaration) in declared {
        let new = devices::declare(tx, (site, actor), (name, declaration), Arrival::Reviewed, &mut changes)?;
        count += u64::from(new);
    }
    // gateways are told of them together with the policy
    changes.render(tx, site)?;
    if count > 0 {
        let entry = tell::decided(site, actor, "device.import", "device/*").detail("devices", count);
        tell::log(tx, &entry.detail("digest", digest(json(declared).as_bytes())))?;
    }
    Ok(())
}

fn read(content: &Content) -> Result<Held, StoreError> {
    let damaged = |error: serde_json::Error| StoreError::Damaged(format!("a revision: {error}"));
    Ok(Held {
        authored: serde_json::from_str(&content.files).map_err(damaged)?,
        devices: serde_json::from_str(&content.devices).map_err(damaged)?,
    })
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
