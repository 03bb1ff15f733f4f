//! Modbus: not read yet.

use crate::context::Context;
use crate::parser::{Probe, Progress, StreamParser};
use nullius_model::Direction;

/// Whether the first bytes of a flow look like this protocol.
pub(crate) fn probe(_direction: Direction, _bytes: &[u8]) -> Probe {
    Probe::Mismatch
}

/// One flow.
#[derive(Debug, Default)]
pub(crate) struct Session;

impl StreamParser for Session {
    fn handle_bytes(&mut self, bytes: &[u8], _context: &mut Context<'_>) -> Progress {
        Progress::Consumed(bytes.len())
    }

    fn handle_gap(&mut self, _direction: Direction) {}
}
