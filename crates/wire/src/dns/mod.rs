//! DNS (RFC 1035) over UDP, and its local kin in the same format: mDNS (RFC 6762) with DNS-SD (RFC 6763), and LLMNR
//! (RFC 4795).
//!
//! Read: what is asked, by type and by the suffix one owner has registered; how it is answered; updates (RFC 2136) and
//! notifications (RFC 1996); of answers that were asked for, which name belongs to which address; of mDNS, the services
//! a host offers and what it says it is. Not read: DNS over TCP, and records beyond addresses, PTR, SRV and TXT.
//!
//! The bytes are read by hand: the library that was tried, simple-dns 0.13, refuses every update and signed message
//! (class ANY) and every query type it does not know, so that an odd type would hide a message; and it reserves room
//! for as many records as a header of 12 bytes claims.

mod facts;
pub(crate) mod name;
mod observe;
mod parser;
#[cfg(test)]
mod tests;

use crate::context::Context;
use crate::pairing::OpenRequests;
use crate::parser::DatagramParser;
use facts::{Facts, Told};
use nullius_model::{Protocol, Symbol, Unit, Values};
use parser::{Message, Opcode};

/// The datagrams of one flow. An answer must repeat both the identifier and what was asked.
#[derive(Debug)]
pub(crate) struct Session {
    protocol: Protocol,
    open: OpenRequests<(u16, Symbol)>,
    told: Told,
}

impl Session {
    /// A session of DNS, mDNS or LLMNR, which share their message format.
    pub(crate) fn new(protocol: Protocol) -> Self {
        Self { protocol, open: OpenRequests::default(), told: Told::default() }
    }
}

impl DatagramParser for Session {
    fn held_bytes(&self) -> usize {
        self.open.held_bytes() + self.told.held_bytes()
    }

    fn handle_datagram(&mut self, bytes: &[u8], context: &mut Context<'_>) {
        match Message::parse(bytes) {
            Ok(message) if message.is_response => self.handle_response(&message, context),
            Ok(message) => self.handle_request(&message, context),
            Err(error) => context.malformed(self.protocol, error),
        }
    }
}

impl Session {
    fn handle_request(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        for symbol in observe::asked(self.protocol, message) {
            self.open.push((message.id, symbol.clone()), symbol.clone(), context.seen.at);
            context.request(self.protocol, Unit::NONE, symbol, Values::None);
        }
    }

    fn handle_response(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let is_local = self.protocol != Protocol::Dns;
        let was_asked = if self.protocol == Protocol::Mdns && message.questions.is_empty() {
            self.handle_announcement(message, context);
            false
        } else {
            self.handle_answer(message, context)
        };
        if message.rcode != 0 || message.opcode != Opcode::Query {
            return;
        }
        let mut facts = Facts { protocol: self.protocol, told: &mut self.told, context };
        if is_local {
            facts.of_host(message);
        } else if was_asked {
            facts.of_answer(message);
        }
    }

    /// mDNS answers everyone at once, and mostly nobody has asked (RFC 6762 §6, §8.3).
    fn handle_announcement(&self, message: &Message<'_>, context: &mut Context<'_>) {
        for symbol in observe::announced(self.protocol, message) {
            context.request(self.protocol, Unit::NONE, symbol, Values::None);
        }
    }

    /// Whether anything it answers was asked: an answer that nobody waited for may come from anyone, and names nobody.
    fn handle_answer(&mut self, message: &Message<'_>, context: &mut Context<'_>) -> bool {
        let outcome = observe::outcome(message);
        let mut was_asked = false;
        for symbol in observe::asked(self.protocol, message) {
            let key = (message.id, symbol);
            if let Some(open) = self.open.answer(&key) {
                was_asked = true;
                context.response(self.protocol, Unit::NONE, open.symbol, outcome, open.asked, Values::None);
            } else {
                context.orphan(self.protocol, Unit::NONE, key.1, outcome);
            }
        }
        was_asked
    }
}
