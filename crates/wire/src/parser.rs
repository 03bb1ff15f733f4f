//! What every protocol parser offers to the dissector.

use crate::context::Context;
use nullius_model::Direction;

/// Reads one TCP flow, both directions, in order.
pub trait StreamParser {
    /// Reads what it can of `bytes`: the next contiguous bytes in `context.direction`, from the first one it has not
    /// yet consumed. Called again with the same bytes and more behind them after [`Progress::Consumed`] left some.
    fn handle_bytes(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Progress;

    /// Bytes of `direction` are missing; what comes next may begin anywhere. Called too when bytes made no sense and
    /// the rest of the segment was passed over, and at the start of a flow whose opening was not seen.
    fn handle_gap(&mut self, direction: Direction);

    /// Bytes it keeps beyond its fixed size; to be told wherever one flow can make it keep more than a few kilobytes,
    /// so that many flows together stay bounded.
    fn held_bytes(&self) -> usize {
        0
    }
}

/// What became of bytes handed to a [`StreamParser`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Done with this many bytes. The rest is kept until more arrives. May be larger than what was offered: the
    /// surplus is passed over unseen as it arrives, so that a large payload is never buffered.
    Consumed(usize),
    /// This does not follow the protocol: pass over this segment, try again at the next one.
    Lost,
    /// From this many bytes on, in both directions, another protocol is spoken (STARTTLS): decide anew.
    Handover(usize),
    /// There is nothing more to learn from this flow (encrypted from here on).
    Finished,
}

/// Reads the datagrams of one UDP flow, both directions; also frames of link protocols.
pub trait DatagramParser {
    /// Reads one whole datagram. `bytes` may be cut short by the capture's snapshot length.
    fn handle_datagram(&mut self, bytes: &[u8], context: &mut Context<'_>);

    /// Bytes it keeps beyond its fixed size; to be told wherever one flow can make it keep more than a few kilobytes,
    /// so that many flows together stay bounded.
    fn held_bytes(&self) -> usize {
        0
    }
}

/// Whether bytes look like a protocol's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// They do.
    Match,
    /// They cannot be.
    Mismatch,
    /// Too few to tell.
    Unsure,
}

impl Probe {
    /// `Match` if `holds`, else `Mismatch`.
    pub const fn decided(holds: bool) -> Self {
        if holds { Self::Match } else { Self::Mismatch }
    }
}
