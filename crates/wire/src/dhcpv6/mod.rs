//! DHCP for IPv6 (RFC 8415), with the client's name (RFC 4704), link-layer address by relay agents (RFC 6939) and MUD
//! address (RFC 8520).
//!
//! Read: what is asked and how it is answered; of a client its identifier, name, vendor class, the options it asks for
//! and its MUD address; who serves and who relays; of a reply, the leases. Not read: prefixes delegated, and the
//! settings handed out. What relay agents wrap is read as what it is.

mod observe;
mod parser;
#[cfg(test)]
mod tests;

use crate::context::Context;
use crate::pairing::OpenRequests;
use crate::parser::DatagramParser;
use nullius_model::{Protocol, Unit, Values};
use parser::Message;

/// The datagrams of one flow. Each exchange of two messages has a transaction of its own.
#[derive(Debug, Default)]
pub(crate) struct Session {
    open: OpenRequests<u32>,
}

impl DatagramParser for Session {
    fn handle_datagram(&mut self, bytes: &[u8], context: &mut Context<'_>) {
        match Message::parse(bytes) {
            Ok(message) if observe::is_answer(message.kind) => self.handle_answer(&message, context),
            Ok(message) => self.handle_request(&message, context),
            Err(error) => context.malformed(Protocol::Dhcpv6, error),
        }
    }
}

impl Session {
    fn handle_request(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let symbol = observe::symbol(message.kind);
        self.open.push(message.transaction, symbol.clone(), context.seen.at);
        context.request(Protocol::Dhcpv6, Unit::NONE, symbol, Values::None);
        observe::request_facts(message, context);
    }

    fn handle_answer(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let outcome = observe::outcome(message);
        let open = self.open.answer(&message.transaction);
        context.answer(Protocol::Dhcpv6, Unit::NONE, open, observe::symbol(message.kind), outcome);
        observe::answer_facts(message, context);
    }
}
