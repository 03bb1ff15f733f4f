//! What devices proved, what people vouched for, which keys prove nothing any more, and whom to believe.
//!
//! INVARIANT: every proof has an end in [`Uptime`]; it counts at the place it came from and nowhere else.

use nullius_model::{DeviceName, Mac, PortName, SmolStr, Timestamp, Uptime};
use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;
use thiserror::Error;

/// SHA-256 of a public key (SPKI, DER), or of a certificate.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyHash(pub [u8; 32]);

/// Lower-case hexadecimal digits.
impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where a private key lies, as the CA vouches for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protection {
    /// In a file.
    Software,
    /// In hardware that does not give it away.
    Hardware,
}

impl Protection {
    /// Lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Software => "software",
            Self::Hardware => "hardware",
        }
    }
}

impl fmt::Display for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A device proved its key a moment ago, as the gateway's door found: the certificate is good, and the key signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// As its certificate names it.
    pub device: DeviceName,
    /// Its public key.
    pub key: KeyHash,
    /// The serial number of its certificate.
    pub serial: SmolStr,
    /// Where the private key lies.
    pub protection: Protection,
    /// Where the proof came in.
    pub port: PortName,
    /// From which hardware address.
    pub mac: Mac,
    /// From which network addresses.
    pub addresses: BTreeSet<IpAddr>,
    /// For how long it is to hold.
    pub duration: Duration,
}

/// What a device proved holds for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Its public key.
    pub key: KeyHash,
    /// The serial number of its certificate.
    pub serial: SmolStr,
    /// Where the private key lies.
    pub protection: Protection,
    /// Where the proof came in.
    pub port: PortName,
    /// From which hardware address.
    pub mac: Mac,
    /// When the first of the proofs came that follow one another up to this one.
    pub since: Uptime,
    /// When the last one came.
    pub renewed: Uptime,
    /// When it ends.
    pub ends: Uptime,
    /// Somebody was told that no proof came when one should have.
    pub is_late: bool,
}

/// How long an answer may take after half of the lease, at least and at most.
const ANSWERS_WITHIN: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(2));

impl Lease {
    /// When a person is to be told that no proof comes: at half of the lease, and the time an answer takes, since half of
    /// the lease is when the device is asked.
    pub(crate) fn late_at(&self) -> Uptime {
        let length = self.ends.since(self.renewed);
        let (least, most) = ANSWERS_WITHIN;
        self.renewed.after(length / 2).after((length / 20).clamp(least, most))
    }

    /// When something is to be done about it next.
    pub(crate) fn due(&self) -> Uptime {
        if self.is_late { self.ends } else { self.late_at().min(self.ends) }
    }
}

/// A person vouches for what is plugged in at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    /// Who.
    pub by: SmolStr,
    /// Why.
    pub reason: SmolStr,
    /// Where.
    pub port: PortName,
    /// Which hardware address is there.
    pub mac: Mac,
    /// Until when.
    pub ends: Uptime,
}

/// A key was proved in a second place while it lived in the first. Ends when a person settles it, or the key is revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloned {
    /// The key.
    pub key: KeyHash,
    /// The second place.
    pub port: PortName,
    /// The hardware address there.
    pub mac: Mac,
    /// When.
    pub at: Timestamp,
}

/// A key that proves nothing any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedKey {
    /// Whose it was.
    pub device: DeviceName,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: SmolStr,
    /// Why.
    pub reason: SmolStr,
}

/// Whom to believe. The engine does not read certificates: the gateway's door does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// CA certificates (DER).
    pub anchors: Vec<Vec<u8>>,
    /// Certificates by which an older anchor vouches for a newer one.
    pub cross: Vec<Vec<u8>>,
    /// Certificates of CAs that nothing is believed of any more.
    pub distrusted: BTreeSet<KeyHash>,
}

impl Trust {
    /// Whoever had `before` would believe somebody else too with this.
    pub(crate) fn widens(&self, before: &Self) -> bool {
        let adds = |now: &[Vec<u8>], then: &[Vec<u8>]| now.iter().any(|one| !then.contains(one));
        adds(&self.anchors, &before.anchors)
            || adds(&self.cross, &before.cross)
            || !before.distrusted.is_subset(&self.distrusted)
    }
}

