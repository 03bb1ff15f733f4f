//! A gateway: whom it trusts, and what it shows.

use crate::controller::{Controller, domain, key};
use crate::device::SITE;
use nullius_identity::chain::Anchors;
use nullius_identity::{DeviceClients, Profile, RequestedKey, Validity};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::ClientCertVerifier as _;
use std::sync::Arc;
use std::time::Duration;

const DAY: u64 = 86_400;

/// A gateway's certificate.
const GATEWAY_LIFE: u64 = 30 * DAY;

pub(crate) struct Gateway {
    pub(crate) number: usize,
    pub(crate) anchors: Vec<Vec<u8>>,
    pub(crate) cross: Option<Vec<u8>>,
    pub(crate) chain: Vec<Vec<u8>>,
    /// When its certificate was made.
    made: u64,
    verifier: Arc<DeviceClients>,
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

pub(crate) fn ders(chain: &[Vec<u8>]) -> Vec<CertificateDer<'_>> {
    chain.iter().map(|der| CertificateDer::from(der.as_slice())).collect()
}

pub(crate) fn time(now: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(now))
}

impl Gateway {
    pub(crate) fn new(number: usize, controller: &mut Controller, now: u64) -> Self {
        let anchors = controller.anchors(0);
        let verifier = verifier(&anchors);
        let mut gateway = Self { number, anchors, cross: None, chain: Vec::new(), made: 0, verifier };
        gateway.renew(controller, now);
        gateway
    }

    pub(crate) fn name(&self) -> String {
        format!("gw{}", self.number)
    }

    /// The link renews its certificate in good time.
    pub(crate) fn keep_fresh(&mut self, controller: &mut Controller, now: u64) {
        if now >= self.made + GATEWAY_LIFE / 2 {
            self.renew(controller, now);
        }
    }

    pub(crate) fn renew(&mut self, controller: &mut Controller, now: u64) {
        let key = RequestedKey::of_key(&key().serialize_der()).unwrap();
        let profile = Profile::Gateway { site: SITE.into(), name: self.name() };
        self.chain = controller.sign(&profile, &key, Validity { from: now, until: now + GATEWAY_LIFE });
        self.made = now;
    }

    /// An order of the controller.
    pub(crate) fn handle_trust(&mut self, anchors: Vec<Vec<u8>>, cross: Option<Vec<u8>>) {
        self.verifier = verifier(&anchors);
        (self.anchors, self.cross) = (anchors, cross);
    }

    /// What it thinks of a device's chain.
    pub(crate) fn takes(&self, chain: &[Vec<u8>], now: u64) -> Result<(), rustls::Error> {
        let chain = ders(chain);
        self.verifier.verify_client_cert(&chain[0], &chain[1..], time(now)).map(drop)
    }
}

fn verifier(anchors: &[Vec<u8>]) -> Arc<DeviceClients> {
    let anchors = Arc::new(Anchors::new(anchors, []).unwrap());
    DeviceClients::new(anchors, domain(), SITE, &provider())
}
