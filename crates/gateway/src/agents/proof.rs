//! Whether a signature is by the key of a certificate.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519, ParsedPublicKey, VerificationAlgorithm,
};
use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry::{OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_SIG_ED25519};
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::SubjectPublicKeyInfo;

/// The key of a certificate, ready to check with.
#[derive(Debug)]
pub(super) struct DeviceKey(ParsedPublicKey);

impl DeviceKey {
    /// Of a certificate (DER) that a handshake proved; nothing where the key is of a kind that signs no proofs.
    pub(super) fn of(leaf: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(leaf).ok()?;
        let key = certificate.public_key();
        let algorithm = algorithm(key)?;
        ParsedPublicKey::new(algorithm, &key.subject_public_key.data).ok().map(Self)
    }

    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(message, signature).is_ok()
    }
}

fn algorithm(key: &SubjectPublicKeyInfo<'_>) -> Option<&'static dyn VerificationAlgorithm> {
    let kind = &key.algorithm.algorithm;
    if *kind == OID_SIG_ED25519 {
        return Some(&ED25519);
    }
    if *kind != OID_KEY_TYPE_EC_PUBLIC_KEY {
        return None;
    }
    let curve = key.algorithm.parameters.as_ref()?.as_oid().ok()?;
    if curve == OID_EC_P256 {
        return Some(&ECDSA_P256_SHA256_ASN1);
    }
    if curve == OID_NIST_EC_P384 { Some(&ECDSA_P384_SHA384_ASN1) } else { None }
}
