//! What devices proved, and whom to believe, as it is kept.

use crate::link::{Blob, Hash};
use crate::text;
use serde::{Deserialize, Serialize};

/// What a device proved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// Its public key.
    #[serde(with = "text::hash")]
    pub key: Hash,
    /// The serial number of its certificate.
    pub serial: String,
    /// `software` or `hardware`.
    pub protection: String,
    /// Where it was proved.
    pub port: String,
    /// From which hardware address.
    pub mac: String,
    /// When the first of the proofs came that follow one another, since the start of the machine.
    pub since: u64,
    /// When the last one came.
    pub renewed: u64,
    /// Until when it holds.
    pub ends: u64,
    /// Somebody was told that no proof came.
    pub is_late: bool,
}

/// A line of the leases' own file: the last one of a device counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaseLine {
    /// The boot that times belong to.
    pub boot: String,
    /// Which device.
    pub device: String,
    /// What it proved; nothing where that holds no longer.
    pub lease: Option<Lease>,
}

/// Somebody vouches for a device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vouched {
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Where.
    pub port: String,
    /// Which hardware address is there.
    pub mac: String,
    /// Until when, since the start of the machine.
    pub ends: u64,
}

/// A key was proved in a second place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cloned {
    /// The key.
    #[serde(with = "text::hash")]
    pub key: Hash,
    /// The second place.
    pub port: String,
    /// The hardware address there.
    pub mac: String,
    /// When, by the wall clock.
    pub at: u64,
}

/// A key that proves nothing any more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokedKey {
    /// Whose it was.
    pub device: String,
    /// When, by the wall clock.
    pub at: u64,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Whom to believe.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// Grows with each change of whom the door lets in.
    pub epoch: u64,
    /// CA certificates (DER).
    #[serde(with = "text::blobs")]
    pub anchors: Vec<Blob>,
    /// Certificates by which an older anchor vouches for a newer one.
    #[serde(with = "text::blobs")]
    pub cross: Vec<Blob>,
    /// SHA-256 of keys of CAs (SPKI, DER) that nothing is believed of any more.
    #[serde(with = "text::hashes")]
    pub distrusted: Vec<Hash>,
}
