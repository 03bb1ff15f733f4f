//! The controller as a program: listeners, tasks beside them, and an orderly end.
//!
//! Nothing here decides. What a start prints once (the claim code, the digits of the root) is handed to whoever started
//! it; neither is kept in the clear.

use crate::est::Est;
use crate::http::Problem;
use crate::pki::begin::Recovery;
use crate::record::act::Act;
use crate::record::{Actor, policy};
use crate::settings::SettingsError;
use crate::{
    App, Clock, Config, Exporter, LinkSettings, Settings, Tls, TlsError, background, bundles, out, pki,
    router, serve, serve_link,
};
use nullius_model::Timestamp;
use nullius_policy::Files;
use nullius_protocol::link::JoinToken;
use nullius_protocol::to_hex;
use nullius_store::{Store, StoreError};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// The controller did not start, or ended by itself.
#[derive(Debug, Error)]
pub enum RunError {
    /// The configuration.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The store cannot be opened; gateways go on enforcing.
    #[error("the store")]
    Store(#[from] StoreError),
    /// TLS.
    #[error("TLS")]
    Tls(#[from] TlsError),
    /// An address that cannot be listened at.
    #[error("cannot listen at {address}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The system gives no threads.
    #[error("the system")]
    System(#[source] io::Error),
    /// What must be there cannot be made.
    #[error("{0}")]
    Begin(String),
}

/// What somebody needs to know to use a controller that has started.
#[derive(Clone, Debug)]
pub struct Ready {
    /// The controller.
    pub app: App,
    /// Where people and programs are served.
    pub api: SocketAddr,
    /// Where gateways are served.
    pub links: SocketAddr,
    /// Where devices are served.
    pub est: SocketAddr,
    /// SHA-256 of the root certificate, hexadecimal: how others know this controller.
    pub root: String,
    /// With what the first account is made, where there is none yet.
    pub claim: Option<String>,
    /// Where the root's key was put a moment ago, and what opens it; nothing where there was one.
    pub recovery: Option<Recovery>,
}

/// Opens the store and serves until `stop`. `ready` is called once, when whoever comes is answered.
///
/// # Errors
/// [`RunError`].
pub fn run(
    settings: &Settings,
    clock: Arc<dyn Clock>,
    ready: impl FnOnce(&Ready),
    stop: impl Future<Output = ()>,
) -> Result<(), RunError> {
    let app = open(settings, clock)?;
    let recovery = pki::begin::begin(&app).map_err(|error| RunError::Begin(error.to_string()))?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(RunError::System)?;
    runtime.block_on(attend(settings, app, recovery, ready, stop))
}

/// The controller over its store, serving nobody: for what is done to it from beside, like a backup.
///
/// # Errors
/// [`RunError::Settings`] and [`RunError::Store`].
pub fn open(settings: &Settings, clock: Arc<dyn Clock>) -> Result<App, RunError> {
    std::fs::create_dir_all(&settings.state).map_err(RunError::System)?;
    let store = Store::open(&settings.location()?, settings.kek()?)?;
    let app = App::new(store, clock, config(settings));
    crate::maintenance::settle_gap(&app)?;
    Ok(app)
}

/// SHA-256 of the root certificate, hexadecimal.
pub(crate) fn fingerprint(app: &App) -> Result<String, RunError> {
    let root = app.store().read(pki::fingerprint);
    root.map(|root| to_hex(&root)).map_err(|error| RunError::Begin(error.to_string()))
}

fn config(settings: &Settings) -> Config {
    let link = LinkSettings {
        trust_domain: settings.trust_domain.clone(),
        hosts: settings.names.clone(),
        urls: settings.link_urls(),
        ..LinkSettings::default()
    };
    Config {
        origin: settings.origin(),
        limits: settings.limits(),
        rates: settings.rates(),
        link,
        est: settings.est.clone(),
        pki: settings.authorities(),
        provider: settings.provider.clone(),
        ..Config::default()
    }
}

async fn attend(
    settings: &Settings,
    app: App,
    recovery: Option<Recovery>,
    ready: impl FnOnce(&Ready),
    stop: impl Future<Output = ()>,
) -> Result<(), RunError> {
    let tls = Tls::new(&app).await?;
    let (api, links) = (listen(settings.listen).await?, listen(settings.links).await?);
    let devices = listen(settings.est.listen).await?;
    let (end, ended) = watch::channel(());
    let told = Ready { recovery, ..announced(&app, &api, &links, &devices).await? };
    let est = app.open_est(Est::new(&app, tls.est(&app)?));
    let acceptor = TlsAcceptor::from(Arc::clone(&tls.api));
    let limits = app.config().limits;
    let people = tokio::spawn(serve(router(&app), api, Some(acceptor), limits, over(ended.clone())));
    let gateways = tokio::spawn(serve_link(app.clone(), links, Arc::clone(&tls.link), over(ended.clone())));
    let devices = tokio::spawn(est.listen(devices, over(ended.clone())));
    let mut beside = beside(settings, &app, ended).await?;
    beside.spawn(tls.keep_fresh(app.clone()));
    beside.spawn(pki::lists::keep_fresh(app.clone()));
    beside.spawn(app.clone().follow_store());
    beside.spawn(background::proposals::run(app.clone()));
    beside.spawn(background::receipts::run(app.clone()));
    ready(&told);
    stop.await;
    drop(end);
    beside.shutdown().await;
    let _ = tokio::join!(people, gateways, devices);
    Ok(())
}

/// What nobody waits for: whoever is sent events and checkpoints, and the numbers for this machine.
async fn beside(settings: &Settings, app: &App, ended: watch::Receiver<()>) -> Result<JoinSet<()>, RunError> {
    let mut tasks = out::start(app, &settings.sinks, &settings.witnesses).map_err(RunError::Begin)?;
    if let Some(address) = settings.metrics {
        let listener = listen(address).await?;
        tasks.spawn(serve(out::metrics_router(app), listener, None, app.config().limits, over(ended)));
    }
    Ok(tasks)
}

impl Ready {
    /// Sends traces and metrics from here on; called where tasks can be started.
    pub fn export(&self, exporter: Exporter) {
        tokio::spawn(exporter.run(self.app.clone()));
    }
}

async fn announced(
    app: &App,
    api: &TcpListener,
    links: &TcpListener,
    devices: &TcpListener,
) -> Result<Ready, RunError> {
    let of = app.clone();
    let root = tokio::task::spawn_blocking(move || fingerprint(&of)).await;
    Ok(Ready {
        app: app.clone(),
        api: api.local_addr().map_err(RunError::System)?,
        links: links.local_addr().map_err(RunError::System)?,
        est: devices.local_addr().map_err(RunError::System)?,
        root: root.map_err(|error| RunError::Begin(error.to_string()))??,
        claim: app.claim_code().await?,
        recovery: None,
    })
}

async fn listen(address: SocketAddr) -> Result<TcpListener, RunError> {
    TcpListener::bind(address).await.map_err(|source| RunError::Listen { address, source })
}

/// Ends when the sender is gone.
async fn over(mut ended: watch::Receiver<()>) {
    while ended.changed().await.is_ok() {}
}

/// Makes a site where there is none of this name, and a token with which one gateway joins it: what `nullius up` does for
/// its own gateway, at the machine itself.
///
/// # Errors
/// What cannot be made.
pub fn invite(app: &Ready, site: &str, gateway: &str, seconds: u64) -> Result<JoinToken, RunError> {
    let at: Timestamp = app.app.now();
    let invited = app.app.store().write(|tx| {
        if nullius_store::sites::find(tx, site)?.is_none() {
            bundles::add_site(tx, site, SYSTEM, at)?;
        }
        crate::join::invite(tx, (site, gateway), SYSTEM, seconds, at)
    });
    invited.map_err(|problem: Problem| RunError::Begin(problem.detail().to_owned()))
}

/// Puts a policy in force on a site that has none: what `who`, the person who starts `nullius up` at the machine, begins
/// with. A site that has one keeps it.
///
/// # Errors
/// Where the policy is not accepted, with the first of what is wrong.
pub fn first_policy(app: &Ready, site: &str, files: &Files, who: &str) -> Result<(), RunError> {
    let who = format!("console:{who}");
    let actor = Actor { people: vec![who.clone()], who, now: app.app.now() };
    let put = app.app.store().write(|tx| {
        if policy::in_force(tx, site)?.is_some() {
            return Ok(());
        }
        policy::check(tx, site, files)?;
        let revision = policy::keep(tx, site, &actor, files.clone(), FIRST)?.number;
        Act::Policy { revision, reason: FIRST.to_owned() }.carry_out(tx, site, &actor, &[]).map(drop)
    });
    put.map_err(|problem: Problem| RunError::Begin(format!("the first policy: {}", problem.detail())))
}

/// Why a site's first policy is applied without anybody's word.
const FIRST: &str = "the policy that the machine was started with";

/// Who does what nobody asked for.
const SYSTEM: &str = "system";
