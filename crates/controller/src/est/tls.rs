//! TLS of the EST listener: a client may show a certificate, and whoever shows one proves to hold its key.
//!
//! INVARIANT: the handshake says nothing of who signed the certificate. That is judged behind it (`caller`), where a
//! refusal has a reason, a record and an answer that a person can read.

use nullius_identity::Signatures;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

/// Certificates that a client shows at most, and the bytes of each: the chain of a maker is three or four long.
const MAX_CHAIN: usize = 6;
const MAX_CERTIFICATE: usize = 16 << 10;

/// Takes any certificate whose key the client proves.
#[derive(Debug)]
pub(crate) struct AnyClient(Signatures);

impl AnyClient {
    pub(crate) fn new() -> Self {
        Self(Signatures::of(&aws_lc_rs::default_provider()))
    }
}

impl ClientCertVerifier for AnyClient {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    /// None: a client of a maker whose roots nobody listed here would not show its certificate, and hear no reason.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let long = |certificate: &CertificateDer<'_>| certificate.len() > MAX_CERTIFICATE;
        if intermediates.len() >= MAX_CHAIN || long(end_entity) || intermediates.iter().any(long) {
            return Err(CertificateError::BadEncoding.into());
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.tls13(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.schemes()
    }
}
