//! Cisco Discovery Protocol, versions 1 and 2 (Cisco, "Cisco Discovery Protocol Packet Format"; no standard).
//!
//! Read: who the sender says it is and what it is attached by. Not read: VLANs, duplex, power, VTP. A packet is
//! repeated every minute; its facts are told when they change.

mod observe;
mod parser;
#[cfg(test)]
mod tests;

use crate::context::Context;
use crate::parser::DatagramParser;
use crate::unchanged::Last;
use nullius_model::{Protocol, Symbol, Unit, Values, VerbClass};
use parser::Packet;

/// The packets of one port.
#[derive(Debug, Default)]
pub(crate) struct Session {
    last: Last,
}

impl DatagramParser for Session {
    fn handle_datagram(&mut self, bytes: &[u8], context: &mut Context<'_>) {
        let packet = match Packet::parse(bytes) {
            Ok(packet) => packet,
            Err(error) => return context.malformed(Protocol::Cdp, error),
        };
        let symbol = Symbol::new(VerbClass::Discover, "advertisement");
        context.request(Protocol::Cdp, Unit::NONE, symbol, Values::None);
        if self.last.is_news(bytes) {
            observe::facts(&packet, context);
        }
    }
}
