//! TLS towards the controller: version 1.3, its roots and no other, our certificate, nothing resumed.
//!
//! Its roots are that of the day on which the gateway joined, and those that it has announced since, in signed orders. Of
//! an authority whose key was stolen nothing is believed, whatever it signed.

use super::identity::Identity;
use crate::clock::Clock;
use nullius_identity::SiteGateway;
use nullius_identity::chain::{Anchors, BadChain, MAX_ANCHORS};
use nullius_protocol::local::Trust;
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, Error, version};
use std::sync::Arc;
use std::time::Duration;

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

pub(super) fn config(
    identity: &Identity,
    trust: &Trust,
    clock: Arc<dyn Clock>,
) -> Result<ClientConfig, Error> {
    let controller = controller(identity, trust)?;
    let time = Arc::new(Plausible { clock, from: identity.from, until: identity.until });
    let chain = identity.chain.iter().cloned().map(CertificateDer::from).collect();
    let key = PrivateKeyDer::try_from(identity.key.serialize_der());
    let key = key.map_err(|error| Error::General(error.to_owned()))?;
    let mut config = ClientConfig::builder_with_details(provider(), time)
        .with_protocol_versions(&[&version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(controller)
        .with_client_auth_cert(chain, key)?;
    config.resumption = Resumption::disabled();
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

/// Takes the controller, at its address.
fn controller(identity: &Identity, trust: &Trust) -> Result<Arc<SiteGateway>, Error> {
    let domain = identity.domain();
    let domain = domain.ok_or_else(|| Error::General("our certificate names no gateway".to_owned()))?;
    let anchors = Arc::new(anchors(&identity.root, trust)?);
    Ok(SiteGateway::controller(anchors, domain, &provider()).by_address())
}

/// A controller that was restored from before a change of its root shows the one of the day of joining again.
fn anchors(joined_under: &[u8], trust: &Trust) -> Result<Anchors, BadChain> {
    let announced = trust.anchors.iter().map(|anchor| anchor.0.as_slice());
    let roots: Vec<_> = announced.chain([joined_under]).take(MAX_ANCHORS).collect();
    Anchors::new(&roots, trust.distrusted.iter().map(|key| key.0))
}

/// The wall clock, as far as our own certificate makes it plausible: a gateway without a battery begins in 1970 and must
/// come to its controller nevertheless, which then says how late it is. What this lets in is a controller's certificate
/// that ran out while ours was valid; what it sends is signed all the same.
#[derive(Debug)]
struct Plausible {
    clock: Arc<dyn Clock>,
    from: u64,
    until: u64,
}

impl TimeProvider for Plausible {
    fn current_time(&self) -> Option<UnixTime> {
        let now = self.clock.now().wall.as_secs().min(self.until).max(self.from);
        Some(UnixTime::since_unix_epoch(Duration::from_secs(now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::identity;
    use nullius_identity::{
        Authority, Constraints, KeyInMemory, Profile, RequestedKey, TrustDomain, Validity,
    };
    use nullius_protocol::link::{Blob, Hash};
    use rcgen::PublicKeyData as _;
    use rustls::client::danger::ServerCertVerifier as _;

    const LIFE: Validity = Validity { from: 1_600_000_000, until: 4_000_000_000 };

    fn signer() -> Box<KeyInMemory> {
        Box::new(KeyInMemory::from_pkcs8(&identity::make_key().unwrap().serialize_der()).unwrap())
    }

    /// An issuing authority under a root of its own.
    fn tiers() -> Authority {
        let root =
            Authority::root(TrustDomain::new("plant.example").unwrap(), signer(), [1; 16], LIFE).unwrap();
        let names = Constraints::parse(&["plant.example"]).unwrap();
        Authority::issuing(&root, signer(), names, [2; 16], LIFE).unwrap()
    }

    fn root(of: &Authority) -> Vec<u8> {
        of.chain().last().unwrap().clone()
    }

    fn issue(by: &Authority, profile: &Profile, key: &rcgen::KeyPair) -> Vec<u8> {
        let public = RequestedKey::from_spki(&key.subject_public_key_info()).unwrap();
        by.issue(profile, &public, [3; 16], LIFE).unwrap()
    }

    fn gateway(under: &Authority) -> Identity {
        let key = identity::make_key().unwrap();
        let profile = Profile::Gateway { site: "lab".into(), name: "gw1".into() };
        let chain = vec![issue(under, &profile, &key), under.certificate().to_vec()];
        let names = ("lab".to_owned(), "gw1".to_owned());
        Identity::new(names, Vec::new(), root(under), chain, key).unwrap()
    }

    /// Whether the gateway takes a controller with a certificate of `by` for `host`.
    fn takes(identity: &Identity, trust: &Trust, by: &Authority, host: &str) -> bool {
        let profile = Profile::ControllerServer(vec!["nullius.plant.example".to_owned()]);
        let leaf = CertificateDer::from(issue(by, &profile, &identity::make_key().unwrap()));
        let above = [CertificateDer::from(by.certificate().to_vec())];
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_700_000_000));
        let verifier = controller(identity, trust).unwrap();
        verifier.verify_server_cert(&leaf, &above, &host.try_into().unwrap(), &[], now).is_ok()
    }

    #[test]
    fn a_controller_is_followed_from_root_to_root_and_not_to_a_stolen_one() {
        let (first, second, stranger) = (tiers(), tiers(), tiers());
        let (identity, host) = (gateway(&first), "nullius.plant.example");
        let announced = Trust { anchors: vec![Blob(root(&second))], ..Trust::default() };
        let key = |of: &[u8]| {
            use x509_parser::prelude::{FromDer as _, X509Certificate};
            let (_, certificate) = X509Certificate::from_der(of).unwrap();
            Hash(RequestedKey::from_spki(certificate.public_key().raw).unwrap().hash())
        };
        let stolen = |of: &[u8]| Trust { distrusted: vec![key(of)], ..announced.clone() };
        for (why, trust, by, host, good) in [
            ("as it joined", Trust::default(), &first, host, true),
            ("nothing was announced", Trust::default(), &second, host, false),
            ("announced", announced.clone(), &second, host, true),
            ("restored from before that", announced.clone(), &first, host, true),
            ("a stranger", announced.clone(), &stranger, host, false),
            ("another host", announced.clone(), &second, "other.plant.example", false),
            ("a stolen root", stolen(&root(&first)), &first, host, false),
            ("a stolen issuing key", stolen(second.certificate()), &second, host, false),
            ("another was stolen", stolen(first.certificate()), &second, host, true),
        ] {
            assert_eq!(takes(&identity, &trust, by, host), good, "{why}");
        }
    }
}
