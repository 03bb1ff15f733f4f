//! GOOSE: events of substation automation, sent to a group on the link (IEC 61850-8-1, annex A and clause 18).
//!
//! Read: who publishes which control block, whether a state is new or repeated, the simulation and commissioning flags,
//! and whether the counters run as the standard has them. Not read: the values in the data set, which no message
//! describes; sampled values (0x88ba); GSE management beyond its being there; security extensions behind the PDU.
//!
//! INVARIANT: nothing here recurses: of the data set only the outermost entries are counted.

mod observe;
mod parser;

use crate::context::Context;
use crate::parser::DatagramParser;
use nullius_model::Protocol;
use observe::Published;
use std::collections::VecDeque;

/// The frames of one publisher to one group.
#[derive(Debug, Default)]
pub(crate) struct Session {
    /// The control blocks it published, the last heard of at the back.
    published: VecDeque<Published>,
}

impl DatagramParser for Session {
    fn handle_datagram(&mut self, bytes: &[u8], context: &mut Context<'_>) {
        let read = parser::frame(bytes).and_then(|frame| self.handle_frame(&frame, context));
        if let Err(error) = read {
            context.malformed(Protocol::Goose, error);
        }
    }
}

#[cfg(test)]
mod tests;
