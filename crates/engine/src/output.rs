//! What a gateway wants done, and what it wants known.

use crate::record::inert;
use crate::{GrantId, Record, Transcript};
use nullius_model::{DeviceName, Mac, Marker, PortName, RuleChange, SmolStr, Uptime};
use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

/// One thing for the program to do, in the order given: rules before the disk, so that a cut waits for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Put this into the packet path, then tell [`Gateway::handle_applied`](crate::Gateway::handle_applied).
    Enforce {
        /// Names it in the acknowledgement; grows.
        generation: u64,
        /// What to put there.
        order: Order,
        /// The policy it comes from.
        marker: Marker,
    },
    /// Write [`Gateway::standing`](crate::Gateway::standing) to disk before the command is answered.
    Save,
    /// Write the lease of this device to disk, or that it has none, before whoever proved it is answered. It needs to
    /// survive this process, and not the machine.
    Leased(DeviceName),
    /// Write the transcript of this grant to disk soon; a kill may lose what is newer.
    Transcribed(GrantId),
    /// Write this transcript to disk, and keep it: the grant is over.
    Receipt(GrantId, Box<Transcript>),
    /// Keep this for good.
    Audit(Record),
    /// Tell a person.
    Alarm(Alarm),
}

/// What to put into the packet path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// This difference, in one step.
    Change(RuleChange),
    /// All of [`Gateway::rules`](crate::Gateway::rules) as they stand when this is read, in one step; what is there goes.
    Replace,
}

/// Something a person should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// A device's address is used on a port it is not bound to (attack 1).
    Double {
        /// Whose address.
        device: DeviceName,
        /// Where it is bound.
        bound: PortName,
        /// Where the double is.
        seen: PortName,
        /// The double's hardware address.
        mac: Mac,
    },
    /// The key of a device was proved in a second place while it lived in the first (attack 8).
    Cloned {
        /// Whose key.
        device: DeviceName,
        /// Where it is bound.
        bound: PortName,
        /// Where the second is.
        seen: PortName,
        /// The hardware address there.
        mac: Mac,
    },
    /// The key of a device was proved where the device is not bound, and at its place it lives not.
    Misplaced {
        /// Whose key.
        device: DeviceName,
        /// Where it was proved.
        seen: PortName,
        /// The hardware address there.
        mac: Mac,
    },
    /// A device should have proved its key again, and has not.
    ProofLate {
        /// Which.
        device: DeviceName,
        /// When its lease ends.
        ends: Uptime,
    },
    /// The packet path dropped a sender that uses an address of somebody else.
    Spoof {
        /// Where it came in.
        port: PortName,
        /// The hardware address it used.
        mac: Mac,
        /// The network address it used.
        address: Option<IpAddr>,
        /// Packets since it was told of last.
        packets: u64,
        /// Alarms of this port that were held back since the last one.
        held_back: u64,
    },
    /// The packet path dropped an ARP or neighbour discovery message that claimed an address of somebody else.
    Resolution {
        /// Where it came in.
        port: PortName,
        /// The hardware address it used.
        mac: Mac,
        /// Packets since it was told of last.
        packets: u64,
        /// Alarms of this port that were held back since the last one.
        held_back: u64,
    },
    /// Somebody showed up that no device is bound to.
    Stranger {
        /// Where.
        port: PortName,
        /// Its hardware address.
        mac: Mac,
        /// Its network address.
        address: Option<IpAddr>,
        /// Strangers of this port that were not told of since the last one.
        held_back: u64,
    },
    /// A revoked device is still there.
    RevokedSeen {
        /// Which.
        device: DeviceName,
        /// Where.
        port: PortName,
    },
    /// The packet path took a change not; it is tried again as a whole.
    NotApplied {
        /// Which.
        generation: u64,
        /// What it said.
        error: String,
    },
    /// The packet path holds something else than it was given; it is replaced as a whole.
    Drift(Drift),
    /// An emergency was set off.
    Emergency {
        /// Which.
        profile: SmolStr,
        /// Who set it off.
        people: BTreeSet<SmolStr>,
        /// For how long.
        seconds: u64,
    },
    /// An emergency ended.
    EmergencyEnded {
        /// Which.
        profile: SmolStr,
    },
    /// Somebody tried to set an emergency off, and it was refused.
    EmergencyRefused {
        /// Which.
        profile: SmolStr,
        /// Who.
        by: SmolStr,
        /// Attempts that were refused since this was told last.
        attempts: u64,
    },
    /// Somebody set the wall clock. No lease moved; what policy ties to the time of day was judged anew.
    ClockStepped {
        /// By how much, in seconds.
        seconds: i64,
    },
}

