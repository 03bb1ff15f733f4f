//! A certificate for a device: everything that speaks against it first, then everything that goes with it, in one
//! transaction.
//!
//! INVARIANT: a refusal wrote nothing, so that those who are served in one transaction do not meet. Whoever is refused is
//! told after everything that identifies it was judged: a stranger learns nothing of what is wrong with a request.

use super::caller::{self, By, Grant, Shown};
use super::refusal::{About, Refusal, TokenFault};
use super::{NotIssued, trust};
use crate::Config;
use crate::http::Problem;
use crate::record::{Actor, Declaration, declared, enrolment};
use nullius_audit::{Entry, Phase};
use nullius_identity::{BadRequest, Profile, Protection, Request, TrustDomain, Validity};
use nullius_model::Timestamp;
use nullius_model::lifecycle::State;
use nullius_protocol::to_hex;
use nullius_store::credentials::{self, Credential, Enrolment, Status};
use nullius_store::devices::Device;
use nullius_store::{Tx, audit, devices as rows, enrol_tokens};

const DAY: u64 = 86_400;

/// How far back a certificate begins: clocks of devices are behind.
const SKEW: u64 = 3_600;

/// What somebody asks for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// By what.
    pub(super) shown: Shown,
    /// It renews what it has.
    pub(super) renews: bool,
    /// The site that the address names, where it names one.
    pub(super) site: Option<String>,
    /// The key, and what else it wishes.
    pub(super) request: Result<Request, BadRequest>,
}

/// What a device gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Issued {
    /// Its certificate and those above it, without the root (DER).
    pub(super) chain: Vec<Vec<u8>>,
    /// Counts its certificates.
    pub(super) generation: u64,
}

/// What goes into a new credential.
pub(super) struct Wanted<'a> {
    pub(super) device: &'a Device,
    pub(super) site: &'a str,
    pub(super) means: &'static str,
    pub(super) protection: Protection,
    /// As it is to be, once the certificate is there.
    pub(super) enrolment: Enrolment,
}

/// A certificate for whoever asks.
///
/// # Errors
/// [`NotIssued`]; where it is a refusal, nothing was written.
pub(super) fn enrol(
    tx: &mut Tx<'_>,
    config: &Config,
    asked: &Asked,
    about: &mut About,
    at: Timestamp,
) -> Result<Issued, NotIssued> {
    let grant = caller::caller(tx, config, (&asked.shown, asked.renews), about, at)?;
    let Grant { site, device: name, by, .. } = &grant;
    if asked.site.as_ref().is_some_and(|label| label != site) {
        return Err(Refusal::OtherSite.into());
    }
    let (device, enrolment) = standing(tx, site, name)?;
    let request = asked.request.as_ref().map_err(|error| Refusal::from(error.clone()))?;
    if let By::Own(own) = by
        && let Some(again) = superseded(tx, own, &enrolment, request)?
    {
        return Ok(again);
    }
    let protection = protection(&grant, request);
    let next = match by {
        // a device that comes back by a person's word begins to count its recoveries anew, and so does one in good time
        By::Token { .. } | By::Maker | By::Own(_) => {
            Enrolment { generation: enrolment.generation.saturating_add(1), ..Enrolment::default() }
        }
    };
    let wanted = Wanted { device: &device, site, means: by.name(), protection, enrolment: next };
    let profile = wanted.check(tx, config, request)?;
    if let By::Token { id, .. } = by
        && !enrol_tokens::use_up(tx, id, at.as_secs())?
    {
        return Err(Refusal::Token(TokenFault::Used).into());
    }
    wanted.issue(tx, config, (&profile, request), at)
}

/// A device that may get something, and how far its enrolment is.
pub(super) fn standing(tx: &mut Tx<'_>, site: &str, name: &str) -> Result<(Device, Enrolment), NotIssued> {
    let device = rows::find(tx, site, name)?.ok_or(Refusal::NoSuchDevice)?;
    let state = device.life.state();
    if !(state.admits_leases() || matches!(state, State::Claimed | State::Enrolled)) {
        return Err(Refusal::Life(state).into());
    }
    let enrolment = credentials::enrolment(tx, site, name)?;
    match &enrolment.frozen {
        Some(why) => Err(Refusal::Frozen(why.clone()).into()),
        None => Ok((device, enrolment)),
    }
}

/// A device that did not hear the answer to its renewal asks again with the same key, and gets the same certificate. With
/// another key it is one of two that have the old one.
fn superseded(
    tx: &mut Tx<'_>,
    own: &Credential,
    enrolment: &Enrolment,
    request: &Request,
) -> Result<Option<Issued>, NotIssued> {
    if own.generation == enrolment.generation {
        return Ok(None);
    }
    again(tx, own.generation, (&own.site, &own.device), enrolment, request)
}

