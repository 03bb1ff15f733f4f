//! What is kept for good: who did what, why, under which policy, and what followed.
//!
//! INVARIANT: a record's text is inert. What a device or a person chose is escaped, and a record is one line.

mod calendar;
mod identity;

pub use calendar::{EmergencyAct, EmergencyEnd, WindowAct, WindowEnd};
pub use identity::IdentityAct;

use crate::{Actor, Alarm, DenialSummary, Drift, GrantId, StageScope};
use nullius_model::{DeviceName, Epoch, Mac, Mode, PortName, SmolStr, Stage, Timestamp, Uptime};
use nullius_policy::ServiceId;
use std::fmt;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When, by the wall clock.
    pub at: Timestamp,
    /// When, by the clock that never steps.
    pub uptime: Uptime,
    /// The policy in force.
    pub epoch: Epoch,
    /// Who did it; the gateway itself where nobody is named.
    pub by: Option<Actor>,
    /// What.
    pub act: Act,
    /// Accesses that were judged anew because of it.
    pub judged: usize,
    /// The enforcement it led to, where rules change.
    pub generation: Option<u64>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// A policy came into force.
    Policy {
        /// Devices it names.
        devices: usize,
        /// Rules it takes away.
        removed: usize,
        /// Rules it adds.
        added: usize,
    },
    /// A device's access was taken away.
    Revoked {
        /// Which.
        device: DeviceName,
        /// Why.
        reason: SmolStr,
    },
    /// A revocation ended.
    Restored {
        /// Which.
        device: DeviceName,
        /// Why.
        reason: SmolStr,
    },
    /// A device was bound to a port: by a person, or by being seen there first.
    Bound {
        /// Which.
        device: DeviceName,
        /// Where.
        port: PortName,
        /// Its hardware address.
        mac: Mac,
    },
    /// Where a device was is forgotten.
    Forgotten {
        /// Which.
        device: DeviceName,
    },
    /// A double of a device was seen.
    Conflict {
        /// Which.
        device: DeviceName,
        /// Where the double is.
        seen: PortName,
    },
    /// What speaks for a device, or against it, changed.
    Identity {
        /// Which device.
        device: DeviceName,
        /// What changed.
        act: IdentityAct,
    },
    /// Others are believed from here on.
    Trusts {
        /// CA certificates.
        anchors: usize,
        /// Those that nothing is believed of any more.
        distrusted: usize,
    },
    /// A conflict ended: by a person, or since the double's port lost its link.
    Settled {
        /// Which.
        device: DeviceName,
        /// Why.
        reason: SmolStr,
    },
    /// A port's link came or went.
    Link {
        /// Which.
        port: PortName,
        /// It came.
        up: bool,
    },
    /// A stage was set.
    Staged {
        /// For whom.
        scope: StageScope,
        /// Which.
        stage: Stage,
        /// Why it is enforced although denials were counted.
        despite: Option<SmolStr>,
    },
    /// Access was given for a while.
    Granted {
        /// Its number.
        grant: GrantId,
        /// Who got it.
        subject: DeviceName,
        /// For what.
        object: ServiceId,
        /// Until when.
        ends: Uptime,
        /// Why.
        reason: SmolStr,
        /// Under which work order.
        work_order: Option<SmolStr>,
    },
    /// A grant ended.
    GrantEnded {
        /// Its number.
        grant: GrantId,
        /// Who had it.
        subject: DeviceName,
        /// For what.
        object: ServiceId,
        /// Why now.
        why: GrantEnd,
    },
    /// What was done under a grant that is over.
    Receipt {
        /// Its number.
        grant: GrantId,
        /// Who had it.
        subject: DeviceName,
        /// For what.
        object: ServiceId,
        /// Kinds of message, one line each, as many as a record shows.
        lines: Vec<String>,
        /// Kinds of message beyond those.
        more: usize,
        /// What nobody could see.
        unseen: Vec<String>,
        /// SHA-256 over all that was seen, values and all.
        digest: [u8; 32],
    },
    /// The plant, or a zone of it, does something else.
    Mode {
        /// What.
        mode: Mode,
        /// Where, if not everywhere.
        zone: Option<SmolStr>,
        /// Why.
        reason: SmolStr,
    },
    /// A zone does what the calendar and the site say again.
    ModeCleared {
        /// Which.
        zone: SmolStr,
        /// Why.
        reason: SmolStr,
    },
    /// A window opened or closed.
    Window {
        /// Which.
        window: SmolStr,
        /// What it did.
        act: WindowAct,
    },
    /// Somebody set an emergency off, or wanted to; or it ended.
    Emergency {
        /// Which profile.
        profile: SmolStr,
        /// What happened.
        act: EmergencyAct,
    },
    /// Changes of a controller are held back.
    Held {
        /// Why.
        reason: SmolStr,
    },
    /// They are not any more.
    Released {
        /// Why.
        reason: SmolStr,
    },
    /// What is known of a device changed.
    Assessed {
        /// Which.
        device: DeviceName,
        /// Software and settings are as they should be.
        posture: Option<bool>,
        /// Risk band.
        risk: Option<u8>,
        /// Behaves as its baseline says.
        conforms: Option<bool>,
    },
    /// Time alone changed what policy says.
    Elapsed,
    /// Packets were denied, or would have been.
    Denied(DenialSummary),
    /// The packet path took what it was given.
    Applied,
    /// The packet path did not take it.
    NotApplied {
        /// What it said.
        error: String,
    },
    /// The packet path held something else, and is being repaired.
    Repaired(Drift),
    /// Somebody set the wall clock.
    ClockStepped {
        /// By how much, in seconds.
        seconds: i64,
    },
    /// Anything else a person was told.
    Alarmed(Alarm),
}

