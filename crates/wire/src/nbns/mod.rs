//! NetBIOS name service over UDP (RFC 1001, RFC 1002 §4.2).
//!
//! Read: queries, registrations, refreshes, releases, node status and the answers to them. Not read: scopes, and the
//! session and datagram services.

mod observe;
mod parser;

use crate::context::Context;
use crate::parser::DatagramParser;
use nullius_model::Protocol;
use observe::Conversation;
use parser::Packet;

/// The datagrams of one flow.
#[derive(Debug, Default)]
pub(crate) struct Session {
    conversation: Conversation,
}

impl DatagramParser for Session {
    fn handle_datagram(&mut self, bytes: &[u8], context: &mut Context<'_>) {
        match Packet::parse(bytes) {
            Ok(packet) => self.conversation.handle(&packet, context),
            Err(error) => context.malformed(Protocol::Nbns, error),
        }
    }
}

#[cfg(test)]
mod tests;
