//! Whether a chain of certificates leads up to an authority that is trusted (RFC 5280 §6), at a time and for a purpose.
//!
//! The path is webpki's to find: signatures, dates, name constraints, path lengths. Ours are two things that it does not
//! know: an anchor that has run out is none, and a path through an authority whose key is distrusted (stolen) leads
//! nowhere, whatever else signed for it.

mod vouch;

use crate::key::sha256;
use crate::peer::parse;
use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use std::collections::BTreeSet;
use std::time::Duration;
use webpki::{EndEntityCert, Error, ExtendedKeyUsageValidator, KeyPurposeIdIter, KeyUsage, VerifiedPath};

/// Most anchors in force at once: two overlapping roots, and room for a mishap.
pub const MAX_ANCHORS: usize = 8;

/// Longest chain that is looked at: what a peer sends before it proved anything is work for us.
pub(crate) const MAX_CHAIN: usize = 6;

/// Why a chain leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadChain {
    /// No certificate, too many, or bytes that are none.
    #[error("the chain of certificates cannot be read")]
    Form,
    /// Ran out.
    #[error("a certificate of the chain ran out at {until} (seconds since 1970)")]
    Expired {
        /// Its last second, since 1970.
        until: u64,
    },
    /// Not valid yet: mostly a clock that is wrong.
    #[error("a certificate of the chain is not valid before {from} (seconds since 1970)")]
    Early {
        /// Its first second, since 1970.
        from: u64,
    },
    /// It leads to nobody that is trusted.
    #[error("the chain leads to no authority that is trusted")]
    UnknownIssuer,
    /// It leads through an authority that is trusted no more.
    #[error("the chain leads through an authority that is distrusted")]
    Distrusted,
    /// For something else.
    #[error("the certificate is for something else")]
    Purpose,
    /// It names hosts that its authority may not name.
    #[error("the certificate names a host that its authority may not name")]
    Names,
    /// Something else that RFC 5280 forbids, in the words of the library that found it.
    #[error("the chain is not valid: {0}")]
    Other(String),
}

/// What a leaf certificate is to be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A TLS client.
    Client,
    /// A TLS server.
    Server,
    /// It signs documents; certificates do not agree on how that is said.
    Documents,
}

/// The certificates of authorities that are trusted, and the keys that are trusted no more.
#[derive(Clone, Debug, Default)]
pub struct Anchors {
    anchors: Vec<Anchor>,
    distrusted: BTreeSet<[u8; 32]>,
}

#[derive(Clone, Debug)]
struct Anchor {
    /// The whole certificate, for who asks which it was.
    der: Vec<u8>,
    anchor: TrustAnchor<'static>,
    from: u64,
    until: u64,
}

impl Anchors {
    /// These certificates of authorities (DER), without those whose keys are distrusted. A key is named by the SHA-256 of
    /// its `SubjectPublicKeyInfo`; it may also be the key of an authority below an anchor.
    ///
    /// # Errors
    /// [`BadChain::Form`] with more than [`MAX_ANCHORS`], or with one that is no authority's.
    pub fn new<T: AsRef<[u8]>>(
        certificates: &[T],
        distrusted: impl IntoIterator<Item = [u8; 32]>,
    ) -> Result<Self, BadChain> {
        if certificates.len() > MAX_ANCHORS {
            return Err(BadChain::Form);
        }
        let distrusted: BTreeSet<_> = distrusted.into_iter().collect();
        let mut anchors = Vec::new();
        for der in certificates {
            let (anchor, key) = anchor(der.as_ref()).ok_or(BadChain::Form)?;
            if !distrusted.contains(&key) {
                anchors.push(anchor);
            }
        }
        Ok(Self { anchors, distrusted })
    }

    /// The certificates (DER) of the anchors, without the distrusted.
    pub fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.anchors.iter().map(|anchor| anchor.der.as_slice())
    }

    /// Whether a chain (DER, the leaf first) leads up to an anchor at `now`, in seconds since 1970.
    ///
    /// # Errors
    /// [`BadChain`].
    pub fn verify<T: AsRef<[u8]>>(&self, chain: &[T], purpose: Purpose, now: u64) -> Result<(), BadChain> {
        let chain: Vec<_> = chain.iter().map(|der| CertificateDer::from(der.as_ref())).collect();
        let (leaf, above) = chain.split_first().ok_or(BadChain::Form)?;
        self.verify_parts(leaf, above, purpose, now)
    }

    pub(crate) fn verify_parts(
        &self,
        leaf: &CertificateDer<'_>,
        above: &[CertificateDer<'_>],
        purpose: Purpose,
        now: u64,
    ) -> Result<(), BadChain> {
        if above.len() >= MAX_CHAIN {
            return Err(BadChain::Form);
        }
        let anchors: Vec<_> = self.in_force(now).map(|anchor| anchor.anchor.clone()).collect();
        let leaf = EndEntityCert::try_from(leaf).map_err(|_| BadChain::Form)?;
        let allowed = |path: &VerifiedPath<'_>| self.allow(path);
        let time = UnixTime::since_unix_epoch(Duration::from_secs(now));
        let algorithms = webpki::ALL_VERIFICATION_ALGS;
        leaf.verify_for_usage(algorithms, &anchors, above, time, purpose, None, Some(&allowed))
            .map(drop)
            .map_err(BadChain::from)
    }

    fn in_force(&self, now: u64) -> impl Iterator<Item = &Anchor> {
        self.anchors.iter().filter(move |anchor| (anchor.from..=anchor.until).contains(&now))
    }

    /// A path is refused where a distrusted key signed anywhere in it.
    fn allow(&self, path: &VerifiedPath<'_>) -> Result<(), Error> {
        let distrusted = |key: &[u8]| self.distrusted.contains(&sha256(key));
        if path.intermediate_certificates().any(|above| distrusted(&above.subject_public_key_info())) {
            return Err(Error::CertDistrusted);
        }
        Ok(())
    }
}

impl ExtendedKeyUsageValidator for Purpose {
    fn validate(&self, usages: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        match self {
            Self::Client => KeyUsage::client_auth().validate(usages),
            Self::Server => KeyUsage::server_auth().validate(usages),
            Self::Documents => Ok(()),
        }
    }
}

/// With the hash of its key.
fn anchor(der: &[u8]) -> Option<(Anchor, [u8; 32])> {
    let parsed = parse(der).filter(|certificate| certificate.is_ca())?;
    let certificate = CertificateDer::from(der);
    let anchor = webpki::anchor_from_trusted_cert(&certificate).ok()?.to_owned();
    let seconds = |time: x509_parser::time::ASN1Time| u64::try_from(time.timestamp()).ok();
    let from = seconds(parsed.validity().not_before)?;
    let until = seconds(parsed.validity().not_after)?;
    Some((Anchor { der: der.to_vec(), anchor, from, until }, sha256(parsed.public_key().raw)))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the library's errors are not ours to close")]
impl From<Error> for BadChain {
    fn from(error: Error) -> Self {
        match error {
            Error::CertExpired { not_after, .. } => Self::Expired { until: not_after.as_secs() },
            Error::CertNotValidYet { not_before, .. } => Self::Early { from: not_before.as_secs() },
            Error::CertDistrusted => Self::Distrusted,
            Error::UnknownIssuer | Error::InvalidSignatureForPublicKey => Self::UnknownIssuer,
            Error::RequiredEkuNotFoundContext(_) | Error::CaUsedAsEndEntity => Self::Purpose,
            Error::NameConstraintViolation => Self::Names,
            Error::BadDer | Error::TrailingData(_) => Self::Form,
            other => Self::Other(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
