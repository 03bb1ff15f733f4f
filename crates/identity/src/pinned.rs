//! The first contact with a controller: all that is known of it is the SHA-256 of its root certificate.
//!
//! The server sends its root along with its chain. The root is taken if, and only if, it has the hash that a person
//! carried over; then the leaf is verified under it as any other (RFC 5280, RFC 6125), name and dates included.

use crate::Signatures;
use aws_lc_rs::digest::{SHA256, digest};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme, version,
};
use std::sync::{Arc, OnceLock};

/// Most certificates of a chain that are looked at.
const MAX_CHAIN: usize = 8;

/// Knows a controller by the hash of its root.
#[derive(Debug)]
pub struct PinnedRoot {
    hash: [u8; 32],
    provider: Arc<CryptoProvider>,
    found: OnceLock<CertificateDer<'static>>,
}

impl PinnedRoot {
    /// The root with this SHA-256 over its DER.
    pub fn new(hash: [u8; 32], provider: Arc<CryptoProvider>) -> Arc<Self> {
        Arc::new(Self { hash, provider, found: OnceLock::new() })
    }

    /// A configuration for TLS 1.3 that speaks to nobody else.
    ///
    /// # Errors
    /// Where the provider does not know TLS 1.3.
    pub fn client(self: &Arc<Self>) -> Result<ClientConfig, Error> {
        let verifier: Arc<dyn ServerCertVerifier> = Arc::<Self>::clone(self);
        Ok(ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&version::TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth())
    }

    /// The root, once a handshake has shown it.
    pub fn found(&self) -> Option<&CertificateDer<'static>> {
        self.found.get()
    }

    fn root<'c>(&self, chain: &'c [CertificateDer<'c>]) -> Option<&'c CertificateDer<'c>> {
        chain.iter().take(MAX_CHAIN).find(|certificate| digest(&SHA256, certificate).as_ref() == self.hash)
    }
}

impl ServerCertVerifier for PinnedRoot {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let root = self.root(intermediates).ok_or(CertificateError::UnknownIssuer)?.clone().into_owned();
        let mut roots = RootCertStore::empty();
        roots.add(root.clone())?;
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider));
        let verifier = verifier.build().map_err(|error| Error::General(error.to_string()))?;
        let verified =
            verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)?;
        let _ = self.found.set(root);
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Signatures::of(&self.provider).tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Signatures::of(&self.provider).tls13(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        Signatures::of(&self.provider).schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

    fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    }

    fn leaf(of: &CertifiedIssuer<'static, KeyPair>, name: &str) -> CertificateDer<'static> {
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        params.signed_by(&KeyPair::generate().unwrap(), of).unwrap().der().clone()
    }

    fn verify(
        pin: &CertificateDer<'_>,
        leaf: &CertificateDer<'_>,
        sent: &CertificateDer<'_>,
    ) -> Result<bool, Error> {
        let hash = digest(&SHA256, pin).as_ref().try_into().unwrap();
        let pinned = PinnedRoot::new(hash, Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
        let name = ServerName::try_from("plant.example").unwrap();
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_800_000_000));
        pinned.verify_server_cert(leaf, std::slice::from_ref(sent), &name, &[], now)?;
        Ok(pinned.found().is_some())
    }

    #[test]
    fn a_controller_is_known_by_its_root_and_its_name() {
        let (ours, theirs) = (authority("ours"), authority("ours"));
        let (root, other) = (ours.der(), theirs.der());
        assert_eq!(verify(root, &leaf(&ours, "plant.example"), root), Ok(true));
        for (why, leaf, sent) in [
            ("the root of somebody else", leaf(&theirs, "plant.example"), other),
            ("our root before a leaf of somebody else", leaf(&theirs, "plant.example"), root),
            ("another name", leaf(&ours, "plant.example.org"), root),
        ] {
            assert!(verify(root, &leaf, sent).is_err(), "{why}");
        }
        assert!(
            verify(root, &leaf(&ours, "plant.example"), &leaf(&ours, "plant.example")).is_err(),
            "no root sent"
        );
    }
}
