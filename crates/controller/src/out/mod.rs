//! What leaves the controller: the log as security events, to whoever collects them.
//!
//! The audit log is the one stream, and a leaf's index is its sequence number, so that a receiver sees a gap. The log
//! is also the spool: a sink reads it from where it stopped, however long that is ago. Nothing is ever sent before it
//! is durable, nothing is dropped because a receiver is slow, and no receiver is waited for by anybody but its sink.

mod backoff;
mod desk;
mod destination;
pub(crate) mod ocsf;
pub(crate) mod sink;
#[cfg(test)]
mod tests;
pub(crate) mod trust;
pub(crate) mod witness;

pub use destination::{Destination, Receiver, check};
