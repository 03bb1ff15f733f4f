//! BACnet/IP: ASHRAE 135, Annex J (virtual link), clause 6 (network layer), clauses 13 to 17 and 20 (application).
//!
//! Read: commands to the virtual link and to routers, every service with the object and property it is about, answers
//! paired by invoke id, who a device says it is.
//! Not read: BACnet/IPv6 (Annex U), BACnet/SC (it is TLS), what parameters beyond the object say. Segmented messages are
//! not put together: the first segment speaks for the message as far as it reaches, later ones are told as `segment`.
//!
//! A station behind a router is a unit of the endpoint the router is: see [`observe`].

mod observe;
mod parser;

use crate::context::Context;
use crate::pairing::OpenRequests;
use crate::parser::DatagramParser;
use crate::reader::ParseError;
use nullius_model::{Direction, Protocol};

/// The datagrams of one flow. Both ends use port 47808, so either may be asking.
#[derive(Debug, Default)]
pub(crate) struct Session {
    open: OpenRequests<observe::Key>,
    /// Commands to the virtual link, by who asked: they carry no number.
    link: OpenRequests<Direction>,
    /// What the last I-Am told, so that its repetition is not told again.
    told: Option<parser::service::IAm>,
}

impl DatagramParser for Session {
    fn handle_datagram(&mut self, bytes: &[u8], context: &mut Context<'_>) {
        let read = parser::link(bytes).and_then(|(link, honest)| {
            let read = self.handle_link(link, context);
            if honest { read } else { Err(ParseError::Invalid("length is not that of the datagram")) }
        });
        if let Err(error) = read {
            context.malformed(Protocol::Bacnet, error);
        }
    }
}

#[cfg(test)]
mod tests;
