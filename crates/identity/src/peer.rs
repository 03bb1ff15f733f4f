//! Who a peer is, by the certificate whose key it proved.

use crate::TrustDomain;
use crate::roles::{Role, uri};
use std::ops::Deref;
use x509_parser::certificate::X509Certificate;
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

/// Why a certificate does not make somebody what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPeer {
    /// Not a certificate, or one that is larger than any of ours.
    #[error("the certificate cannot be read")]
    Form,
    /// An authority, or a certificate for something else.
    #[error("the certificate is for something else")]
    Purpose,
    /// No name of that kind in this trust domain, or more than one.
    #[error("the certificate names nobody of that kind in this trust domain")]
    Name,
    /// A key that no certificate of ours is about.
    #[error("the certificate's key is neither P-256 nor Ed25519")]
    Key,
}

/// Who a leaf certificate (DER) names, in the role that is asked for.
///
/// The caller answers for this: a TLS handshake verified the chain of this certificate up to the authority of `domain`
/// (for a [`ManufacturerIdentity`](crate::ManufacturerIdentity): up to an anchor of that manufacturer), and the peer
/// proved to hold its key. A certificate from anywhere else, above all from a message, must not come here.
///
/// # Errors
/// [`BadPeer`].
pub fn assertion<T: Role>(leaf: &[u8], domain: &TrustDomain) -> Result<Verified<T>, BadPeer> {
    named(leaf, domain).map(Verified)
}

/// Who a certificate names, proved or not.
pub(crate) fn named<T: Role>(leaf: &[u8], domain: &TrustDomain) -> Result<T, BadPeer> {
    let certificate = parse(leaf).ok_or(BadPeer::Form)?;
    if certificate.is_ca() {
        return Err(BadPeer::Purpose);
    }
    T::of(&certificate, domain)
}

/// The last second of a certificate (DER), since 1970; nothing where it cannot be read.
pub fn certificate_end(der: &[u8]) -> Option<u64> {
    u64::try_from(parse(der)?.validity().not_after.timestamp()).ok()
}

/// The first second of a certificate (DER), since 1970; nothing where it cannot be read.
pub(crate) fn certificate_begin(der: &[u8]) -> Option<u64> {
    u64::try_from(parse(der)?.validity().not_before.timestamp()).ok()
}

/// The serial of a certificate (DER), as it stands there; nothing where it cannot be read.
pub fn certificate_serial(der: &[u8]) -> Option<Vec<u8>> {
    Some(parse(der)?.raw_serial().to_vec())
}

/// Whose controller a certificate (DER) names, proved or not.
pub(crate) fn controller_domain(leaf: &[u8]) -> Result<TrustDomain, BadPeer> {
    let certificate = parse(leaf).ok_or(BadPeer::Form)?;
    TrustDomain::of_controller(uri(&certificate)?).ok_or(BadPeer::Name)
}

/// A certificate and nothing behind it.
pub(crate) fn parse(der: &[u8]) -> Option<X509Certificate<'_>> {
    if der.len() > MAX_CERTIFICATE {
        return None;
    }
    let (rest, certificate) = X509Certificate::from_der(der).ok()?;
    rest.is_empty().then_some(certificate)
}
