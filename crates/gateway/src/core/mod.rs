//! The gateway as one thing: the engine that decides, the kernel that enforces, the store that remembers.
//!
//! Every input goes to the engine and then [`Core::settle`] does what the engine asks for, in its order: rules into the
//! kernel, then the standing to the disk, then the record. Nothing here waits for anybody; what takes long (compiling a
//! policy, reading the whole kernel back) is done in a thread and comes back as an input.
//!
//! INVARIANT: what goes wrong with the disk or a reader never keeps a rule from the kernel.

mod alarms;
mod answer;
mod deliver;
mod enforcement;
mod keeping;
mod past;
mod policy;
mod proofs;
mod receipts;
mod start;
mod status;
#[cfg(test)]
mod tests;

pub(crate) use deliver::Step;
pub(crate) use policy::{Candidate, prepare};
pub use start::StartError;
pub(crate) use start::{deny_all, layout};

use crate::clock::Clock;
use crate::config::Config;
use crate::confine::Report;
use crate::ports::Sighting;
use crate::store::Store;
use alarms::Alarms;
use enforcement::Enforcement;
use keeping::Keeping;
use nullius_engine::{Gateway, Now, Output, Settings};
use nullius_model::{Denial, PortName, Uptime};
use nullius_protocol::local::Event;
use receipts::Receipts;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::{broadcast, watch};

/// Events that a slow `tail` may lag behind before it misses some.
const EVENTS: usize = 1024;

/// The gateway as one thing.
#[derive(Debug)]
pub(crate) struct Core {
    clock: Arc<dyn Clock>,
    settings: Settings,
    engine: Gateway,
    enforcement: Enforcement,
    store: Store,
    keeping: Keeping,
    receipts: Receipts,
    alarms: Alarms,
    policy: Option<policy::InForce>,
    events: broadcast::Sender<Event>,
    /// The epoch of trust, for whoever waits for the next.
    trust: watch::Sender<u64>,
    /// When links came that had been lost.
    plugged: BTreeMap<PortName, Uptime>,
    /// What the process has left; nothing where somebody else sees to that.
    confined: Option<Report>,
    /// What of the kernel could not be watched.
    impaired: BTreeSet<&'static str>,
    delivered: deliver::Delivering,
    /// A controller is configured.
    is_linked: bool,
}

/// What became of what the engine asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub(crate) struct Settled {
    /// What the kernel did not take.
    pub(crate) not_applied: Option<String>,
    /// What the disk did not take.
    pub(crate) not_saved: Option<String>,
}

impl Core {
    /// Somebody spoke on a port.
    pub(crate) fn handle_sighting(&mut self, sighting: &Sighting) {
        let now = self.now();
        self.engine.handle_station(&sighting.port, sighting.mac, sighting.address, now);
        let _ = self.settle();
    }

    /// A link came or went.
    pub(crate) fn handle_link(&mut self, port: &PortName, up: bool) {
        let now = self.now();
        let comes = up && self.engine.standing().down.contains(port);
        self.engine.handle_link(port, up, now);
        let _ = self.settle();
        if comes {
            self.note_plugged(port, now.uptime);
        }
    }

    /// The kernel dropped packets, or would have.
    pub(crate) fn handle_denials(&mut self, denials: &[(Denial, u64)]) {
        let now = self.now();
        for (denial, packets) in denials {
            self.engine.handle_denial(denial, *packets, now);
        }
        let _ = self.settle();
    }

    /// Time passed.
    pub(crate) fn handle_timeout(&mut self) {
        let now = self.now();
        if self.engine.poll_timeout().is_some_and(|at| at <= now.uptime) {
            self.engine.handle_timeout(now);
        }
        let _ = self.settle();
        self.flush_when_due(now);
        self.flush_receipts_when_due(now.uptime);
    }

    /// When [`Core::handle_timeout`] is wanted next.
    pub(crate) fn poll_timeout(&self) -> Option<Uptime> {
        self.engine.poll_timeout().into_iter().chain(self.keeping.due()).chain(self.receipts.due()).min()
    }

    /// The ports that this gateway has by its configuration.
    pub(crate) fn ports_of_ours(&self) -> Vec<PortName> {
        self.settings.ports.keys().cloned().collect()
    }

    /// The kernel cannot be watched, and enforces all the same; told once a kind.
    pub(crate) fn note_impaired(&mut self, kind: &'static str, why: String) {
        if self.impaired.insert(kind) {
            self.alarm(kind, why);
        }
    }

    /// What happens from here on, for `tail`.
    pub(crate) fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    pub(crate) fn now(&self) -> Now {
        self.clock.now()
    }

    /// Does what the engine asks for. A change of the standing may wait a moment for the next one.
    pub(crate) fn settle(&mut self) -> Settled {
        let mut settled = Settled::default();
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Enforce { generation, order, marker } => {
                    settled.not_applied = self.enforce(generation, order, marker).or(settled.not_applied);
                }
                Output::Leased(device) => self.keep_lease(&device),
                Output::Save => self.keeping.note_change(self.clock.now().uptime),
                Output::Transcribed(id) => self.note_transcribed(id),
                Output::Receipt(id, transcript) => self.keep_receipt(id, &transcript),
                Output::Audit(record) => self.record(&record),
                Output::Alarm(alarm) => self.raise(&alarm),
            }
        }
        self.announce_trust();
        settled
    }

    /// The same, and the standing is on the disk when this returns: before a person is told that it is done.
    pub(crate) fn settle_durably(&mut self) -> Settled {
        let settled = self.settle();
        let not_saved = self.flush().err();
        Settled { not_saved, ..settled }
    }

    fn flush_when_due(&mut self, now: Now) {
        if self.keeping.due().is_some_and(|at| at <= now.uptime) {
            let _ = self.flush();
        }
    }

    fn tell(&self, event: Event) {
        // nobody listens most of the time
        let _ = self.events.send(event);
    }
}

/// What the engine is told at its start.
fn settings(config: &Config, clock: &dyn Clock) -> Settings {
    let ports = config.port.iter().map(|(interface, port)| (interface.0.clone(), (*port).into())).collect();
    let name = config.name.as_deref().unwrap_or_default().into();
    let values_in_records = config.values_in_records;
    Settings { boot: clock.boot(), name, ports, values_in_records, ..Settings::default() }
}
