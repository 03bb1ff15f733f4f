//! The first start: a root, an issuing authority under it, and the root's key in a folder that is to be carried away.

use super::{CaError, DAY, SKEW, domain, files, keys, lists, new_key, serial, sha256};
use crate::App;
use crate::config::Config;
use nullius_audit::{Entry, Phase};
use nullius_identity::{Authority, Constraints, Validity};
use nullius_model::Timestamp;
use nullius_protocol::to_hex;
use nullius_store::authorities::{self, Crl, Kind, Place, State};
use nullius_store::{Secret, Tx, audit, secrets};
use std::path::PathBuf;

/// How long a root lives: everybody holds it.
pub(super) const ROOT_DAYS: u64 = 20 * 365;

/// How long an issuing authority lives.
pub(super) const ISSUING_DAYS: u64 = 5 * 365;

/// Where the key of stores was that had one authority for everything.
const ONE_TIER: &str = "ca/key";

/// What was made at the first start.
#[derive(Clone, Debug)]
pub struct Recovery {
    /// The folder with the root's key, to be carried away.
    pub folder: PathBuf,
    /// What opens it; shown once, and kept nowhere.
    pub passphrase: String,
}

/// An authority that the store does not know yet.
pub(super) struct New {
    pub(super) row: authorities::Authority,
    pub(super) key: Option<Secret>,
    pub(super) list: Option<Crl>,
}

/// Makes both tiers in a store that has none. What there is to tell is told once.
///
/// # Errors
/// [`CaError`]; [`CaError::OneTier`] for a store of the time when there was one.
pub(crate) fn begin(app: &App) -> Result<Option<Recovery>, CaError> {
    if app.store().read(is_begun)? {
        return Ok(None);
    }
    let (config, at) = (app.config(), app.now());
    let (root, key) = new_root(config, at)?;
    let recovery = put_away(config, &key, root.certificate())?;
    let kept = both(config, &root, at).and_then(|both| {
        app.store().write(|tx| if is_begun(tx)? { Ok(false) } else { keep(tx, &both, at).map(|()| true) })
    });
    match (kept, recovery) {
        (Ok(true), recovery) => Ok(recovery),
        // another controller was faster, or nothing came of it
        (other, Some(recovery)) => {
            files::discard(&recovery.folder);
            other.map(|_| None)
        }
        (other, None) => other.map(|_| None),
    }
}

fn is_begun(tx: &mut Tx<'_>) -> Result<bool, CaError> {
    if !authorities::all(tx)?.is_empty() {
        return Ok(true);
    }
    if secrets::names(tx)?.iter().any(|name| name == ONE_TIER) { Err(CaError::OneTier) } else { Ok(false) }
}

/// A root of its own, and its key.
///
/// # Errors
/// [`CaError`].
pub(super) fn new_root(config: &Config, at: Timestamp) -> Result<(Authority, Secret), CaError> {
    let key = new_key()?;
    let root = Authority::root(domain(config)?, keys::in_memory(&key)?, serial()?, validity(at, ROOT_DAYS))?;
    Ok((root, key))
}

/// The root's key, where the configuration wants it.
fn put_away(config: &Config, key: &Secret, certificate: &[u8]) -> Result<Option<Recovery>, CaError> {
    let Some(folder) = config.pki.root.clone() else { return Ok(None) };
    let passphrase = files::passphrase()?;
    files::write(&folder, &Secret::new(passphrase.clone().into_bytes()), key, certificate)?;
    Ok(Some(Recovery { folder, passphrase }))
}

fn both(config: &Config, root: &Authority, at: Timestamp) -> Result<[New; 2], CaError> {
    Ok([of_root(root, None, State::Issuing, at)?, new_issuing(config, root, State::Issuing, at)?])
}

/// A root as it is kept, with the list that says it has revoked none.
///
/// # Errors
/// [`CaError`].
pub(super) fn of_root(
    root: &Authority,
    cross: Option<Vec<u8>>,
    state: State,
    at: Timestamp,
) -> Result<New, CaError> {
    let id = id(root);
    let row = authorities::Authority {
        parent: id.clone(),
        id,
        kind: Kind::Root,
        certificate: root.certificate().to_vec(),
        public_key: root.key().spki(),
        cross,
        place: Place::Away,
        state,
        made: at.as_secs(),
    };
    Ok(New { row, key: None, list: Some(lists::of_root(root, 1, &[], at)?) })
}

/// A new issuing authority under a root whose key is at hand, its own where the configuration says.
///
/// # Errors
/// [`CaError`].
pub(super) fn new_issuing(
    config: &Config,
    root: &Authority,
    state: State,
    at: Timestamp,
) -> Result<New, CaError> {
    let made = keys::make(config)?;
    let names = Constraints::parse(&config.pki.permitted(&config.link.hosts))?;
    let validity = Validity { until: root.until().min(validity(at, ISSUING_DAYS).until), ..validity(at, 1) };
    let issuing = Authority::issuing(root, made.signer, names, serial()?, validity)?;
    let row = authorities::Authority {
        id: id(&issuing),
        kind: Kind::Issuing,
        certificate: issuing.certificate().to_vec(),
        public_key: issuing.key().spki(),
        parent: id(root),
        cross: None,
        place: made.place,
        state,
        made: at.as_secs(),
    };
    Ok(New { row, key: made.sealed, list: None })
}

/// Keeps new authorities, and says so in the log.
///
/// # Errors
/// What the store fails with.
pub(super) fn keep(tx: &mut Tx<'_>, new: &[New], at: Timestamp) -> Result<(), CaError> {
    for New { row, key, list } in new {
        authorities::add(tx, row)?;
        if let Some(key) = key {
            keys::keep(tx, &row.id, key)?;
        }
        if let Some(list) = list {
            authorities::put_crl(tx, &row.id, list)?;
        }
        let entry = Entry::new(Phase::Decided, at, "system", "ca.make", format!("ca/{}", row.id));
        audit::append(tx, &entry.detail("kind", row.kind.name()).detail("key", row.place.columns().0))?;
    }
    Ok(())
}

/// SHA-256 of its certificate, hexadecimal.
pub(super) fn id(authority: &Authority) -> String {
    to_hex(&sha256(authority.certificate()))
}

pub(super) const fn validity(at: Timestamp, days: u64) -> Validity {
    Validity { from: at.as_secs().saturating_sub(SKEW), until: at.as_secs().saturating_add(days * DAY) }
}
