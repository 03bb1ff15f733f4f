//! Both tiers in one file, sealed under a passphrase: what a controller needs to be the same authority on another machine
//! when nothing else is left.
//!
//! A key that is in a hardware module is not in the file, nor is the root's where its folder was carried away: both have
//! backups of their own.

use super::begin::New;
use super::{CaError, begin, files, keys};
use crate::run::{RunError, open};
use crate::{App, Clock, Settings};
use nullius_audit::{Entry, Phase};
use nullius_protocol::{from_hex, to_hex};
use nullius_store::authorities::{self, Authority, Kind, Place, State};
use nullius_store::{Secret, Tx, audit, under_passphrase};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

/// What the file is for, so that no other opens in its place.
const PURPOSE: &str = "nullius authorities";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    authorities: Vec<Kept>,
    /// The sealed key of the first root, where its folder is still here; it opens with its own passphrase.
    root: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    id: String,
    is_root: bool,
    certificate: String,
    public_key: String,
    parent: String,
    cross: Option<String>,
    /// PKCS#8, where the store has it.
    key: Option<String>,
    /// The label in the module, where it is there.
    label: Option<String>,
    state: String,
    made: u64,
}

/// Writes both tiers to a new file; how many authorities are in it.
///
/// # Errors
/// Where the file exists, or cannot be written.
pub fn back_up_authorities(
    settings: &Settings,
    clock: Arc<dyn Clock>,
    to: &Path,
    passphrase: &Secret,
    who: &str,
) -> Result<usize, RunError> {
    let app = open(settings, clock)?;
    write(&app, to, passphrase, &format!("console:{who}")).map_err(failed)
}

/// Takes both tiers from such a file, into a store that has none; how many authorities were in it.
///
/// # Errors
/// Where the store has authorities, or the passphrase does not open the file.
pub fn recover_authorities(
    settings: &Settings,
    clock: Arc<dyn Clock>,
    from: &Path,
    passphrase: &Secret,
    who: &str,
) -> Result<usize, RunError> {
    let app = open(settings, clock)?;
    read(&app, from, passphrase, &format!("console:{who}")).map_err(failed)
}

pub(super) fn write(app: &App, to: &Path, passphrase: &Secret, who: &str) -> Result<usize, CaError> {
    let at = app.now();
    let key = app.config().pki.root.as_ref().map(|folder| folder.join("root.key"));
    let root = key.filter(|path| path.exists()).map(|path| files::text(&path)).transpose()?;
    let authorities = app.store().read(|tx| {
        let all = authorities::all(tx)?;
        all.into_iter().map(|row| kept(tx, row)).collect::<Result<Vec<_>, CaError>>()
    })?;
    let count = authorities.len();
    let plain = serde_json::to_vec(&Contents { authorities, root });
    let plain = Secret::new(plain.map_err(|error| CaError::Not(error.to_string()))?);
    files::create(to, 0o600, &under_passphrase::seal(passphrase, PURPOSE, plain.expose())?)?;
    let entry =
        Entry::new(Phase::Decided, at, who, "ca.backup", "ca").detail("file", to.display().to_string());
    app.store().write(|tx| audit::append(tx, &entry).map(drop))?;
    Ok(count)
}

pub(super) fn read(app: &App, from: &Path, passphrase: &Secret, who: &str) -> Result<usize, CaError> {
    let at = app.now();
    let plain = under_passphrase::open(passphrase, PURPOSE, &files::text(from)?)?;
    let foreign = || CaError::File { path: from.to_owned(), reason: "it is of a newer program".to_owned() };
    let contents: Contents = serde_json::from_slice(plain.expose()).map_err(|_| foreign())?;
    let new: Option<Vec<_>> = contents.authorities.iter().map(new).collect();
    let new = new.ok_or_else(foreign)?;
    let entry =
        Entry::new(Phase::Decided, at, who, "ca.recover", "ca").detail("file", from.display().to_string());
    app.store().write(|tx| {
        if !authorities::all(tx)?.is_empty() {
            return Err(CaError::Not("the store has authorities already".to_owned()));
        }
        begin::keep(tx, &new, at)?;
        Ok(audit::append(tx, &entry).map(drop)?)
    })?;
    if let (Some(folder), Some(key)) = (&app.config().pki.root, &contents.root) {
        let root = new.first().map(|new| new.row.certificate.as_slice()).unwrap_or_default();
        files::put_back(folder, key, root)?;
    }
    Ok(new.len())
}

fn kept(tx: &mut Tx<'_>, row: Authority) -> Result<Kept, CaError> {
    let key = match row.place {
        Place::Sealed => keys::sealed(tx, &row.id)?.map(|key| to_hex(key.expose())),
        Place::Module(_) | Place::Away => None,
    };
    Ok(Kept {
        id: row.id,
        is_root: row.kind == Kind::Root,
        certificate: to_hex(&row.certificate),
        public_key: to_hex(&row.public_key),
        parent: row.parent,
        cross: row.cross.as_deref().map(to_hex),
        key,
        label: match row.place {
            Place::Module(label) => Some(label),
            Place::Sealed | Place::Away => None,
        },
        state: row.state.name().to_owned(),
        made: row.made,
    })
}

fn new(kept: &Kept) -> Option<New> {
    let key = match &kept.key {
        Some(key) => Some(Secret::new(from_hex(key)?)),
        None => None,
    };
    let place = match (&kept.label, &key) {
        (Some(label), _) => Place::Module(label.clone()),
        (None, Some(_)) => Place::Sealed,
        (None, None) => Place::Away,
    };
    let cross = match &kept.cross {
        Some(cross) => Some(from_hex(cross)?),
        None => None,
    };
    let row = Authority {
        id: kept.id.clone(),
        kind: if kept.is_root { Kind::Root } else { Kind::Issuing },
        certificate: from_hex(&kept.certificate)?,
        public_key: from_hex(&kept.public_key)?,
        parent: kept.parent.clone(),
        cross,
        place,
        state: State::parse(&kept.state)?,
        made: kept.made,
    };
    Some(New { row, key, list: None })
}

fn failed(error: CaError) -> RunError {
    RunError::Begin(error.to_string())
}
