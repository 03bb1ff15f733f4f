//! What takes a root's key: done at a machine, with the folder in which that key is, and never over the network.
//!
//! A root on a machine of its own signs for the controller's issuing key by files that are carried: [`request`] writes
//! the public key, [`sign_request`] makes the certificate there, [`install`] brings it. Where the folder may be brought
//! to the controller instead, [`begin_rollover`] does all of it at once.

use super::begin::{self, New};
use super::{CaError, SKEW, domain, files, keys, lists, load, rollover, serial, sha256};
use crate::http::Problem;
use crate::run::{RunError, open};
use crate::{App, Clock, Settings};
use nullius_audit::{Entry, Phase};
use nullius_identity::{
    Authority, Constraints, Profile, Reason, RequestedKey, Revoked, TrustDomain, Validity,
    certificate_serial, pem,
};
use nullius_model::Timestamp;
use nullius_protocol::to_hex;
use nullius_store::authorities::{self, Kind, Place, State};
use nullius_store::{Secret, Tx, audit, meta, secrets};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
use std::path::Path;
use std::sync::Arc;

/// Where an issuing key waits for its certificate: the public half, and the key or its label.
const NEXT: [&str; 3] = ["pki/next/public", "pki/next/label", "pki/next"];

/// What the key of a store was called that had one authority for everything, and its certificate.
const ONE_TIER: (&str, &str) = ("ca/key", "ca/certificate");

/// Makes a root in a folder, its key sealed under a passphrase: for a machine that is on no network. SHA-256 of its
/// certificate, hexadecimal.
///
/// # Errors
/// Where the folder holds a root already, or cannot be written.
pub fn make_root(
    trust_domain: &str,
    folder: &Path,
    passphrase: &Secret,
    at: Timestamp,
) -> Result<String, RunError> {
    let made = TrustDomain::new(trust_domain).map_err(CaError::from).and_then(|domain| {
        let (root, key) = begin::new_root(domain, at)?;
        files::write(folder, passphrase, &key, root.certificate())?;
        Ok(begin::id(&root))
    });
    told(made)
}

/// Makes the key of another issuing authority where the configuration says, and writes its public half to a file that is
/// carried to the root.
///
/// # Errors
/// Where the hardware module is not there, or the file cannot be written.
pub fn request(settings: &Settings, clock: Arc<dyn Clock>, to: &Path) -> Result<(), RunError> {
    let app = open(settings, clock)?;
    told(wait_in(&app, to))
}

/// Signs an issuing authority for the public key in a file, beside the root's folder; writes its certificate and the
/// root's.
///
/// # Errors
/// Where the passphrase does not open the folder, or the file holds no key of ours.
pub fn sign_request(
    trust_domain: &str,
    (folder, passphrase): (&Path, &Secret),
    names: &[String],
    (from, to): (&Path, &Path),
    at: Timestamp,
) -> Result<String, RunError> {
    let signed = TrustDomain::new(trust_domain).map_err(CaError::from).and_then(|domain| {
        let root = files::read(folder, passphrase, domain)?;
        let spki = SubjectPublicKeyInfoDer::from_pem_slice(files::text(from)?.as_bytes()).map_err(|_| {
            CaError::File { path: from.to_owned(), reason: "it holds no public key".to_owned() }
        })?;
        let validity = Validity {
            until: root.until().min(begin::validity(at, begin::ISSUING_DAYS).until),
            from: at.as_secs().saturating_sub(SKEW),
        };
        let profile = Profile::IssuingCa { names: Constraints::parse(names)? };
        let certificate = root.issue(&profile, &RequestedKey::from_spki(&spki)?, serial()?, validity)?;
        files::create(to, 0o644, &(pem(&certificate) + &pem(root.certificate())))?;
        Ok(to_hex(&sha256(&certificate)))
    });
    told(signed)
}

/// Brings a certificate that the root signed for the key of [`request`]: it signs at once where nobody does, and is
/// announced to the gateways otherwise. What it is called.
///
/// # Errors
/// Where the certificate is for another key, or of another trust domain.
pub fn install(
    settings: &Settings,
    clock: Arc<dyn Clock>,
    from: &Path,
    who: &str,
) -> Result<String, RunError> {
    let app = open(settings, clock)?;
    told(install_in(&app, from, &format!("console:{who}")))
}

/// Makes another issuing authority under the root in a folder, under a new root where a folder for it is named, and
/// announces it to the gateways. What it is called.
///
/// # Errors
/// Where the passphrase does not open the folder, or it is not a root in force here.
pub fn begin_rollover(
    settings: &Settings,
    clock: Arc<dyn Clock>,
    (folder, passphrase): (&Path, &Secret),
    new_root: Option<&Path>,
    who: &str,
) -> Result<String, RunError> {
    let app = open(settings, clock)?;
    told(start(&app, (folder, passphrase), new_root, &format!("console:{who}")))
}