/// Why a grant ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantEnd {
    /// Its time was over.
    Expired,
    /// A person ended it.
    Ended(SmolStr),
    /// A device it names was revoked.
    Revoked(DeviceName),
    /// The machine started anew: nobody knows how long that took.
    Rebooted,
}

impl fmt::Display for GrantEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired => f.write_str("its time was over"),
            Self::Ended(reason) => write!(f, "ended: {}", inert(reason)),
            Self::Revoked(device) => write!(f, "{device} was revoked"),
            Self::Rebooted => f.write_str("the machine started anew"),
        }
    }
}

/// A text that somebody else chose, safe on a terminal, in a log and in a spreadsheet.
pub(crate) fn inert(text: &str) -> impl fmt::Display + '_ {
    text.escape_debug()
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} epoch {}: ", self.at, self.epoch)?;
        if let Some(Actor(name)) = &self.by {
            write!(f, "{}: ", inert(name))?;
        }
        write!(f, "{}", self.act)?;
        if self.judged > 0 {
            write!(f, "; {} accesses judged", self.judged)?;
        }
        match self.generation {
            Some(generation) => write!(f, "; change {generation}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy { devices, removed, added } => {
                write!(f, "policy in force: {devices} devices, {removed} rules go, {added} come")
            }
            Self::Revoked { device, reason } => write!(f, "revoked {device}: {}", inert(reason)),
            Self::Restored { device, reason } => write!(f, "restored {device}: {}", inert(reason)),
            Self::Bound { device, port, mac } => write!(f, "bound {device} to port {port} as {mac}"),
            Self::Forgotten { device } => write!(f, "forgot where {device} is"),
            Self::Conflict { device, seen } => write!(f, "a double of {device} is on port {seen}"),
            Self::Identity { device, act } => write!(f, "{device} {act}"),
            Self::Trusts { anchors, distrusted } => {
                write!(f, "{anchors} trust anchors in force, {distrusted} issuers distrusted")
            }
            Self::Settled { device, reason } => {
                write!(f, "settled the conflict of {device}: {}", inert(reason))
            }
            Self::Link { port, up } => write!(f, "port {port} is {}", if *up { "up" } else { "down" }),
            Self::Staged { scope, stage, despite } => staged(f, scope, *stage, despite.as_deref()),
            Self::Granted { grant, subject, object, ends, reason, work_order } => {
                write!(
                    f,
                    "{grant}: {subject} may use {object} until {ends} after the start: {}",
                    inert(reason)
                )?;
                work_order.iter().try_for_each(|order| write!(f, " (work order {})", inert(order)))
            }
            Self::GrantEnded { grant, subject, object, why } => {
                write!(f, "{grant} of {subject} for {object} ended: {why}")
            }
            Self::Receipt { grant, subject, object, lines, more, unseen, digest } => {
                receipt(f, (grant, subject, object), (lines, *more), unseen, digest)
            }
            Self::Mode { mode, zone, reason } => {
                write!(f, "mode {mode}")?;
                zone.iter().try_for_each(|zone| write!(f, " in {}", inert(zone)))?;
                write!(f, ": {}", inert(reason))
            }
            Self::ModeCleared { zone, reason } => {
                write!(f, "{} has no mode of its own any more: {}", inert(zone), inert(reason))
            }
            Self::Window { window, act } => write!(f, "window {} {act}", inert(window)),
            Self::Emergency { profile, act } => write!(f, "emergency {} {act}", inert(profile)),
            Self::Held { reason } => write!(f, "changes of the controller are held: {}", inert(reason)),
            Self::Released { reason } => write!(f, "changes are held no more: {}", inert(reason)),
            Self::Assessed { device, posture, risk, conforms } => {
                write!(f, "assessed {device}:")?;
                known(f, "posture good", *posture)?;
                known(f, "risk", *risk)?;
                known(f, "conforms", *conforms)
            }
            Self::Elapsed => f.write_str("time changed what policy says"),
            Self::Denied(summary) => write!(f, "{summary}"),
            Self::Applied => f.write_str("applied"),
            Self::NotApplied { error } => write!(f, "not applied: {}", inert(error)),
            Self::Repaired(drift) => write!(f, "repairing the packet path: {drift}"),
            Self::ClockStepped { seconds } => write!(f, "the wall clock was set by {seconds} s"),
            Self::Alarmed(alarm) => write!(f, "alarm: {alarm}"),
        }
    }
}

