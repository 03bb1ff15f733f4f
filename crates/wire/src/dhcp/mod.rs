//! DHCP for IPv4 (RFC 2131, options RFC 2132), and BOOTP beneath it.
//!
//! Read: what is asked and how it is answered; of a client its names, vendor class, client identifier, the options it
//! asks for and its MUD address (RFC 8520), about the hardware address in the message and not that of the frame, which
//! may be a relay agent's; of a server that it is one; of an acknowledgement, the lease. Not read: the settings handed
//! out, and what relay agents add (option 82).
//!
//! The bytes are read by hand: of the library that was tried, dhcproto 0.15, `chaddr()` panics on a hardware address
//! length above 16, and one option it dislikes costs the whole message.

mod observe;
mod parser;
#[cfg(test)]
mod tests;

use crate::context::Context;
use crate::pairing::OpenRequests;
use crate::parser::DatagramParser;
use nullius_model::{Protocol, Unit, Values};
use parser::Message;

/// The datagrams of one flow. Requests are open under transaction and message type: one exchange of four messages has
/// one transaction.
#[derive(Debug, Default)]
pub(crate) struct Session {
    open: OpenRequests<(u32, Option<u8>)>,
}

impl DatagramParser for Session {
    fn handle_datagram(&mut self, bytes: &[u8], context: &mut Context<'_>) {
        match Message::parse(bytes) {
            Ok(message) => match observe::answers(&message) {
                [] => self.handle_request(&message, context),
                kinds => self.handle_reply(kinds, &message, context),
            },
            Err(error) => context.malformed(Protocol::Dhcp, error),
        }
    }
}

impl Session {
    fn handle_request(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let symbol = observe::request(message.options.message_type);
        if observe::is_answered(message) {
            self.open.push((message.xid, message.options.message_type), symbol.clone(), context.seen.at);
        }
        context.request(Protocol::Dhcp, Unit::NONE, symbol, Values::None);
        if !message.from_server {
            observe::client_facts(message, context);
        }
    }

    fn handle_reply(&mut self, kinds: &[Option<u8>], message: &Message<'_>, context: &mut Context<'_>) {
        let outcome = observe::outcome(message);
        let asked = kinds.iter().find_map(|kind| self.open.answer(&(message.xid, *kind)));
        let orphan = observe::request(kinds.first().copied().flatten());
        context.answer(Protocol::Dhcp, Unit::NONE, asked, orphan, outcome);
        observe::server_facts(message, context);
    }
}
