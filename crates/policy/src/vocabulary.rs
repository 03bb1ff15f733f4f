//! The verbs of the protocols whose messages we judge.

use crate::request::Verb;
use nullius_model::{Protocol, VerbClass};

/// The one verb of a service whose messages nobody reads.
pub const CONNECT: &[Verb] = &[Verb { class: VerbClass::Connect, name: "connect" }];

/// Every verb a service of `protocol` understands.
pub const fn verbs(_protocol: Protocol) -> &'static [Verb] {
    CONNECT
}
