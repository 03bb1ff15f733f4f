//! Who signs certificates: a key, its own certificate, and a trust domain.

use crate::{BadProfile, Profile, RequestedKey, TrustDomain};
use aws_lc_rs::digest;
use rcgen::{CertificateParams, Issuer, KeyPair, PublicKeyData as _, SerialNumber, date_time_ymd};
use std::fmt;
use std::time::Duration;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

/// Sixteen random bytes: who guesses what a certificate will say cannot guess its serial (CA/B BR §7.1 asks for 64
/// bits).
pub type Serial = [u8; 16];

/// From when to when, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub from: u64,
    /// The last.
    pub until: u64,
}

/// Why nothing was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAuthority {
    /// What should have been said cannot be said.
    #[error(transparent)]
    Profile(#[from] BadProfile),
    /// No key, no certificate, or not of one another.
    #[error("key and certificate of the authority do not belong together, or one of them is damaged")]
    Pair,
    /// Time goes backwards in it.
    #[error("a certificate cannot end before it begins")]
    Validity,
    /// The signature failed.
    #[error("the certificate could not be signed")]
    Signature,
}

/// A key that signs certificates of one trust domain, with its certificate. Its `Debug` form shows neither.
pub struct Authority {
    domain: TrustDomain,
    key: KeyPair,
    certificate: Vec<u8>,
}

impl Authority {
    /// A root of its own, from a P-256 or Ed25519 key (PKCS#8, DER).
    ///
    /// # Errors
    /// [`BadAuthority`].
    pub fn root(
        domain: TrustDomain,
        key: &[u8],
        serial: Serial,
        validity: Validity,
    ) -> Result<Self, BadAuthority> {
        let key = KeyPair::try_from(key).map_err(|_| BadAuthority::Pair)?;
        let mut params = params(&Profile::IssuingCa, &domain, serial, validity)?;
        params.use_authority_key_identifier_extension = false;
        let certificate = params.self_signed(&key).map_err(|_| BadAuthority::Signature)?.der().to_vec();
        Ok(Self { domain, key, certificate })
    }

    /// As it was kept: its key (PKCS#8, DER) and its certificate (DER).
    ///
    /// # Errors
    /// [`BadAuthority::Pair`] where the two do not belong together.
    pub fn load(domain: TrustDomain, key: &[u8], certificate: &[u8]) -> Result<Self, BadAuthority> {
        let key = KeyPair::try_from(key).map_err(|_| BadAuthority::Pair)?;
        let (_, parsed) = X509Certificate::from_der(certificate).map_err(|_| BadAuthority::Pair)?;
        let names = parsed.subject().iter_common_name().filter_map(|name| name.as_str().ok());
        let same_key = *parsed.public_key().subject_public_key.data == *key.der_bytes();
        if !same_key || names.collect::<Vec<_>>() != [Profile::IssuingCa.common_name()] {
            return Err(BadAuthority::Pair);
        }
        Ok(Self { domain, key, certificate: certificate.to_owned() })
    }

    /// The certificate (DER).
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// SHA-256 of the certificate.
    pub fn fingerprint(&self) -> [u8; 32] {
        let hash = digest::digest(&digest::SHA256, &self.certificate);
        hash.as_ref().first_chunk().copied().unwrap_or_default()
    }

    /// The trust domain.
    pub const fn domain(&self) -> &TrustDomain {
        &self.domain
    }

    /// A certificate (DER) that says what the profile says.
    ///
    /// # Errors
    /// [`BadAuthority`].
    pub fn issue(
        &self,
        profile: &Profile,
        key: &RequestedKey,
        serial: Serial,
        validity: Validity,
    ) -> Result<Vec<u8>, BadAuthority> {
        let params = params(profile, &self.domain, serial, validity)?;
        let own = Profile::IssuingCa.params(&self.domain)?;
        let issuer = Issuer::new(own, &self.key);
        let certificate = params.signed_by(key, &issuer).map_err(|_| BadAuthority::Signature)?;
        Ok(certificate.der().to_vec())
    }
}

fn params(
    profile: &Profile,
    domain: &TrustDomain,
    serial: Serial,
    validity: Validity,
) -> Result<CertificateParams, BadAuthority> {
    if validity.until <= validity.from || validity.until > LAST {
        return Err(BadAuthority::Validity);
    }
    let mut params = profile.params(domain)?;
    let epoch = date_time_ymd(1970, 1, 1);
    params.not_before = epoch + Duration::from_secs(validity.from);
    params.not_after = epoch + Duration::from_secs(validity.until);
    params.serial_number = Some(positive(serial));
    Ok(params)
}

/// The end of the year 9999, the last that a certificate can say.
const LAST: u64 = 253_402_300_799;

/// A serial is a positive number without leading zeros (RFC 5280 §4.1.2.2).
fn positive(mut serial: Serial) -> SerialNumber {
    if let Some(first) = serial.first_mut() {
        *first = (*first & 0x7f) | 0x40;
    }
    SerialNumber::from_slice(&serial)
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("domain", &self.domain).finish_non_exhaustive()
    }
}
