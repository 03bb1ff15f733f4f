//! What must survive a restart, and nothing else: a gateway made of the same standing and the same policy wants the same
//! rules.
//!
//! Plain data. The program writes it to disk whenever [`Output::Save`](crate::Output::Save) says so.

use crate::{
    Assessment, BootId, Cloned, Grant, GrantId, KeyHash, Lease, Orders, RevokedKey, Transcript, Trust,
    Vouched,
};
use nullius_model::{DeviceName, Mac, Mode, PortName, SmolStr, Stage, Timestamp, Uptime};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// What people decided and what the wire taught.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The boot that every [`Uptime`] herein belongs to.
    pub boot: BootId,
    /// Devices whose access was taken away; stays until a person restores it.
    pub revoked: BTreeMap<DeviceName, Revocation>,
    /// Where devices are that the inventory does not tie to a port, and addresses it does not declare.
    pub learned: BTreeMap<DeviceName, Learned>,
    /// How far roll-out has come.
    pub stages: Stages,
    /// What the plant is doing.
    pub mode: Mode,
    /// What single zones are doing, where people said so.
    pub zone_modes: BTreeMap<SmolStr, Mode>,
    /// How windows stand, by name; one that never opened is not here.
    pub windows: BTreeMap<SmolStr, WindowStanding>,
    /// How emergency profiles stand, by name; one that was never set off is armed and not here.
    pub emergencies: BTreeMap<SmolStr, EmergencyStanding>,
    /// Grants in force.
    pub grants: BTreeMap<GrantId, Grant>,
    /// What is being done under grants, and under those that ended a moment ago. Kept apart from the rest, since it grows
    /// with every message: [`Output::Transcribed`](crate::Output::Transcribed) says when.
    pub transcripts: BTreeMap<GrantId, Transcript>,
    /// The number of the next grant, never used twice; 0 before the first, which gets 1.
    pub next_grant: u64,
    /// What is known of devices beside who they are.
    pub assessments: BTreeMap<DeviceName, Assessment>,
    /// Devices of which a double was seen, and the ports it was seen on.
    pub conflicts: BTreeMap<DeviceName, BTreeSet<PortName>>,
    /// What devices proved, as long as it holds. Kept apart from the rest as well, since ends move all the time:
    /// [`Output::Leased`](crate::Output::Leased) says when.
    pub leases: BTreeMap<DeviceName, Lease>,
    /// Whom people vouch for.
    pub vouched: BTreeMap<DeviceName, Vouched>,
    /// Devices whose key was proved in two places, or in whose place the key of another was.
    pub clones: BTreeMap<DeviceName, Cloned>,
    /// Keys that prove nothing any more.
    pub revoked_keys: BTreeMap<KeyHash, RevokedKey>,
    /// Whom to believe.
    pub trust: Trust,
    /// Grows with each change of whom the gateway's door lets in: trust, revoked devices, revoked keys.
    pub trust_epoch: u64,
    /// What a controller told, as far as it must be remembered.
    pub orders: Orders,
    /// Ports without a link when that was last told. The program tells every port's link after a start.
    pub down: BTreeSet<PortName>,
}

/// A device's access was taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: SmolStr,
    /// Why.
    pub reason: SmolStr,
}

/// Where a device was first seen, or was bound by a person. It stays there until a person moves it: otherwise a double
/// that shows up while the device is unplugged would become the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learned {
    /// The port.
    pub port: PortName,
    /// The hardware address there.
    pub mac: Mac,
    /// Network addresses it was seen with, for a device that declares none.
    pub addresses: BTreeSet<IpAddr>,
    /// Who bound it; nobody where it was bound by being seen.
    pub approved_by: Option<SmolStr>,
}

/// How far roll-out has come, from the particular to the general.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stages {
    /// Of all devices that have none of their own.
    pub default: Stage,
    /// Of single devices.
    pub devices: BTreeMap<DeviceName, Stage>,
    /// Of conduits.
    pub conduits: BTreeMap<ConduitName, Stage>,
}

/// How a window stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WindowStanding {
    /// When it closed last, as its schedule says. Nothing that was to close by then opens again, whatever becomes of the
    /// wall clock.
    pub over: Timestamp,
    /// It is open.
    pub open: Option<Opening>,
}

/// A window is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Since when, as its schedule says.
    pub opened: Timestamp,
    /// Until when, as its schedule says.
    pub closes: Timestamp,
    /// The same in time that nobody can set: whichever comes first closes it.
    pub ends: Uptime,
}

/// How an emergency profile stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EmergencyStanding {
    /// It was set off, and is in force.
    pub live: Option<LiveEmergency>,
    /// It can be set off.
    pub armed: bool,
    /// When it ended last.
    pub ended: Uptime,
}

impl EmergencyStanding {
    /// Never set off.
    pub(crate) fn unused() -> Self {
        Self { armed: true, ..Self::default() }
    }
}

/// An emergency in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveEmergency {
    /// When it was set off.
    pub at: Timestamp,
    /// Who set it off.
    pub by: BTreeSet<SmolStr>,
    /// Why.
    pub reason: SmolStr,
    /// When it ends by itself.
    pub ends: Uptime,
}

/// Two zones, in either direction. The smaller name comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConduitName(SmolStr, SmolStr);

impl ConduitName {
    /// The conduit between two zones, whichever is named first.
    pub fn between(one: SmolStr, other: SmolStr) -> Self {
        if one <= other { Self(one, other) } else { Self(other, one) }
    }

    /// The two zones, the smaller name first.
    pub const fn zones(&self) -> (&SmolStr, &SmolStr) {
        (&self.0, &self.1)
    }

    /// The zone at the other end, seen from `zone`.
    pub fn other_end(&self, zone: &str) -> Option<&SmolStr> {
        match zone {
            _ if self.0 == zone => Some(&self.1),
            _ if self.1 == zone => Some(&self.0),
            _ => None,
        }
    }
}

impl std::fmt::Display for ConduitName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} <-> {}", self.0, self.1)
    }
}
