//! Findings, each with its frames.

use super::device::Names;
use super::{Moment, text};
use nullius_device::risk::findings;
use serde::Serialize;

/// Something that should worry somebody.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Finding<'a> {
    /// `weak-crypto`, `cleartext-login`, `address-conflict` …
    kind: &'static str,
    /// `high`, `medium` or `low`.
    severity: &'static str,
    /// Whom it is about: the `id` of a device or internet host, or `group:` or `silent:` with an address.
    subject: String,
    /// The other party, where there is one.
    peer: Option<String>,
    protocol: String,
    /// What exactly, in words.
    detail: &'a str,
    /// Times seen.
    count: u64,
    first: Moment,
    last: Moment,
}

impl<'a> Finding<'a> {
    pub(super) fn of(finding: &'a findings::Finding, names: &Names) -> Self {
        Self {
            kind: finding.kind.name(),
            severity: finding.severity.name(),
            subject: names.party(finding.subject),
            peer: finding.peer.map(|peer| names.party(peer)),
            protocol: finding.protocol.to_string(),
            detail: text(&finding.detail),
            count: finding.count,
            first: Moment::of(finding.first),
            last: Moment::of(finding.last),
        }
    }
}
