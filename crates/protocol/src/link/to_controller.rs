//! What a gateway says.

use super::{Blob, Hash, Relay};
use crate::{local, text};
use nullius_model::Epoch;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// Most records of one frame: they are written in one transaction.
pub const MAX_RECORDS: usize = 1024;

/// One frame from a gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum ToController {
    /// The first frame, and only the first.
    Hello(Hello),
    /// What became of a bundle.
    Ack(Ack),
    /// What the gateway wrote down, in order.
    Records(Records),
    /// How things are, when they have changed and at most every ten seconds.
    Report(Box<Report>),
    /// Asks for a new certificate.
    Renew {
        /// A certificate request (PKCS#10, DER). Only its public key is taken.
        csr: Blob,
    },
    /// The answer to a question.
    Answer(Answered),
    /// What a device says to the enrolment server.
    Relay(Relay),
    /// Nothing, after [`super::PING_SECONDS`] of it.
    Ping,
}

/// Where a gateway stands when it comes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// [`super::VERSION`].
    pub version: u32,
    /// The program's version, for people.
    pub software: String,
    /// The boot that its times since the start belong to.
    pub boot: String,
    /// The highest epoch it has ever taken, of a policy or an order. It takes none that is not higher.
    #[serde(with = "text::epoch")]
    pub taken: Epoch,
    /// The epoch of the policy it enforces; `0.0` before the first.
    #[serde(with = "text::epoch")]
    pub policy: Epoch,
    /// Of the rules that its kernel has.
    pub kernel_digest: Hash,
    /// Its records.
    pub spool: Spool,
    /// Devices whose access is taken away, by whomever.
    pub revoked: Vec<Revoked>,
}

/// Which records a gateway holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spool {
    /// Names the spool: made at random with it, since a gateway that was set up anew counts from 1 again.
    pub id: String,
    /// The number of the oldest record it still has; `next` where it has none.
    pub first: u64,
    /// The number its next record will get. Numbers start at 1.
    pub next: u64,
}

/// A device whose access is taken away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revoked {
    /// The device.
    pub device: String,
    /// When, in seconds since 1970, by the gateway's clock.
    pub at: u64,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// What became of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ack {
    /// Which bundle.
    #[serde(with = "text::epoch")]
    pub epoch: Epoch,
    /// What became of it.
    pub result: Outcome,
}

/// What became of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Outcome {
    /// It is durable, and the kernel has what follows from it.
    Applied {
        /// Of the rules that the kernel has now.
        kernel_digest: Hash,
    },
    /// It is durable and waits: somebody at the gateway holds changes back. `applied` or `refused` follows.
    Held {
        /// Why, as that person put it.
        reason: String,
    },
    /// It has no effect and will have none.
    Refused {
        /// What is wrong with it.
        reason: String,
    },
}

/// Records of a spool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Records {
    /// [`Spool::id`].
    pub spool: String,
    /// In ascending order of their numbers, at most [`MAX_RECORDS`].
    #[serde(deserialize_with = "few")]
    pub records: Vec<Record>,
}

/// One record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Its number. One that is missing before it was given up for want of room.
    pub seq: u64,
    /// What it says: [`local::AuditLine`] as JSON, as the gateway wrote it.
    pub line: String,
    /// What stands behind it: [`super::chained`].
    pub chain: Hash,
}

/// How things are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// One screen.
    pub status: local::Status,
    /// Devices of the inventory that have changed since the last report; all of them in the first.
    pub devices: Vec<local::Device>,
    /// Every station that is none of them.
    pub stations: Vec<local::Station>,
}

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// As the question had it.
    pub id: u64,
    /// What the gateway's local API said.
    pub answer: local::Answer,
}

/// Stops at the limit, before more is kept.
fn few<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Record>, D::Error> {
    struct Few;

    impl<'de> Visitor<'de> for Few {
        type Value = Vec<Record>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "at most {MAX_RECORDS} records")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<Record>, A::Error> {
            let mut records = Vec::new();
            while let Some(record) = items.next_element()? {
                if records.len() >= MAX_RECORDS {
                    return Err(A::Error::custom("more records than a frame may hold"));
                }
                records.push(record);
            }
            Ok(records)
        }
    }

    from.deserialize_seq(Few)
}
