//! Leaves of the audit log as events of the Open Cybersecurity Schema Framework (OCSF 1.7.0, <https://schema.ocsf.io>).
//!
//! An event says in the words of the framework what a leaf says in ours, and carries the leaf itself (`raw_data`), so
//! that nothing is lost on the way and a receiver can prove the leaf against a checkpoint. Its id is made of index and
//! hash of the leaf: the same leaf gives the same id whenever it is sent, and another one that takes the index after a
//! restore does not.
//!
//! INVARIANT: every leaf gives an event, whatever is in it, and every event is one line of printable ASCII.

mod ascii;
mod denial;
mod details;
mod event;
mod kinds;
mod leaf;
mod objects;
#[cfg(test)]
mod tests;

pub(crate) use ascii::to_string as ascii_json;
use event::Event;
use leaf::Leaf;

/// One leaf, ready to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// The leaf's index.
    pub(crate) sequence: u64,
    /// When it happened, as the leaf has it (RFC 3339).
    pub(crate) at: String,
    /// What kind of thing happened, in our words.
    pub(crate) what: String,
    /// OCSF's number: 1 informational … 6 fatal.
    pub(crate) severity: u8,
    /// The event, one line of printable ASCII without its end.
    pub(crate) json: String,
}

/// The event of a leaf.
pub(crate) fn line(sequence: u64, bytes: &[u8]) -> Line {
    let leaf = Leaf::read(bytes);
    let event = Event::of(sequence, bytes, &leaf);
    let severity = event.severity();
    let json = ascii::to_string(&event);
    Line { sequence, severity, json, at: leaf.at, what: leaf.what }
}
