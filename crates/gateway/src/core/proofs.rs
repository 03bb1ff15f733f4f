//! What the door says of devices, and what it is told of whom to let in.

use super::Core;
use super::policy::failure;
use crate::convert;
use crate::store::{LeaseLog, Store, StoreError};
use nullius_engine::{KeyHash, Standing};
use nullius_model::{DeviceName, PortName, Uptime};
use nullius_protocol::link::Hash;
use nullius_protocol::local::{Body, Command, Failure, Trust};
use nullius_protocol::state::LeaseLine;
use tokio::sync::watch;

impl Core {
    /// A device proved its key. What it gets for that is in the kernel, and survives this process, when this returns.
    pub(super) fn proven(&mut self, asked: Command) -> Result<Body, Failure> {
        if self.was_asked_before_the_link(&asked) {
            return Ok(Body::Anew);
        }
        let unknown = || Err("this is no proof".to_owned());
        let proof = convert::proof(asked).unwrap_or_else(unknown).map_err(|error| failure(&error))?;
        let now = self.now();
        let leased = self.engine.handle_proof(proof, now);
        let settled = self.settle();
        let ends = leased.map_err(|refusal| failure(&refusal.to_string()))?;
        if let Some(error) = settled.not_applied {
            return Err(failure(&format!("the kernel does not take it: {error}")));
        }
        let seconds = u32::try_from(ends.since(now.uptime).as_secs()).unwrap_or(u32::MAX);
        Ok(Body::Leased { seconds })
    }

    pub(super) fn unproven(&mut self, device: &str, key: Hash, reason: String) -> Result<Body, Failure> {
        let device = DeviceName::new(device).map_err(|error| failure(&error.to_string()))?;
        if reason.len() > self.settings.limits.text {
            return Err(failure("the reason is too long"));
        }
        let now = self.now();
        self.engine.handle_unproven(&device, &KeyHash(key.0), reason.into(), now);
        let settled = self.settle();
        settled.not_applied.map_or(Ok(Body::Done), |error| Err(failure(&error)))
    }

    /// Whoever answers now may not be who was asked.
    fn was_asked_before_the_link(&self, asked: &Command) -> bool {
        let Command::Proven { port, plugged, .. } = asked else { return false };
        let came = PortName::new(port).ok().and_then(|port| self.plugged.get(&port));
        came.is_some_and(|at| convert::millis(*at) > *plugged)
    }

    /// The link of a port came. The door has everybody behind it prove their keys: the engine forgot what was proved.
    pub(super) fn note_plugged(&mut self, port: &PortName, at: Uptime) {
        self.plugged.insert(port.clone(), at);
        // the epoch is what it was, and those who wait are told all the same
        self.trust.send_modify(|_| ());
    }

    /// Whom the door lets in.
    pub(crate) fn trust(&self) -> Trust {
        convert::trust(self.engine.standing(), &self.plugged)
    }

    /// Tells whoever waits that it is looked at anew.
    pub(crate) fn watch_trust(&self) -> watch::Receiver<u64> {
        self.trust.subscribe()
    }

    pub(super) fn announce_trust(&self) {
        let epoch = self.engine.standing().trust_epoch;
        self.trust.send_if_modified(|known| std::mem::replace(known, epoch) != epoch);
    }

    pub(super) fn keep_lease(&mut self, device: &DeviceName) {
        let kept = self.add_lease(device);
        self.note_leases(kept.err());
    }

    fn add_lease(&mut self, device: &DeviceName) -> Result<(), String> {
        let line = written(self.engine.standing(), device)?;
        self.keeping.leases.add(&line).map_err(|error| crate::chain(&error))?;
        if !self.keeping.leases.is_long() {
            return Ok(());
        }
        let standing = self.engine.standing();
        let lines = standing.leases.keys().map(|device| written(standing, device));
        let lines = lines.collect::<Result<Vec<_>, _>>()?;
        self.keeping.leases.rewrite(&lines).map_err(|error| crate::chain(&error))
    }
}

fn written(standing: &Standing, device: &DeviceName) -> Result<String, String> {
    serde_json::to_string(&convert::lease_line(standing, device)).map_err(|error| error.to_string())
}

/// The leases' file, and what it says put into the standing: it knows later proofs than the standing on the disk.
pub(super) fn resume(store: &Store) -> Result<(LeaseLog, Vec<LeaseLine>), StoreError> {
    let (log, lines) = store.leases()?;
    // half a line is what a full disk left: the device proves itself anew
    Ok((log, lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()))
}
