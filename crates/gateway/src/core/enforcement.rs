//! The kernel's side: what was sent, how long it took, what somebody else changed.

use super::Core;
use crate::drift::Found;
use crate::fault::Fault;
use nullius_enforce::{Error, Installed, Kernel};
use nullius_engine::{Applied, Drift, Order, ReadBack};
use nullius_model::Marker;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The kernel and what is known of it.
#[derive(Debug)]
pub(super) struct Enforcement {
    pub(super) kernel: Kernel,
    /// Changes that the kernel took from us; whoever reads the kernel back tells ours from others' by it.
    pub(super) changes: Arc<AtomicU64>,
    /// How long the last one took.
    pub(super) last: Duration,
    /// How often somebody else's change was repaired.
    pub(super) repairs: u64,
    /// The kernel has what it should.
    pub(super) in_step: bool,
    /// Of the rules it has.
    pub(super) marker: Marker,
}

impl Enforcement {
    pub(super) fn new(kernel: Kernel) -> Self {
        Self {
            kernel,
            changes: Arc::default(),
            last: Duration::ZERO,
            repairs: 0,
            in_step: false,
            marker: Marker::default(),
        }
    }
}

impl Core {
    /// Puts an order into the kernel and tells the engine; says what went wrong.
    pub(super) fn enforce(&mut self, generation: u64, order: Order, marker: Marker) -> Option<String> {
        Fault::BeforeKernel.reached();
        let result = self.transact(order, marker);
        Fault::AfterKernel.reached();
        let error = result.err().map(|error| error.to_string());
        self.enforcement.in_step = error.is_none();
        let now = self.now();
        self.engine.handle_applied(Applied { generation, error: error.clone() }, now);
        error
    }

    /// What was read back.
    pub(crate) fn handle_found(&mut self, found: &Found) {
        match found {
            Found::Rules { installed, changes }
                if self.enforcement.changes.load(Ordering::Acquire) == *changes =>
            {
                self.judge(installed);
            }
            // ours came between: nobody changes anything while this thread reads
            Found::Rules { .. } | Found::Restless => self.read_back(),
            Found::Blind(why) => self.note_blind(why),
        }
    }

    fn read_back(&mut self) {
        let now = self.now().uptime;
        match self.enforcement.kernel.read_back(now) {
            Ok(installed) => self.judge(&installed),
            Err(error) => self.note_blind(&error.to_string()),
        }
    }

    fn note_blind(&mut self, why: &str) {
        self.note_impaired("blind", format!("the kernel's rules cannot be read back: {why}"));
    }

    fn judge(&mut self, installed: &Installed) {
        match self.policy {
            None => self.hold(installed),
            Some(_) => self.compare(installed),
        }
    }

    fn compare(&mut self, found: &Installed) {
        let now = self.now();
        let drift = self.engine.handle_read_back(&read_back(found), now);
        let _ = self.settle();
        if !drift.is_none() {
            self.enforcement.repairs += 1;
        }
    }

    /// Without a policy everything is denied, and stays so whoever takes the tables away.
    fn hold(&mut self, found: &Installed) {
        let drift = self.engine.drift(&read_back(found));
        // nothing marks the rules of no policy
        if (Drift { marker: false, bypasses: Vec::new(), ..drift }).is_none() {
            return;
        }
        self.enforcement.repairs += 1;
        match self.deny_all() {
            Ok(()) => self.alarm(
                "drift",
                "the packet path was changed by somebody else; everything is denied again".to_owned(),
            ),
            Err(error) => self.alarm(
                "drift",
                format!("the packet path was changed, and cannot be repaired: {}", crate::chain(&error)),
            ),
        }
    }

    /// Shared with whoever reads the kernel back.
    pub(crate) fn changes(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.enforcement.changes)
    }

    fn transact(&mut self, order: Order, marker: Marker) -> Result<(), Error> {
        let now = self.clock.now().uptime;
        let enforcement = &mut self.enforcement;
        // what the kernel holds is then not what we thought: all of it at once, rather than denials for a second
        let changed = match order {
            Order::Change(change) => enforcement.kernel.change(&change, marker, now),
            Order::Replace => enforcement.kernel.replace(self.engine.rules(), marker, now),
        };
        let refused = changed.as_ref().err().map(ToString::to_string);
        let applied = changed.or_else(|_| enforcement.kernel.replace(self.engine.rules(), marker, now))?;
        enforcement.changes.fetch_add(1, Ordering::Release);
        enforcement.last = applied.elapsed;
        enforcement.marker = marker;
        if let Some(refused) = refused {
            enforcement.repairs += 1;
            self.alarm("drift", format!("{refused}; everything was put back with the next change"));
        }
        Ok(())
    }
}

fn read_back(found: &Installed) -> ReadBack<'_> {
    ReadBack {
        marker: found.marker.unwrap_or_default(),
        rules: &found.rules,
        skeleton_intact: found.skeleton_intact,
        bypasses: &found.bypasses,
    }
}
