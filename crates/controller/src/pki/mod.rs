//! The controller's certificate authorities: two tiers, what they sign, and whom everybody is to believe.
//!
//! A root signs issuing authorities and nothing else; its key is brought when it signs and is nowhere in the store. An
//! issuing authority signs everything else; its key is sealed in the store, or never leaves a hardware module. What is
//! signed is written down in the same transaction, so that the lists of what was revoked, the forecast and the word
//! about a stolen key all say the same.
//!
//! INVARIANT: [`Issuing::issue`] is the one way to a certificate, and of every one there is a row (`certificates`).

mod anchors;
pub(crate) mod answer;
mod backup;
pub(crate) mod begin;
pub(crate) mod distrust;
mod error;
mod files;
pub(crate) mod forecast;
mod keys;
pub(crate) mod lists;
#[cfg(feature = "pkcs11")]
mod module;
mod offline;
pub(crate) mod rollover;
mod settings;
#[cfg(test)]
mod tests;

pub(crate) use anchors::{Anchors, Follower, anchors};
pub use backup::{back_up_authorities, recover_authorities};
pub(crate) use error::CaError;
pub use offline::{begin_rollover, forget_one_tier, install, make_root, request, sign_list, sign_request};
pub use settings::{Hsm, PkiSettings};

use crate::config::Config;
use crate::secret::random;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use nullius_identity::{Authority, Profile, Published, RequestedKey, Serial, TrustDomain, Validity};
use nullius_model::Timestamp;
use nullius_store::authorities::{self, Kind};
use nullius_store::certificates::{self, Certificate, Holder};
use nullius_store::{Secret, StoreError, Tx};
use sha2::{Digest as _, Sha256};

/// Seconds of a day.
pub(crate) const DAY: u64 = 86_400;

/// How far back a certificate of our own begins: clocks of gateways and browsers differ.
pub(crate) const SKEW: u64 = DAY;

/// The authority that signs now.
#[derive(Debug)]
pub(crate) struct Issuing {
    id: String,
    authority: Authority,
    /// Its root, as the root before that vouches for it.
    cross: Option<Vec<u8>>,
}

/// What was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Issued {
    /// The certificate, and that of the authority which signed it (DER).
    pub(crate) chain: Vec<Vec<u8>>,
    /// As it stands in the certificate.
    pub(crate) serial: Vec<u8>,
    /// Its last second, since 1970: never after the end of the authority.
    pub(crate) until: u64,
}

/// Signs a certificate, and writes down that it did.
///
/// # Errors
/// [`CaError`]; nothing may be committed then.
pub(crate) fn issue(
    tx: &mut Tx<'_>,
    config: &Config,
    profile: &Profile,
    key: &RequestedKey,
    validity: Validity,
) -> Result<Issued, CaError> {
    issuing(tx, config)?.issue(tx, profile, key, validity)
}

/// The authority that signs now; who signs many certificates at once asks once.
///
/// # Errors
/// [`CaError`].
pub(crate) fn issuing(tx: &mut Tx<'_>, config: &Config) -> Result<Issuing, CaError> {
    let row = authorities::issuing(tx)?.ok_or(CaError::None)?;
    let authority = load(tx, config, &row)?;
    let cross = authorities::find(tx, &row.parent)?.and_then(|root| root.cross);
    Ok(Issuing { id: row.id, authority, cross })
}

/// SHA-256 of the root above the authority that signs now: how others know this controller.
///
/// # Errors
/// [`CaError`].
pub(crate) fn fingerprint(tx: &mut Tx<'_>) -> Result<[u8; 32], CaError> {
    let row = authorities::issuing(tx)?.ok_or(CaError::None)?;
    let chain = chain(tx, &row)?;
    Ok(sha256(chain.last().map(Vec::as_slice).unwrap_or_default()))
}

impl Issuing {
    /// Signs a certificate, and writes down that it did.
    ///
    /// # Errors
    /// [`CaError`]; nothing may be committed then.
    pub(crate) fn issue(
        &self,
        tx: &mut Tx<'_>,
        profile: &Profile,
        key: &RequestedKey,
        validity: Validity,
    ) -> Result<Issued, CaError> {
        let (holder, site, name) = holder(profile).ok_or(CaError::NoHolder)?;
        let validity = Validity { until: validity.until.min(self.authority.until()), ..validity };
        let serial = serial()?;
        let leaf = self.authority.issue(profile, key, serial, validity)?;
        let row = Certificate {
            issuer: self.id.clone(),
            serial: serial.to_vec(),
            hash: sha256(&leaf).to_vec(),
            holder,
            site: site.to_owned(),
            name: name.to_owned(),
            made: validity.from,
            expires: validity.until,
        };
        certificates::add(tx, &row)?;
        let chain = vec![leaf, self.authority.certificate().to_vec()];
        Ok(Issued { chain, serial: row.serial, until: validity.until })
    }

