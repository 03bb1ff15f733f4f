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

/// What the checksums of a segment say: its own and, since no receiver takes it otherwise, its packet's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checksum {
    Holds,
    Wrong,
    /// Left for a network card to fill in, or noted already as the packet's.
    Absent,
    /// The capture lacks bytes it covers.
    Unknown,
}

/// Both directions of one connection.
#[derive(Debug)]
pub(crate) struct TcpFlow {
    from_client: Side,
    from_server: Side,
    application: Application,
    reset: bool,
    /// Who asked, with which number, to open the connection anew while it is alive.
    knocked: Option<(Direction, u32)>,
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
            knocked: None,
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

    /// The ports are used again: a SYN of another number, or from the end that we took for the server. While the
    /// connection is alive its receiver answers a stray SYN with a mere acknowledgement (RFC 5961 §4), so that whoever
    /// sends one would lead us away: it counts only once it is accepted.
    pub(crate) fn is_reused_by(&mut self, direction: Direction, segment: &Segment<'_>) -> bool {
        let expected = direction == Direction::FromClient
            && !self.side(direction).order.contradicts_opening(segment.sequence);
        let is_alive =
            !self.is_over() && self.from_client.order.is_open() && self.from_server.order.is_open();
        match segment.acknowledgement {
            _ if !segment.syn => false,
            None if expected => false,
            None if is_alive => {
                self.knocked = Some((direction, segment.sequence));
                false
            }
            None => true,
            Some(accepted) => self.knocked == Some((direction.reversed(), accepted.wrapping_sub(1))),
        }
    }

    /// A segment whose checksum does not hold is left out if its sender is known to compute them: the receiver drops
    /// it too, and would not be heard of otherwise. Only payload shows that: a card that finishes data segments may
    /// leave the bare ones to the stack.
    pub(crate) fn refuses_checksum(
        &mut self,
        direction: Direction,
        segment: &Segment<'_>,
        checksum: Checksum,
    ) -> bool {
        let side = self.side(direction);
        side.computes_checksums |= checksum == Checksum::Holds && !segment.payload.is_empty();
        matches!(checksum, Checksum::Absent | Checksum::Wrong) && side.computes_checksums
    }

    const fn side(&mut self, direction: Direction) -> &mut Side {
        match direction {
            Direction::FromClient => &mut self.from_client,
            Direction::FromServer => &mut self.from_server,
        }
    }

    /// Bytes kept for this flow.
    pub(crate) fn held_bytes(&self) -> usize {
        self.from_client.held_bytes() + self.from_server.held_bytes() + self.application.held_bytes()
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
        // Any other reset is passed over by the receiver, and must not make way for a stray SYN.
        let resets = segment.rst && self.side(direction).order.is_next(segment.sequence);
        let Self { from_client, from_server, application, .. } = self;
        let (side, other) = match direction {
            Direction::FromClient => (from_client, from_server),
            Direction::FromServer => (from_server, from_client),
        };
        let mut reader = Delivery { inbox: &mut side.inbox, application, direction, info, seen, sink };
        if segment.syn {
            side.order.open(segment.sequence);
            if let Some(accepted) = segment.acknowledgement {
                other.order.open(accepted.wrapping_sub(1));
            }
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
        self.reset |= resets;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_is_known_to_compute_checksums_is_held_to_them() {
        let segment = Segment {
            sequence: 1,
            acknowledgement: None,
            syn: false,
            fin: false,
            rst: false,
            payload: b"x",
            missing: 0,
        };
        let mut flow = TcpFlow::new();
        for (checksum, refused) in [
            (Checksum::Absent, false),
            (Checksum::Wrong, false),
            (Checksum::Unknown, false),
            (Checksum::Wrong, false),
            (Checksum::Holds, false),
            (Checksum::Wrong, true),
            (Checksum::Absent, true),
            (Checksum::Unknown, false),
        ] {
            assert_eq!(
                flow.refuses_checksum(Direction::FromClient, &segment, checksum),
                refused,
                "{checksum:?}"
            );
        }
    }

    #[test]
    fn a_stray_syn_opens_nothing_anew_until_it_is_accepted() {
        let segment = |sequence, acknowledgement, syn| Segment {
            sequence,
            acknowledgement,
            syn,
            fin: false,
            rst: false,
            payload: b"",
            missing: 0,
        };
        let reuse = |alive: bool, stray: &Segment<'_>, answer: &Segment<'_>| {
            let mut flow = TcpFlow::new();
            flow.from_client.order.open(100);
            if alive {
                flow.from_server.order.open(200);
            }
            let at_once = flow.is_reused_by(Direction::FromClient, stray);
            (at_once, flow.is_reused_by(Direction::FromServer, answer))
        };
        let (again, stray) = (segment(100, None, true), segment(900, None, true));
        let (accept, challenge) = (segment(700, Some(901), true), segment(201, Some(101), false));
        assert_eq!(reuse(true, &stray, &challenge), (false, false), "answered as of a living connection");
        assert_eq!(reuse(true, &stray, &accept), (false, true));
        assert_eq!(reuse(true, &again, &challenge), (false, false), "sent again");
        assert_eq!(reuse(false, &stray, &challenge), (true, false), "nobody answered the first");
    }

    #[test]
    fn a_syn_from_the_end_taken_for_the_server_shows_who_opens() {
        let mut flow = TcpFlow::new();
        flow.from_client.order.open(100);
        let segment = Segment {
            sequence: 100,
            acknowledgement: None,
            syn: true,
            fin: false,
            rst: false,
            payload: b"",
            missing: 0,
        };
        assert!(flow.is_reused_by(Direction::FromServer, &segment));
    }
}
