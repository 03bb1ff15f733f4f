//! What is true of a subject, of the site, and of the grants in force, while a request is judged.

use crate::{PolicyId, ServiceId};
use nullius_model::{Assurance, DeviceName, Mode, SmolStr, VerbClass};
use std::collections::BTreeSet;

/// What is known of a subject. What is not known is absent, and never counts as good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Inputs {
    /// How sure we are that it is who it says.
    pub assurance: Assurance,
    /// What its last attestation or assessment said.
    pub posture: Option<Posture>,
    /// Risk band, 0 (none) to 4.
    pub risk: Option<u8>,
    /// It behaves as its baseline says.
    pub conforms: Option<bool>,
}

/// The state of a device's software and settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Posture {
    /// As it should be.
    pub good: bool,
    /// Seconds since it was taken; grows while nothing else changes.
    pub age: u32,
}

/// What is true of the site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Moment {
    /// What the plant is doing.
    pub mode: Mode,
    /// Minute of the day, UTC: 0 to 1439.
    pub minute: u16,
    /// Day of the week, UTC: 1 is Monday, 7 is Sunday.
    pub weekday: u8,
    /// Second of the minute: 0 to 59. Policies do not see it; how long a verdict holds depends on it.
    pub second: u8,
    /// The mode that is known to come next. Policies do not see it; how long a verdict holds depends on it.
    pub mode_change: Option<ModeChange>,
}

/// A mode that comes by itself: a window opens or closes, an emergency is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ModeChange {
    /// In so many seconds; at least one.
    pub after: u32,
    /// What the plant is doing then.
    pub mode: Mode,
}

/// The verbs a grant gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verbs {
    /// Whatever the service understands.
    All,
    /// These classes. A service whose messages nobody reads takes [`VerbClass::Connect`].
    Classes(BTreeSet<VerbClass>),
}

impl Verbs {
    /// `class` is among them.
    pub fn contains(&self, class: VerbClass) -> bool {
        match self {
            Self::All => true,
            Self::Classes(classes) => classes.contains(&class),
        }
    }
}

/// A grant in force: a permit beside the policies. Every forbid still wins over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    /// Named in reasons.
    pub id: PolicyId,
    /// Who got it.
    pub subject: DeviceName,
    /// For what.
    pub object: ServiceId,
    /// To do what.
    pub verbs: Verbs,
    /// Under which work order.
    pub work_order: Option<SmolStr>,
    /// How many people approved it.
    pub approvers: u8,
}
