//! Certificates of gateways that were away for longer than those live.
//!
//! What shuts a gateway out is the store's word and not the end of its certificate, which only bounds how long a stolen
//! key is worth something elsewhere. So one that ran out is let through the handshake for some days, as of the moment it ran out,
//! and the session holds its bearer to renewing (`link::session`).

use nullius_identity::certificate_end;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use std::sync::Arc;
use std::time::Duration;

/// Verifies as another does, but forgives some days.
#[derive(Debug)]
pub(super) struct LateVerifier {
    inner: Arc<dyn ClientCertVerifier>,
    forgiven: Duration,
}

impl LateVerifier {
    pub(super) fn new(inner: Arc<dyn ClientCertVerifier>, days: u64) -> Self {
        Self { inner, forgiven: Duration::from_secs(days.saturating_mul(86_400)) }
    }

    /// Now, or the last moment of a certificate that ran out not too long ago.
    fn moment(&self, end_entity: &CertificateDer<'_>, now: UnixTime) -> UnixTime {
        let Some(end) = certificate_end(end_entity) else { return now };
        let late = now.as_secs().saturating_sub(end);
        let forgiven = late > 0 && late <= self.forgiven.as_secs();
        if forgiven { UnixTime::since_unix_epoch(Duration::from_secs(end)) } else { now }
    }
}

impl ClientCertVerifier for LateVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.inner.verify_client_cert(end_entity, intermediates, self.moment(end_entity, now))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
