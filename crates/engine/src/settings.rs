//! What a gateway is told once, at its start: its ports, its limits, which boot this is.

use crate::Limits;
use nullius_model::{Path, PortName, SmolStr, Timestamp, Uptime};
use nullius_policy::inventory::Device;
use std::collections::BTreeMap;
use std::fmt;

/// The two clocks, read together by the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// What leases are measured in.
    pub uptime: Uptime,
    /// What policy calls the time of day, and what records are stamped with.
    pub wall: Timestamp,
}

/// Which start of the machine this is (`/proc/sys/kernel/random/boot_id`): an [`Uptime`] means nothing in another.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct BootId(pub SmolStr);

impl fmt::Display for BootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_debug())
    }
}

/// What a port does with a sender that no device is bound to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strangers {
    /// Nothing passes, and a device without a declared port is bound here by a person only.
    #[default]
    Hold,
    /// The onboarding services can be reached.
    Onboard,
    /// Everything can be reached: a port that is still only watched.
    Watch,
}

/// One port of the gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PortSettings {
    /// It is a port of the bridge, or a network of the router.
    pub side: Path,
    /// What strangers get.
    pub strangers: Strangers,
}

/// All that a gateway is told at its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// This boot.
    pub boot: BootId,
    /// What the inventory calls this gateway; empty where a site has only one.
    pub name: SmolStr,
    /// Receipts go into the records with the values that were written, not with a digest of them only.
    pub values_in_records: bool,
    /// The ports there are. What is seen elsewhere is nobody's.
    pub ports: BTreeMap<PortName, PortSettings>,
    /// Bounds.
    pub limits: Limits,
}

impl Settings {
    /// The port the inventory ties a device to. The ports of another gateway mean nothing here, and a gateway without a
    /// name has those of devices only that name none.
    pub(crate) fn declared_port<'d>(&self, device: &'d Device) -> Option<&'d PortName> {
        let here = device.gateway.as_ref().is_none_or(|gateway| *gateway == self.name);
        device.port.as_ref().filter(|_| here)
    }
}
