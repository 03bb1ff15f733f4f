//! Finding a lease by its key, and the one that something is to be done about next.

use crate::{KeyHash, Lease};
use nullius_model::{DeviceName, Uptime};
use std::collections::{BTreeMap, BTreeSet};

/// Leases by time and by key. INVARIANT: those of the standing, each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expiry {
    due: BTreeSet<(Uptime, DeviceName)>,
    keys: BTreeMap<KeyHash, DeviceName>,
}

impl Expiry {
    pub(crate) fn of(leases: &BTreeMap<DeviceName, Lease>) -> Self {
        let mut expiry = Self::default();
        leases.iter().for_each(|(device, lease)| expiry.note(device, lease));
        expiry
    }

    pub(crate) fn note(&mut self, device: &DeviceName, lease: &Lease) {
        self.due.insert((lease.due(), device.clone()));
        self.keys.insert(lease.key, device.clone());
    }

    pub(crate) fn forget(&mut self, device: &DeviceName, lease: &Lease) {
        self.due.remove(&(lease.due(), device.clone()));
        self.keys.remove(&lease.key);
    }

    /// Whose lease this key has.
    pub(crate) fn holder(&self, key: &KeyHash) -> Option<&DeviceName> {
        self.keys.get(key)
    }

    pub(crate) fn next(&self) -> Option<Uptime> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Those that something is to be done about now.
    pub(crate) fn due(&self, now: Uptime) -> Vec<DeviceName> {
        self.due.iter().take_while(|(due, _)| *due <= now).map(|(_, device)| device.clone()).collect()
    }
}
