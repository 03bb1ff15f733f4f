//! What a gateway says to an agent.

use crate::link::{Blob, Hash};
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::marker::PhantomData;

/// Most certificates of a list: roots in force while one follows another, and room.
pub const MAX_CERTIFICATES: usize = 8;

/// Most distrusted issuers of a list.
pub const MAX_DISTRUSTED: usize = 64;

/// One frame to an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum ToAgent {
    /// The answer to [`super::FromAgent::Hello`].
    Welcome {
        /// [`super::VERSION`].
        version: u32,
        /// How long a proof lasts, in seconds. It is asked for again at half of that.
        lease: u32,
        /// The gateway's clock, in milliseconds since 1970: told, and proved by nothing.
        now: u64,
    },
    /// The key is to be proved again, by [`super::FromAgent::Proof`].
    Challenge {
        /// 32 random bytes, used once.
        nonce: Hash,
    },
    /// It is proved.
    Leased {
        /// For so long from now, in seconds: what was given for the proof ends then unless it is proved again.
        seconds: u32,
    },
    /// Whose certificates count. An agent takes a root that it does not know only with a certificate of it by one that
    /// it knows.
    Anchors {
        /// Roots in force (DER), at most [`MAX_CERTIFICATES`].
        #[serde(deserialize_with = "few::<Blob, MAX_CERTIFICATES, _>")]
        anchors: Vec<Blob>,
        /// Certificates of newer roots by older ones (DER), at most [`MAX_CERTIFICATES`].
        #[serde(deserialize_with = "few::<Blob, MAX_CERTIFICATES, _>")]
        cross: Vec<Blob>,
        /// SHA-256 of issuers' certificates under which nothing counts any more, at most [`MAX_DISTRUSTED`].
        #[serde(deserialize_with = "few::<Hash, MAX_DISTRUSTED, _>")]
        distrusted: Vec<Hash>,
    },
    /// The certificate is to be renewed: its issuer is on its way out.
    RenewNow {
        /// Within so many seconds; when within them, chance decides, so that a fleet does not come at once.
        within: u32,
    },
    /// The answer to [`super::FromAgent::Ping`].
    Pong,
    /// The last frame: the gateway lets go.
    Bye {
        /// For the agent's journal.
        reason: String,
        /// Seconds to wait before dialling again.
        retry_after: u32,
    },
}

/// Stops at the limit, before more is kept.
fn few<'de, T: Deserialize<'de>, const MAX: usize, D: Deserializer<'de>>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    from.deserialize_seq(Few::<T, MAX>(PhantomData))
}

struct Few<T, const MAX: usize>(PhantomData<fn() -> T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Few<T, MAX> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of at most {MAX}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            if list.len() >= MAX {
                return Err(A::Error::custom("a list longer than it may be"));
            }
            list.push(item);
        }
        Ok(list)
    }
}
