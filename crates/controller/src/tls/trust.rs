//! Which clients' certificates are taken: those under the roots in force and under no authority that is distrusted.
//!
//! Under a distrusted authority whatever is shown may be the thief's. What we signed and wrote down is told from that by
//! its hash: whoever holds the key of such a certificate may come, for another one.

use crate::pki::{Anchors, sha256};
use nullius_identity::Signatures;
use nullius_identity::chain::{self, BadChain, Purpose};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

/// Verifies by what is believed now.
#[derive(Debug)]
pub(super) struct TrustVerifier {
    trust: RwLock<Arc<Trust>>,
    signatures: Signatures,
}

#[derive(Debug)]
struct Trust {
    /// The roots, without what is distrusted.
    believed: chain::Anchors,
    /// The roots, for what was written down.
    all: chain::Anchors,
    known: BTreeSet<[u8; 32]>,
}

impl TrustVerifier {
    pub(super) fn new(anchors: Anchors) -> Result<Self, Error> {
        let trust = RwLock::new(Arc::new(Trust::new(anchors)?));
        Ok(Self { trust, signatures: Signatures::of(&super::provider()) })
    }

    /// From the next handshake on.
    pub(super) fn put(&self, anchors: Anchors) -> Result<(), Error> {
        let trust = Arc::new(Trust::new(anchors)?);
        *self.trust.write().unwrap_or_else(PoisonError::into_inner) = trust;
        Ok(())
    }

    fn now(&self) -> Arc<Trust> {
        Arc::clone(&self.trust.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Trust {
    fn new(anchors: Anchors) -> Result<Self, BadChain> {
        let believed = chain::Anchors::new(&anchors.roots, anchors.distrusted)?;
        Ok(Self { believed, all: chain::Anchors::new(&anchors.roots, [])?, known: anchors.known })
    }

    fn anchors_for(&self, leaf: &[u8]) -> &chain::Anchors {
        if self.known.contains(&sha256(leaf)) { &self.all } else { &self.believed }
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
        let sent: Vec<_> = std::iter::once(end_entity).chain(intermediates).collect();
        self.now().anchors_for(end_entity).verify(&sent, Purpose::Client, now.as_secs())?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signatures.tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signatures.tls13(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signatures.schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::new_key;
    use nullius_identity::{
        Authority, Constraints, KeyInMemory, Profile, RequestedKey, Signer, TrustDomain, Validity,
    };
    use std::time::Duration;

    const LIFE: Validity = Validity { from: 1_700_000_000, until: 1_900_000_000 };

    fn signer() -> Box<dyn Signer> {
        Box::new(KeyInMemory::from_pkcs8(new_key().unwrap().expose()).unwrap())
    }

    fn root() -> Authority {
        Authority::root(TrustDomain::new("nullius").unwrap(), signer(), [0x41; 16], LIFE).unwrap()
    }

    fn issuing(root: &Authority) -> Authority {
        Authority::issuing(root, signer(), Constraints::default(), [0x42; 16], LIFE).unwrap()
    }

    fn leaf(issuing: &Authority) -> CertificateDer<'static> {
        let key = RequestedKey::of_key(new_key().unwrap().expose()).unwrap();
        let profile = Profile::Gateway { site: "lab".to_owned(), name: "gw1".to_owned() };
        issuing.issue(&profile, &key, [0x43; 16], LIFE).unwrap().into()
    }

    #[test]
    fn under_a_stolen_key_only_what_was_written_down_is_let_in() {
        let (ours, theirs) = (root(), root());
        let (stolen, next, foreign) = (issuing(&ours), issuing(&ours), issuing(&theirs));
        let (known, forged, new) = (leaf(&stolen), leaf(&stolen), leaf(&next));
        // a second certificate for the stolen key, as the root may have signed it
        let again = Profile::IssuingCa { names: Constraints::default() };
        let again = ours.issue(&again, stolen.key(), [0x44; 16], LIFE).unwrap();
        let mut anchors = Anchors { roots: vec![ours.certificate().to_vec()], ..Anchors::default() };
        let verifier = TrustVerifier::new(anchors.clone()).unwrap();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));
        let taken = |leaf: &CertificateDer<'_>, by: &[u8]| {
            verifier.verify_client_cert(leaf, &[CertificateDer::from(by)], now).is_ok()
        };
        let judged = || [stolen.certificate(), &again].map(|by| (taken(&known, by), taken(&forged, by)));
        let others = || (taken(&new, next.certificate()), taken(&leaf(&foreign), foreign.certificate()));
        assert_eq!((judged(), others()), ([(true, true); 2], (true, false)));
        anchors.distrusted = vec![stolen.key().hash()];
        anchors.known = [sha256(&known)].into();
        verifier.put(anchors).unwrap();
        assert_eq!((judged(), others()), ([(true, false); 2], (true, false)));
    }
}
