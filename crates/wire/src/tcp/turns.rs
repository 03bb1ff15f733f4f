//! Payload nobody reads, as turns: who spoke, how much, until the other side spoke.
//!
//! A turn is the message of a protocol we do not know. Its size class is all that can be learned of it.

use nullius_model::{Direction, Seen};

/// The turn in progress.
#[derive(Debug, Default)]
pub(super) struct Turns {
    current: Option<Turn>,
}

/// One side's payload until the other side spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) direction: Direction,
    pub(super) bytes: usize,
    /// Its last frame.
    pub(super) seen: Seen,
}

impl Turns {
    /// Adds payload; returns the turn that this ends.
    pub(super) fn handle(&mut self, direction: Direction, bytes: usize, seen: Seen) -> Option<Turn> {
        match &mut self.current {
            Some(turn) if turn.direction == direction => {
                turn.bytes = turn.bytes.saturating_add(bytes);
                turn.seen = seen;
                None
            }
            _ => self.current.replace(Turn { direction, bytes, seen }),
        }
    }

    /// The turn in progress, which nothing more will come of.
    pub(super) const fn finish(&mut self) -> Option<Turn> {
        self.current.take()
    }
}
