//! Which clients' certificates are taken: those under the roots in force and under no authority that is distrusted.
//!
//! Under a distrusted authority whatever is shown may be the thief's. What we signed and wrote down is told from that by
//! its hash: whoever holds the key of such a certificate may come, for another one.

use crate::pki::{Anchors, sha256};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme,
};
use std::sync::{Arc, PoisonError, RwLock};

/// Most certificates of a chain that are looked at.
const MAX_CHAIN: usize = 8;

/// Verifies by what is believed now.
#[derive(Debug)]
pub(super) struct TrustVerifier(RwLock<Arc<Trust>>);

#[derive(Debug)]
struct Trust {
    verifier: Arc<dyn ClientCertVerifier>,
    anchors: Anchors,
}

impl TrustVerifier {
    pub(super) fn new(anchors: Anchors) -> Result<Self, Error> {
        Ok(Self(RwLock::new(Arc::new(Trust::new(anchors)?))))
    }

    /// From the next handshake on.
    pub(super) fn put(&self, anchors: Anchors) -> Result<(), Error> {
        let trust = Arc::new(Trust::new(anchors)?);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = trust;
        Ok(())
    }

    fn now(&self) -> Arc<Trust> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Trust {
    fn new(anchors: Anchors) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        for root in &anchors.roots {
            roots.add(CertificateDer::from(root.as_slice()))?;
        }
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), super::provider());
        let verifier = builder.build().map_err(|error| Error::General(error.to_string()))?;
        Ok(Self { verifier, anchors })
    }

    /// What may stand between a leaf and a root.
    fn between<'c>(
        &'c self,
        leaf: &CertificateDer<'_>,
        sent: &'c [CertificateDer<'c>],
    ) -> Vec<CertificateDer<'c>> {
        let is_known = self.anchors.known.contains(&sha256(leaf));
        let is_good = |der: &&CertificateDer<'c>| is_known || !self.anchors.distrusted.contains(&sha256(der));
        let own = self.anchors.issuing.iter().map(|der| CertificateDer::from(der.as_slice()));
        own.chain(sent.iter().take(MAX_CHAIN).filter(is_good).cloned()).collect()
    }
}

impl ClientCertVerifier for TrustVerifier {
    /// None: what is believed changes while a handshake is under way.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let trust = self.now();
        trust.verifier.verify_client_cert(end_entity, &trust.between(end_entity, intermediates), now)
    }

    /// Never asked: only TLS 1.3 is spoken.
    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(CertificateError::BadSignature.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.now().verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.now().verifier.supported_verify_schemes()
    }
}
