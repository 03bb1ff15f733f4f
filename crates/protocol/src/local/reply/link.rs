//! What only the link to a controller gets back.

use crate::text;
use nullius_model::Epoch;
use serde::{Deserialize, Serialize};

/// Where a gateway stands towards its controller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkState {
    /// The boot that times since the start belong to.
    pub boot: String,
    /// The highest epoch that was taken.
    #[serde(with = "text::epoch")]
    pub taken: Epoch,
    /// Of the policy in force.
    #[serde(with = "text::epoch")]
    pub policy: Epoch,
    /// Of the rules that the kernel has, as hexadecimal digits.
    pub kernel_digest: String,
    /// Names the numbering of the records.
    pub spool: String,
    /// The oldest record there is.
    pub first: u64,
    /// The number of the next record.
    pub next: u64,
    /// Devices whose access is taken away.
    pub revoked: Vec<RevokedDevice>,
    /// What became of bundles that were held back, since this was last asked.
    pub outcomes: Vec<Delivered>,
}

/// A device whose access is taken away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokedDevice {
    /// The device.
    pub device: String,
    /// When, in seconds since 1970.
    pub at: u64,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// What became of a bundle that the controller sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivered {
    /// Which.
    #[serde(with = "text::epoch")]
    pub epoch: Epoch,
    /// What became of it.
    pub outcome: Delivery,
}

/// What became of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Delivery {
    /// It is durable, and the kernel has what follows from it.
    Applied {
        /// Of the rules that the kernel has now, as hexadecimal digits.
        kernel_digest: String,
    },
    /// It is durable, and waits until nobody holds changes back.
    Held {
        /// Why they are held back.
        reason: String,
    },
    /// It has no effect and will have none.
    Refused {
        /// What is wrong with it.
        reason: String,
    },
}

/// A record of the audit as it is uploaded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpoolRecord {
    /// Its number.
    pub seq: u64,
    /// [`super::AuditLine`] as JSON.
    pub line: String,
    /// What stands behind it in the chain, as hexadecimal digits.
    pub chain: String,
}
