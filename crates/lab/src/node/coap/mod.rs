//! CoAP: a sensor that answers, and a client that asks (RFC 7252).

mod client;
mod codec;
mod server;

pub(super) use client::ask;
pub(super) use server::run;

/// The port of CoAP.
const PORT: u16 = 5683;
/// Longest message (RFC 7252, 4.6).
const MAX_MESSAGE: usize = 1152;
