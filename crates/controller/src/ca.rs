//! The controller's certificate authority: its key sealed in the store, made when it is first needed.

use crate::config::Config;
use crate::http::Problem;
use crate::secret::random;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use axum::http::StatusCode;
use nullius_audit::{Entry, Phase};
use nullius_identity::{
    Authority, BadAuthority, BadName, KeyInMemory, Serial, Signer, TrustDomain, Validity,
};
use nullius_model::Timestamp;
use nullius_protocol::to_hex;
use nullius_store::{StoreError, Tx, audit, meta, secrets};

const KEY: &str = "ca/key";
const CERTIFICATE: &str = "ca/certificate";

/// How long the root lives: gateways hold it, and a new one takes a visit to each.
const ROOT_DAYS: u64 = 20 * 365;

const DAY: u64 = 86_400;

/// Why there is no authority, or it signed nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CaError {
    /// Key, certificate or what was to be signed.
    #[error(transparent)]
    Authority(#[from] BadAuthority),
    /// The trust domain of the configuration.
    #[error("the trust domain: {0}")]
    Domain(#[from] BadName),
    /// The machine gives no random numbers.
    #[error("the machine gives no random numbers")]
    Random,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The authority of this installation; makes it in a store that has none.
///
/// # Errors
/// [`CaError`].
pub(crate) fn authority(tx: &mut Tx<'_>, config: &Config, at: Timestamp) -> Result<Authority, CaError> {
    let domain = TrustDomain::new(&config.link.trust_domain)?;
    match (secrets::find(tx, KEY)?, meta::find(tx, CERTIFICATE)?) {
        (Some(key), Some(certificate)) => {
            Ok(Authority::load(domain, signer(key.expose())?, vec![certificate])?)
        }
        _ => make(tx, domain, at),
    }
}

/// A new P-256 key (PKCS#8, DER).
///
/// # Errors
/// [`CaError::Random`].
pub(crate) fn new_key() -> Result<Vec<u8>, CaError> {
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new());
    key.map(|key| key.as_ref().to_vec()).map_err(|_| CaError::Random)
}

/// A new serial.
///
/// # Errors
/// [`CaError::Random`].
pub(crate) fn serial() -> Result<Serial, CaError> {
    random().map_err(|_| CaError::Random)
}

fn signer(key: &[u8]) -> Result<Box<dyn Signer>, BadAuthority> {
    Ok(Box::new(KeyInMemory::from_pkcs8(key).map_err(|_| BadAuthority::Pair)?))
}

fn make(tx: &mut Tx<'_>, domain: TrustDomain, at: Timestamp) -> Result<Authority, CaError> {
    let key = new_key()?;
    // a day back: clocks of gateways and browsers differ
    let validity = Validity { from: at.as_secs().saturating_sub(DAY), until: at.as_secs() + ROOT_DAYS * DAY };
    let authority = Authority::root(domain, signer(&key)?, serial()?, validity)?;
    secrets::put(tx, KEY, &key)?;
    meta::put(tx, CERTIFICATE, authority.certificate())?;
    let entry = Entry::new(Phase::Decided, at, "system", "ca.make", "ca");
    audit::append(tx, &entry.detail("sha256", to_hex(&authority.fingerprint())))?;
    Ok(authority)
}

impl From<CaError> for Problem {
    fn from(error: CaError) -> Self {
        if let CaError::Store(error) = error {
            return Self::from(error);
        }
        tracing::error!(%error, "the authority failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "ca",
            "it was not done: the certificate authority failed",
        )
    }
}
