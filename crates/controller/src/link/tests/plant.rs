//! A controller with real listeners on the loopback, and time that a test moves.

use crate::{App, Clock, Config, LinkSettings, Tls, bundles, join};
use axum::body::Body as HttpBody;
use axum::http::Request;
use http_body_util::BodyExt as _;
use nullius_audit::Entry;
use nullius_model::{Epoch, Timestamp};
use nullius_protocol::bundle::Body;
use nullius_protocol::link::{JOIN_PATH, JoinAnswer, JoinRequest, JoinToken, VERSION};
use nullius_protocol::order::Order;
use nullius_store::testing::{Scratch, sqlite};
use nullius_store::{Kek, Store, audit};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tower::ServiceExt as _;

pub(super) const SITE: &str = "lab";
pub(super) const START: u64 = 1_800_000_000;

/// A clock that stands until it is moved.
#[derive(Clone, Debug)]
pub(super) struct Hand(Arc<AtomicU64>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(self.0.load(Ordering::Relaxed))
    }
}

/// One controller of a plant.
pub(super) struct Plant {
    pub(super) app: App,
    pub(super) clock: Hand,
    pub(super) link: SocketAddr,
    pub(super) scratch: Arc<Scratch>,
    tasks: [tokio::task::JoinHandle<()>; 2],
}

impl Plant {
    /// A new controller over a new SQLite store, with one site.
    pub(super) async fn new() -> Self {
        Self::fresh(sqlite()).await
    }

    /// The same over another new store.
    pub(super) async fn fresh(scratch: Scratch) -> Self {
        let clock = Hand(Arc::new(AtomicU64::new(START)));
        let plant = Self::over(Arc::new(scratch), clock).await;
        let at = plant.app.now();
        plant.app.write(move |tx| bundles::add_site(tx, SITE, "user:anna", at)).await.unwrap();
        plant
    }

    /// A controller over a store that exists.
    pub(super) async fn over(scratch: Arc<Scratch>, clock: Hand) -> Self {
        let location = scratch.location.clone();
        let open = move || Store::open(&location, Kek::for_tests());
        let store = tokio::task::spawn_blocking(open).await.unwrap().unwrap();
        Self::with(store, scratch, clock).await
    }

    /// A controller over a store that is open.
    pub(super) async fn with(store: Store, scratch: Arc<Scratch>, clock: Hand) -> Self {
        let link = LinkSettings { silence: Duration::from_secs(3), ..LinkSettings::default() };
        let config = Config { link, ..Config::default() };
        let app = App::new(store, Arc::new(clock.clone()), config);
        let at = app.now();
        let begun = app.clone();
        tokio::task::spawn_blocking(move || crate::pki::begin::begin(&begun)).await.unwrap().unwrap();
        app.write(move |tx| bundles::settle_past(tx, at)).await.unwrap();
        let follower = tokio::spawn(app.clone().follow_store());
        let tls = Tls::new(&app).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let link = listener.local_addr().unwrap();
        let serving =
            tokio::spawn(crate::serve_link(app.clone(), listener, tls.link, std::future::pending()));
        Self { app, clock, link, scratch, tasks: [serving, follower] }
    }

    /// Another controller over the same store.
    pub(super) async fn second(&self) -> Self {
        Self::over(Arc::clone(&self.scratch), self.clock.clone()).await
    }

    /// No gateway gets in any more, and nobody is told of what others write.
    pub(super) fn close(&self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }

    pub(super) fn pass(&self, seconds: u64) {
        self.clock.0.fetch_add(seconds, Ordering::Relaxed);
    }

    pub(super) async fn issue(&self, body: Body) -> Epoch {
        let at = self.app.now();
        let issue = move |tx: &mut nullius_store::Tx<'_>| {
            bundles::issue(tx, SITE, body.clone(), "user:anna", "test", at)
        };
        self.app.write(issue).await.unwrap()
    }

    pub(super) async fn order(&self, order: Order) -> Epoch {
        self.issue(Body::Order { key: order.key(), order }).await
    }

    pub(super) async fn invite(&self, gateway: &'static str) -> JoinToken {
        let at = self.app.now();
        self.app.write(move |tx| join::invite(tx, (SITE, gateway), "user:anna", 600, at)).await.unwrap()
    }

    /// What the API answers to a request to join.
    pub(super) async fn join(&self, token: &str, csr: &[u8]) -> Result<JoinAnswer, u16> {
        let request = JoinRequest { version: VERSION, token: token.to_owned(), csr: csr.to_vec() };
        self.post(serde_json::to_vec(&request).unwrap()).await
    }

    pub(super) async fn post(&self, body: Vec<u8>) -> Result<JoinAnswer, u16> {
        let request = Request::post(JOIN_PATH).header("content-type", "application/json");
        let request = request.body(HttpBody::from(body)).unwrap();
        let response = crate::router(&self.app).oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        if status == 200 { Ok(serde_json::from_slice(&body).unwrap()) } else { Err(status) }
    }

    /// The whole log.
    pub(super) async fn log(&self) -> Vec<Entry> {
        let leaves = self.app.read(|tx| {
            let size = audit::size(tx)?;
            (0..size).map(|number| Ok(audit::find(tx, number)?.unwrap())).collect::<Result<Vec<_>, _>>()
        });
        let leaves: Result<Vec<String>, nullius_store::StoreError> = leaves.await;
        leaves.unwrap().iter().map(|leaf| Entry::parse(leaf.as_bytes()).unwrap()).collect()
    }

    /// How often the log holds such a record.
    pub(super) async fn count(&self, what: &str) -> usize {
        self.log().await.iter().filter(|entry| entry.what == what).count()
    }
}

pub(super) fn policy(files: &[(&str, &str)]) -> Body {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    Body::Policy(files.collect::<BTreeMap<_, _>>())
}

pub(super) fn revoke(device: &str) -> Order {
    Order::Revoke { device: device.to_owned(), reason: "scans".to_owned() }
}

pub(super) fn restore(device: &str) -> Order {
    Order::Restore { device: device.to_owned(), reason: "clean".to_owned() }
}
