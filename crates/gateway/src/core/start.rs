//! From the disk to the kernel, before anything else happens.
//!
//! The last known good policy goes into the kernel whether a controller, a network or a port exists or not. What is
//! damaged is told; what cannot be known is denied. In order: the policy that the pointer names; the newest older one
//! that still verifies and compiles; the rules that the kernel still has; no rules at all, which denies everything.

use super::alarms::Alarms;
use super::deliver::Delivering;
use super::enforcement::Enforcement;
use super::keeping::Keeping;
use super::receipts::{self, Receipts};
use super::{Core, EVENTS, policy, proofs, settings};
use crate::clock::Clock;
use crate::config::{Config, Controller, PathKind, Port, Strangers};
use crate::convert;
use crate::store::{Store, StoreError, Verified};
use nullius_enforce::{Kernel, Layout};
use nullius_engine::{Gateway, PortSettings, Standing};
use nullius_model::{Marker, RuleSet};
use nullius_protocol::local::Failure;
use nullius_protocol::state;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::{broadcast, watch};

/// The name of our tables.
const TABLE: &str = "nullius";

/// Why a gateway cannot start. The kernel then denies, or keeps what it had.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The kernel.
    #[error("the kernel cannot be given rules")]
    Kernel(#[from] nullius_enforce::Error),
    /// The state directory.
    #[error(
        "the state directory is unusable; what the kernel had is kept, and without that everything is denied"
    )]
    Store(#[from] StoreError),
    /// The standing, and there is no history to take its place.
    #[error(
        "who is revoked cannot be known ({0}): restore `standing.json` from a backup, or move the whole state directory away \
         to start anew; what the kernel had is kept, and without that everything is denied"
    )]
    Standing(String),
}

impl Core {
    /// Loads what is on the disk into the kernel.
    ///
    /// # Errors
    /// [`StartError`] where nothing on the disk can be believed or the kernel takes no rules.
    pub(crate) fn start(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let mut kernel = Kernel::open(layout(config))?;
        match Self::load(config, Arc::clone(&clock)) {
            Ok((store, keeping, standing)) => {
                let mut core = Self::assemble(config, clock, kernel, store, keeping, standing);
                core.load_policy()?;
                // from the first start on there is a standing: a missing one is damage
                core.note_moment();
                Ok(core)
            }
            Err(error) => {
                close(&mut kernel, clock.as_ref())?;
                Err(error)
            }
        }
    }

    fn load(config: &Config, clock: Arc<dyn Clock>) -> Result<(Store, Keeping, Standing), StartError> {
        let mut store = Store::open(&config.state)?;
        let (log, leases) = proofs::resume(&store)?;
        let keeping = Keeping::open(&store, config.controller.as_ref().map(Controller::spool_bytes), log)?;
        let mut standing = standing(&store, &keeping, clock.as_ref())?;
        receipts::resume(&store, &mut standing);
        leases.into_iter().for_each(|line| convert::read_lease_line(line, &mut standing));
        store.raise_floor(standing.orders.taken);
        store.tidy();
        Ok((store, keeping, standing))
    }

    fn assemble(
        config: &Config,
        clock: Arc<dyn Clock>,
        kernel: Kernel,
        store: Store,
        keeping: Keeping,
        standing: Standing,
    ) -> Self {
        let settings = settings(config, clock.as_ref());
        let engine = Gateway::new(settings.clone(), standing, clock.now());
        Self {
            clock,
            settings,
            enforcement: Enforcement::new(kernel),
            store,
            keeping,
            receipts: Receipts::default(),
            alarms: Alarms::default(),
            policy: None,
            trust: watch::Sender::new(engine.standing().trust_epoch),
            plugged: BTreeMap::new(),
            events: broadcast::Sender::new(EVENTS),
            engine,
            confined: None,
            impaired: BTreeSet::new(),
            delivered: Delivering::default(),
            is_linked: config.controller.is_some(),
        }
    }

    /// The last known good policy, or none: then everything is denied but at ports that are only watched.
    fn load_policy(&mut self) -> Result<(), StartError> {
        match self.last_known_good() {
            Some(candidate) => self.put_in_force(candidate),
            None => self.deny_all()?,
        }
        let _ = self.settle();
        Ok(())
    }

