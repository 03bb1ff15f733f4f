//! The running agent: it keeps the connection to the gateway and the certificate alive, until it is told to end.

use crate::config::{Config, ConfigError};
use crate::continuity::{self, News, Standing};
use crate::credential::{self, BadCredential};
use crate::est::{EstError, ReachError, Refusal};
use crate::key::{KeyError, Keyring};
use crate::plant::Plant;
use crate::renewing::Renewing;
use crate::state::{State, StateError, Store};
use crate::status::Seen;
use crate::time::{Clock, Time};
use crate::tls::Credential;
use crate::trust::{Said, Trust};
use nullius_identity::chain::Purpose;
use nullius_identity::renewal::Schedule;
use nullius_identity::{BadName, DeviceIdentity, SignerError, TrustDomain, Validity, assertion};
use nullius_protocol::link::{Blob, Hash};
use rustls::pki_types::CertificateDer;
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

/// News that wait.
const WAITING: usize = 16;

/// How often what time it is at least goes to the disk: a card wears out.
const KEEP_TIME: Duration = Duration::from_secs(6 * 3_600);

/// A gateway's clock that is this far from ours is told of, in seconds.
const FAR: u64 = 24 * 3_600;

/// Longest time that a gateway may give for a renewal, in seconds.
const LONGEST_WITHIN: u32 = 24 * 3_600;

/// Over how long a renewal is spread that should have been, in seconds.
const SOON: u64 = 60;

/// Longest sleep: a clock that somebody sets meanwhile is seen then.
const LOOK: Duration = Duration::from_secs(3_600);

