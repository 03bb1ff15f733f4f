//! A device with an agent: its key, its certificate, whom it trusts, and what time it believes it is.

use crate::chance::Chance;
use crate::controller::{Controller, domain, key, signer};
use crate::gateway::{Gateway, ders, provider, time};
use nullius_identity::chain::Anchors;
use nullius_identity::recovery::Ask;
use nullius_identity::renewal::{Schedule, TimeFloor};
use nullius_identity::{Profile, Protection, SiteGateway, Validity, certificate_end};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::ServerName;
use std::sync::Arc;

pub(crate) const SITE: &str = "lab";

/// A device's certificate, in seconds.
pub(crate) const LIFE: u64 = 90 * 86_400;

pub(crate) struct Device {
    pub(crate) number: usize,
    pub(crate) protection: Protection,
    key: KeyPair,
    /// Made before it is asked for, and kept until the answer is there.
    pending: Option<(KeyPair, Vec<u8>)>,
    pub(crate) chain: Vec<Vec<u8>>,
    /// When it got that.
    pub(crate) taken: u64,
    pub(crate) generation: u64,
    pub(crate) schedule: Schedule,
    pub(crate) on_since: Option<u64>,
    /// Whether its clock begins in 1970 at every start.
    pub(crate) no_battery: bool,
    floor: TimeFloor,
    anchors: Vec<Vec<u8>>,
    gateways: Arc<SiteGateway>,
    controllers: Arc<SiteGateway>,
}

/// How it came to know its gateway.
#[derive(Clone, Copy, Default)]
pub(crate) struct Meeting {
    /// By the cross-certificate alone.
    pub(crate) by_cross: bool,
}

impl Device {
    pub(crate) fn new(number: usize, anchors: Vec<Vec<u8>>, chance: &mut Chance) -> Self {
        let hardware = number.is_multiple_of(4);
        let (gateways, controllers) = verifiers(&anchors);
        Self {
            number,
            protection: if hardware { Protection::Hardware } else { Protection::Software },
            key: key(),
            pending: None,
            chain: Vec::new(),
            taken: 0,
            generation: 0,
            schedule: Schedule::new(Validity { from: 0, until: 0 }, [0; 32]),
            on_since: None,
            no_battery: chance.below(10) == 0,
            floor: TimeFloor::default(),
            anchors,
            gateways,
            controllers,
        }
    }

    pub(crate) fn name(&self) -> String {
        format!("device-{}", self.number)
    }

    pub(crate) fn profile(&self) -> Profile {
        Profile::Device {
            site: SITE.into(),
            name: self.name(),
            protection: self.protection,
            server: Vec::new(),
        }
    }

    pub(crate) fn until(&self) -> u64 {
        self.chain.first().and_then(|leaf| certificate_end(leaf)).unwrap_or(0)
    }

    /// The clock on its board, of which it knows no better.
    fn clock(&self, now: u64) -> u64 {
        let up = now - self.on_since.unwrap_or(now);
        if self.no_battery { up } else { now }
    }

    fn uptime(&self, now: u64) -> u64 {
        now - self.on_since.unwrap_or(now)
    }

    pub(crate) fn switch_on(&mut self, now: u64) {
        // what it keeps of the time is what it believed when it was switched off
        self.on_since = Some(now);
        let believed = self.floor.now(self.clock(now), 0);
        self.schedule.handle_start(believed);
    }

    pub(crate) fn switch_off(&mut self, now: u64) {
        self.floor = TimeFloor::new(self.floor.kept(self.uptime(now)), 0);
        self.on_since = None;
    }

    /// Meets its gateway: is it one of ours, what time does it say, whom is one to trust?
    pub(crate) fn meet(&mut self, gateway: &Gateway, now: u64) -> Result<Meeting, String> {
        let uptime = self.uptime(now);
        let behind = self.floor.is_behind(self.clock(now), uptime);
        let believed = self.floor.now(self.clock(now), uptime);
        let verifier = if behind { self.gateways.behind() } else { Arc::clone(&self.gateways) };
        check(&verifier, &gateway.chain, believed)?;
        let known =
            gateway.anchors == self.anchors || check(&verifier, &gateway.chain[..2], believed).is_ok();
        self.floor.raise(now, uptime);
        // it knows by how much its schedule was wrong
        self.schedule.handle_start(now);
        self.trust(gateway, now);
        Ok(Meeting { by_cross: !known })
    }

    /// Anchors that the gateway names are taken where one that is trusted already vouches for them.
    pub(crate) fn trust(&mut self, gateway: &Gateway, now: u64) {
        if gateway.anchors == self.anchors {
            return;
        }
        let trusted = Anchors::new(&self.anchors, []).unwrap();
        let vouched = |root: &Vec<u8>| {
            let cross = gateway.cross.as_ref();
            self.anchors.contains(root)
                || cross.is_some_and(|cross| trusted.vouched(root, cross, now).is_ok())
        };
        let anchors: Vec<_> = gateway.anchors.iter().filter(|root| vouched(root)).cloned().collect();
        if !anchors.is_empty() {
            (self.gateways, self.controllers) = verifiers(&anchors);
            self.anchors = anchors;
        }
    }

    /// Whether it is the controller that answers, through whatever relay.
    pub(crate) fn knows_controller(&self, controller: &mut Controller, now: u64) -> Result<(), String> {
        check(&self.controllers, &controller.server(now), now)
    }

    /// A request for its next certificate. The same until it is answered.
    pub(crate) fn request(&mut self) -> Vec<u8> {
        if let Some((_, request)) = &self.pending {
            return request.clone();
        }
        let copy = KeyPair::try_from(self.key.serialize_der()).unwrap();
        let next = if self.protection == Protection::Hardware { copy } else { key() };
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(rcgen::DnType::CommonName, self.name());
        let request = params.serialize_request(&next).unwrap().der().to_vec();
        self.pending = Some((next, request.clone()));
        request
    }

    pub(crate) fn ask(&self, controller: &Controller, request: &[u8], now: u64) -> Ask {
        let (nonce, name) = (controller.nonce(self, now), self.name());
        Ask::sign(&domain(), (SITE, &name), self.generation, nonce, request, &signer(&self.key)).unwrap()
    }

    pub(crate) fn take(&mut self, chain: Vec<Vec<u8>>, now: u64) {
        let (key, _) = self.pending.take().unwrap();
        (self.key, self.chain, self.taken) = (key, chain, now);
        self.generation += 1;
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&(self.number as u64).to_be_bytes());
        self.schedule = Schedule::new(Validity { from: now, until: self.until() }, seed);
    }
}

fn check(verifier: &Arc<SiteGateway>, chain: &[Vec<u8>], now: u64) -> Result<(), String> {
    let (chain, name) = (ders(chain), ServerName::try_from("gateway.invalid").unwrap());
    let verified = verifier.verify_server_cert(&chain[0], &chain[1..], &name, &[], time(now));
    verified.map(drop).map_err(|error| error.to_string())
}

fn verifiers(anchors: &[Vec<u8>]) -> (Arc<SiteGateway>, Arc<SiteGateway>) {
    let anchors = Arc::new(Anchors::new(anchors, []).unwrap());
    let gateways = SiteGateway::gateway(Arc::clone(&anchors), domain(), SITE, &provider());
    (gateways, SiteGateway::controller(anchors, domain(), &provider()))
}
