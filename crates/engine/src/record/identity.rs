//! Records of what speaks for devices.

use super::inert;
use crate::{KeyHash, LeaseEnd, Protection};
use nullius_model::{Mac, PortName, SmolStr, Uptime};
use std::fmt;

/// What changed of what speaks for a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityAct {
    /// It proved its key, for the first time or with another one. Renewals are no record.
    Proven {
        /// Which key.
        key: KeyHash,
        /// The serial number of its certificate.
        serial: SmolStr,
        /// Where the key lies.
        protection: Protection,
        /// Until when, unless it is renewed.
        ends: Uptime,
    },
    /// What it proved holds no longer.
    Lapsed(LeaseEnd),
    /// A person vouches for what is plugged in where it is.
    Vouched {
        /// Until when.
        ends: Uptime,
        /// Why.
        reason: SmolStr,
    },
    /// Nobody vouches for it any more.
    VouchEnded(LeaseEnd),
    /// It is doubted from here on: its key was proved in a second place, or the key of another in its place.
    Cloned {
        /// The key.
        key: KeyHash,
        /// The second place.
        seen: PortName,
        /// The hardware address there.
        mac: Mac,
    },
    /// Its key proves nothing any more.
    KeyRevoked {
        /// Which.
        key: KeyHash,
        /// Why.
        reason: SmolStr,
    },
}

/// Without the device's name.
impl fmt::Display for IdentityAct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proven { key, serial, protection, ends } => {
                write!(f, "proved its {protection} key {key}, certificate {}, ", inert(serial))?;
                write!(f, "until {ends} after the start")
            }
            Self::Lapsed(why) => write!(f, "has proved nothing any more: {why}"),
            Self::Vouched { ends, reason } => {
                write!(f, "is vouched for until {ends} after the start: {}", inert(reason))
            }
            Self::VouchEnded(why) => write!(f, "is vouched for no longer: {why}"),
            Self::Cloned { key, seen, mac } => {
                write!(f, "is doubted: key {key} was proved in a second place, on port {seen} ({mac})")
            }
            Self::KeyRevoked { key, reason } => {
                write!(f, "has a key less, {key} is revoked: {}", inert(reason))
            }
        }
    }
}
