//! Makers of devices, and what they vouch for: a whole delivery becomes devices of a site by one signed text.
//!
//! INVARIANT: all of a manifest is taken or nothing; none that is no newer than the last of its maker; no serial number
//! that another site has.

use super::changes::Changes;
use super::devices::{self, Arrival};
use super::{Actor, Declaration, check, line, site as sites, tell};
use crate::est::of_maker;
use crate::http::{Fault, Problem};
use nullius_identity::manifest::{self, Manifest};
use nullius_model::{DeviceName, inert};
use nullius_store::manifests::{self as rows, Entry};
use nullius_store::manufacturers::{self, MOST, Manufacturer};
use nullius_store::{Tx, devices as device_rows};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Most that is told of what is wrong with one manifest.
const MAX_TOLD: usize = 100;

/// Longest roots of a maker, in bytes of PEM.
const MAX_ANCHORS: usize = 64 << 10;

/// A manifest, and where its devices go.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Import {
    /// Whose it is.
    #[schema(min_length = 1, max_length = 63)]
    pub(crate) manufacturer: String,
    /// The zone that its devices stand in, where they are not declared yet.
    #[schema(min_length = 1, max_length = 63)]
    pub(crate) zone: String,
    /// The text, as it was signed.
    pub(crate) manifest: String,
    /// Its signature: a detached CMS (DER), as hexadecimal digits.
    pub(crate) signature: String,
    /// What devices are called, by serial number; the others by their maker's name and that number.
    #[serde(default)]
    pub(crate) names: BTreeMap<String, String>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Imported {
    /// Of the manifest.
    pub(crate) revision: u64,
    /// Devices that it names.
    pub(crate) devices: u64,
    /// How many of them were not in the record yet.
    pub(crate) declared: u64,
}

/// Adds a maker by its roots (PEM), or gives one other roots.
///
/// # Errors
/// 422 for a name that is none, or roots that are none; 409 where there are as many as may be.
pub(crate) fn put_maker(
    tx: &mut Tx<'_>,
    actor: &Actor,
    name: &str,
    anchors: &str,
) -> Result<Manufacturer, Problem> {
    DeviceName::new(name).map_err(|error| Problem::wrong("name", error.to_string()))?;
    if anchors.len() > MAX_ANCHORS || of_maker(anchors).is_none() {
        let detail = "`anchors` are one to eight certificates of authorities, as PEM";
        return Err(Problem::wrong("no-anchors", detail));
    }
    let known = manufacturers::find(tx, name)?;
    if known.is_none() && manufacturers::all(tx)?.len() >= usize::try_from(MOST).unwrap_or(usize::MAX) {
        return Err(Problem::conflict("too-many", format!("there are {MOST} manufacturers already")));
    }
    let row = Manufacturer {
        name: name.to_owned(),
        anchors: anchors.to_owned(),
        revision: known.map_or(0, |known| known.revision),
        added_by: actor.who.clone(),
        added: actor.seconds(),
    };
    manufacturers::put(tx, &row)?;
    let entry = nullius_audit::Entry::new(
        nullius_audit::Phase::Decided,
        actor.now,
        actor.who.as_str(),
        "manufacturer.put",
        format!("manufacturer/{name}"),
    );
    tell::log(tx, &entry.detail("anchors", super::digest(anchors.as_bytes())))?;
    Ok(row)
}

/// Takes a manifest: every device of it is a device of the site, claimed by its serial number, and enrols by itself with
/// the key that its maker names.
///
/// # Errors
/// 404 for a maker nobody added; 409 for a revision that is no newer, or a serial number that somebody else has; 422 for a
/// text that its maker did not sign, or devices that no inventory holds.
pub(crate) fn import(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    asked: &Import,
) -> Result<Imported, Problem> {
    let verified = verified(tx, actor, asked)?;
    let row = rows::Manifest {
        manufacturer: asked.manufacturer.clone(),
        revision: verified.revision,
        digest: verified.hash.to_vec(),
        site: site.to_owned(),
        devices: verified.devices.len() as u64,
        imported_by: actor.who.clone(),
        imported: actor.seconds(),
    };
    if !rows::add(tx, &row)? {
        let detail = format!("revision {} is no newer than the last of this manufacturer", verified.revision);
        return Err(Problem::conflict("older-revision", detail));
    }
    let named = named(tx, site, asked, &verified)?;
    let declared = declare(tx, site, actor, asked, &named)?;
    for entry in named {
        rows::put_entry(tx, &entry)?;
    }
    let entry =
        tell::decided(site, actor, "manifest.import", &format!("manufacturer/{}", asked.manufacturer));
    let entry = entry.detail("revision", row.revision).detail("devices", row.devices);
    tell::log(tx, &entry.detail("sha256", nullius_protocol::to_hex(&row.digest)))?;
    Ok(Imported { revision: row.revision, devices: row.devices, declared })
}

