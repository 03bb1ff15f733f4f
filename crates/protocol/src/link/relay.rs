//! Bytes of devices for the controller's enrolment server, carried beside everything else.
//!
//! What they say is between the device and that server: it is TLS, and the gateway has no key of it. A flow begins with
//! the gateway's `open`, and either side ends it.

use super::Blob;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// Most bytes of one part.
pub const MAX_RELAY_PART: usize = 16 << 10;

/// Most flows that are open at once: each costs the controller a connection.
pub const MAX_RELAYS: usize = 32;

/// Most bytes of one direction of a flow: a certificate, its chain and a handshake, many times over.
pub const MAX_RELAY_BYTES: usize = 256 << 10;

/// Most seconds that a flow may take.
pub const RELAY_SECONDS: u64 = 60;

/// A part of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    /// Names the flow on this stream. The gateway counts them up and uses none twice.
    pub id: u64,
    /// What of it.
    pub part: RelayPart,
}

/// What is said of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum RelayPart {
    /// A device wants to speak to the enrolment server: the first part, from the gateway only.
    Open {
        /// The gateway's port it is at.
        port: String,
        /// Its hardware address there; empty where it came over a network.
        mac: String,
    },
    /// At most [`MAX_RELAY_PART`] bytes.
    Data(#[serde(deserialize_with = "part")] Blob),
    /// The last part of this direction.
    End {
        /// What went wrong; nothing where the sender was done.
        reason: Option<String>,
    },
}

fn part<'de, D: Deserializer<'de>>(from: D) -> Result<Blob, D::Error> {
    let bytes = Blob::deserialize(from)?;
    if bytes.0.len() > MAX_RELAY_PART {
        Err(D::Error::custom("a part longer than it may be"))
    } else {
        Ok(bytes)
    }
}