/// Signs the root's own list of revoked authorities, with the key in its folder.
///
/// # Errors
/// As [`begin_rollover`].
pub fn sign_list(
    settings: &Settings,
    clock: Arc<dyn Clock>,
    (folder, passphrase): (&Path, &Secret),
    who: &str,
) -> Result<(), RunError> {
    let app = open(settings, clock)?;
    let (at, who) = (app.now(), format!("console:{who}"));
    let signed =
        files::read(folder, passphrase, domain(app.config()).map_err(begin_failed)?).and_then(|root| {
            app.store().write(|tx| {
                put_list(tx, &root, at)?;
                log(tx, (&who, "ca.list"), &begin::id(&root), at)
            })
        });
    told(signed)
}

/// Forgets the authority of a store that had one for everything, so that the next start makes two tiers. Every gateway
/// must join again then.
///
/// # Errors
/// Where there is none.
pub fn forget_one_tier(settings: &Settings, clock: Arc<dyn Clock>, who: &str) -> Result<(), RunError> {
    let app = open(settings, clock)?;
    let (at, who) = (app.now(), format!("console:{who}"));
    let forgotten = app.store().write(|tx| {
        let (key, certificate) = ONE_TIER;
        if !secrets::remove(tx, key)? {
            return Err(CaError::Not("the store has no authority of one tier".to_owned()));
        }
        meta::remove(tx, certificate)?;
        log(tx, (&who, "ca.forget"), "one-tier", at)
    });
    told(forgotten)
}

pub(super) fn start(
    app: &App,
    (folder, passphrase): (&Path, &Secret),
    new_root: Option<&Path>,
    who: &str,
) -> Result<String, CaError> {
    let (config, at) = (app.config(), app.now());
    let root = files::read(folder, passphrase, domain(config)?)?;
    let known = app.store().read(|tx| authorities::find(tx, &begin::id(&root)).map_err(CaError::from))?;
    if known.is_none_or(|row| row.state == State::Distrusted) {
        return Err(CaError::Not("the root in that folder is not in force here".to_owned()));
    }
    let mut new = Vec::new();
    if let Some(to) = new_root {
        let (newer, key) = begin::new_root(domain(config)?, at)?;
        let validity = Validity { until: root.until(), ..begin::validity(at, 1) };
        let cross = root.issue(&Profile::Root, newer.key(), serial()?, validity)?;
        files::write(to, passphrase, &key, newer.certificate())?;
        new.push(begin::of_root(&newer, Some(cross), State::Announced, at)?);
        new.push(begin::new_issuing(config, &newer, State::Announced, at)?);
    } else {
        new.push(begin::new_issuing(config, &root, State::Announced, at)?);
    }
    app.store().write(|tx| {
        put_list(tx, &root, at)?;
        announce(tx, &new, who, at)
    })
}

/// Makes a key that waits for its certificate.
pub(super) fn wait_in(app: &App, to: &Path) -> Result<(), CaError> {
    let made = keys::make(app.config())?;
    let spki = made.signer.public().spki();
    let label = match &made.place {
        Place::Module(label) => label.as_str(),
        Place::Sealed | Place::Away => "",
    };
    app.store().write(|tx| {
        let [public, of_label, key] = NEXT;
        meta::put(tx, public, &spki)?;
        meta::put(tx, of_label, label.as_bytes())?;
        made.sealed.as_ref().map_or(Ok(()), |sealed| secrets::put(tx, key, sealed.expose()))
    })?;
    files::create(to, 0o644, &pem(&spki).replace("CERTIFICATE", "PUBLIC KEY"))
}

pub(super) fn install_in(app: &App, from: &Path, who: &str) -> Result<String, CaError> {
    let (config, at) = (app.config(), app.now());
    let (issuing, root) = pair(from)?;
    app.store().write(|tx| {
        let first = authorities::issuing(tx)?.is_none();
        let state = if first { State::Issuing } else { State::Announced };
        let new = brought(tx, (&issuing, &root), state, at)?;
        let id = to_hex(&sha256(&issuing));
        if first {
            begin::keep(tx, &new, at)?;
        } else {
            announce(tx, &new, who, at)?;
        }
        // the key and the certificates are one another's, and of this domain
        let row = authorities::find(tx, &id)?.ok_or(CaError::None)?;
        load(tx, config, &row)?;
        forget_waiting(tx)?;
        Ok(id)
    })
}