/// The certificate of the last generation, for whoever shows the one before and asks with the same key again.
pub(super) fn again(
    tx: &mut Tx<'_>,
    seen: u64,
    (site, device): (&str, &str),
    enrolment: &Enrolment,
    request: &Request,
) -> Result<Option<Issued>, NotIssued> {
    let last = enrolment.generation;
    let clone = Refusal::Clone { seen, last };
    let newest = credentials::of_generation(tx, site, device, last)?.ok_or(Refusal::NoRecord)?;
    let same = newest.key == request.key_hash() && newest.status == Status::Current;
    if seen.saturating_add(1) != last || !same {
        return Err(clone.into());
    }
    let chain = trust::chain_of(tx, newest.certificate, &newest.issuer)?;
    Ok(Some(Issued { chain, generation: last }))
}

/// How the key is kept, as far as somebody vouches for it.
fn protection(grant: &Grant, request: &Request) -> Protection {
    match (&grant.by, grant.protected) {
        (By::Token { hardware: true, .. }, _) => Protection::Hardware,
        (_, Some((key, protection))) if key == request.key_hash() => protection,
        _ => Protection::Software,
    }
}

impl Wanted<'_> {
    /// What the certificate will say.
    ///
    /// # Errors
    /// [`NotIssued`] where the key or a name in the request is somebody else's.
    pub(super) fn check(
        &self,
        tx: &mut Tx<'_>,
        config: &Config,
        request: &Request,
    ) -> Result<Profile, NotIssued> {
        let domain = TrustDomain::new(&config.link.trust_domain)
            .map_err(|error| Refusal::Carried(error.to_string()))?;
        let profile = self.profile(config)?;
        request.check_names(&profile, &domain).map_err(Refusal::from)?;
        let key = request.key_hash();
        if self.device.life.parts().spent.contains(&key) {
            return Err(Refusal::RevokedKey.into());
        }
        for earlier in credentials::of_key(tx, &key)? {
            if (earlier.site.as_str(), earlier.device.as_str()) != (self.site, self.device.name.as_str()) {
                return Err(Refusal::OthersKey.into());
            }
            match earlier.status {
                Status::Revoked => return Err(Refusal::RevokedKey.into()),
                Status::Frozen => return Err(Refusal::Frozen(earlier.reason).into()),
                Status::Current | Status::Superseded => {}
            }
        }
        Ok(profile)
    }

    fn profile(&self, config: &Config) -> Result<Profile, NotIssued> {
        let declaration = declaration(self.device)?;
        let serves = config.est.profile(&declaration.class).server;
        let server = if serves { declaration.addresses.into_iter().collect() } else { Vec::new() };
        let (site, name) = (self.site.to_owned(), self.device.name.clone());
        Ok(Profile::Device { site, name, protection: self.protection, server })
    }

    /// Signs it, and writes down everything that goes with it.
    pub(super) fn issue(
        &self,
        tx: &mut Tx<'_>,
        config: &Config,
        (profile, request): (&Profile, &Request),
        at: Timestamp,
    ) -> Result<Issued, NotIssued> {
        let days = config.est.profile(&declaration(self.device)?.class).days;
        let (now, name) = (at.as_secs(), self.device.name.as_str());
        let validity =
            Validity { from: now.saturating_sub(SKEW), until: now.saturating_add(days.saturating_mul(DAY)) };
        let signed = trust::sign(tx, config, (profile, request.key()), validity)?;
        let credential = Credential {
            serial: signed.serial,
            site: self.site.to_owned(),
            device: name.to_owned(),
            key: request.key_hash().to_vec(),
            issuer: signed.issuer,
            protection: self.protection.as_str().to_owned(),
            means: self.means.to_owned(),
            generation: self.enrolment.generation,
            begins: validity.from,
            ends: signed.until,
            status: Status::Current,
            changed: now,
            reason: String::new(),
            certificate: signed.chain.first().cloned().unwrap_or_default(),
        };
        credentials::add(tx, &credential)?;
        credentials::put_enrolment(tx, (self.site, name), &self.enrolment)?;
        enrolment::enrolled(tx, self.site, &Actor::system(at), self.device, request.key_hash())?;
        audit::append(tx, &record(&credential, at))?;
        Ok(Issued { chain: signed.chain, generation: self.enrolment.generation })
    }
}

fn record(credential: &Credential, at: Timestamp) -> Entry {
    let object = format!("device/{}", credential.device);
    Entry::new(Phase::Decided, at, format!("device:{}", credential.device), "device.enrol", object)
        .site(credential.site.as_str())
        .detail("by", credential.means.as_str())
        .detail("serial", to_hex(&credential.serial))
        .detail("key", to_hex(&credential.key))
        .detail("protection", credential.protection.as_str())
        .detail("generation", credential.generation)
        .detail("ends", credential.ends)
}

fn declaration(device: &Device) -> Result<Declaration, Problem> {
    if device.declaration.is_empty() { Ok(Declaration::default()) } else { Ok(declared(device)?) }
}
