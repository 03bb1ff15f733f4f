//! The whole agent, between a gateway and a controller that tests play: real QUIC and TLS over the loopback, real
//! certificates, and a clock that says what it is told.

mod controller;
mod footprint;
mod gateway;
mod link;
mod scenarios;

use crate::agent::{Agent, AgentError};
use crate::config::Config;
use crate::enrol::{Enrolling, Enrolment};
use crate::plant::{Place, Plant};
use crate::testing::{NOW, Root, Scratch, SetClock, domain};
use crate::time::Time;
use controller::Controller;
use gateway::Gateway;
use nullius_identity::chain::Anchors;
use nullius_identity::{Authority, DeviceClients, Profile, RequestedKey, Validity};
use nullius_protocol::enrol::EnrolToken;
use rcgen::KeyPair;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme};
use std::sync::Arc;
use std::time::Duration;

/// Life of a leaf, in seconds.
const LIFE: u64 = 30 * 24 * 3_600;

/// What a plant has: a root, who signs under it, and a clock for everybody but the device.
struct World {
    root: Root,
    /// The root before it, still in force.
    older: Option<Root>,
    issuing: Arc<Authority>,
    clock: Arc<SetClock>,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(SetClock::default());
        clock.set(NOW);
        let root = Root::new(1);
        let issuing = Arc::new(root.issuing());
        Self { root, older: None, issuing, clock }
    }

    /// The same after another root has taken over.
    fn rolled_over(self) -> Self {
        let root = Root::new(3);
        let issuing = Arc::new(root.issuing());
        Self { root, older: Some(self.root), issuing, clock: self.clock }
    }

    /// The roots, and the newer one as the older one vouches for it (DER).
    fn roots(&self) -> Vec<Vec<u8>> {
        let before = self.older.iter().flat_map(|older| [self.root.by(older), older.certificate().to_vec()]);
        std::iter::once(self.root.certificate().to_vec()).chain(before).collect()
    }

    fn gateway(&self) -> Profile {
        Profile::Gateway { site: "lab".into(), name: "gw1".into() }
    }

    /// A server for both kinds of connection: who shows a device's certificate is judged, and none need be shown.
    fn server(&self, profile: &Profile, protocols: &[&[u8]]) -> ServerConfig {
        let anchors = Anchors::new(&[self.root.certificate()], []).unwrap();
        let devices = DeviceClients::new(Arc::new(anchors), domain(), "lab", &crate::tls::provider());
        let key = KeyPair::generate().unwrap();
        let public = RequestedKey::of_key(&key.serialize_der()).unwrap();
        let validity = Validity { from: NOW - 3_600, until: NOW + 100 * LIFE };
        let leaf = self.issuing.issue(profile, &public, [8; 16], validity).unwrap();
        let chain = [leaf, self.issuing.certificate().to_vec()].into_iter().chain(self.roots());
        let chain = chain.map(CertificateDer::from).collect();
        let time = Time::new(Arc::<SetClock>::clone(&self.clock), 0);
        let mut config = ServerConfig::builder_with_details(crate::tls::provider(), time)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_client_cert_verifier(Arc::new(MaybeDevices(devices)))
            .with_single_cert(chain, PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        config
    }

    /// Made when the oldest root was the only one.
    fn token(&self) -> EnrolToken {
        let root = crate::testing::hash(self.older.as_ref().unwrap_or(&self.root).certificate());
        EnrolToken { id: [1; 8], secret: [2; 32], root }
    }
}

/// One device: a state directory, and a clock of its own.
struct Device {
    _scratch: Scratch,
    config: Config,
    clock: Arc<SetClock>,
    plant: Plant,
}

impl Device {
    fn new(place: Option<&Place>) -> Self {
        let scratch = Scratch::new();
        let config = Config {
            state: scratch.path().join("state"),
            runtime: scratch.path().to_owned(),
            ..Config::default()
        };
        let clock = Arc::new(SetClock::default());
        clock.set(NOW);
        let plant = Plant::at(place);
        Self { _scratch: scratch, config, clock, plant }
    }

    async fn enrol(&self, token: EnrolToken, again: bool) -> Result<String, AgentError> {
        let enrolling = Enrolling { token, server: None, again };
        let time = Time::new(Arc::<SetClock>::clone(&self.clock), 0);
        let (config, plant) = (&self.config, self.plant.clone());
        Enrolment { config, enrolling: &enrolling, time, plant }.run().await
    }

    fn agent(&self) -> Agent<'_> {
        Agent::open(&self.config, Arc::<SetClock>::clone(&self.clock), self.plant.clone()).unwrap()
    }

    fn agent_error(&self) -> AgentError {
        let opened = Agent::open(&self.config, Arc::<SetClock>::clone(&self.clock), self.plant.clone());
        opened.map(drop).unwrap_err()
    }

    /// Becomes a copy of another device, keys and all.
    fn take_over(&self, other: &Self) {
        for folder in ["", "keys"] {
            let (from, to) = (other.config.state.join(folder), self.config.state.join(folder));
            crate::file::make_directory(&to).unwrap();
            for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
                if entry.path().is_file() {
                    std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
                }
            }
        }
    }

    /// Files of keys.
    fn keys(&self) -> usize {
        std::fs::read_dir(self.config.state.join("keys")).map_or(0, Iterator::count)
    }
}

async fn within<T>(seconds: u64, what: &str, future: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(Duration::from_secs(seconds), future).await;
    done.unwrap_or_else(|_| panic!("not within {seconds} s: {what}"))
}

/// Judges the certificate of a device, where one is shown.
#[derive(Debug)]
struct MaybeDevices(Arc<DeviceClients>);

impl ClientCertVerifier for MaybeDevices {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        above: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.0.verify_client_cert(leaf, above, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
