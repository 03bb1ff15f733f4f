//! What happens to a device, who did it, and why it may not be.

use super::{Credential, Rung, State};
use smol_str::SmolStr;
use std::fmt;

/// Who caused an event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Author {
    /// A person, by the name they proved.
    Person(SmolStr),
    /// A rule, a timer, a gateway: may take away, never give back.
    Automatic(SmolStr),
}

impl Author {
    /// Who.
    pub const fn name(&self) -> &SmolStr {
        match self {
            Self::Person(name) | Self::Automatic(name) => name,
        }
    }
}

/// Where a verified release leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Released {
    /// Back to work.
    ToActive,
    /// Out of use.
    ToRetired,
}

/// Something that happens to a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was seen on the wire for the first time.
    Discover,
    /// Somebody says that it is theirs: the voucher of a maker, the inventory, a person in front of it. After a life that
    /// ended, this begins another.
    Claim {
        /// Whose it is from now on.
        owner: SmolStr,
    },
    /// It got what proves it to be itself.
    Enrol {
        /// Which it never had before.
        credential: Credential,
    },
    /// It goes to work.
    Activate,
    /// Work on it begins.
    StartMaintenance,
    /// Work on it is over.
    EndMaintenance,
    /// Whatever it has is taken away, in every state; a device that was not at work yet is blocked. In a state that has
    /// no access anyhow nothing changes but the version, so that what was approved before is void.
    Revoke,
    /// A suspended device goes back to work.
    Resume,
    /// It is narrowed, or narrowed further.
    Contain {
        /// How far.
        rung: Rung,
    },
    /// It is contained less far, but still is.
    Ease {
        /// How far.
        rung: Rung,
    },
    /// Somebody verified that it is well, or takes it out of use.
    Release {
        /// Where to.
        to: Released,
        /// What was verified: the digest of the evidence, a report's number.
        evidence: SmolStr,
    },
    /// It is given to another owner, who has to claim it.
    Transfer {
        /// Who alone may claim it.
        heir: SmolStr,
    },
    /// It is taken out of use.
    Retire,
    /// Its keys are erased.
    Destroy,
    /// Nobody knows where it is.
    Lose,
}

impl Event {
    /// Lower-case word, as records write it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Discover => "discover",
            Self::Claim { .. } => "claim",
            Self::Enrol { .. } => "enrol",
            Self::Activate => "activate",
            Self::StartMaintenance => "start-maintenance",
            Self::EndMaintenance => "end-maintenance",
            Self::Revoke => "revoke",
            Self::Resume => "resume",
            Self::Contain { .. } => "contain",
            Self::Ease { .. } => "ease",
            Self::Release { .. } => "release",
            Self::Transfer { .. } => "transfer",
            Self::Retire => "retire",
            Self::Destroy => "destroy",
            Self::Lose => "lose",
        }
    }

    /// What somebody wrote into it, beside the reason.
    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Claim { owner: text }
        | Self::Transfer { heir: text }
        | Self::Release { evidence: text, .. } = self
        {
            Some(text)
        } else {
            None
        }
    }

    /// It takes access away or keeps it away. Such an event is about the device, not about what somebody saw of it, so it
    /// is carried out at whatever version: this is what lets it win every race.
    pub const fn is_restricting(&self) -> bool {
        matches!(self, Self::Revoke | Self::Contain { .. } | Self::Retire | Self::Destroy | Self::Lose)
    }

    /// Only a person may cause it.
    pub const fn needs_person(&self) -> bool {
        matches!(
            self,
            Self::Claim { .. }
                | Self::Resume
                | Self::Ease { .. }
                | Self::Release { .. }
                | Self::Transfer { .. }
                | Self::Retire
                | Self::Destroy
        )
    }
}

/// What happened, for the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Where the device was.
    pub from: State,
    /// Where it is.
    pub to: State,
    /// What happened.
    pub event: Event,
    /// Who caused it.
    pub by: Author,
    /// Why.
    pub reason: SmolStr,
    /// The version of the record from now on.
    pub version: u64,
}

/// An event did not happen, and nothing changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not from here.
    Illegal {
        /// Where the device is.
        from: State,
        /// What was wanted.
        event: &'static str,
    },
    /// Something else happened since it was decided.
    Stale {
        /// The version it was decided on.
        seen: u64,
        /// The version there is.
        current: u64,
    },
    /// A rule or a timer may not.
    NeedsPerson(&'static str),
    /// Nobody said why.
    NoReason,
    /// A text is empty or longer than allowed.
    BadText(usize),
    /// It had this credential in a life that ended.
    SpentCredential,
    /// It is promised to somebody else.
    NotTheHeir(SmolStr),
    /// It ended more lives than are remembered: a new record begins a new device.
    TooManyLives(usize),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Illegal { from, event } => write!(f, "a device that is {from} has no `{event}`"),
            Self::Stale { seen, current } => {
                write!(f, "decided on version {seen}, but the device is at version {current}: look again")
            }
            Self::NeedsPerson(event) => write!(f, "only a person may `{event}`"),
            Self::NoReason => f.write_str("say why"),
            Self::BadText(limit) => write!(f, "a text has 1 to {limit} bytes"),
            Self::SpentCredential => {
                f.write_str("it had this credential before its life ended: give it a new one")
            }
            Self::NotTheHeir(heir) => write!(f, "it is promised to `{}`", heir.escape_debug()),
            Self::TooManyLives(limit) => {
                write!(f, "it ended {limit} lives already: make a new record of it")
            }
        }
    }
}

impl std::error::Error for Refusal {}
