//! The states there are, and what each lets through.

use crate::UnknownWord;
use std::fmt;
use std::str::FromStr;

/// How far a device is contained: each rung is narrower than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rung {
    /// Watched closely.
    Q1,
    /// Nothing that changes the process.
    Q2,
    /// Only what the plant cannot do without.
    Q3,
    /// Nothing but what people examine it with.
    Q4,
}

impl Rung {
    /// Every rung, the widest first.
    pub const ALL: &'static [Self] = &[Self::Q1, Self::Q2, Self::Q3, Self::Q4];
}

/// Where a device is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Announced, and never seen.
    #[default]
    Manufactured,
    /// Seen on the wire, and nobody's.
    Discovered,
    /// Nobody wanted it.
    Blocked,
    /// Somebody's; nothing proves yet that it is itself.
    Claimed,
    /// It has what proves it to be itself.
    Enrolled,
    /// At work.
    Active,
    /// Being worked on.
    Maintenance,
    /// Set aside by a person or by a rule.
    Suspended,
    /// Under suspicion: narrowed until somebody verified that it is well.
    Contained(Rung),
    /// On its way to another owner.
    Transferring,
    /// Taken out of use.
    Retired,
    /// Its keys are gone for good.
    Destroyed,
    /// Nobody knows where it is.
    Lost,
}

impl State {
    /// Every state, in the order of a life.
    pub const ALL: &'static [Self] = &[
        Self::Manufactured,
        Self::Discovered,
        Self::Blocked,
        Self::Claimed,
        Self::Enrolled,
        Self::Active,
        Self::Maintenance,
        Self::Suspended,
        Self::Contained(Rung::Q1),
        Self::Contained(Rung::Q2),
        Self::Contained(Rung::Q3),
        Self::Contained(Rung::Q4),
        Self::Transferring,
        Self::Retired,
        Self::Destroyed,
        Self::Lost,
    ];

    /// Lower-case word, as commands, records and the store write it. Reads back by [`str::parse`].
    pub const fn name(self) -> &'static str {
        match self {
            Self::Manufactured => "manufactured",
            Self::Discovered => "discovered",
            Self::Blocked => "blocked",
            Self::Claimed => "claimed",
            Self::Enrolled => "enrolled",
            Self::Active => "active",
            Self::Maintenance => "maintenance",
            Self::Suspended => "suspended",
            Self::Contained(Rung::Q1) => "contained-q1",
            Self::Contained(Rung::Q2) => "contained-q2",
            Self::Contained(Rung::Q3) => "contained-q3",
            Self::Contained(Rung::Q4) => "contained-q4",
            Self::Transferring => "transferring",
            Self::Retired => "retired",
            Self::Destroyed => "destroyed",
            Self::Lost => "lost",
        }
    }

    /// Leases may be given to a device in this state; which ones, policy says. A contained device keeps what its rung
    /// leaves it.
    pub const fn admits_leases(self) -> bool {
        matches!(self, Self::Active | Self::Maintenance | Self::Contained(Rung::Q1 | Rung::Q2 | Rung::Q3))
    }

    /// Gateways must hold a revocation of a device in this state: it had access, or may turn up again.
    pub const fn is_revoked(self) -> bool {
        matches!(
            self,
            Self::Blocked
                | Self::Suspended
                | Self::Contained(Rung::Q4)
                | Self::Transferring
                | Self::Retired
                | Self::Destroyed
                | Self::Lost
        )
    }

    /// Who sees a device in this state on the wire tells a person at once.
    pub const fn alarms_when_seen(self) -> bool {
        matches!(self, Self::Retired | Self::Destroyed | Self::Lost)
    }

    /// A device in this state is somebody's.
    pub const fn is_owned(self) -> bool {
        !matches!(self, Self::Manufactured | Self::Discovered | Self::Blocked)
    }

    /// A device in this state has what proves it to be itself.
    pub const fn is_proven(self) -> bool {
        matches!(
            self,
            Self::Enrolled
                | Self::Active
                | Self::Maintenance
                | Self::Suspended
                | Self::Contained(_)
                | Self::Transferring
        )
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for State {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.iter().copied().find(|state| state.name() == text).ok_or(UnknownWord(
            "manufactured discovered blocked claimed enrolled active maintenance suspended \
             contained-q1 contained-q2 contained-q3 contained-q4 transferring retired destroyed lost",
        ))
    }
}
