//! What every handler and every background task shares.

use crate::clock::Clock;
use crate::config::Config;
use crate::est::Est;
use crate::http::{Guard, Problem};
use crate::link::Hub;
use crate::out::metrics::Metrics;
use crate::out::telemetry::TARGET;
use crate::people::oidc::Oidc;
use crate::people::{Passwords, setup};
use nullius_model::Timestamp;
use nullius_store::{Store, StoreError, Tx};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};
use tracing::Instrument as _;

/// Most live views at once: each looks at the log whenever something is written.
const FOLLOWERS: usize = 128;

/// The controller's parts. Clones are the same controller.
#[derive(Clone, Debug)]
pub struct App(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    config: Config,
    guard: Guard,
    passwords: Passwords,
    followers: Arc<Semaphore>,
    oidc: Option<Oidc>,
    changed: watch::Sender<u64>,
    links: Hub,
    metrics: Metrics,
    est: OnceLock<Est>,
}

impl App {
    /// A controller over `store`.
    pub fn new(store: Store, clock: Arc<dyn Clock>, config: Config) -> Self {
        let guard = Guard::new(&config.rates);
        let oidc = config.provider.clone().map(Oidc::new);
        Self(Arc::new(Inner {
            store,
            clock,
            config,
            guard,
            passwords: Passwords::default(),
            followers: Arc::new(Semaphore::new(FOLLOWERS)),
            oidc,
            changed: watch::Sender::new(0),
            links: Hub::default(),
            metrics: Metrics::new(),
            est: OnceLock::new(),
        }))
    }

    /// Where everything is.
    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    /// What it was told at its start.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// How often somebody may ask.
    pub(crate) fn guard(&self) -> &Guard {
        &self.0.guard
    }

    /// Who hashes passwords.
    pub(crate) fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    /// Places for live views.
    pub(crate) fn followers(&self) -> &Arc<Semaphore> {
        &self.0.followers
    }

    /// The provider that signs people in, where there is one.
    pub(crate) fn oidc(&self) -> Option<&Oidc> {
        self.0.oidc.as_ref()
    }

    /// The code with which the first account is made, where there is none yet. To be shown once, to whoever stands at
    /// the machine; the next call replaces it.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn claim_code(&self) -> Result<Option<String>, StoreError> {
        setup::claim_code(self)
            .await
            .map_err(|problem: Problem| StoreError::Database(problem.detail().to_owned()))
    }

    /// The gateways that are connected here.
    pub(crate) fn links(&self) -> &Hub {
        &self.0.links
    }

    /// The door of devices, once it is open.
    pub(crate) fn est(&self) -> Option<&Est> {
        self.0.est.get()
    }

    /// Opens the door of devices to what gateways relay too; the first one that was opened.
    pub(crate) fn open_est(&self, est: Est) -> Est {
        self.0.est.get_or_init(|| est).clone()
    }

    /// What it says of itself in numbers.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// What tells the time.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.0.clock)
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Reads one consistent state, off the threads that serve.
    ///
    /// # Errors
    /// What `work` or the store fails with.
    pub async fn read<T, E>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let app = self.clone();
        let started = Instant::now();
        let span = tracing::info_span!(target: TARGET, "store", access = "read");
        let done = joined(spawn_blocking(move || app.0.store.read(work)).instrument(span).await);
        self.0.metrics.store("read", started.elapsed());
        done
    }

    /// Writes all of `work` or nothing, and tells who waits for changes once it is on the disk.
    ///
    /// # Errors
    /// What `work` or the store fails with; nothing has changed then.
    pub async fn write<T, E>(
        &self,
        work: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let app = self.clone();
        let started = Instant::now();
        let span = tracing::info_span!(target: TARGET, "store", access = "write");
        let done = joined(spawn_blocking(move || app.0.store.write(work)).instrument(span).await);
        self.0.metrics.store("write", started.elapsed());
        let done = done?;
        self.0.changed.send_modify(|count| *count = count.wrapping_add(1));
        Ok(done)
    }

    /// Wakes whenever something was written: gateways, exporters and live views look for what is new then.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }
}

/// How often it is asked whether another controller wrote to the store.
const ASK_EVERY: Duration = Duration::from_millis(250);

impl App {
    /// Wakes whoever waits for changes when another program wrote to the same store. Never returns.
    pub async fn follow_store(self) {
        let mut last = None;
        loop {
            let app = self.clone();
            let now = spawn_blocking(move || app.0.store.generation()).await;
            // a store that does not answer now is asked again
            if let Ok(Ok(now)) = now
                && last.replace(now).is_some_and(|before| before != now)
            {
                self.0.changed.send_modify(|count| *count = count.wrapping_add(1));
            }
            sleep(ASK_EVERY).await;
        }
    }
}

fn joined<T, E: From<StoreError>>(result: Result<Result<T, E>, tokio::task::JoinError>) -> Result<T, E> {
    result.unwrap_or_else(|error| Err(StoreError::Database(error.to_string()).into()))
}
