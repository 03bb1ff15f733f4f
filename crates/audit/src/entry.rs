//! One record: who did what to which object, why, and what came of it.
//!
//! A record is one JSON object with its fields in a fixed order. It does not hold secrets, nor values of a process:
//! whoever writes one sees to that. What was decided is written before it is done, what came of it afterwards, with the
//! number of the decision.
//!
//! INVARIANT: text in a record that was written or read here is inert, and no record is longer than [`MAX_ENTRY`].

mod form;

use crate::Hash;
use form::Form;
pub use form::word;
use nullius_model::{Epoch, Timestamp};
use serde_json::{Map, Value};
use std::fmt;

/// Bytes of a record at most. A bundle counts them with 16 bits; whoever chooses texts cannot make one that fits none.
pub const MAX_ENTRY: usize = 60_000;

/// A record of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// When, by the clock of who wrote it; milliseconds are kept.
    pub at: Timestamp,
    /// Where; nothing for what concerns all sites.
    pub site: Option<String>,
    /// Whose doing: `user:anna`, `gateway:gw1`, `token:ci` or `system`.
    pub who: String,
    /// What was done: a noun and a verb, `device.revoke`.
    pub what: String,
    /// To what: a noun and a name, `device/cam1`.
    pub object: String,
    /// The reason that was given, or the rule that asked for it.
    pub why: String,
    /// Of the bundle that carries it to the gateways.
    pub epoch: Option<Epoch>,
    /// Digest of what was decided from.
    pub inputs: Option<Hash>,
    /// Decided, or what came of it.
    pub phase: Phase,
    /// Number of the earlier record that this one answers.
    pub of: Option<u64>,
    /// Details, by name.
    pub data: Map<String, Value>,
}

/// Where a change stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It is in force at whom it concerns.
    Applied,
    /// It shall be.
    Decided,
    /// It is not, and why.
    Failed,
    /// Nobody here decided it.
    Observed,
}

/// Why bytes are no record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Not the JSON object that a record is.
    #[error("it is no record: {0}")]
    Form(String),
    /// Longer than [`MAX_ENTRY`].
    #[error("it has {0} bytes; a record has {MAX_ENTRY} at most")]
    Long(usize),
    /// A field holds what it cannot.
    #[error("`{0}` holds what no record holds there")]
    Field(&'static str),
    /// It answers a record that is not before it.
    #[error("it answers record {0}, which is not before it")]
    Later(u64),
    /// It says what came of something that was not decided.
    #[error("it says what came of record {0}, which decides nothing")]
    Undecided(u64),
}

impl Entry {
    /// A record without a reason, a site or details.
    #[must_use]
    pub fn new(
        phase: Phase,
        at: Timestamp,
        who: impl Into<String>,
        what: impl Into<String>,
        object: impl Into<String>,
    ) -> Self {
        Self {
            at,
            site: None,
            who: who.into(),
            what: what.into(),
            object: object.into(),
            why: String::new(),
            epoch: None,
            inputs: None,
            phase,
            of: None,
            data: Map::new(),
        }
    }

    /// At a site.
    #[must_use]
    pub fn site(mut self, site: impl Into<String>) -> Self {
        self.site = Some(site.into());
        self
    }

    /// For a reason.
    #[must_use]
    pub fn why(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    /// Carried by the bundle of this epoch.
    #[must_use]
    pub const fn epoch(mut self, epoch: Epoch) -> Self {
        self.epoch = Some(epoch);
        self
    }

    /// Decided from what has this digest.
    #[must_use]
    pub const fn inputs(mut self, inputs: Hash) -> Self {
        self.inputs = Some(inputs);
        self
    }

    /// Answers an earlier record.
    #[must_use]
    pub const fn of(mut self, of: u64) -> Self {
        self.of = Some(of);
        self
    }

    /// With a detail.
    #[must_use]
    pub fn detail(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.data.insert(name.into(), value.into());
        self
    }

    /// The bytes of the record. Text is made inert and cut where it is too long; details that do not fit are replaced by
    /// their length and digest, so that no length of anything keeps a decision out of the log.
    ///
    /// # Errors
    /// [`EntryError::Form`] where JSON cannot say it.
    pub fn encode(&self) -> Result<Vec<u8>, EntryError> {
        Form::of(self).encode()
    }

    /// Reads a record.
    ///
    /// # Errors
    /// For bytes that [`Entry::encode`] does not write.
    pub fn parse(bytes: &[u8]) -> Result<Self, EntryError> {
        if bytes.len() > MAX_ENTRY {
            return Err(EntryError::Long(bytes.len()));
        }
        let form: Form = serde_json::from_slice(bytes).map_err(|error| EntryError::Form(told(&error)))?;
        form.entry()
    }

    /// Whether it may stand at `index`, when record `of` has the phase that `phase` tells.
    ///
    /// # Errors
    /// [`EntryError::Later`] or [`EntryError::Undecided`].
    pub fn follows(&self, index: u64, phase: impl FnOnce(u64) -> Option<Phase>) -> Result<(), EntryError> {
        let Some(of) = self.of else { return Ok(()) };
        if of >= index {
            return Err(EntryError::Later(of));
        }
        let comes_of_it = matches!(self.phase, Phase::Applied | Phase::Failed);
        if comes_of_it && phase(of) != Some(Phase::Decided) {
            return Err(EntryError::Undecided(of));
        }
        Ok(())
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Applied => "applied",
            Self::Decided => "decided",
            Self::Failed => "failed",
            Self::Observed => "observed",
        })
    }
}

/// What serde says may quote the record, which may hold anything.
fn told(error: &serde_json::Error) -> String {
    nullius_model::inert(&error.to_string()).chars().take(200).collect()
}

#[cfg(test)]
mod tests;
