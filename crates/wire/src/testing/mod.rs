//! What tests of parsers share: a conversation in pieces is played to one as the dissector would, and what it says is
//! written down, a line an observation (see [`lines`]).
//!
//! It knows no protocol.
//!
//! INVARIANT: a parser is offered what it left over and what came behind it, never what it asked to have passed over,
//! and nothing once it is finished.

mod input;
mod lines;

pub(crate) use input::{noise, unhex};

use crate::context::Context;
use crate::parser::{DatagramParser, Progress, StreamParser};
use lines::Lines;
use nullius_model::{Direction, Endpoint, FlowId, FlowInfo, FrameNumber, Mac, Seen, Timestamp, Transport};
use std::net::{IpAddr, Ipv4Addr};

/// What happens on a flow; one a second.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Piece<'a> {
    /// A segment or datagram from the client.
    Client(&'a [u8]),
    /// A segment or datagram from the server.
    Server(&'a [u8]),
    /// Bytes of a stream that are missing.
    Gap(Direction),
}

/// What a stream parser says. `lost`, `handover` and `finished` are its own judgement, the last two being the end;
/// `9 bytes left` closes a conversation in which it still waits for the rest of something.
pub(crate) fn stream<P: StreamParser + Default>(pieces: &[Piece<'_>]) -> Vec<String> {
    let mut parser = P::default();
    let flow = flow(Transport::Tcp);
    let mut sink = Lines::default();
    let mut buffers = [Buffer::default(), Buffer::default()];
    for (second, piece) in (1..).zip(pieces) {
        let (direction, bytes) = match *piece {
            Piece::Client(bytes) => (Direction::FromClient, bytes),
            Piece::Server(bytes) => (Direction::FromServer, bytes),
            Piece::Gap(direction) => {
                buffers[direction as usize] = Buffer::default();
                parser.handle_gap(direction);
                continue;
            }
        };
        let buffer = &mut buffers[direction as usize];
        buffer.extend(bytes);
        let mut context = Context::new(seen(second), &flow, direction, &mut sink);
        match parser.handle_bytes(&buffer.pending, &mut context) {
            Progress::Consumed(count) => buffer.consume(count),
            Progress::Lost => {
                buffer.pending.clear();
                parser.handle_gap(direction);
                sink.push("lost");
            }
            Progress::Handover(_) => return sink.ended_by("handover"),
            Progress::Finished => return sink.ended_by("finished"),
        }
    }
    let left: usize = buffers.iter().map(|buffer| buffer.pending.len()).sum();
    if left > 0 {
        sink.push(&format!("{left} bytes left"));
    }
    sink.into_lines()
}

/// The same, and that the size of the segments it comes in changes nothing.
pub(crate) fn stream_split<P: StreamParser + Default>(pieces: &[Piece<'_>]) -> Vec<String> {
    let whole = stream::<P>(pieces);
    for size in [1, 2, 3, 7, 11, 100] {
        let cut: Vec<_> = pieces.iter().flat_map(|piece| piece.split(size)).collect();
        assert_eq!(stream::<P>(&cut), whole, "in segments of {size} bytes");
    }
    whole
}

/// What a datagram parser says on a UDP flow.
pub(crate) fn datagrams(parser: &mut dyn DatagramParser, pieces: &[Piece<'_>]) -> Vec<String> {
    datagrams_on(&flow(Transport::Udp), parser, pieces)
}

/// What a datagram parser says on `flow`. A missing datagram is none: there are no gaps.
pub(crate) fn datagrams_on(
    flow: &FlowInfo,
    parser: &mut dyn DatagramParser,
    pieces: &[Piece<'_>],
) -> Vec<String> {
    let mut sink = Lines::default();
    for (second, piece) in (1..).zip(pieces) {
        let (direction, bytes) = match *piece {
            Piece::Client(bytes) => (Direction::FromClient, bytes),
            Piece::Server(bytes) => (Direction::FromServer, bytes),
            Piece::Gap(_) => panic!("a gap between datagrams"),
        };
        parser.handle_datagram(bytes, &mut Context::new(seen(second), flow, direction, &mut sink));
    }
    sink.into_lines()
}

/// A flow between 02:00:00:00:00:01, 10.0.0.1, and 02:00:00:00:00:02, 10.0.0.2; without addresses and ports if it is
/// directly on the link.
pub(crate) fn flow(transport: Transport) -> FlowInfo {
    let on_link = matches!(transport, Transport::Link(_));
    let end = |last: u8, port: u16| Endpoint {
        mac: Mac::new([2, 0, 0, 0, 0, last]),
        ip: (!on_link).then_some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))),
        port: if on_link { 0 } else { port },
    };
    FlowInfo {
        id: FlowId(1),
        transport,
        client: end(1, 50_000),
        server: end(2, 5_000),
        vlan: None,
        opening_seen: true,
    }
}

impl<'a> Piece<'a> {
    /// The same bytes in pieces of at most `size`.
    fn split(&self, size: usize) -> Vec<Self> {
        match self {
            Self::Client(bytes) => bytes.chunks(size).map(Self::Client).collect(),
            Self::Server(bytes) => bytes.chunks(size).map(Self::Server).collect(),
            Self::Gap(_) => vec![*self],
        }
    }
}

const fn seen(second: u64) -> Seen {
    Seen { frame: FrameNumber(second), at: Timestamp::from_secs(second) }
}

/// What is kept of one direction for the parser.
#[derive(Default)]
struct Buffer {
    pending: Vec<u8>,
    /// Bytes still to come that the parser asked to have passed over.
    skip: usize,
}

impl Buffer {
    fn extend(&mut self, bytes: &[u8]) {
        let passed = self.skip.min(bytes.len());
        self.skip -= passed;
        self.pending.extend_from_slice(&bytes[passed..]);
    }

    fn consume(&mut self, count: usize) {
        self.skip += count.saturating_sub(self.pending.len());
        self.pending.drain(..count.min(self.pending.len()));
    }
}
