//! Link Layer Discovery Protocol (IEEE 802.1AB-2016), with the extensions of PROFINET, ANSI/TIA-1057 (LLDP-MED) and
//! RFC 8520.
//!
//! Read: who the sender says it is and what it is attached by. Not read: VLANs, power, link settings, and what ports
//! negotiate. A unit is repeated every few seconds; its facts are told when they change.

mod observe;
mod parser;
#[cfg(test)]
mod tests;

use crate::context::Context;
use crate::parser::DatagramParser;
use crate::unchanged::Last;
use nullius_model::{Protocol, Symbol, Unit, Values, VerbClass};

/// The units of one port.
#[derive(Debug, Default)]
pub(crate) struct Session {
    last: Last,
}

impl DatagramParser for Session {
    fn handle_datagram(&mut self, bytes: &[u8], context: &mut Context<'_>) {
        let unit = match parser::Unit::parse(bytes) {
            Ok(unit) => unit,
            Err(error) => return context.malformed(Protocol::Lldp, error),
        };
        let symbol = Symbol::new(VerbClass::Discover, "lldpdu");
        context.request(Protocol::Lldp, Unit::NONE, symbol, Values::None);
        if self.last.is_news(bytes) {
            observe::facts(&unit, context);
        }
    }
}
