//! Access with an end: grants, and accesses that policy lets go by themselves.
//!
//! INVARIANT: the end of a grant is fixed when it is made. It is told in [`Uptime`], so no clock that a person or a
//! server can set moves it, and it stands in the rule itself, so the packet path ends it with every process dead.

use nullius_model::{DeviceName, SmolStr, Timestamp, Uptime};
use nullius_policy::{Permit, PolicyId, Posture, ServiceId, Verbs};
use std::collections::BTreeSet;
use std::fmt;

/// Number of a grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GrantId(pub u64);

/// `grant-7`, as reasons name it.
impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "grant-{}", self.0)
    }
}

/// Access in force for a while. Extending one is making another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Who got it.
    pub subject: DeviceName,
    /// For what.
    pub object: ServiceId,
    /// To do what.
    pub verbs: Verbs,
    /// When it was made.
    pub made: Timestamp,
    /// When the first of the grants began that overlap one another up to this one.
    pub chain_began: Uptime,
    /// When it ends.
    pub ends: Uptime,
    /// Why.
    pub reason: SmolStr,
    /// Under which work order.
    pub work_order: Option<SmolStr>,
    /// Who approved it, the one who asked among them.
    pub approvers: BTreeSet<SmolStr>,
}

impl Grant {
    /// As policy asks for it.
    pub(crate) fn permit(&self, id: GrantId) -> Permit {
        Permit {
            id: PolicyId(SmolStr::new(id.to_string())),
            subject: self.subject.clone(),
            object: self.object.clone(),
            verbs: self.verbs.clone(),
            work_order: self.work_order.clone(),
            approvers: u8::try_from(self.approvers.len()).unwrap_or(u8::MAX),
        }
    }
}

/// What is known of a device beside who it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Assessment {
    /// Its software and settings are as they should be, and when that was found.
    pub posture: Option<(bool, Uptime)>,
    /// Risk band, 0 (none) to 4.
    pub risk: Option<u8>,
    /// It behaves as its baseline says.
    pub conforms: Option<bool>,
}

impl Assessment {
    /// The posture as it stands at `at`.
    pub(crate) fn posture_at(&self, at: Uptime) -> Option<Posture> {
        let (good, taken) = self.posture?;
        Some(Posture { good, age: u32::try_from(at.since(taken).as_secs()).unwrap_or(u32::MAX) })
    }

    /// What is left of it after a restart of the machine: nobody knows how long that took, so a good posture is
    /// unknown, and a bad one is as young as can be. Risk and conformity have no age.
    pub(crate) fn after_reboot(self) -> Self {
        let posture = self.posture.filter(|(good, _)| !good).map(|(good, _)| (good, Uptime::default()));
        Self { posture, ..self }
    }
}
