//! Records of windows and emergencies.

use super::inert;
use nullius_model::{Mode, SmolStr, Timestamp, Uptime};
use std::collections::BTreeSet;
use std::fmt;

/// What a window did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowAct {
    /// It opened.
    Opened {
        /// What its zones do meanwhile.
        mode: Mode,
        /// When its schedule opened it: earlier, where nobody was there to open it.
        opened: Timestamp,
        /// Until when.
        closes: Timestamp,
    },
    /// It closed.
    Closed(WindowEnd),
}

/// Why a window closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowEnd {
    /// Its time was over.
    Over,
    /// The policy in force no longer says so.
    Changed,
}

/// What happened to an emergency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmergencyAct {
    /// One person asked for it, and it takes two.
    Asked {
        /// Why.
        reason: SmolStr,
    },
    /// It was set off.
    SetOff {
        /// Where.
        zones: BTreeSet<SmolStr>,
        /// Who set it off, all of them.
        people: BTreeSet<SmolStr>,
        /// Until when.
        ends: Uptime,
        /// Why.
        reason: SmolStr,
    },
    /// Somebody tried to set it off, and it was refused.
    Refused {
        /// Why it was refused.
        refusal: String,
        /// Attempts that were refused since this was told last.
        attempts: u64,
    },
    /// It is ready again.
    Armed {
        /// Why.
        reason: SmolStr,
    },
    /// It ended.
    Ended(EmergencyEnd),
}

/// Why an emergency ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmergencyEnd {
    /// Its time was over.
    Expired,
    /// A person ended it.
    Ended(SmolStr),
    /// The policy in force no longer declares it.
    Changed,
    /// The machine started anew: nobody knows how long that took.
    Rebooted,
}

impl fmt::Display for WindowAct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened { mode, opened, closes } => {
                write!(f, "is open from {opened} to {closes}: mode {mode}")
            }
            Self::Closed(why) => write!(f, "closed: {why}"),
        }
    }
}

impl fmt::Display for WindowEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Over => "its time was over",
            Self::Changed => "the policy no longer says so",
        })
    }
}

impl fmt::Display for EmergencyAct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked { reason } => write!(f, "waits for a second person: {}", inert(reason)),
            Self::SetOff { zones, people, ends, reason } => {
                let (zones, people) = (list(zones), list(people));
                write!(f, "in {zones} until {ends} after the start, set off by {people}: {}", inert(reason))
            }
            Self::Refused { refusal, attempts } => {
                write!(f, "was not set off: {}", inert(refusal))?;
                if *attempts > 1 { write!(f, ", {attempts} times") } else { Ok(()) }
            }
            Self::Armed { reason } => write!(f, "is armed: {}", inert(reason)),
            Self::Ended(why) => write!(f, "ended: {why}"),
        }
    }
}

impl fmt::Display for EmergencyEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired => f.write_str("its time was over"),
            Self::Ended(reason) => f.write_str(&inert(reason).to_string()),
            Self::Changed => f.write_str("the policy no longer declares it"),
            Self::Rebooted => f.write_str("the machine started anew"),
        }
    }
}

fn list(names: &BTreeSet<SmolStr>) -> String {
    names.iter().map(|name| inert(name).to_string()).collect::<Vec<_>>().join(", ")
}
