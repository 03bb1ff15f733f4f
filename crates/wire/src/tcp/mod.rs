//! TCP: from segments to what each side said, in order.
//!
//! `order` puts one direction's bytes in order and says where they are missing; `application` hands them to a protocol's
//! parser and keeps what the parser cannot yet read; [`TcpFlow`] is both directions of one connection.
//!
//! A passive reader sees other segments than the receiver does. Where the two could differ (overlap with different
//! content, bad checksums, lost frames) it says so instead of guessing in silence.

mod application;
mod order;
mod turns;

use application::{Application, Inbox};
use nullius_model::{Damage, Direction, FlowInfo, Observation, Protocol, Seen, Sink};
use order::{Ordered, Ordering};

/// One TCP segment that belongs to a flow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    pub(crate) sequence: u32,
    pub(crate) acknowledgement: Option<u32>,
    pub(crate) syn: bool,
    pub(crate) fin: bool,
    pub(crate) rst: bool,
    pub(crate) payload: &'a [u8],
    /// Payload bytes cut off by the capture.
    pub(crate) missing: usize,
}

/// Both directions of one connection.
#[derive(Debug)]
pub(crate) struct TcpFlow {
    from_client: Side,
    from_server: Side,
    application: Application,
    reset: bool,
}

#[derive(Debug, Default)]
struct Side {
    order: Ordering,
    inbox: Inbox,
    /// A segment with a right checksum was seen, so that a wrong one is no offload.
    computes_checksums: bool,
    finished: bool,
}

impl TcpFlow {
    pub(crate) fn new() -> Self {
        Self {
            from_client: Side::default(),
            from_server: Side::default(),
            application: Application::new(),
            reset: false,
        }
    }

    /// What the connection turned out to speak.
    pub(crate) const fn protocol(&self) -> Protocol {
        self.application.protocol()
    }

    /// Nothing more can come: reset, or closed by both.
    pub(crate) const fn is_over(&self) -> bool {
        self.reset || (self.from_client.finished && self.from_server.finished)
    }

    /// A SYN with another initial number than this connection's: the ports are used again.
    pub(crate) fn is_reused_by(&self, direction: Direction, segment: &Segment<'_>) -> bool {
        let side = match direction {
            Direction::FromClient => &self.from_client,
            Direction::FromServer => &self.from_server,
        };
        segment.syn && segment.acknowledgement.is_none() && side.order.contradicts_opening(segment.sequence)
    }

    /// A segment whose checksum does not hold is left out if its sender is known to compute them: the receiver drops
    /// it too. Only payload shows that: a card that finishes data segments may leave the bare ones to the stack.
    pub(crate) const fn refuses_checksum(
        &mut self,
        direction: Direction,
        segment: &Segment<'_>,
        holds: bool,
    ) -> bool {
        let side = match direction {
            Direction::FromClient => &mut self.from_client,
            Direction::FromServer => &mut self.from_server,
        };
        side.computes_checksums |= holds && !segment.payload.is_empty();
        !holds && side.computes_checksums
    }

    /// Bytes kept for this flow.
    pub(crate) fn held_bytes(&self) -> usize {
        self.from_client.held_bytes() + self.from_server.held_bytes()
    }

    /// Takes one segment.
    pub(crate) fn handle(
        &mut self,
        segment: &Segment<'_>,
        direction: Direction,
        info: &FlowInfo,
        seen: Seen,
        sink: &mut dyn Sink,
    ) {
        let Self { from_client, from_server, application, .. } = self;
        let (side, other) = match direction {
            Direction::FromClient => (from_client, from_server),
            Direction::FromServer => (from_server, from_client),
        };
        let mut reader = Delivery { inbox: &mut side.inbox, application, direction, info, seen, sink };
        if segment.syn {
            side.order.open(segment.sequence);
        } else if !side.order.is_open() && !segment.payload.is_empty() {
            reader.mid_stream();
        }
        let first = segment.sequence.wrapping_add(u32::from(segment.syn));
        side.order.handle(first, segment.payload, segment.missing, &mut |ordered| reader.handle(ordered));
        if let Some(acknowledgement) = segment.acknowledgement {
            let mut reader = Delivery {
                inbox: &mut other.inbox,
                application,
                direction: direction.reversed(),
                info,
                seen,
                sink,
            };
            other.order.acknowledge(acknowledgement, &mut |ordered| reader.handle(ordered));
        }
        side.finished |= segment.fin;
        self.reset |= segment.rst;
    }

    /// Gives out what waits for missing bytes, and the last unfinished turn.
    pub(crate) fn flush(&mut self, info: &FlowInfo, seen: Seen, sink: &mut dyn Sink) {
        let Self { from_client, from_server, application, .. } = self;
        for (side, direction) in [(from_client, Direction::FromClient), (from_server, Direction::FromServer)]
        {
            let mut reader = Delivery { inbox: &mut side.inbox, application, direction, info, seen, sink };
            side.order.flush(&mut |ordered| reader.handle(ordered));
        }
        application.flush(info, sink);
    }
}

impl Side {
    fn held_bytes(&self) -> usize {
        self.order.held_bytes() + self.inbox.held_bytes()
    }
}

/// Where ordered bytes of one direction go.
struct Delivery<'d> {
    inbox: &'d mut Inbox,
    application: &'d mut Application,
    direction: Direction,
    info: &'d FlowInfo,
    seen: Seen,
    sink: &'d mut dyn Sink,
}

impl Delivery<'_> {
    fn handle(&mut self, ordered: Ordered<'_>) {
        match ordered {
            Ordered::Bytes(bytes) => {
                let mut context =
                    crate::context::Context::new(self.seen, self.info, self.direction, self.sink);
                self.application.handle_bytes(self.inbox, bytes, &mut context);
            }
            Ordered::Gap(missing) => {
                self.damage(Damage::StreamGap { missing });
                self.application.handle_gap(self.inbox, self.direction);
            }
            Ordered::Conflict => self.damage(Damage::ConflictingOverlap),
        }
    }

    fn mid_stream(&mut self) {
        self.damage(Damage::MidStream);
        self.application.handle_gap(self.inbox, self.direction);
    }

    fn damage(&mut self, damage: Damage) {
        self.sink.observe(self.seen, Some(self.info), Observation::Damage(damage));
    }
}
