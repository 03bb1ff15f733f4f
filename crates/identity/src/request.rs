//! Certificate requests (PKCS#10, RFC 2986): whether the asker holds the key, and the key.
//!
//! Nothing else of a request is looked at: a subject, names and extensions in it are wishes.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ED25519, UnparsedPublicKey, VerificationAlgorithm};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PublicKeyData, SignatureAlgorithm};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_SIG_ECDSA_WITH_SHA256, OID_SIG_ED25519,
};
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::SubjectPublicKeyInfo;

/// Largest request in bytes: one for these keys has some hundred, and who asks has proved nothing yet.
pub const MAX_REQUEST: usize = 16 << 10;

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// More than [`MAX_REQUEST`] bytes.
    #[error("a certificate request has at most {MAX_REQUEST} bytes")]
    TooLarge,
    /// No PKCS#10 request, or bytes behind its end.
    #[error("this is no certificate request")]
    Form,
    /// Another kind of key.
    #[error("the key is neither P-256 nor Ed25519")]
    Key,
    /// Whoever asks does not hold the key.
    #[error("the request is not signed by the key it is for")]
    Proof,
}

/// A public key whose holder asked for a certificate.
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
    /// The key of a request (DER), once the request is shown to be signed by it.
    ///
    /// # Errors
    /// [`BadRequest`].
    pub fn from_request(der: &[u8]) -> Result<Self, BadRequest> {
        if der.len() > MAX_REQUEST {
            return Err(BadRequest::TooLarge);
        }
        let (rest, request) = X509CertificationRequest::from_der(der).map_err(|_| BadRequest::Form)?;
        if !rest.is_empty() {
            return Err(BadRequest::Form);
        }
        let info = &request.certification_request_info;
        let key = Self::from_info(&info.subject_pki).ok_or(BadRequest::Key)?;
        if request.signature_algorithm.algorithm != key.kind.signature() {
            return Err(BadRequest::Proof);
        }
        UnparsedPublicKey::new(key.kind.verifier(), &key.bytes)
            .verify(info.raw, &request.signature_value.data)
            .map_err(|_| BadRequest::Proof)?;
        Ok(key)
    }

    /// The public half of a P-256 or Ed25519 key of one's own (PKCS#8, DER).
    ///
    /// # Errors
    /// [`BadRequest::Key`].
    pub fn of_key(key: &[u8]) -> Result<Self, BadRequest> {
        let key = KeyPair::try_from(key).map_err(|_| BadRequest::Key)?;
        let kind = match key.algorithm() {
            algorithm if *algorithm == PKCS_ECDSA_P256_SHA256 => Kind::P256,
            algorithm if *algorithm == PKCS_ED25519 => Kind::Ed25519,
            _ => return Err(BadRequest::Key),
        };
        Ok(Self { kind, bytes: key.public_key_raw().to_vec() })
    }

    fn from_info(info: &SubjectPublicKeyInfo<'_>) -> Option<Self> {
        let curve = info.algorithm.parameters.as_ref().and_then(|curve| curve.as_oid().ok());
        let kind = if info.algorithm.algorithm == OID_SIG_ED25519 && info.algorithm.parameters.is_none() {
            Kind::Ed25519
        } else if info.algorithm.algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY && curve == Some(OID_EC_P256) {
            Kind::P256
        } else {
            return None;
        };
        Some(Self { kind, bytes: info.subject_public_key.data.to_vec() })
    }
}

impl Kind {
    fn signature(self) -> x509_parser::der_parser::Oid<'static> {
        match self {
            Self::P256 => OID_SIG_ECDSA_WITH_SHA256,
            Self::Ed25519 => OID_SIG_ED25519,
        }
    }

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
