//! Dns: not read yet.

pub(crate) mod name;

use crate::context::Context;
use crate::parser::DatagramParser;

/// The datagrams of one flow.
#[derive(Debug)]
pub(crate) struct Session {
    _protocol: nullius_model::Protocol,
}

impl Session {
    /// A session of DNS, mDNS or LLMNR, which share their message format.
    pub(crate) const fn new(protocol: nullius_model::Protocol) -> Self {
        Self { _protocol: protocol }
    }
}

impl DatagramParser for Session {
    fn handle_datagram(&mut self, _bytes: &[u8], _context: &mut Context<'_>) {}
}
