//! How a peer proves that the key of the certificate it shows is its own: by a signature over the handshake of TLS 1.3
//! (RFC 8446 §4.4.3), and not in anything older.
//!
//! Every verifier says the same of this, whoever it takes, and hands the question on to a [`Signatures`].

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{self, CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::CertificateDer;
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

/// The algorithms of a provider, in TLS 1.3.
#[derive(Clone, Copy, Debug)]
pub struct Signatures(WebPkiSupportedAlgorithms);

impl Signatures {
    /// Those of this provider.
    pub const fn of(provider: &CryptoProvider) -> Self {
        Self(provider.signature_verification_algorithms)
    }

    /// Never asked where only TLS 1.3 is spoken; should it be, nothing is proved.
    ///
    /// # Errors
    /// Always.
    pub fn tls12(&self) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken".to_owned()))
    }

    /// Whether the key of `certificate` signed `message`.
    ///
    /// # Errors
    /// Where it did not, or by an algorithm that is not among these.
    pub fn tls13(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        crypto::verify_tls13_signature(message, certificate, signature, &self.0)
    }

    /// What a peer may sign with, the preferred first.
    pub fn schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
