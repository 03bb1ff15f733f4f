//! NTP (RFC 5905), its control messages (RFC 9327) and the private ones of the reference implementation.
//!
//! Read: every mode, pairing by time stamp, refusals, the stratum a server claims. Not read: the time itself, extension
//! fields, what control messages contain. Whether an authentication code is right is not verified.
//!
//! INVARIANT: only an answer that repeats the request's own time stamp answers it.

mod observe;
mod parser;

use crate::context::Context;
use crate::parser::DatagramParser;
use nullius_model::Protocol;
use observe::Observer;

/// The datagrams of one flow.
#[derive(Debug, Default)]
pub(crate) struct Session {
    observer: Observer,
}

impl DatagramParser for Session {
    fn handle_datagram(&mut self, bytes: &[u8], context: &mut Context<'_>) {
        match parser::read_packet(bytes) {
            Ok(packet) => self.observer.observe(packet, context),
            Err(error) => context.malformed(Protocol::Ntp, error),
        }
    }
}

#[cfg(test)]
mod tests;