/// Why the agent does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The state.
    #[error(transparent)]
    State(#[from] StateError),
    /// The key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The exchange with the controller.
    #[error(transparent)]
    Est(#[from] EstError),
    /// What came back.
    #[error(transparent)]
    Credential(#[from] BadCredential),
    /// TLS.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The last key did not sign.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// There is a certificate.
    #[error("this device is enrolled as `{0}`; `--again` replaces that")]
    Enrolled(String),
    /// The controller did not show its root.
    #[error("the controller showed no root")]
    NoRoot,
    /// Neither a server nor a gateway.
    #[error("there is no way to the controller")]
    NoWay,
    /// The state names no trust domain.
    #[error("the state is damaged: {0}")]
    Domain(#[from] BadName),
    /// The program ends.
    #[error("interrupted")]
    Interrupted,
}

impl From<ReachError> for AgentError {
    fn from(error: ReachError) -> Self {
        Self::Est(error.into())
    }
}

/// Runs until it is dropped, or the state is out of reach.
///
/// # Errors
/// [`AgentError`], where it cannot begin.
pub async fn run(config: &Config, clock: Arc<dyn Clock>) -> Result<(), AgentError> {
    Agent::open(config, clock, Plant::new(&config.interfaces))?.run().await
}

/// The agent, with everything open.
pub(crate) struct Agent<'c> {
    config: &'c Config,
    keyring: Arc<dyn Keyring>,
    store: Store,
    _lock: File,
    time: Arc<Time>,
    plant: Plant,
    domain: TrustDomain,
    state: State,
    seen: Seen,
    schedule: Schedule,
    kept_time: Instant,
}

impl<'c> Agent<'c> {
    pub(crate) fn open(config: &'c Config, clock: Arc<dyn Clock>, plant: Plant) -> Result<Self, AgentError> {
        let store = Store::new(&config.state);
        let lock = store.lock()?;
        let state = store.read()?;
        let keyring = config.keyring()?;
        let time = Time::new(clock, state.floor.max(credential::life(&state.chain).0));
        let domain = TrustDomain::new(&state.domain)?;
        let mut schedule = schedule(&state, &domain);
        schedule.handle_start(time.now());
        let (seen, kept_time) = (Seen::default(), Instant::now());
        Ok(Self {
            config,
            keyring,
            store,
            _lock: lock,
            time,
            plant,
            domain,
            state,
            seen,
            schedule,
            kept_time,
        })
    }

    pub(crate) async fn run(mut self) -> Result<(), AgentError> {
        let (told, mut news) = mpsc::channel(WAITING);
        let (standing, watched) = watch::channel(Arc::new(self.standing()?));
        let connection = continuity::run(self.plant.clone(), watched, Arc::clone(&self.time), told);
        let connection = Running(tokio::spawn(connection));
        loop {
            tokio::select! {
                biased;
                heard = news.recv() => match heard {
                    Some(heard) => if self.hear(heard)? { standing.send_replace(Arc::new(self.standing()?)); },
                    None => return Err(AgentError::Interrupted),
                },
                () = sleep_until(self.look()) => if self.is_due() && self.renew().await? {
                    standing.send_replace(Arc::new(self.standing()?));
                },
                () = sleep_until(self.kept_time + KEEP_TIME) => self.keep_time()?,
            }
            let _ = &connection;
            self.seen.write(&self.config.runtime);
        }
    }

    fn is_due(&self) -> bool {
        self.schedule.due() <= self.time.now()
    }

    fn look(&self) -> Instant {
        let left = self.schedule.due().saturating_sub(self.time.now());
        Instant::now() + Duration::from_secs(left).min(LOOK)
    }

    fn standing(&self) -> Result<Standing, AgentError> {
        let key = self.keyring.open(&self.state.key)?;
        let chain = self.state.chain.iter().cloned().map(CertificateDer::from).collect();
        let anchors = Arc::new(self.trust().judge().map_err(BadCredential::from)?);
        let (domain, site) = (self.domain.clone(), self.state.site.clone());
        Ok(Standing { credential: Credential { chain, key }, anchors, domain, site })
    }

    fn trust(&self) -> Trust {
        Trust { anchors: self.state.anchors.clone(), distrusted: self.state.distrusted().collect() }
    }

    /// Whether the connection has to begin anew.
    fn hear(&mut self, news: News) -> Result<bool, AgentError> {
        self.seen.hear(&news, self.time.now());
        match news {
            News::Met { gateway, place, now } => {
                tracing::info!(%gateway, %place, "a gateway is there");
                self.compare(now);
                Ok(false)
            }
            News::Leased { seconds } => {
                tracing::debug!(seconds, "the key is proved");
                Ok(false)
            }
            News::Unsigned { reason } => {
                tracing::error!(%reason, "the key does not sign");
                Ok(false)
            }
            News::Lost { reason } => {
                tracing::warn!(%reason, "no gateway");
                Ok(false)
            }
            News::RenewNow { within } => {
                tracing::info!(within, "the gateway asks for a renewal");
                self.schedule.handle_order(self.time.now(), within.min(LONGEST_WITHIN).into());
                Ok(false)
            }
            News::Anchors { anchors, cross, distrusted } => self.anchors(anchors, cross, &distrusted),
        }
    }

    /// A gateway's clock proves nothing; but who is a day off should know, and renews rather than not.
    fn compare(&mut self, told: u64) {
        let now = self.time.now();
        if now.abs_diff(told) > FAR {
            tracing::warn!(ours = now, gateways = told, "the clocks are more than a day apart");
        }
        if self.schedule.is_late(told) {
            self.schedule.handle_order(now, SOON);
        }
    }

    fn anchors(
        &mut self,
        anchors: Vec<Blob>,
        cross: Vec<Blob>,
        distrusted: &[Hash],
    ) -> Result<bool, AgentError> {
        let bytes = |list: Vec<Blob>| list.into_iter().map(|blob| blob.0).collect::<Vec<_>>();
        let distrusted = distrusted.iter().map(|hash| hash.0).collect();
        let said = Said { anchors: bytes(anchors), cross: bytes(cross), distrusted };
        let before = self.trust();
        let after = match before.after(&said, self.time.now()) {
            Ok(after) if after != before => after,
            Ok(_) => return Ok(false),
            Err(error) => {
                tracing::error!(%error, "what the gateway says of trust is not believed");
                return Ok(false);
            }
        };
        tracing::info!(anchors = after.anchors.len(), distrusted = after.distrusted.len(), "trust changes");
        self.state.anchors = after.anchors.clone();
        self.state.distrusted = after.distrusted.iter().map(|hash| hash.to_vec()).collect();
        self.store.write(&self.state)?;
        let judged = after.judge().map_err(BadCredential::from)?;
        if judged.verify(&self.state.chain, Purpose::Client, self.time.now()).is_err() {
            self.schedule.handle_order(self.time.now(), SOON);
        }
        Ok(true)
    }

    /// Whether there is another certificate.
    pub(crate) async fn renew(&mut self) -> Result<bool, AgentError> {
        let Self { config, keyring, store, time, plant, domain, state, .. } = self;
        let renewed = Renewing { config, keyring, store, time, plant, domain, state }.run().await;
        let failed = match renewed {
            Ok(()) => {
                let until = credential::life(&self.state.chain).1;
                tracing::info!(generation = self.state.generation, until, "another certificate");
                self.seen.problem = None;
                self.schedule = schedule(&self.state, &self.domain);
                return Ok(true);
            }
            Err(AgentError::State(error)) => return Err(error.into()),
            Err(error) => error,
        };
        let reason = told(&failed);
        tracing::warn!(%reason, "no other certificate yet");
        self.seen.problem = Some(reason);
        self.state.failures = self.state.failures.saturating_add(1);
        self.state.tried = self.time.now();
        self.store.write(&self.state)?;
        if let AgentError::Est(EstError::Refused(Refusal { retry_after: Some(seconds), .. })) = &failed {
            self.schedule.handle_busy(self.state.tried, *seconds);
        } else {
            self.schedule.handle_failure(self.state.tried);
        }
        Ok(false)
    }

    fn keep_time(&mut self) -> Result<(), AgentError> {
        self.kept_time = Instant::now();
        self.state.floor = self.time.floor();
        Ok(self.store.write(&self.state)?)
    }
}

fn schedule(state: &State, domain: &TrustDomain) -> Schedule {
    let (from, until) = credential::life(&state.chain);
    let own = state.chain.first().and_then(|leaf| assertion::<DeviceIdentity>(leaf, domain).ok());
    Schedule::new(Validity { from, until }, own.map(|own| own.key).unwrap_or_default())
}

/// An error with its causes.
fn told(error: &AgentError) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    let mut words: Vec<_> = causes.map(ToString::to_string).collect();
    words.dedup();
    nullius_model::inert(&words.join(": "))
}

/// A task that ends with its owner.
struct Running(tokio::task::JoinHandle<()>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
impl Agent<'_> {
    /// For tests, which try one thing after the other.
    pub(crate) const fn trial(&self) -> &State {
        &self.state
    }

    pub(crate) fn time_now(&self) -> u64 {
        self.time.now()
    }

    pub(crate) fn problem(&self) -> Option<&str> {
        self.seen.problem.as_deref()
    }
}
