//! A controller with a door for devices, some devices, and a maker of others.

use super::client::{Held, Question, Reply, csr};
use crate::est::Est;
use crate::http::{Rate, Rates};
use crate::record::{Actor, Declaration, devices, enrolment};
use crate::{App, Clock, Config, Tls, bundles, pki};
use nullius_model::Timestamp;
use nullius_model::lifecycle::Event;
use nullius_protocol::enrol::EnrolToken;
use nullius_store::testing::{Scratch, sqlite};
use nullius_store::{StoreError, Tx, audit};
use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::TcpListener;

pub(super) const SITE: &str = "lab";

/// A clock that stands until it is moved.
#[derive(Clone, Debug)]
pub(super) struct Hand(Arc<AtomicU64>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(self.0.load(Ordering::Relaxed))
    }
}

pub(super) struct Plant {
    pub(super) app: App,
    pub(super) door: SocketAddr,
    /// DER.
    pub(super) root: Vec<u8>,
    pub(super) scratch: Scratch,
    clock: Hand,
}

/// Who makes devices with certificates of their own.
pub(super) struct Maker {
    key: KeyPair,
    params: CertificateParams,
    pub(super) root: Vec<u8>,
}

impl Plant {
    /// With the devices `cam1` and `cam2` at work. Its clock begins at the machine's: `openssl` and `curl` read that.
    pub(super) async fn new() -> Self {
        Self::over(sqlite(), Rate { burst: 1e9, refill: 1e9 }).await
    }

    /// Where three refusals are enough.
    pub(super) async fn limited() -> Self {
        Self::over(sqlite(), Rate { burst: 3.0, refill: 0.001 }).await
    }

    async fn over(scratch: Scratch, refusal: Rate) -> Self {
        let clock = Hand(Arc::new(AtomicU64::new(crate::SystemClock.now().as_secs())));
        let plenty = Rate { burst: 1e9, refill: 1e9 };
        let rates = Rates { address: plenty, sign_in: plenty, caller: plenty, refusal };
        let app =
            App::new(scratch.store.clone(), Arc::new(clock.clone()), Config { rates, ..Config::default() });
        let begun = app.clone();
        tokio::task::spawn_blocking(move || pki::begin::begin(&begun)).await.unwrap().unwrap();
        let tls = Tls::new(&app).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let door = listener.local_addr().unwrap();
        let est = Est::new(&app, tls.est(&app).unwrap());
        tokio::spawn(est.listen(listener, std::future::pending()));
        let at = app.now();
        let root = app.read(pki::anchors).await.unwrap().roots.remove(0);
        app.write(move |tx| bundles::add_site(tx, SITE, "user:anna", at)).await.unwrap();
        let plant = Self { app, door, root, scratch, clock };
        for name in ["cam1", "cam2"] {
            plant.declare(name).await;
        }
        plant
    }

    pub(super) fn pass(&self, seconds: u64) {
        self.clock.0.fetch_add(seconds, Ordering::Relaxed);
    }

    pub(super) fn actor(&self) -> Actor {
        Actor { who: "user:anna".to_owned(), people: vec!["anna".to_owned()], now: self.app.now() }
    }

    /// A device that is at work.
    pub(super) async fn declare(&self, name: &'static str) {
        let actor = self.actor();
        let declare = move |tx: &mut Tx<'_>| {
            let declaration = Declaration { zone: "cell".to_owned(), ..Declaration::default() };
            devices::put(tx, SITE, &actor, (name, declaration), None)
        };
        self.app.write(declare).await.unwrap();
        self.happens(name, Event::Activate).await;
    }

    /// Something happens to a device.
    pub(super) async fn happens(&self, name: &'static str, event: Event) {
        let actor = self.actor();
        let happen = move |tx: &mut Tx<'_>| {
            let version = devices::find(tx, SITE, name)?.life.version();
            devices::transition(tx, SITE, &actor, (name, version), (event.clone(), "test"))
        };
        self.app.write(happen).await.unwrap();
    }

    pub(super) async fn token(&self, name: &'static str) -> EnrolToken {
        self.token_for(name, false, 3_600).await
    }

    pub(super) async fn token_for(&self, name: &'static str, hardware: bool, seconds: u64) -> EnrolToken {
        let actor = self.actor();
        let invite = move |tx: &mut Tx<'_>| {
            enrolment::invite(tx, (SITE, &actor), (name, hardware), seconds).map(|(token, _)| token)
        };
        self.app.write(invite).await.unwrap()
    }

    pub(super) async fn send(&self, question: &Question) -> Reply {
        question.send(self.door, &self.root).await
    }

    pub(super) async fn fetch(&self, question: &Question) -> Reply {
        question.fetch(self.door, &self.root).await
    }

    /// A device that enrolled with a token.
    pub(super) async fn enrolled(&self, name: &'static str) -> Held {
        let key = KeyPair::generate().unwrap();
        let question = Question::est("simpleenroll", &csr(&key)).token(&self.token(name).await);
        let chain = self.send(&question).await.certificates();
        Held { key: Arc::new(key), chain }
    }

    pub(super) fn read<T: Send>(&self, work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>) -> T {
        self.app.store().read(work).unwrap()
    }

    /// Why devices were refused, by the log.
    pub(super) fn refusals(&self) -> Vec<String> {
        let leaves = self.read(|tx| audit::leaves(tx, 0, 10_000));
        let entries =
            leaves.iter().map(|leaf| serde_json::from_str::<serde_json::Value>(&leaf.record).unwrap());
        let failed = entries.filter(|entry| entry["what"] == "device.enrol" && entry["phase"] == "failed");
        failed.map(|entry| entry["data"]["reason"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// What the log has of an act.
    pub(super) fn records_of(&self, what: &str) -> Vec<serde_json::Value> {
        let leaves = self.read(|tx| audit::leaves(tx, 0, 10_000));
        let entries =
            leaves.iter().map(|leaf| serde_json::from_str::<serde_json::Value>(&leaf.record).unwrap());
        entries.filter(|entry| entry["what"] == what).collect()
    }
}

impl Maker {
    pub(super) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "Acme");
        let root = params.self_signed(&key).unwrap().der().to_vec();
        Self { key, params, root }
    }

    /// A device with this serial number, as it leaves the factory.
    pub(super) fn device(&self, serial: &str) -> Held {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), serial);
        params.not_after = rcgen::date_time_ymd(9999, 12, 31);
        let issuer = Issuer::from_params(&self.params, &self.key);
        let chain = vec![params.signed_by(&key, &issuer).unwrap().der().to_vec()];
        Held { key: Arc::new(key), chain }
    }
}
