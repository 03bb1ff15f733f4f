//! SNMP versions 1, 2c and 3 (RFC 1157, RFC 3416, RFC 3412).
//!
//! Read: every PDU, the objects it names, error statuses, reports; what an agent says of itself in the system group
//! and of its first physical entity. Not read: other values, engine identifiers and users of version 3. A community is
//! never kept: that one was sent is told once a direction.
//!
//! Objects of reads and traps are cut to their first ten arcs (see `observe`), those of sets are whole. Of an encrypted
//! PDU nothing but its size is known.
//!
//! INVARIANT: a datagram is read in one pass over its bytes; no structure nests deeper than the standard's own.

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
        match parser::read_message(bytes) {
            Ok(message) => self.observer.observe(message, context),
            Err(error) => context.malformed(Protocol::Snmp, error),
        }
    }
}

#[cfg(test)]
mod tests;
