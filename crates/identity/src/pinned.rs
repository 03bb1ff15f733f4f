//! The first contact with a controller: all that is known of it is the SHA-256 of its root certificate.
//!
//! The server sends its root along with its chain. The root is taken if, and only if, it has the hash that a person
//! carried over; then the leaf is verified under it as any other (RFC 5280), dates included. Who has an address of the
//! controller asks for its name as well (RFC 6125, [`PinnedRoot`]); who may reach it through a gateway, where it has none,
//! asks for its role ([`PinnedController`]).
//!
//! Since the hash was written down another root may have taken over. While the old one is in force it is sent too, with the
//! certificate by which it vouches for the new one: the chain leads up to it as before.

use crate::chain::{Anchors, BadChain, MAX_CHAIN};
use crate::peer::controller_domain;
use crate::{Signatures, SiteGateway, TrustDomain};
use aws_lc_rs::digest::{SHA256, digest};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme, version,
};
use std::sync::{Arc, OnceLock};

/// Knows a controller by the hash of its root, and by its host name.
#[derive(Debug)]
pub struct PinnedRoot {
    pin: Pin,
    provider: Arc<CryptoProvider>,
    found: OnceLock<Roots>,
}

/// The pinned root, and those that were sent and that it vouches for (DER).
#[derive(Debug)]
struct Roots {
    pinned: CertificateDer<'static>,
    vouched: Vec<CertificateDer<'static>>,
}

impl PinnedRoot {
    /// The root with this SHA-256 over its DER.
    pub fn new(hash: [u8; 32], provider: Arc<CryptoProvider>) -> Arc<Self> {
        Arc::new(Self { pin: Pin(hash), provider, found: OnceLock::new() })
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
        self.found.get().map(|roots| &roots.pinned)
    }

    /// Whether a root (DER) is the one that was found, or another one that a handshake has shown, and that one signed for.
    pub fn vouches(&self, root: &[u8]) -> bool {
        let vouches = |roots: &Roots| {
            roots.pinned.as_ref() == root || roots.vouched.iter().any(|other| other.as_ref() == root)
        };
        self.found.get().is_some_and(vouches)
    }

    fn signatures(&self) -> Signatures {
        Signatures::of(&self.provider)
    }
}

impl Roots {
    /// Of what was sent after the leaf.
    fn of(
        pinned: CertificateDer<'static>,
        above: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<Self, BadChain> {
        let anchors = Anchors::new(&[&pinned], [])?;
        let sent = || above.iter().take(MAX_CHAIN);
        let is_vouched = |root: &&CertificateDer<'_>| {
            sent().any(|cross| anchors.vouched(root, cross, now.as_secs()).is_ok())
        };
        let vouched = sent().filter(is_vouched).map(|root| root.clone().into_owned()).collect();
        Ok(Self { pinned, vouched })
    }
}

/// Knows a controller by the hash of its root, and by its role; a clock that is behind is no hindrance.
#[derive(Debug)]
pub struct PinnedController {
    pin: Pin,
    provider: Arc<CryptoProvider>,
    found: OnceLock<Pinned>,
}

/// Who was found under a pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// The root (DER).
    pub root: Vec<u8>,
    /// Whose controller it is.
    pub domain: TrustDomain,
}

impl PinnedController {
    /// The one whose root has this SHA-256 over its DER.
    pub fn new(hash: [u8; 32], provider: Arc<CryptoProvider>) -> Arc<Self> {
        Arc::new(Self { pin: Pin(hash), provider, found: OnceLock::new() })
    }

    /// Who it is, once a handshake has shown it.
    pub fn found(&self) -> Option<&Pinned> {
        self.found.get()
    }

    fn signatures(&self) -> Signatures {
        Signatures::of(&self.provider)
    }
}

/// The SHA-256 of a root's certificate.
#[derive(Clone, Copy, Debug)]
struct Pin([u8; 32]);