    /// What a server shows above [`Issued::chain`]: the root, for whoever knows it by its hash alone; that root under the
    /// one before it, for whoever knows only that; and that one too while it is in force, for whoever knows its hash
    /// alone.
    pub(crate) fn above(&self, tx: &mut Tx<'_>, at: Timestamp) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut above = vec![self.root().to_vec()];
        if let Some(cross) = &self.cross {
            above.push(cross.clone());
            above.extend(older(tx, (self.root(), cross), at)?);
        }
        Ok(above)
    }

    /// The root's certificate (DER).
    pub(crate) fn root(&self) -> &[u8] {
        self.authority.chain().last().map(Vec::as_slice).unwrap_or_default()
    }
}

/// The root in force that signed a certificate about a newer one (DER).
fn older(
    tx: &mut Tx<'_>,
    (root, cross): (&[u8], &[u8]),
    at: Timestamp,
) -> Result<Option<Vec<u8>>, StoreError> {
    let vouches = |older: &Vec<u8>| {
        let anchors = nullius_identity::chain::Anchors::new(&[older], []);
        older != root && anchors.is_ok_and(|anchors| anchors.vouched(root, cross, at.as_secs()).is_ok())
    };
    Ok(anchors(tx)?.roots.into_iter().find(vouches))
}

/// An authority with its key.
///
/// # Errors
/// [`CaError`].
fn load(tx: &mut Tx<'_>, config: &Config, row: &authorities::Authority) -> Result<Authority, CaError> {
    let chain = chain(tx, row)?;
    let signer = keys::signer(tx, config, row)?;
    let authority = Authority::load(domain(config)?, signer, chain)?;
    Ok(match &config.pki.url {
        Some(url) => authority.published(published(url, &row.id)),
        None => authority,
    })
}

/// Its certificate and those above it, the root last.
fn chain(tx: &mut Tx<'_>, row: &authorities::Authority) -> Result<Vec<Vec<u8>>, CaError> {
    let mut chain = vec![row.certificate.clone()];
    if row.kind == Kind::Issuing {
        let root = authorities::find(tx, &row.parent)?.ok_or(CaError::None)?;
        chain.push(root.certificate);
    }
    Ok(chain)
}

fn published(url: &str, id: &str) -> Published {
    let url = url.trim_end_matches('/');
    Published { crl: format!("{url}/pki/crl/{id}.crl"), ocsp: format!("{url}/pki/ocsp") }
}

fn domain(config: &Config) -> Result<TrustDomain, CaError> {
    Ok(TrustDomain::new(&config.link.trust_domain)?)
}

/// A new P-256 key (PKCS#8, DER).
///
/// # Errors
/// [`CaError::Random`].
pub(crate) fn new_key() -> Result<Secret, CaError> {
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new());
    key.map(|key| Secret::new(key.as_ref().to_vec())).map_err(|_| CaError::Random)
}

/// A new serial: a positive number without leading zeros, so that it stands in the certificate as it is (RFC 5280
/// §4.1.2.2), with 126 random bits.
///
/// # Errors
/// [`CaError::Random`].
fn serial() -> Result<Serial, CaError> {
    let [first, rest @ ..] = random::<16>().map_err(|_| CaError::Random)?;
    let mut serial = [0; 16];
    serial
        .iter_mut()
        .zip(std::iter::once((first & 0x7f) | 0x40).chain(rest))
        .for_each(|(to, from)| *to = from);
    Ok(serial)
}

/// Whom a certificate of this profile names; nobody's are signed here.
fn holder(profile: &Profile) -> Option<(Holder, &str, &str)> {
    match profile {
        Profile::ControllerServer(_) => Some((Holder::Controller, "", "controller")),
        Profile::Gateway { site, name } => Some((Holder::Gateway, site, name)),
        Profile::Device { site, name, .. } => Some((Holder::Device, site, name)),
        Profile::Root | Profile::IssuingCa { .. } | Profile::OcspResponder => None,
    }
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