/// Why what a device proved gives it nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoLease {
    /// There is no policy yet, so nobody is known.
    #[error("no policy is in force")]
    NoPolicy,
    /// No such device.
    #[error("the inventory names no device `{0}`")]
    UnknownDevice(DeviceName),
    /// Its access was taken away.
    #[error("`{0}` is revoked")]
    Revoked(DeviceName),
    /// The key proves nothing any more.
    #[error("this key of `{0}` is revoked")]
    KeyRevoked(DeviceName),
    /// It has no place, so nothing can be tied to one.
    #[error("`{0}` is not bound to a port here")]
    NotBound(DeviceName),
    /// It is bound to another place.
    #[error("the proof did not come from the place of `{device}` on port {port}")]
    Elsewhere {
        /// Which.
        device: DeviceName,
        /// Where it is bound.
        port: PortName,
    },
    /// The key lives in another place already.
    #[error("this key lives at the place of `{0}`: one of the two is a clone")]
    Cloned(DeviceName),
    /// It came from an address that is not the device's.
    #[error("{0} is no address of this device")]
    Address(IpAddr),
    /// It would end at once.
    #[error("a lease lasts at least a second")]
    TooShort,
}

/// Why a lease ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaseEnd {
    /// Nobody renewed it.
    Expired,
    /// The link of its port is gone: who comes next has to prove it anew.
    Unplugged,
    /// The device is bound elsewhere now, or by other addresses.
    Moved,
    /// The device was revoked.
    Revoked,
    /// The key was revoked.
    KeyRevoked,
    /// A wrong proof, or a goodbye.
    Unproven(SmolStr),
    /// A double was seen.
    Doubted,
    /// The machine started anew: nobody knows how long that took.
    Rebooted,
}

impl fmt::Display for LeaseEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired => f.write_str("it was not renewed"),
            Self::Unplugged => f.write_str("its port lost the link"),
            Self::Moved => f.write_str("the device is bound elsewhere"),
            Self::Revoked => f.write_str("the device was revoked"),
            Self::KeyRevoked => f.write_str("the key was revoked"),
            Self::Unproven(reason) => write!(f, "{}", reason.escape_debug()),
            Self::Doubted => f.write_str("a double was seen"),
            Self::Rebooted => f.write_str("the machine started anew"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_late_a_moment_after_its_half_and_never_after_its_end() {
        let (port, mac) = (PortName::new("p1").unwrap(), Mac::new([2; 6]));
        for (millis, late) in [(300_000, 152_000), (5_000, 2_750), (60_000, 32_000), (1_000, 750), (400, 450)]
        {
            let lease = Lease {
                key: KeyHash::default(),
                serial: SmolStr::default(),
                protection: Protection::Software,
                port: port.clone(),
                mac,
                since: Uptime::default(),
                renewed: Uptime::from_millis(1_000),
                ends: Uptime::from_millis(1_000 + millis),
                is_late: false,
            };
            assert_eq!(lease.late_at(), Uptime::from_millis(1_000 + late), "{millis}");
            assert_eq!(lease.due(), lease.late_at().min(lease.ends));
            assert_eq!(Lease { is_late: true, ..lease.clone() }.due(), lease.ends);
        }
    }

    #[test]
    fn trust_widens_by_an_anchor_more_and_a_distrust_less_and_by_nothing_else() {
        let hash = |byte| KeyHash([byte; 32]);
        let trust = |anchors: &[u8], distrusted: &[u8]| Trust {
            anchors: anchors.iter().map(|byte| vec![*byte]).collect(),
            cross: Vec::new(),
            distrusted: distrusted.iter().map(|byte| hash(*byte)).collect(),
        };
        let before = trust(&[1, 2], &[7]);
        for (after, widens) in [
            (trust(&[1, 2], &[7]), false),
            (trust(&[2], &[7, 8]), false),
            (trust(&[1, 2, 3], &[7, 8]), true),
            (trust(&[1, 2], &[8]), true),
            (Trust { cross: vec![vec![1]], ..before.clone() }, true),
        ] {
            assert_eq!(after.widens(&before), widens, "{after:?}");
        }
    }
}