impl Pin {
    /// The root among the certificates that came after the leaf.
    fn among<'c>(self, above: &'c [CertificateDer<'c>]) -> Result<&'c CertificateDer<'c>, Error> {
        let is_pinned = |certificate: &&CertificateDer<'_>| digest(&SHA256, certificate).as_ref() == self.0;
        let found = above.iter().take(MAX_CHAIN).find(is_pinned);
        Ok(found.ok_or(CertificateError::UnknownIssuer)?)
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
        let root = self.pin.among(intermediates)?.clone().into_owned();
        let mut roots = RootCertStore::empty();
        roots.add(root.clone())?;
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider));
        let verifier = verifier.build().map_err(|error| Error::General(error.to_string()))?;
        let verified =
            verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)?;
        let _ = self.found.set(Roots::of(root, intermediates, now)?);
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signatures().tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signatures().tls13(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signatures().schemes()
    }
}

impl ServerCertVerifier for PinnedController {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let root = self.pin.among(intermediates)?;
        // whose it is stands in what it signed; another domain's certificates are not under this root
        let domain = controller_domain(end_entity)?;
        let anchors = Arc::new(Anchors::new(&[root], [])?);
        let controller = SiteGateway::controller(anchors, domain.clone(), &self.provider).behind();
        let verified =
            controller.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)?;
        let _ = self.found.set(Pinned { root: root.to_vec(), domain });
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signatures().tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signatures().tls13(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signatures().schemes()
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

    #[test]
    fn a_controller_without_a_host_name_is_known_by_its_root_and_its_role() {
        use crate::testing::{NOW, chain, controller, domain, gateway, issuing, key, root};
        let (ours, theirs) = (root(), root());
        let (authority, foreign) = (issuing(&ours), issuing(&theirs));
        for (why, by, above, profile, clock, good) in [
            ("the controller", &authority, &ours, controller(), NOW, true),
            ("a clock that is behind", &authority, &ours, controller(), 0, true),
            ("a gateway", &authority, &ours, gateway("lab"), NOW, false),
            ("the root of somebody else", &foreign, &theirs, controller(), NOW, false),
            ("our root before a leaf of somebody else", &foreign, &ours, controller(), NOW, false),
        ] {
            let mut sent: Vec<_> =
                chain(by, &profile, &key()).into_iter().map(CertificateDer::from).collect();
            sent.push(above.certificate().to_vec().into());
            let hash = digest(&SHA256, ours.certificate()).as_ref().try_into().unwrap();
            let pinned = PinnedController::new(hash, Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
            let name = ServerName::IpAddress(std::net::Ipv6Addr::UNSPECIFIED.into());
            let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(clock));
            let taken = pinned.verify_server_cert(&sent[0], &sent[1..], &name, &[], now).is_ok();
            let found = pinned.found().map(|found| (found.root.as_slice(), &found.domain));
            assert_eq!((taken, found), (good, good.then_some((ours.certificate(), &domain()))), "{why}");
        }
    }

    #[test]
    fn a_root_that_took_over_since_is_known_by_the_older_ones_word() {
        use crate::testing::{LONG, NOW, chain, controller, issuing, key, root};
        let (older, newer, foreign) = (root(), root(), root());
        let mut sent: Vec<_> =
            chain(&issuing(&newer), &controller(), &key()).into_iter().map(CertificateDer::from).collect();
        let mut send = |der: &[u8]| sent.push(der.to_vec().into());
        send(newer.certificate());
        send(&older.issue(&crate::Profile::Root, newer.key(), [4; 16], LONG).unwrap());
        send(foreign.certificate());
        send(older.certificate());
        let hash = digest(&SHA256, older.certificate()).as_ref().try_into().unwrap();
        let provider = || Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let by_name = PinnedRoot::new(hash, provider());
        let by_role = PinnedController::new(hash, provider());
        let name = ServerName::try_from("controller.plant.example").unwrap();
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(NOW));
        assert!(!by_name.vouches(older.certificate()), "before it was found");
        assert!(by_name.verify_server_cert(&sent[0], &sent[1..], &name, &[], now).is_ok());
        assert!(by_role.verify_server_cert(&sent[0], &sent[1..], &name, &[], now).is_ok());
        let vouched = [&older, &newer, &foreign].map(|root| by_name.vouches(root.certificate()));
        assert_eq!(vouched, [true, true, false]);
        assert_eq!(by_role.found().map(|found| found.root.as_slice()), Some(older.certificate()));
        let without = &sent[1..sent.len() - 1];
        assert!(
            by_name.verify_server_cert(&sent[0], without, &name, &[], now).is_err(),
            "the old one is gone"
        );
    }
}
