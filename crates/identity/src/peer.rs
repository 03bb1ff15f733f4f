//! Who a peer is, by the certificate whose key it proved.

use crate::TrustDomain;
use std::ops::Deref;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;

/// Longest certificate that is read, in bytes.
const MAX_CERTIFICATE: usize = 16 << 10;

/// Something a peer proved. Only [`assertion`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// A gateway, by its certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayIdentity {
    /// Its site.
    pub site: String,
    /// Its name there.
    pub name: String,
    /// The certificate's serial.
    pub serial: Vec<u8>,
    /// The certificate's first and last second, since 1970.
    pub from: u64,
    /// See `from`.
    pub until: u64,
}

/// Why a certificate makes nobody a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPeer {
    /// Not a certificate, or one that is larger than any of ours.
    #[error("the certificate cannot be read")]
    Form,
    /// An authority, or a certificate for something else.
    #[error("the certificate is not for a gateway")]
    Purpose,
    /// No name of this trust domain, or more than one.
    #[error("the certificate names no gateway of this trust domain")]
    Name,
}

/// The gateway that a leaf certificate (DER) names.
///
/// The caller answers for this: a TLS handshake verified the chain of this certificate up to the authority of `domain`,
/// and the peer proved to hold its key. A certificate from anywhere else, above all from a message, must not come here.
///
/// # Errors
/// [`BadPeer`].
pub fn assertion(leaf: &[u8], domain: &TrustDomain) -> Result<Verified<GatewayIdentity>, BadPeer> {
    if leaf.len() > MAX_CERTIFICATE {
        return Err(BadPeer::Form);
    }
    let (rest, certificate) = X509Certificate::from_der(leaf).map_err(|_| BadPeer::Form)?;
    if !rest.is_empty() {
        return Err(BadPeer::Form);
    }
    let usage = certificate.extended_key_usage().map_err(|_| BadPeer::Form)?;
    if certificate.is_ca() || !usage.is_some_and(|usage| usage.value.client_auth) {
        return Err(BadPeer::Purpose);
    }
    let (site, name) = named(&certificate, domain)?;
    let seconds = |time: x509_parser::time::ASN1Time| u64::try_from(time.timestamp()).unwrap_or(0);
    Ok(Verified(GatewayIdentity {
        site,
        name,
        serial: certificate.raw_serial().to_vec(),
        from: seconds(certificate.validity().not_before),
        until: seconds(certificate.validity().not_after),
    }))
}

/// The last second of a certificate (DER), since 1970; nothing where it cannot be read.
pub fn certificate_end(der: &[u8]) -> Option<u64> {
    if der.len() > MAX_CERTIFICATE {
        return None;
    }
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    u64::try_from(certificate.validity().not_after.timestamp()).ok()
}

/// One name, and it is a gateway's: a certificate with several would be whoever suits.
fn named(certificate: &X509Certificate<'_>, domain: &TrustDomain) -> Result<(String, String), BadPeer> {
    let names = certificate.subject_alternative_name().map_err(|_| BadPeer::Form)?.ok_or(BadPeer::Name)?;
    match names.value.general_names.as_slice() {
        [GeneralName::URI(uri)] => domain.gateway_of(uri).ok_or(BadPeer::Name),
        _ => Err(BadPeer::Name),
    }
}