fn staged(
    f: &mut fmt::Formatter<'_>,
    scope: &StageScope,
    stage: Stage,
    despite: Option<&str>,
) -> fmt::Result {
    write!(f, "stage {stage} for {scope}")?;
    match despite {
        Some(reason) => write!(f, " despite denials: {}", inert(reason)),
        None => Ok(()),
    }
}

fn receipt(
    f: &mut fmt::Formatter<'_>,
    (grant, subject, object): (&GrantId, &DeviceName, &ServiceId),
    (lines, more): (&[String], usize),
    unseen: &[String],
    digest: &[u8; 32],
) -> fmt::Result {
    write!(f, "receipt of {grant} of {subject} for {object}:")?;
    lines.iter().try_for_each(|line| write!(f, " {};", inert(line)))?;
    if more > 0 {
        write!(f, " and {more} kinds more;")?;
    }
    unseen.iter().try_for_each(|words| write!(f, " not seen: {};", inert(words)))?;
    f.write_str(" digest ")?;
    digest.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

fn known(f: &mut fmt::Formatter<'_>, what: &str, value: Option<impl fmt::Display>) -> fmt::Result {
    match value {
        Some(value) => write!(f, " {what} {value},"),
        None => write!(f, " {what} unknown,"),
    }
}

impl fmt::Display for StageScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("all others"),
            Self::Device(device) => write!(f, "{device}"),
            Self::Conduit(conduit) => write!(f, "{}", inert(&conduit.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_one_line_that_no_text_in_it_can_break() {
        let record = Record {
            at: Timestamp::from_secs(1_795_366_874),
            uptime: Uptime::default(),
            epoch: Epoch { term: 1, counter: 7 },
            by: Some(Actor(SmolStr::new("eve\u{1b}[2J"))),
            act: Act::Revoked {
                device: DeviceName::new("plc1").unwrap(),
                reason: SmolStr::new("stolen\nadmin: restored plc1"),
            },
            judged: 0,
            generation: Some(12),
        };
        assert_eq!(
            record.to_string(),
            "2026-11-22T17:01:14.000000Z epoch 1.7: eve\\u{1b}[2J: \
             revoked plc1: stolen\\nadmin: restored plc1; change 12"
        );
    }
}