fn verified(tx: &mut Tx<'_>, actor: &Actor, asked: &Import) -> Result<Manifest, Problem> {
    let absent = || Problem::no_such("manufacturer");
    DeviceName::new(&asked.manufacturer).map_err(|_| absent())?;
    let maker = manufacturers::find(tx, &asked.manufacturer)?.ok_or_else(absent)?;
    let anchors = of_maker(&maker.anchors).ok_or_else(absent)?;
    let signature = nullius_protocol::from_hex(&asked.signature)
        .ok_or_else(|| Problem::wrong("no-signature", "`signature` is pairs of hexadecimal digits"))?;
    let verified = Manifest::verify(asked.manifest.as_bytes(), &signature, &anchors, actor.seconds());
    let verified =
        verified.map_err(|error: manifest::BadManifest| Problem::wrong("no-manifest", error.to_string()))?;
    if verified.manufacturer == maker.name {
        return Ok(verified);
    }
    let detail = format!("the manifest is of `{}`", inert(&verified.manufacturer));
    Err(Problem::wrong("another-manufacturer", detail))
}

/// What is kept of each of its devices, unless somebody else has one.
fn named(tx: &mut Tx<'_>, site: &str, asked: &Import, verified: &Manifest) -> Result<Vec<Entry>, Problem> {
    let mut wrong = Vec::new();
    let mut entries: Vec<Entry> = Vec::new();
    let mut taken = BTreeMap::new();
    for (serial, said) in &verified.devices {
        let at = inert(serial);
        let device = asked.names.get(serial).cloned().unwrap_or_else(|| usual(&asked.manufacturer, serial));
        let known = rows::entry(tx, &asked.manufacturer, serial)?;
        let holder =
            if DeviceName::new(&device).is_ok() { rows::of_device(tx, site, &device)? } else { None };
        let what = match (&known, &holder) {
            (Some(known), _) if known.site != site => Some("another site has this device".to_owned()),
            (Some(known), _) if known.device != device => Some(format!("it is `{}` already", known.device)),
            (_, Some(holder)) if holder.serial != *serial || holder.manufacturer != asked.manufacturer => {
                Some(format!("`{device}` has another serial number"))
            }
            _ => taken.insert(device.clone(), ()).map(|()| format!("two are called `{device}`")),
        };
        if let Some(detail) = what {
            wrong.push(Fault { at, detail });
            continue;
        }
        entries.push(Entry {
            manufacturer: asked.manufacturer.clone(),
            serial: serial.clone(),
            key: said.key.to_vec(),
            protection: said.protection.as_str().to_owned(),
            class: said.class.clone(),
            mud_url: said.mud_url.clone(),
            reference_values: serde_json::to_string(&said.references).unwrap_or_default(),
            site: site.to_owned(),
            device,
            revision: verified.revision,
        });
    }
    if wrong.is_empty() {
        return Ok(entries);
    }
    wrong.truncate(MAX_TOLD);
    Err(Problem::conflict("serial-taken", "the manifest names devices that are somebody's")
        .with_errors(wrong))
}

/// Declares those that are not there yet; how many.
fn declare(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    asked: &Import,
    named: &[Entry],
) -> Result<u64, Problem> {
    let zone = line("zone", &asked.zone)?;
    let mut new = Vec::new();
    for entry in named {
        if device_rows::find(tx, site, &entry.device)?.is_none() {
            let declaration = Declaration {
                zone: zone.clone(),
                class: entry.class.clone().unwrap_or_default(),
                vendor: Some(entry.manufacturer.clone()),
                ..Declaration::default()
            };
            new.push((entry.device.as_str(), declaration.canonical()));
        }
    }
    let pairs: Vec<(&str, &Declaration)> = new.iter().map(|(name, device)| (*name, device)).collect();
    let wrong = check::check(&pairs, sites::zones(tx, site)?.as_ref());
    if !wrong.is_empty() {
        let at = |index: usize| pairs.get(index).map_or_else(String::new, |(name, _)| inert(name));
        let faults = wrong.into_iter().take(MAX_TOLD);
        let faults = faults.map(|wrong| Fault { at: at(wrong.index), detail: wrong.what }).collect();
        return Err(Problem::wrong("no-device", "no inventory holds such devices").with_errors(faults));
    }
    let mut changes = Changes::default();
    for pair in &pairs {
        devices::declare(tx, (site, actor), *pair, Arrival::Awaited, &mut changes)?;
    }
    changes.finish(tx, site, actor, "a manifest was imported")?;
    Ok(new.len() as u64)
}

/// `acme-SN-1`, without what no name holds.
fn usual(manufacturer: &str, serial: &str) -> String {
    let plain = |char: char| if char.is_ascii_alphanumeric() || "-_.".contains(char) { char } else { '-' };
    format!("{manufacturer}-{serial}").chars().map(plain).collect()
}
