//! What a gateway keeps of itself between two starts: the standing, and its history.
//!
//! Times are nanoseconds: of the wall clock since 1970, or since the start of the machine that `boot` names.

mod identity;
mod transcript;

pub use identity::{Cloned, Lease, LeaseLine, RevokedKey, Trust, Vouched};
pub use transcript::{Effect, Item, Transcript};

use crate::text;
use nullius_model::Epoch;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// The version of [`Standing`]'s form; another is refused.
pub const STANDING_FORMAT: u32 = 1;

/// What people decided and what the wire taught.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// [`STANDING_FORMAT`].
    pub format: u32,
    /// The boot that times since the start belong to.
    pub boot: String,
    /// Devices whose access was taken away.
    pub revoked: BTreeMap<String, Revocation>,
    /// Where devices are that the inventory ties to no port.
    pub learned: BTreeMap<String, Learned>,
    /// The stage of whatever has none of its own.
    pub stage: String,
    /// Stages of single devices.
    pub device_stages: BTreeMap<String, String>,
    /// Stages of pairs of zones.
    pub conduit_stages: Vec<ConduitStage>,
    /// What the plant is doing.
    pub mode: String,
    /// What single zones are doing, where people said so.
    #[serde(default)]
    pub zone_modes: BTreeMap<String, String>,
    /// How windows stand.
    #[serde(default)]
    pub windows: BTreeMap<String, Window>,
    /// How emergency profiles stand.
    #[serde(default)]
    pub emergencies: BTreeMap<String, Emergency>,
    /// Grants in force, by number.
    pub grants: BTreeMap<u64, Grant>,
    /// The number of the next grant.
    pub next_grant: u64,
    /// What is known of devices beside who they are.
    pub assessments: BTreeMap<String, Assessment>,
    /// Devices of which a double was seen, and on which ports.
    pub conflicts: BTreeMap<String, BTreeSet<String>>,
    /// Ports without a link.
    pub down: BTreeSet<String>,
    /// What a controller told, as far as it must be remembered.
    #[serde(default)]
    pub orders: Orders,
    /// What devices proved; the ends are of the first proof of each, and later ones stand in a file of their own.
    #[serde(default)]
    pub leases: BTreeMap<String, Lease>,
    /// Whom people vouch for.
    #[serde(default)]
    pub vouched: BTreeMap<String, Vouched>,
    /// Devices that are doubted for a key in two places.
    #[serde(default)]
    pub clones: BTreeMap<String, Cloned>,
    /// Keys that prove nothing any more, by their SHA-256.
    #[serde(default)]
    pub revoked_keys: BTreeMap<String, RevokedKey>,
    /// Whom to believe.
    #[serde(default)]
    pub trust: Trust,
}

/// What a controller told, as far as it must be remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Orders {
    /// The highest epoch that was taken.
    #[serde(with = "text::epoch")]
    pub taken: Epoch,
    /// Somebody holds changes back.
    pub hold: Option<Hold>,
    /// Grants that are not opened again, by the names that the controller gave them.
    pub grants: BTreeMap<String, Opened>,
    /// The latest end of those that were forgotten, by the wall clock.
    pub forgotten: u64,
}

/// A grant that is not opened again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// Its number here; none where it was ended before it came.
    pub grant: Option<u64>,
    /// When it is over, by the wall clock.
    pub over: u64,
}

/// Somebody holds changes back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Since when, by the wall clock.
    pub at: u64,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// A device's access was taken away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// When, by the wall clock.
    pub at: u64,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Where a device is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Learned {
    /// The port.
    pub port: String,
    /// The hardware address there.
    pub mac: String,
    /// Network addresses it was seen with.
    pub addresses: BTreeSet<IpAddr>,
    /// Who bound it; nobody where it was bound by being seen.
    pub approved_by: Option<String>,
}

/// The stage of what passes between two zones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConduitStage {
    /// The two zones.
    pub between: (String, String),
    /// The stage.
    pub stage: String,
}

/// How a window stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// When it closed last, by the wall clock.
    pub over: u64,
    /// Where it is open: since and until when by the wall clock, and until when since the start of the machine.
    pub open: Option<(u64, u64, u64)>,
}

/// How an emergency profile stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Emergency {
    /// It can be set off.
    pub armed: bool,
    /// When it ended last, since the start of the machine.
    pub ended: u64,
    /// It is in force.
    pub live: Option<LiveEmergency>,
}

/// An emergency in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveEmergency {
    /// When it was set off, by the wall clock.
    pub at: u64,
    /// Who set it off.
    pub by: BTreeSet<String>,
    /// Why.
    pub reason: String,
    /// When it ends, since the start of the machine.
    pub ends: u64,
}

/// Access in force for a while.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Who got it.
    pub subject: String,
    /// The device whose service it is for.
    pub device: String,
    /// The service.
    pub service: String,
    /// Classes of verbs; every one where none is given.
    pub verbs: Option<BTreeSet<String>>,
    /// When it was made, by the wall clock.
    pub made: u64,
    /// When the first of the grants began that overlap one another up to this one, since the start of the machine.
    pub chain_began: u64,
    /// When it ends, since the start of the machine.
    pub ends: u64,
    /// Why.
    pub reason: String,
    /// Under which work order.
    pub work_order: Option<String>,
    /// Who approved it.
    pub approvers: BTreeSet<String>,
}

/// What is known of a device beside who it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// Software and settings are as they should be, and when that was found, since the start of the machine.
    pub posture: Option<(bool, u64)>,
    /// Risk band, 0 to 4.
    pub risk: Option<u8>,
    /// It behaves as its baseline says.
    pub conforms: Option<bool>,
}

/// How things stood from one moment on: a line of the history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moment {
    /// From when on, by the wall clock.
    pub at: u64,
    /// The same, since the start of the machine.
    pub uptime: u64,
    /// The policy in force.
    #[serde(with = "text::epoch")]
    pub epoch: Epoch,
    /// The standing.
    pub standing: Standing,
}
