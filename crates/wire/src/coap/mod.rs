//! CoAP over UDP (RFC 7252), with Observe (RFC 7641), block-wise transfer (RFC 7959), FETCH and PATCH (RFC 8132).
//!
//! Read: every message, the options that say what it is about, resource types in link-format lists (RFC 6690). Not read:
//! other payloads but a lone decimal number, queries, what OSCORE (RFC 8613) hides. Each block of a body is a message of
//! its own. CoAP over TCP (RFC 8323) is not read at all.

mod links;
mod observe;
mod parser;
mod recent;

use crate::context::Context;
use crate::parser::DatagramParser;
use nullius_model::Protocol;
use observe::Conversation;
use parser::Message;

/// The datagrams of one flow.
#[derive(Debug, Default)]
pub(crate) struct Session {
    conversation: Conversation,
}

impl DatagramParser for Session {
    fn held_bytes(&self) -> usize {
        self.conversation.held_bytes()
    }

    fn handle_datagram(&mut self, bytes: &[u8], context: &mut Context<'_>) {
        match Message::parse(bytes) {
            Ok(message) => self.conversation.handle(&message, bytes, context),
            Err(error) => context.malformed(Protocol::Coap, error),
        }
    }
}

#[cfg(test)]
mod tests;
