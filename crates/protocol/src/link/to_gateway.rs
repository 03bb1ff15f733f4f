//! What a controller says.

use super::{Blob, Relay};
use crate::local;
use serde::{Deserialize, Serialize};

/// One frame from a controller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum ToGateway {
    /// The answer to [`super::ToController::Hello`].
    Welcome(Welcome),
    /// A signed bundle, to be acked. They come in the order of their epochs.
    Bundle {
        /// See [`crate::bundle`].
        bytes: Blob,
    },
    /// Records up to and including this number are in the controller's log, on its disk.
    Recorded {
        /// [`super::Spool::id`].
        spool: String,
        /// The number.
        through: u64,
    },
    /// A new certificate.
    Renewed {
        /// The certificate and those above it, without the root (DER).
        chain: Vec<Blob>,
    },
    /// No new certificate.
    NotRenewed {
        /// Why.
        reason: String,
    },
    /// A question, to be answered within ten seconds.
    Ask(Asked),
    /// What the enrolment server says to a device.
    Relay(Relay),
    /// The answer to [`super::ToController::Ping`].
    Pong,
    /// The last frame: the controller lets go.
    Bye(Bye),
}

/// What a gateway is told when it comes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Welcome {
    /// [`super::VERSION`].
    pub version: u32,
    /// The controller's clock, in milliseconds since 1970: for telling people how far the gateway's is off.
    pub now: u64,
    /// Of the spool that was named in the hello: the last record that is in the controller's log; 0 for none.
    pub recorded: u64,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Comes back in the answer.
    pub id: u64,
    /// A command of the local API that only asks: [`super::is_question`].
    pub command: local::Command,
}

/// Why the controller lets go, and when to come again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bye {
    /// For the gateway's journal.
    pub reason: String,
    /// Seconds to wait before dialling again.
    pub retry_after: u64,
}
