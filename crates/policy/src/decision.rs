//! What was decided, and why.

use crate::ServiceId;
use nullius_model::{DeviceName, SmolStr, VerbClass, Verdict};
use std::fmt;
use std::time::Duration;

/// A policy's `@id`, unique in its repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyId(pub SmolStr);

impl fmt::Display for PolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is done with a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Refused.
    #[default]
    Deny,
    /// Let through.
    Allow,
}

/// Something a request names and nobody knows: denied whatever the policies say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// No such device asks.
    Subject(DeviceName),
    /// No such device, or it offers no such service.
    Object(ServiceId),
    /// The service's protocol has no such verb.
    Verb(VerbClass, SmolStr),
}

/// The answer to a [`Request`](crate::Request).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// What is done.
    pub effect: Effect,
    /// The policies and grants that decided, in order of their ids: permits where it is allowed, forbids and the
    /// permits they overruled where a forbid decided.
    pub reasons: Vec<PolicyId>,
    /// Policies that failed while they were evaluated, and how; any of them denies.
    pub errors: Vec<(PolicyId, String)>,
    /// Optional inputs that a policy asked for and did not find, in alphabetical order.
    pub missing: Vec<&'static str>,
    /// Where it is denied, the inputs that turned it, in alphabetical order: what failing conditions of permits and holding
    /// conditions of forbids looked at; `verb`, `object` or `subject` where no permit is for it.
    pub turned_by: Vec<&'static str>,
    /// What the request names and nobody knows.
    pub unknown: Option<Unknown>,
}

/// The answer for all messages to a service at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// What the packet path does.
    pub verdict: Verdict,
    /// How long it holds while inputs, mode and policies stay as they are; for good where nothing is given.
    pub holds_for: Option<Duration>,
    /// The policies and grants that decided, in order of their ids.
    pub reasons: Vec<PolicyId>,
    /// Optional inputs that a policy asked for and did not find, in alphabetical order.
    pub missing: Vec<&'static str>,
}
