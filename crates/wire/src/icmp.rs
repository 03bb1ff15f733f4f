//! ICMP (RFC 792) and ICMPv6 (RFC 4443): symbols, and which flow an error is about.

use crate::context::Context;
use crate::ip;
use crate::neighbours;
use crate::reader::Reader;
use nullius_model::{Object, Protocol, Symbol, Unit, Values, VerbClass};

/// The packet an error message quotes, if it says that the destination cannot be reached.
pub(crate) fn unreachable_packet(protocol: u8, payload: &[u8]) -> Option<&[u8]> {
    let is_unreachable = matches!((protocol, payload.first()), (ip::ICMP, Some(3)) | (ip::ICMPV6, Some(1)));
    payload.get(8..).filter(|_| is_unreachable)
}

/// Tells the message, and what neighbour discovery binds.
pub(crate) fn observe(protocol: u8, payload: &[u8], context: &mut Context<'_>) {
    let mut reader = Reader::new(payload);
    let (Ok(kind), Ok(code)) = (reader.u8(), reader.u8()) else { return };
    if protocol == ip::ICMPV6
        && let Err(error) = neighbours::neighbour_discovery(payload, context)
    {
        context.malformed(Protocol::Icmp, error);
    }
    if let Some(symbol) = symbol(protocol, kind, code) {
        context.request(Protocol::Icmp, Unit::NONE, symbol, Values::None);
    }
}

/// Neighbour discovery and answers are upkeep of the link, not conversation, and are told by nobody.
fn symbol(protocol: u8, kind: u8, code: u8) -> Option<Symbol> {
    let symbol = match (protocol, kind) {
        (ip::ICMP, 0) | (ip::ICMPV6, 129 | 130..=136 | 143) => return None,
        (ip::ICMP, 8) | (ip::ICMPV6, 128) => Symbol::new(VerbClass::Diagnose, "echo_request"),
        (ip::ICMP, 3) | (ip::ICMPV6, 1) => {
            Symbol::new(VerbClass::Diagnose, "destination_unreachable").about(Object::Code(u64::from(code)))
        }
        (ip::ICMP, 5) | (ip::ICMPV6, 137) => Symbol::new(VerbClass::Configure, "redirect"),
        (ip::ICMP, 9 | 10) => Symbol::new(VerbClass::Discover, "router_discovery"),
        (ip::ICMP, 11) | (ip::ICMPV6, 3) => Symbol::new(VerbClass::Diagnose, "time_exceeded"),
        (ip::ICMP, 13 | 17) => Symbol::new(VerbClass::Discover, "query").about(Object::Code(u64::from(kind))),
        (ip::ICMPV6, 2) => Symbol::new(VerbClass::Diagnose, "packet_too_big"),
        _ => Symbol::new(VerbClass::Diagnose, "other").about(Object::Code(u64::from(kind))),
    };
    Some(symbol)
}
