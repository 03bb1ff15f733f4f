//! Handshakes in memory: who gets through.

use super::*;
use crate::testing::{NOW, chain, controller, device, domain, gateway, issuing, key, root};
use crate::{Authority, Profile};
use rcgen::KeyPair;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection, version};
use std::time::Duration;

#[derive(Debug)]
struct At(u64);

impl TimeProvider for At {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(self.0)))
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// A chain and its key, as TLS takes them.
struct Party(Vec<CertificateDer<'static>>, KeyPair);

impl Party {
    fn new(authority: &Authority, profile: &Profile) -> Self {
        let key = key();
        Self(chain(authority, profile, &key).into_iter().map(CertificateDer::from).collect(), key)
    }

    fn key(&self) -> rustls::pki_types::PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.1.serialize_der()).into()
    }
}

fn anchors(root: &Authority) -> Arc<Anchors> {
    Arc::new(Anchors::new(root.chain(), []).unwrap())
}

fn server(party: &Party, clients: Arc<dyn ClientCertVerifier>) -> ServerConfig {
    let config = ServerConfig::builder_with_details(provider(), Arc::new(At(NOW)));
    let config = config.with_protocol_versions(&[&version::TLS13]).unwrap();
    config.with_client_cert_verifier(clients).with_single_cert(party.0.clone(), party.key()).unwrap()
}

fn client(party: &Party, server: Arc<dyn ServerCertVerifier>, now: u64) -> ClientConfig {
    let config = ClientConfig::builder_with_details(provider(), Arc::new(At(now)));
    let config = config.with_protocol_versions(&[&version::TLS13]).unwrap();
    let config = config.dangerous().with_custom_certificate_verifier(server);
    config.with_client_auth_cert(party.0.clone(), party.key()).unwrap()
}

/// Speaks until nobody has anything to say. The error of the one who ended it.
fn shake(client: ClientConfig, server: ServerConfig) -> Result<(), Error> {
    let name = ServerName::try_from("ff12::6e75:6c6c").unwrap();
    let mut client = ClientConnection::new(Arc::new(client), name).unwrap();
    let mut server = ServerConnection::new(Arc::new(server)).unwrap();
    for _ in 0..10 {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        let mut from = bytes.as_slice();
        while !from.is_empty() {
            server.read_tls(&mut from).unwrap();
            server.process_new_packets()?;
        }
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        let mut from = bytes.as_slice();
        while !from.is_empty() {
            client.read_tls(&mut from).unwrap();
            client.process_new_packets()?;
        }
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    Ok(())
}

#[test]
fn a_device_and_its_sites_gateway_know_one_another() {
    let root = root();
    let authority = issuing(&root);
    let taken = |device: &Profile, gateway: &Profile| {
        let (device, gateway) = (Party::new(&authority, device), Party::new(&authority, gateway));
        let devices = DeviceClients::new(anchors(&root), domain(), "lab", &provider());
        let gateways = SiteGateway::gateway(anchors(&root), domain(), "lab", &provider());
        shake(client(&device, gateways, NOW), server(&gateway, devices)).is_ok()
    };
    assert!(taken(&device("lab", "pump"), &gateway("lab")));
    for (left, right) in [
        (device("other", "pump"), gateway("lab")),
        (device("lab", "pump"), gateway("other")),
        (gateway("lab"), gateway("lab")),
        (device("lab", "pump"), controller()),
    ] {
        assert!(!taken(&left, &right), "{left:?} {right:?}");
    }
}

#[test]
fn the_controller_is_known_through_a_relay_by_its_role() {
    let root = root();
    let authority = issuing(&root);
    let device = Party::new(&authority, &device("lab", "pump"));
    for (profile, good) in [(controller(), true), (gateway("lab"), false)] {
        let devices = DeviceClients::new(anchors(&root), domain(), "lab", &provider());
        let wanted = SiteGateway::controller(anchors(&root), domain(), &provider());
        let server = server(&Party::new(&authority, &profile), devices);
        assert_eq!(shake(client(&device, wanted, NOW), server).is_ok(), good, "{profile:?}");
    }
}

#[test]
fn a_stranger_gets_through_to_nobody() {
    let (ours, theirs) = (root(), root());
    let (authority, foreign) = (issuing(&ours), issuing(&theirs));
    let lab = device("lab", "pump");
    for (device, gateway, now, error) in [
        (
            Party::new(&foreign, &lab),
            Party::new(&authority, &gateway("lab")),
            NOW,
            CertificateError::UnknownIssuer,
        ),
        (
            Party::new(&authority, &lab),
            Party::new(&foreign, &gateway("lab")),
            NOW,
            CertificateError::UnknownIssuer,
        ),
        (
            Party::new(&authority, &lab),
            Party::new(&authority, &gateway("lab")),
            0,
            CertificateError::NotValidYet,
        ),
        (
            Party::new(&authority, &lab),
            Party::new(&authority, &gateway("lab")),
            crate::testing::SHORT.until + 1,
            CertificateError::Expired,
        ),
    ] {
        let devices = DeviceClients::new(anchors(&ours), domain(), "lab", &provider());
        let gateways = SiteGateway::gateway(anchors(&ours), domain(), "lab", &provider());
        let refused = shake(client(&device, gateways, now), server(&gateway, devices));
        assert_eq!(refused, Err(Error::InvalidCertificate(error)));
    }
}

#[test]
fn a_distrusted_authoritys_device_is_refused() {
    let root = root();
    let authority = issuing(&root);
    let device = Party::new(&authority, &device("lab", "pump"));
    let gateway = Party::new(&authority, &gateway("lab"));
    let without = Arc::new(Anchors::new(root.chain(), [authority.key().hash()]).unwrap());
    let devices = DeviceClients::new(without, domain(), "lab", &provider());
    let gateways = SiteGateway::gateway(anchors(&root), domain(), "lab", &provider());
    let refused = shake(client(&device, gateways, NOW), server(&gateway, devices));
    assert_eq!(refused, Err(Error::InvalidCertificate(CertificateError::Revoked)));
}

#[test]
fn a_clock_that_is_behind_is_put_right_by_a_trusted_certificate_and_by_no_other() {
    let root = root();
    let authority = issuing(&root);
    let lab = device("lab", "pump");
    let device = Party::new(&authority, &lab);
    let stranger = issuing(&crate::testing::root());
    for (clock, gateway, good) in [
        (0, Party::new(&authority, &gateway("lab")), true),
        (0, Party::new(&stranger, &gateway("lab")), false),
        (crate::testing::SHORT.until + 1, Party::new(&authority, &gateway("lab")), false),
    ] {
        let devices = DeviceClients::new(anchors(&root), domain(), "lab", &provider());
        let gateways = SiteGateway::gateway(anchors(&root), domain(), "lab", &provider()).behind();
        let shaken = shake(client(&device, gateways, clock), server(&gateway, devices));
        assert_eq!(shaken.is_ok(), good, "{clock}");
    }
}
