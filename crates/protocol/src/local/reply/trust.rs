//! Whom a gateway trusts, and what it goes by when it says who a device is.

use crate::link::{Blob, Hash};
use crate::text;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whom the gateway's door lets in: all of it is to be looked at anew when `epoch` is another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// Grows with each change of what follows; what was agreed under another one (a session's ticket) is void.
    pub epoch: u64,
    /// CA certificates (DER) that chains may end in.
    #[serde(with = "text::blobs")]
    pub anchors: Vec<Blob>,
    /// Certificates (DER) by which an older anchor vouches for a newer one.
    #[serde(with = "text::blobs")]
    pub cross: Vec<Blob>,
    /// SHA-256 of keys of CAs (SPKI, DER) that nothing is believed of any more.
    #[serde(with = "text::hashes")]
    pub distrusted: Vec<Hash>,
    /// Devices whose access is taken away.
    pub revoked: Vec<String>,
    /// SHA-256 of public keys (SPKI, DER) that prove nothing any more.
    #[serde(with = "text::hashes")]
    pub revoked_keys: Vec<Hash>,
    /// When the link of a port came last, in milliseconds since the machine started, of ports that lost it since the gateway
    /// did: what was proved there before says nothing of what is there now. Changes without a new epoch.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub plugged: BTreeMap<String, u64>,
}

/// One thing that speaks for a device being itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// One word: `binding`, `vouched`, `key`; or what speaks against it: `double`, `clone`, `behaviour`.
    pub kind: String,
    /// The same in words.
    pub text: String,
    /// In how many seconds it ends, unless it is renewed; nothing where it has no end of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<u64>,
}
