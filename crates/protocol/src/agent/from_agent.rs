//! What an agent says.

use crate::link::{Blob, Hash};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// Longest name of a program, in bytes: it is shown to people.
pub const MAX_SOFTWARE: usize = 64;

/// Longest signature, in bytes: P-256's in DER, and room for those of other curves.
pub const MAX_SIGNATURE: usize = 128;

/// One frame from an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum FromAgent {
    /// The first frame, and only the first. The device's name is in its certificate.
    Hello {
        /// [`super::VERSION`].
        version: u32,
        /// The program's name and version, for people: at most [`MAX_SOFTWARE`] bytes.
        #[serde(deserialize_with = "short")]
        software: String,
    },
    /// That the key is still at hand: the answer to [`super::ToAgent::Challenge`].
    Proof {
        /// As it was asked.
        nonce: Hash,
        /// By the key of the certificate, over [`super::proof_message`]: ECDSA in DER (P-256 with SHA-256), or
        /// Ed25519. At most [`MAX_SIGNATURE`] bytes.
        #[serde(deserialize_with = "signature")]
        signature: Blob,
    },
    /// Nothing, after [`super::PING_SECONDS`] of it.
    Ping,
}

fn short<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    if text.len() > MAX_SOFTWARE { Err(D::Error::custom("a name longer than it may be")) } else { Ok(text) }
}

fn signature<'de, D: Deserializer<'de>>(from: D) -> Result<Blob, D::Error> {
    let bytes = Blob::deserialize(from)?;
    if bytes.0.len() > MAX_SIGNATURE {
        Err(D::Error::custom("a signature longer than any"))
    } else {
        Ok(bytes)
    }
}
