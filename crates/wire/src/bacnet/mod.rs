//! Bacnet: not read yet.

use crate::context::Context;
use crate::parser::DatagramParser;

/// The datagrams of one flow.
#[derive(Debug, Default)]
pub(crate) struct Session;

impl DatagramParser for Session {
    fn handle_datagram(&mut self, _bytes: &[u8], _context: &mut Context<'_>) {}
}