/// The two certificates of a file: the authority's and its root's.
fn pair(from: &Path) -> Result<(Vec<u8>, Vec<u8>), CaError> {
    let text = files::text(from)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    match chain.unwrap_or_default().as_slice() {
        [issuing, root] => Ok((issuing.to_vec(), root.to_vec())),
        _ => Err(CaError::File {
            path: from.to_owned(),
            reason: "it must hold the authority's certificate and its root's, and nothing else".to_owned(),
        }),
    }
}

fn brought(
    tx: &mut Tx<'_>,
    (issuing, root): (&[u8], &[u8]),
    state: State,
    at: Timestamp,
) -> Result<Vec<New>, CaError> {
    let (public_key, place, key) = waiting(tx)?;
    let row = authorities::Authority {
        id: to_hex(&sha256(issuing)),
        kind: Kind::Issuing,
        certificate: issuing.to_vec(),
        public_key,
        parent: to_hex(&sha256(root)),
        cross: None,
        place,
        state,
        made: at.as_secs(),
    };
    let is_known = authorities::find(tx, &row.parent)?.is_some();
    let above = if is_known { None } else { Some(foreign_root(root, state, at)?) };
    Ok(above.into_iter().chain([New { row, key, list: None }]).collect())
}

/// The key that waits for its certificate.
fn waiting(tx: &mut Tx<'_>) -> Result<(Vec<u8>, Place, Option<Secret>), CaError> {
    let [public, label, key] = NEXT;
    let absent = || CaError::Not("no key waits for a certificate: `nullius pki request`".to_owned());
    let spki = meta::find(tx, public)?.ok_or_else(absent)?;
    let label = meta::find(tx, label)?.unwrap_or_default();
    match secrets::find(tx, key)? {
        Some(sealed) => Ok((spki, Place::Sealed, Some(sealed))),
        None => Ok((spki, Place::Module(String::from_utf8_lossy(&label).into_owned()), None)),
    }
}

fn forget_waiting(tx: &mut Tx<'_>) -> Result<(), CaError> {
    let [public, label, key] = NEXT;
    meta::remove(tx, public)?;
    meta::remove(tx, label)?;
    Ok(secrets::remove(tx, key).map(drop)?)
}

/// A root whose key was never here.
fn foreign_root(certificate: &[u8], state: State, at: Timestamp) -> Result<New, CaError> {
    let id = to_hex(&sha256(certificate));
    let row = authorities::Authority {
        parent: id.clone(),
        id,
        kind: Kind::Root,
        certificate: certificate.to_vec(),
        public_key: RequestedKey::of_certificate(certificate)?.spki(),
        cross: None,
        place: Place::Away,
        state,
        made: at.as_secs(),
    };
    Ok(New { row, key: None, list: None })
}

fn announce(tx: &mut Tx<'_>, new: &[New], who: &str, at: Timestamp) -> Result<String, CaError> {
    begin::keep(tx, new, at)?;
    let id = new.last().map(|new| new.row.id.clone()).unwrap_or_default();
    let failed = |problem: Problem| CaError::Not(problem.detail().to_owned());
    rollover::tell(tx, who, "another authority is announced", at).map_err(failed)?;
    log(tx, (who, "ca.announce"), &id, at)?;
    Ok(id)
}

/// The authorities of a root that nothing is believed of stand in its list.
fn put_list(tx: &mut Tx<'_>, root: &Authority, at: Timestamp) -> Result<(), CaError> {
    let id = begin::id(root);
    let fallen: Vec<_> = authorities::all(tx)?
        .into_iter()
        .filter(|row| row.kind == Kind::Issuing && row.parent == id && row.state == State::Distrusted)
        .filter_map(|row| certificate_serial(&row.certificate))
        .map(|serial| Revoked { serial, at: at.as_secs(), reason: Reason::CaCompromise })
        .collect();
    let number = authorities::crl(tx, &id)?.map_or(1, |list| list.number.saturating_add(1));
    Ok(authorities::put_crl(tx, &id, &lists::of_root(root, number, &fallen, at)?)?)
}

fn log(tx: &mut Tx<'_>, (who, what): (&str, &str), id: &str, at: Timestamp) -> Result<(), CaError> {
    let entry = Entry::new(Phase::Decided, at, who, what, format!("ca/{id}"));
    Ok(audit::append(tx, &entry).map(drop)?)
}

fn told<T>(done: Result<T, CaError>) -> Result<T, RunError> {
    done.map_err(begin_failed)
}

fn begin_failed(error: CaError) -> RunError {
    RunError::Begin(error.to_string())
}