/// How what is in the packet path differs from what should be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// Rules that should be there.
    pub missing: usize,
    /// Rules that should not be there, or say something else.
    pub foreign: usize,
    /// The frame around the rules is not whole.
    pub skeleton: bool,
    /// It is marked with another policy.
    pub marker: bool,
    /// What leads packets past the rules.
    pub bypasses: Vec<String>,
}

impl Drift {
    /// There is none.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// One line, inert whatever a device sent.
impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Double { device, bound, seen, mac } => {
                write!(f, "a double of {device}, which is bound to {bound}, is on port {seen} ({mac})")
            }
            Self::Cloned { device, bound, seen, mac } => {
                write!(
                    f,
                    "the key of {device}, which lives on port {bound}, was proved on port {seen} ({mac}) too"
                )
            }
            Self::Misplaced { device, seen, mac } => {
                write!(f, "the key of {device} was proved on port {seen} ({mac}), where it is not bound")
            }
            Self::ProofLate { device, ends } => {
                write!(f, "{device} did not prove its key again; its lease ends {ends} after the start")
            }
            Self::Spoof { port, mac, address, packets, held_back } => {
                write!(f, "port {port}: {mac} used an address that is not its own")?;
                address.iter().try_for_each(|address| write!(f, " ({address})"))?;
                counted(f, *packets)?;
                held(f, *held_back)
            }
            Self::Resolution { port, mac, packets, held_back } => {
                write!(f, "port {port}: {mac} claimed an address that is not its own")?;
                f.write_str(", by ARP or neighbour discovery")?;
                counted(f, *packets)?;
                held(f, *held_back)
            }
            Self::Stranger { port, mac, address, held_back } => {
                write!(f, "port {port}: {mac} is a stranger")?;
                address.iter().try_for_each(|address| write!(f, " ({address})"))?;
                held(f, *held_back)
            }
            Self::RevokedSeen { device, port } => {
                write!(f, "{device} is revoked and still sends on port {port}")
            }
            Self::NotApplied { generation, error } => {
                write!(f, "change {generation} was not applied: {}", error.escape_debug())
            }
            Self::Drift(drift) => write!(f, "the packet path was changed by somebody else: {drift}"),
            Self::Emergency { profile, people, seconds } => {
                let people: Vec<String> = people.iter().map(|name| inert(name).to_string()).collect();
                write!(f, "emergency {} is in force for {seconds} s, ", inert(profile))?;
                write!(f, "set off by {}", people.join(" and "))
            }
            Self::EmergencyEnded { profile } => {
                write!(f, "emergency {} is over", inert(profile))
            }
            Self::EmergencyRefused { profile, by, attempts } => {
                let (profile, by) = (inert(profile), inert(by));
                write!(f, "{by} tried to set off emergency {profile}")?;
                if *attempts > 1 { write!(f, ", {attempts} times") } else { Ok(()) }
            }
            Self::ClockStepped { seconds } => write!(f, "the wall clock was set by {seconds} s"),
        }
    }
}

fn counted(f: &mut fmt::Formatter<'_>, packets: u64) -> fmt::Result {
    if packets > 1 { write!(f, ", in {packets} packets") } else { Ok(()) }
}

fn held(f: &mut fmt::Formatter<'_>, held_back: u64) -> fmt::Result {
    match held_back {
        0 => Ok(()),
        count => write!(f, ", and {count} more since the last alarm of this port"),
    }
}

/// `2 rules missing, 1 foreign, bypassed by tc filter on p1`.
impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rules missing, {} foreign", self.missing, self.foreign)?;
        if self.skeleton {
            f.write_str(", skeleton broken")?;
        }
        if self.marker {
            f.write_str(", marked with another policy")?;
        }
        for bypass in &self.bypasses {
            write!(f, ", bypassed by {}", bypass.escape_debug())?;
        }
        Ok(())
    }
}
