//! Whose certificates are believed here, and who signs: the authority of this installation, and the roots of makers.

use crate::Config;
use crate::ca::{self, CaError};
use nullius_identity::{Profile, RequestedKey, Validity};
use nullius_model::Timestamp;
use nullius_store::Tx;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::{CertificateError, Error, RootCertStore};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::Duration;

/// Why a chain is not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BadChain {
    /// It leads nowhere.
    Issuer,
    /// Not now.
    Time,
    /// For another reason.
    Other(String),
}

/// Roots that a chain may lead to.
#[derive(Debug)]
pub(super) struct Roots(Vec<CertificateDer<'static>>);

/// What was signed.
pub(super) struct Signed {
    pub(super) chain: Vec<Vec<u8>>,
    pub(super) serial: Vec<u8>,
    pub(super) issuer: Vec<u8>,
    pub(super) until: u64,
}

/// Our own.
pub(super) fn ours(tx: &mut Tx<'_>, config: &Config, at: Timestamp) -> Result<Roots, CaError> {
    let authority = ca::authority(tx, config, at)?;
    Ok(Roots(authority.chain().last().cloned().map(CertificateDer::from).into_iter().collect()))
}

/// Those of a maker (PEM), as they were checked when they were added.
pub(super) fn of_maker(pem: &str) -> Roots {
    Roots(CertificateDer::pem_slice_iter(pem.as_bytes()).filter_map(Result::ok).collect())
}

impl Roots {
    /// Whether a client's chain leads to one of them.
    pub(super) fn verify(&self, chain: &[CertificateDer<'static>], at: Timestamp) -> Result<(), BadChain> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(self.0.iter().cloned());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
        let (Ok(verifier), Some((leaf, above))) = (verifier, chain.split_first()) else {
            return Err(BadChain::Issuer);
        };
        let now = UnixTime::since_unix_epoch(Duration::from_secs(at.as_secs()));
        verifier.verify_client_cert(leaf, above, now).map(drop).map_err(BadChain::from)
    }
}

/// Certificates above a leaf that was issued before.
pub(super) fn chain_of(tx: &mut Tx<'_>, config: &Config, leaf: Vec<u8>) -> Result<Vec<Vec<u8>>, CaError> {
    let authority = ca::authority(tx, config, Timestamp::from_secs(0))?;
    Ok(vec![leaf, authority.certificate().to_vec()])
}

/// Signs a certificate.
pub(super) fn sign(
    tx: &mut Tx<'_>,
    config: &Config,
    (profile, key): (&Profile, &RequestedKey),
    validity: Validity,
    at: Timestamp,
) -> Result<Signed, CaError> {
    let authority = ca::authority(tx, config, at)?;
    let mut serial = ca::serial()?;
    // a serial is a positive number without leading zeros (RFC 5280 §4.1.2.2)
    if let Some(first) = serial.first_mut() {
        *first = (*first & 0x7f) | 0x40;
    }
    let leaf = authority.issue(profile, key, serial, validity)?;
    let issuer = Sha256::digest(authority.certificate()).to_vec();
    let chain = vec![leaf, authority.certificate().to_vec()];
    Ok(Signed { chain, serial: serial.to_vec(), issuer, until: validity.until })
}

/// What a device is given to know the controller and its gateways by (DER).
pub(super) fn anchors(tx: &mut Tx<'_>, config: &Config, at: Timestamp) -> Result<Vec<Vec<u8>>, CaError> {
    Ok(ca::authority(tx, config, at)?.chain().to_vec())
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the library's list of errors is not ours to close")]
impl From<Error> for BadChain {
    fn from(error: Error) -> Self {
        match error {
            Error::InvalidCertificate(CertificateError::UnknownIssuer) => Self::Issuer,
            Error::InvalidCertificate(
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. },
            ) => Self::Time,
            other => Self::Other(other.to_string()),
        }
    }
}
