//! The device record as files of a policy: `inventory/devices-00.toml` to `…-ff.toml`, by a hash of the name.
//!
//! A change of one device is a change of one small file, whatever else is on the site; the texts are kept, so that a
//! policy is put together without reading every device.
//!
//! INVARIANT: the same devices make the same bytes, whatever order they came in and whichever database keeps them.

use super::Declaration;
use nullius_model::lifecycle::State;
use nullius_policy::Files;
use nullius_store::{StoreError, Tx, devices};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// First line of each file: the version of its form.
const HEAD: &str = "format = 1\n";

/// The file a device stands in.
pub(crate) fn shard_of(name: &str) -> u8 {
    Sha256::digest(name.as_bytes()).first().copied().unwrap_or(0)
}

/// Devices in this state are in the inventory that gateways get; others are strangers to them. What was taken out of
/// use stays, revoked, so that policies that name it can still be read.
pub(crate) const fn stands(state: State) -> bool {
    match state {
        State::Active
        | State::Maintenance
        | State::Suspended
        | State::Contained(_)
        | State::Transferring
        | State::Retired
        | State::Lost => true,
        State::Manufactured
        | State::Discovered
        | State::Blocked
        | State::Claimed
        | State::Enrolled
        | State::Destroyed => false,
    }
}

/// Writes the texts of these shards anew, from the rows.
pub(crate) fn refresh(tx: &mut Tx<'_>, site: &str, shards: &BTreeSet<u8>) -> Result<(), StoreError> {
    for shard in shards {
        let devices = rows(tx, site, *shard)?;
        devices::put_shard(tx, site, *shard, &text(&devices))?;
    }
    Ok(())
}

/// The files of the record, with `more` devices as if they were in it already.
pub(crate) fn files(
    tx: &mut Tx<'_>,
    site: &str,
    more: &BTreeMap<String, Declaration>,
) -> Result<Files, StoreError> {
    let mut files: Files =
        devices::shards(tx, site)?.into_iter().map(|(number, text)| (path(number), text)).collect();
    let touched: BTreeSet<u8> = more.keys().map(|name| shard_of(name)).collect();
    for shard in touched {
        let mut devices = rows(tx, site, shard)?;
        devices.extend(
            more.iter()
                .filter(|(name, _)| shard_of(name) == shard)
                .map(|(name, device)| (name.clone(), device.clone())),
        );
        files.insert(path(shard), text(&devices));
    }
    Ok(files)
}

/// The files of the record without these devices.
pub(crate) fn without(
    tx: &mut Tx<'_>,
    site: &str,
    named: &BTreeMap<String, Declaration>,
) -> Result<Files, StoreError> {
    let mut files: Files =
        devices::shards(tx, site)?.into_iter().map(|(number, text)| (path(number), text)).collect();
    let touched: BTreeSet<u8> = named.keys().map(|name| shard_of(name)).collect();
    for shard in touched {
        let mut devices = rows(tx, site, shard)?;
        devices.retain(|name, _| !named.contains_key(name));
        files.remove(&path(shard));
        files.extend(Some((path(shard), text(&devices))).filter(|(_, text)| !text.is_empty()));
    }
    Ok(files)
}

/// A file of the record, and not one that people author.
pub(crate) fn is_shard(file: &str) -> bool {
    file.starts_with("inventory/")
}

fn path(number: u8) -> String {
    format!("inventory/devices-{number:02x}.toml")
}

fn rows(tx: &mut Tx<'_>, site: &str, shard: u8) -> Result<BTreeMap<String, Declaration>, StoreError> {
    let rows = devices::of_shard(tx, site, shard)?;
    let standing = rows.into_iter().filter(|device| stands(device.life.state()));
    standing.map(|device| Ok((device.name.clone(), super::declared(&device)?))).collect()
}

fn text(devices: &BTreeMap<String, Declaration>) -> String {
    if devices.is_empty() {
        return String::new();
    }
    devices.iter().fold(HEAD.to_owned(), |text, (name, device)| text + "\n" + &device.toml(name))
}
