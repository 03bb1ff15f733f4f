//! A whole site as one document, and back.
//!
//! The document holds what people decided: policy, devices, stages, mode. It holds no secret, no key and nothing that
//! passes by itself: grants and emergencies stay where they are.
//!
//! INVARIANT: gateways of the site that took a document get the same policy, to the byte, as those of the one that gave
//! it.

use super::act::Act;
use super::changes::Changes;
use super::devices;
use super::life::Life;
use super::{Actor, Declaration, declared, policy, stages, tell};
use crate::http::Problem;
use nullius_policy::Files;
use nullius_store::attributes::{self, Observation};
use nullius_store::devices::{self as rows, Filter};
use nullius_store::revisions;
use nullius_store::{Tx, standing};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The version of the document.
const FORMAT: u32 = 1;

/// Devices read at a time.
const A_PAGE: usize = 1_000;

/// Most devices of a document: of a site.
const MAX_DEVICES: usize = 100_000;

/// A site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Whole {
    /// The version of this document: 1.
    format: u32,
    /// What the site was called; whoever takes it may call it something else.
    site: String,
    /// The policy in force, by path, as people wrote it but for the devices.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    policy: Option<Files>,
    /// The devices, by name.
    devices: Vec<OneDevice>,
    /// Stages, modes and the rule of two people.
    standing: Vec<OneStanding>,
}

/// A device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OneDevice {
    name: String,
    life: Life,
    /// What is declared; none of a device that was only seen.
    declaration: Option<Declaration>,
    /// What was observed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    observations: Vec<OneObservation>,
}

/// One origin's word on one attribute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OneObservation {
    attribute: String,
    origin: String,
    source: String,
    value: String,
    at: u64,
    confidence: u8,
}

/// What is in force under one key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OneStanding {
    key: String,
    value: String,
    reason: String,
}

/// All of a site.
///
/// # Errors
/// What the store fails with.
pub(crate) fn export(tx: &mut Tx<'_>, site: &str) -> Result<Whole, Problem> {
    let mut found = Vec::new();
    let mut after = String::new();
    loop {
        let page = rows::page(tx, site, &Filter::default(), &after, A_PAGE)?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.name);
        for device in page {
            found.push(one_device(tx, site, &device)?);
        }
    }
    // databases sort text in orders of their own
    found.sort_by(|left: &OneDevice, right| left.name.cmp(&right.name));
    let standing = standing::all(tx, site)?.into_iter().filter(|standing| is_kept(&standing.key));
    let standing = standing.map(|row| OneStanding { key: row.key, value: row.value, reason: row.reason });
    let policy = policy::in_force(tx, site)?;
    Ok(Whole { format: FORMAT, site: site.to_owned(), policy, devices: found, standing: standing.collect() })
}

/// Makes a site out of a document. It must be empty: what is there was decided too.
///
/// # Errors
/// 409 where something is there; 422 for what is no such document.
pub(crate) fn import(tx: &mut Tx<'_>, site: &str, actor: &Actor, whole: Whole) -> Result<(), Problem> {
    if whole.format != FORMAT || whole.devices.len() > MAX_DEVICES {
        return Err(Problem::wrong(
            "not-a-site",
            format!("a site has format {FORMAT} and {MAX_DEVICES} devices at most"),
        ));
    }
    let taken = revisions::find(tx, site, 1)?.is_some()
        || !rows::page(tx, site, &Filter::default(), "", 1)?.is_empty()
        || !standing::all(tx, site)?.is_empty();
    if taken {
        return Err(Problem::conflict("not-empty", "the site is not empty")
            .with_help("make a new site, and import into that"));
    }
    let why =
        format!("imported from {}", nullius_model::inert(&whole.site).chars().take(63).collect::<String>());
    let entry = tell::decided(site, actor, "site.import", &format!("site/{site}")).why(why.as_str());
    tell::log(tx, &entry.detail("devices", whole.devices.len()).detail("digest", digest(&whole)))?;
    take_devices(tx, site, actor, &whole)?;
    if let Some(files) = whole.policy {
        policy::check(tx, site, &files)?;
        let revision = policy::keep(tx, site, actor, files, &why)?;
        policy::apply(tx, site, actor, revision.number, &why)?;
    }
    for device in &whole.devices {
        devices::keep_out_named(tx, site, actor, &device.name, &why)?;
    }
    for row in whole.standing {
        if let Some(act) = act(row) {
            act.plain()?.carry_out(tx, site, actor, &[])?;
        }
    }
    Ok(())
}

fn take_devices(tx: &mut Tx<'_>, site: &str, actor: &Actor, whole: &Whole) -> Result<(), Problem> {
    let mut changes = Changes::default();
    devices::check_all(
        whole.devices.iter().filter_map(|one| Some((one.name.as_str(), one.declaration.as_ref()?))),
    )?;
    for one in &whole.devices {
        devices::restore(tx, (site, actor), &one.name, &one.life, one.declaration.clone())?;
        changes.touch(&one.name);
        for said in &one.observations {
            attributes::put(tx, site, &one.name, &said.observation())?;
        }
    }
    changes.render(tx, site)
}

fn one_device(tx: &mut Tx<'_>, site: &str, device: &rows::Device) -> Result<OneDevice, Problem> {
    let declaration = if device.declaration.is_empty() { None } else { Some(declared(device)?) };
    let said = attributes::of_device(tx, site, &device.name)?;
    let observations = said.into_iter().map(OneObservation::of).collect();
    Ok(OneDevice { name: device.name.clone(), life: Life::of(&device.life), declaration, observations })
}

impl OneObservation {
    fn of(said: Observation) -> Self {
        let Observation { attribute, origin, source, value, at, confidence } = said;
        Self { attribute, origin, source, value, at, confidence }
    }

    fn observation(&self) -> Observation {
        let plain = |text: &str| nullius_model::inert(text).chars().take(256).collect::<String>();
        Observation {
            attribute: plain(&self.attribute),
            origin: plain(&self.origin),
            source: plain(&self.source),
            value: plain(&self.value),
            at: self.at,
            confidence: self.confidence,
        }
    }
}

/// What outlives the controller it was said to.
fn is_kept(key: &str) -> bool {
    key.starts_with("stage/") || key.starts_with("mode/") || key == super::site::TWO_PERSON
}

fn act(row: OneStanding) -> Option<Act> {
    let OneStanding { key, value, reason } = row;
    if key.starts_with("stage/") {
        return Some(Act::Stage { target: stages::parsed(&key), stage: value, despite: None, reason });
    }
    if key == super::site::TWO_PERSON {
        return Some(Act::TwoPerson { on: value != "off", reason });
    }
    let zone = key.strip_prefix("mode/zone/").map(str::to_owned);
    (key == "mode/site" || zone.is_some()).then_some(Act::Mode { mode: value, zone, reason })
}

fn digest(whole: &Whole) -> String {
    super::digest(&serde_json::to_vec(whole).unwrap_or_default())
}
