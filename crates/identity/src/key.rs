//! Public keys that certificates are about: P-256 or Ed25519, and no other (design §7).

use crate::BadRequest;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ED25519, UnparsedPublicKey, VerificationAlgorithm};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PublicKeyData, SignatureAlgorithm};
use x509_parser::der_parser::Oid;
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_SIG_ECDSA_WITH_SHA256, OID_SIG_ED25519,
};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

/// Bits of an RSA key below which it is weak rather than of another kind (NIST SP 800-131A).
const RSA_BITS: usize = 2048;

/// Bytes of a P-256 point in its uncompressed form: the one that has one spelling, so that a key has one hash.
const POINT: usize = 65;

/// A public key that a certificate can be made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedKey {
    kind: Kind,
    /// The point or the key, without its description.
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    P256,
    Ed25519,
}

impl RequestedKey {
    /// The key of a request (DER) that stands up to [`Request::read`](crate::Request::read). For who says elsewhere
    /// what the name will be: the request's own names are not looked at.
    ///
    /// # Errors
    /// [`BadRequest`].
    pub fn from_request(der: &[u8]) -> Result<Self, BadRequest> {
        Ok(crate::Request::read(der)?.into_key())
    }

    /// The public half of a P-256 or Ed25519 key of one's own (PKCS#8, DER).
    ///
    /// # Errors
    /// [`BadRequest::Key`].
    pub fn of_key(key: &[u8]) -> Result<Self, BadRequest> {
        Self::of_pair(&KeyPair::try_from(key).map_err(|_| BadRequest::Key)?)
    }

    /// From a `SubjectPublicKeyInfo` (DER): what PKCS#11 and a TPM say of a key that never leaves them.
    ///
    /// # Errors
    /// [`BadRequest::Form`], [`BadRequest::WeakKey`] or [`BadRequest::Key`].
    pub fn from_spki(der: &[u8]) -> Result<Self, BadRequest> {
        let (rest, info) = SubjectPublicKeyInfo::from_der(der).map_err(|_| BadRequest::Form)?;
        if rest.is_empty() { Self::from_info(&info) } else { Err(BadRequest::Form) }
    }

    /// As a `SubjectPublicKeyInfo` (DER).
    pub fn spki(&self) -> Vec<u8> {
        self.subject_public_key_info()
    }

    /// SHA-256 of [`spki`](Self::spki): what a key is known by.
    pub fn hash(&self) -> [u8; 32] {
        sha256(&self.spki())
    }

    /// Whether this key signed the message: ECDSA in its DER form with SHA-256, or Ed25519.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(self.kind.verifier(), &self.bytes).verify(message, signature).is_ok()
    }

    pub(crate) fn of_pair(pair: &KeyPair) -> Result<Self, BadRequest> {
        let kind = match pair.algorithm() {
            algorithm if *algorithm == PKCS_ECDSA_P256_SHA256 => Kind::P256,
            algorithm if *algorithm == PKCS_ED25519 => Kind::Ed25519,
            _ => return Err(BadRequest::Key),
        };
        Ok(Self { kind, bytes: pair.public_key_raw().to_vec() })
    }

    pub(crate) fn from_info(info: &SubjectPublicKeyInfo<'_>) -> Result<Self, BadRequest> {
        let bytes = info.subject_public_key.data.to_vec();
        let curve = info.algorithm.parameters.as_ref().and_then(|curve| curve.as_oid().ok());
        let plain = info.algorithm.parameters.is_none();
        if info.algorithm.algorithm == OID_SIG_ED25519 && plain && bytes.len() == 32 {
            return Ok(Self { kind: Kind::Ed25519, bytes });
        }
        let elliptic = info.algorithm.algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY;
        if elliptic && curve == Some(OID_EC_P256) && bytes.len() == POINT && bytes.first() == Some(&4) {
            return Ok(Self { kind: Kind::P256, bytes });
        }
        Err(refusal(info))
    }

    /// The name of the algorithm that this key signs with.
    pub(crate) fn signature(&self) -> Oid<'static> {
        match self.kind {
            Kind::P256 => OID_SIG_ECDSA_WITH_SHA256,
            Kind::Ed25519 => OID_SIG_ED25519,
        }
    }

    /// The same as an `AlgorithmIdentifier` (DER).
    pub(crate) fn algorithm_identifier(&self) -> Vec<u8> {
        let oid = self.signature();
        crate::der::value(crate::der::SEQUENCE, &[&crate::der::value(crate::der::OID, &[oid.as_bytes()])])
    }
}

/// Weak is what should be thrown away, and other what is only not ours.
fn refusal(info: &SubjectPublicKeyInfo<'_>) -> BadRequest {
    match info.parsed() {
        Ok(PublicKey::RSA(key)) if key.key_size() < RSA_BITS => BadRequest::WeakKey,
        Ok(PublicKey::DSA(_)) => BadRequest::WeakKey,
        // a point of a curve with less than 256 bits
        Ok(PublicKey::EC(point)) if point.data().first() == Some(&4) && point.data().len() < POINT => {
            BadRequest::WeakKey
        }
        _ => BadRequest::Key,
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes).as_ref().first_chunk().copied().unwrap_or_default()
}

impl Kind {
    fn verifier(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_ASN1,
            Self::Ed25519 => &ED25519,
        }
    }
}

impl PublicKeyData for RequestedKey {
    fn der_bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        match self.kind {
            Kind::P256 => &PKCS_ECDSA_P256_SHA256,
            Kind::Ed25519 => &PKCS_ED25519,
        }
    }
}
