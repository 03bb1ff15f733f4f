//! The key that a certificate is about, to check proofs with.

use nullius_identity::RequestedKey;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

/// Of a certificate (DER) that a handshake proved; nothing where the key is of a kind that signs no proofs.
pub(super) fn key_of(leaf: &[u8]) -> Option<RequestedKey> {
    let (_, certificate) = X509Certificate::from_der(leaf).ok()?;
    RequestedKey::from_spki(certificate.public_key().raw).ok()
}