    fn last_known_good(&mut self) -> Option<policy::Candidate> {
        let current = self.store.current().map_err(|error| crate::chain(&error));
        let why = match current.and_then(|found| found.map(|found| usable(&self.store, found)).transpose()) {
            Ok(found) if found.is_some() || !self.store.was_used() => return found,
            Ok(_) => "nothing says which bundle was in force".to_owned(),
            Err(why) => why,
        };
        let older = self.store.epochs().unwrap_or_default().into_iter().rev();
        let found = older
            .filter_map(|epoch| self.store.load(epoch).ok())
            .find_map(|older| usable(&self.store, older).ok());
        let instead = match &found {
            Some(candidate) => format!("bundle {} is in force instead", candidate.epoch()),
            None => "no other bundle is usable: everything is denied".to_owned(),
        };
        self.alarm(
            "store-damaged",
            format!("the policy that was in force cannot be loaded: {why}; {instead}"),
        );
        found
    }

    /// Rules for no policy: what the engine wants then, which is what strangers get at each port.
    pub(super) fn deny_all(&mut self) -> Result<(), nullius_enforce::Error> {
        let now = self.now().uptime;
        self.enforcement.kernel.replace(self.engine.rules(), Marker::default(), now)?;
        self.enforcement.changes.fetch_add(1, Ordering::Release);
        self.enforcement.in_step = true;
        Ok(())
    }
}

impl From<Port> for PortSettings {
    fn from(port: Port) -> Self {
        let strangers = match port.strangers {
            Strangers::Hold => nullius_engine::Strangers::Hold,
            Strangers::Onboard => nullius_engine::Strangers::Onboard,
            Strangers::Watch => nullius_engine::Strangers::Watch,
        };
        Self { side: port.path.into(), strangers }
    }
}

/// Where the rules go.
pub(crate) fn layout(config: &Config) -> Layout {
    let routed = config.port.iter().filter(|(_, port)| port.path == PathKind::Routed);
    Layout {
        table: TABLE.to_owned(),
        nflog_group: config.nflog_group,
        routed: routed.map(|(interface, _)| interface.0.clone()).collect(),
        bridges: config.bridge.iter().map(|bridge| bridge.0.clone()).collect(),
    }
}

/// A policy that passed once: its tests need not pass again to be better than none.
pub(super) fn usable(store: &Store, verified: Verified) -> Result<policy::Candidate, String> {
    let (files, deltas) = store.files(&verified).map_err(|error| crate::chain(&error))?;
    policy::Candidate::compile(verified, Arc::new(files), deltas).map_err(
        |Failure { error, problems, .. }| {
            let first = problems.first().map(|problem| format!(": {problem}")).unwrap_or_default();
            format!("{error}{first}")
        },
    )
}

/// Denies everything that any bridge of the machine would forward, whatever the kernel had.
pub(crate) fn deny_all(clock: &dyn Clock) -> Result<(), StartError> {
    let layout = Layout { table: TABLE.to_owned(), ..Layout::default() };
    Kernel::open(layout)?.replace(&RuleSet::new(), Marker::default(), clock.now().uptime)?;
    Ok(())
}

/// Keeps the rules that the kernel has, if they are whole; denies everything otherwise.
fn close(kernel: &mut Kernel, clock: &dyn Clock) -> Result<(), StartError> {
    let now = clock.now().uptime;
    let whole = kernel.read_back(now).is_ok_and(|found| found.skeleton_intact && found.marker.is_some());
    if !whole {
        kernel.replace(&RuleSet::new(), Marker::default(), now)?;
    }
    Ok(())
}

/// The standing; where it is damaged, the newest that the history has: a revoked device must not return.
fn standing(store: &Store, keeping: &Keeping, clock: &dyn Clock) -> Result<Standing, StartError> {
    let read = match store.standing()? {
        Some(json) => serde_json::from_slice(&json).map_err(|error| error.to_string()),
        None if store.was_used() => Err("`standing.json` is missing".to_owned()),
        None => return Ok(Standing { boot: clock.boot(), ..Standing::default() }),
    };
    read.and_then(convert::to_standing)
        .or_else(|why| newest_in_history(keeping).ok_or(why))
        .map_err(StartError::Standing)
}

fn newest_in_history(keeping: &Keeping) -> Option<Standing> {
    keeping.history.files().find_map(|lines| {
        let moments = lines.filter_map(|line| serde_json::from_str::<state::Moment>(&line).ok());
        convert::to_standing(moments.last()?.standing).ok()
    })
}
