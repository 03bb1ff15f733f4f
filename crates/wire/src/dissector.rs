//! Frames in, observations out: the one path every frame takes.

use crate::context::Context;
use crate::duplicates::Duplicates;
use crate::flow::{Flow, FlowKey, FlowTable, Opener, Reading, Slot, opener, service_is_first};
use crate::ip::fragments::{Assembly, Fragments};
use crate::ip::{self, IpPacket, checksum};
use crate::limits::Limits;
use crate::link::{self, LinkFrame, LinkPayload};
use crate::reader::Reader;
use crate::registry::{LINKS, datagram_entry};
use crate::tcp::{Checksum, Segment, TcpFlow};
use crate::{icmp, neighbours};
use etherparse::{TcpHeaderSlice, UdpHeaderSlice};
use nullius_model::{
    Binding, BindingSource, Damage, Direction, Endpoint, FlowId, FlowInfo, Frame, Mac, Observation, Protocol,
    Seed, Seen, Sink, Symbol, Timestamp, Transport, Unit, Values, VerbClass,
};
use std::net::IpAddr;
use std::time::Duration;

/// How often idle flows are looked for, in capture time.
const SWEEP_EVERY: Duration = Duration::from_secs(10);

/// Turns frames into observations. One thread, one capture.
#[derive(Debug)]
pub struct Dissector {
    limits: Limits,
    flows: FlowTable,
    next_flow: u64,
    fragments: Fragments,
    duplicates: Duplicates,
    /// Bytes that flows keep beyond their fixed size.
    held: usize,
    next_sweep: Timestamp,
    last: Seen,
}

/// What of a frame every layer needs.
struct Arrival<'f> {
    seen: Seen,
    source: Mac,
    destination: Mac,
    vlan: Option<u16>,
    wire_length: u32,
    /// The capture has all of it.
    is_whole: bool,
    sink: &'f mut dyn Sink,
}

impl Arrival<'_> {
    fn tell(&mut self, observation: Observation<'_>) {
        self.sink.observe(self.seen, None, observation);
    }

    fn damage(&mut self, damage: Damage) {
        self.tell(Observation::Damage(damage));
    }
}

impl Dissector {
    /// An empty dissector. `seed` keys its tables; over a file any will do.
    pub fn new(limits: Limits, seed: Seed) -> Self {
        Self {
            limits,
            flows: FlowTable::new(seed),
            next_flow: 0,
            fragments: Fragments::new(limits.fragmented, seed),
            duplicates: Duplicates::new(seed),
            held: 0,
            next_sweep: Timestamp::ZERO,
            last: Seen::default(),
        }
    }

    /// Reads one frame and tells `sink` all it says.
    pub fn handle_frame(&mut self, frame: &Frame<'_>, sink: &mut dyn Sink) {
        let seen = Seen { frame: frame.number, at: frame.at };
        self.last = seen;
        self.sweep(seen, sink);
        match link::peel(frame.link, frame.bytes) {
            Ok(peeled) => self.handle_link(frame, seen, &peeled, sink),
            Err(error) => {
                sink.observe(seen, None, Observation::Damage(Damage::BadHeader { why: error.why() }));
            }
        }
    }

    /// Ends every flow: nothing more will come.
    pub fn finish(&mut self, sink: &mut dyn Sink) {
        let incomplete = self.fragments.drain();
        tell_incomplete(incomplete, self.last, sink);
        let slots: Vec<Slot> = self.flows.iter_mut().map(|(slot, _)| slot).collect();
        self.end_flows(slots, sink);
    }

    /// Flows open now.
    pub fn open_flows(&self) -> usize {
        self.flows.len()
    }

    fn handle_link(&mut self, frame: &Frame<'_>, seen: Seen, peeled: &LinkFrame<'_>, sink: &mut dyn Sink) {
        let &LinkFrame { source, destination, vlan, .. } = peeled;
        let missing = u64::from(frame.wire_length).saturating_sub(frame.bytes.len() as u64);
        let wire_length = frame.wire_length;
        let is_whole = missing == 0;
        let mut arrival = Arrival { seen, source, destination, vlan, wire_length, is_whole, sink };
        if let Ok(missing @ 1..) = u32::try_from(missing) {
            arrival.damage(Damage::CutFrame { missing });
        }
        match peeled.payload {
            LinkPayload::Ip(bytes) => self.handle_ip(bytes, arrival),
            LinkPayload::Arp(bytes) if self.is_repeated(link::ARP, bytes, &arrival) => {
                arrival.damage(Damage::Duplicate)
            }
            LinkPayload::Arp(bytes) => handle_arp(bytes, &mut arrival),
            LinkPayload::Other { ethertype, bytes } => self.handle_other(ethertype, bytes, arrival),
        }
    }

    fn handle_other(&mut self, ethertype: u16, bytes: &[u8], mut arrival: Arrival<'_>) {
        if self.is_repeated(ethertype, bytes, &arrival) {
            arrival.damage(Damage::Duplicate);
            return;
        }
        let (source, destination) = (arrival.source, arrival.destination);
        arrival.tell(Observation::Frame {
            source,
            destination,
            ip: None,
            hop_limit: 0,
            length: arrival.wire_length,
        });
        let end = |mac| Endpoint { mac, ip: None, port: 0 };
        self.handle_packet(Transport::Link(ethertype), end(source), end(destination), bytes, arrival);
    }

    fn is_repeated(&mut self, ethertype: u16, bytes: &[u8], arrival: &Arrival<'_>) -> bool {
        let ends = [arrival.source, arrival.destination];
        self.duplicates.is_repeated_payload(ends, ethertype, bytes, arrival.seen.at)
    }

    fn handle_ip(&mut self, bytes: &[u8], mut arrival: Arrival<'_>) {
        let packet = match ip::parse(bytes) {
            Ok(packet) => packet,
            Err(error) => return arrival.damage(Damage::BadHeader { why: error.why() }),
        };
        if self.duplicates.is_repeated_packet(bytes, packet.checksum_holds, arrival.seen.at) {
            return arrival.damage(Damage::Duplicate);
        }
        if packet.missing > 0 && arrival.is_whole {
            return arrival.damage(Damage::BadHeader { why: "packet is longer than its frame" });
        }
        let ip = Some((packet.source, packet.destination));
        let Arrival { source, destination, wire_length: length, .. } = arrival;
        arrival.tell(Observation::Frame { source, destination, ip, hop_limit: packet.hop_limit, length });
        if !packet.checksum_holds {
            arrival.damage(Damage::BadChecksum { layer: "ipv4", dropped: false });
        }
        match packet.fragment {
            None => self.handle_transport(&packet, arrival),
            // Cut by the capture: what is missing cannot come.
            Some(_) if packet.missing > 0 => arrival.damage(Damage::IncompleteFragments),
            Some(fragment) => match self.fragments.handle(&packet, fragment, arrival.seen.at) {
                Assembly::Waiting if self.fragments.is_over_limit() => {
                    self.expire_fragments(arrival.seen, arrival.sink)
                }
                Assembly::Waiting => {}
                Assembly::Whole { protocol, payload } => {
                    self.handle_whole(&packet, protocol, &payload, arrival)
                }
                Assembly::Conflict => arrival.damage(Damage::ConflictingOverlap),
                Assembly::Broken => {
                    arrival.damage(Damage::BadHeader { why: "fragments contradict each other" })
                }
            },
        }
    }

    /// What fragments carried together; `last` is the one that made it whole.
    fn handle_whole(&mut self, last: &IpPacket<'_>, protocol: u8, payload: &[u8], mut arrival: Arrival<'_>) {
        match ip::skip_inner_extensions(last.source, protocol, payload) {
            Ok((protocol, payload)) => {
                let whole = IpPacket { protocol, payload, missing: 0, fragment: None, ..*last };
                self.handle_transport(&whole, arrival);
            }
            Err(error) => arrival.damage(Damage::BadHeader { why: error.why() }),
        }
    }

    fn handle_transport(&mut self, packet: &IpPacket<'_>, mut arrival: Arrival<'_>) {
        let whole = packet.missing == 0;
        match packet.protocol {
            ip::TCP => match TcpHeaderSlice::from_slice(packet.payload) {
                Ok(header) => self.handle_tcp(packet, &header, arrival),
                Err(_) if !whole => {}
                Err(_) => arrival.damage(Damage::BadHeader { why: "broken TCP header" }),
            },
            ip::UDP => match UdpHeaderSlice::from_slice(packet.payload) {
                Ok(header) => self.handle_udp(packet, &header, arrival),
                Err(_) if !whole => {}
                Err(_) => arrival.damage(Damage::BadHeader { why: "broken UDP header" }),
            },
            protocol => {
                let (source, destination) =
                    (end(packet.source, 0, arrival.source), end(packet.destination, 0, arrival.destination));
                if let Some(quoted) = icmp::unreachable_packet(protocol, packet.payload) {
                    self.refuse(quoted);
                }
                self.handle_packet(Transport::Ip(protocol), source, destination, packet.payload, arrival);
            }
        }
    }

    fn handle_tcp(&mut self, packet: &IpPacket<'_>, header: &TcpHeaderSlice<'_>, mut arrival: Arrival<'_>) {
        let segment = Segment {
            sequence: header.sequence_number(),
            acknowledgement: header.ack().then(|| header.acknowledgment_number()),
            syn: header.syn(),
            fin: header.fin(),
            rst: header.rst(),
            payload: packet.payload.get(header.slice().len()..).unwrap_or_default(),
            missing: packet.missing,
        };
        let checksum = tcp_checksum(packet, header.checksum());
        let source = end(packet.source, header.source_port(), arrival.source);
        let destination = end(packet.destination, header.destination_port(), arrival.destination);
        let (slot, direction) = self.tcp_flow(source, destination, &segment, &mut arrival);
        let Some(flow) = self.flows.get(slot) else { return };
        flow.count(direction, arrival.wire_length, segment.payload.len() + segment.missing, arrival.seen);
        let Reading::Stream(tcp) = &mut flow.reading else { return };
        let dropped = tcp.refuses_checksum(direction, &segment, checksum);
        if dropped || checksum == Checksum::Wrong {
            arrival.sink.observe(
                arrival.seen,
                Some(&flow.info),
                Observation::Damage(Damage::BadChecksum { layer: "tcp", dropped }),
            );
        }
        if dropped {
            return;
        }
        let before = tcp.held_bytes();
        tcp.handle(&segment, direction, &flow.info, arrival.seen, arrival.sink);
        let after = tcp.held_bytes();
        note_answer(flow, direction, &segment);
        self.hold(before, after, arrival.seen, arrival.sink);
    }

    /// The flow of a segment, and the segment's direction in it.
    fn tcp_flow(
        &mut self,
        source: Endpoint,
        destination: Endpoint,
        segment: &Segment<'_>,
        arrival: &mut Arrival<'_>,
    ) -> (Slot, Direction) {
        let (key, source_is_low) = FlowKey::of(Transport::Tcp, &source, &destination);
        if let Some(slot) = self.flows.find(&key) {
            let Some(flow) = self.flows.get(slot) else { return (slot, Direction::FromClient) };
            let direction = direction(source_is_low, flow.client_is_low);
            let reused = match &mut flow.reading {
                Reading::Stream(tcp) => tcp.is_reused_by(direction, segment),
                Reading::Datagrams { .. } | Reading::Unread(_) => false,
            };
            if !reused {
                return (slot, direction);
            }
            self.end_flows([slot], arrival.sink);
        }
        let opener = match (segment.syn, segment.acknowledgement) {
            (true, None) => Opener::Source,
            (true, Some(_)) => Opener::Destination,
            (false, _) => opener(Transport::Tcp, &source, &destination),
        };
        let reading = Reading::Stream(Box::new(TcpFlow::new()));
        let slot = self.open(
            key,
            source_is_low,
            opener,
            source,
            destination,
            Transport::Tcp,
            segment.syn,
            reading,
            arrival,
        );
        (slot, if opener == Opener::Source { Direction::FromClient } else { Direction::FromServer })
    }

    fn handle_udp(&mut self, packet: &IpPacket<'_>, header: &UdpHeaderSlice<'_>, mut arrival: Arrival<'_>) {
        let length = usize::from(header.length());
        // RFC 2675: zero for a jumbogram, or left to the network card.
        let end_of_payload = if length == 0 { packet.payload.len() } else { length.max(8) };
        let payload = packet.payload.get(8..end_of_payload.min(packet.payload.len())).unwrap_or_default();
        let whole = packet.missing == 0 && end_of_payload <= packet.payload.len();
        if whole && header.checksum() != 0 && !transport_checksum_holds(packet) {
            arrival.damage(Damage::BadChecksum { layer: "udp", dropped: false });
        }
        let source = end(packet.source, header.source_port(), arrival.source);
        let destination = end(packet.destination, header.destination_port(), arrival.destination);
        self.handle_packet(Transport::Udp, source, destination, payload, arrival);
    }

    /// Anything that comes in packets rather than a stream.
    fn handle_packet(
        &mut self,
        transport: Transport,
        source: Endpoint,
        destination: Endpoint,
        payload: &[u8],
        mut arrival: Arrival<'_>,
    ) {
        let (key, source_is_low) = FlowKey::of(transport, &source, &destination);
        let slot = self.flows.find(&key).unwrap_or_else(|| {
            let opener = if service_is_first(source.port, destination.port) {
                Opener::Destination
            } else {
                opener(transport, &source, &destination)
            };
            let reading = reading_of(transport, [source.port, destination.port], payload);
            self.open(
                key,
                source_is_low,
                opener,
                source,
                destination,
                transport,
                false,
                reading,
                &mut arrival,
            )
        });
        let Some(flow) = self.flows.get(slot) else { return };
        let direction = direction(source_is_low, flow.client_is_low);
        flow.count(direction, arrival.wire_length, payload.len(), arrival.seen);
        if direction == Direction::FromServer {
            flow.answer();
        }
        let mut context = Context::new(arrival.seen, &flow.info, direction, arrival.sink);
        match (&mut flow.reading, transport) {
            (Reading::Datagrams { parser, .. }, _) => {
                let before = parser.held_bytes();
                parser.handle_datagram(payload, &mut context);
                let after = parser.held_bytes();
                self.hold(before, after, arrival.seen, arrival.sink);
            }
            (Reading::Unread(Protocol::Icmp), Transport::Ip(protocol)) => {
                icmp::observe(protocol, payload, &mut context)
            }
            (Reading::Unread(protocol), _) => tell_unread(*protocol, payload, &mut context),
            (Reading::Stream(_), _) => {}
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "each is one plain fact of the flow, used once, from two callers"
    )]
    fn open(
        &mut self,
        key: FlowKey,
        source_is_low: bool,
        opener: Opener,
        source: Endpoint,
        destination: Endpoint,
        transport: Transport,
        opening_seen: bool,
        reading: Reading,
        arrival: &mut Arrival<'_>,
    ) -> Slot {
        if self.flows.len() >= self.limits.flows {
            arrival.damage(Damage::TableFull { table: "flows" });
            let stalest = self.flows.stalest(self.limits.flows / 8 + 1);
            self.end_flows(stalest, arrival.sink);
        }
        let source_opened = opener == Opener::Source;
        let (client, server) = if source_opened { (source, destination) } else { (destination, source) };
        let id = FlowId(self.next_flow);
        self.next_flow += 1;
        let info = FlowInfo { id, transport, client, server, vlan: arrival.vlan, opening_seen };
        let client_is_low = source_is_low == source_opened;
        self.flows.insert(key, Flow::new(info, client_is_low, reading, arrival.seen))
    }

    /// An ICMP error quotes the packet it is about: that flow was refused.
    fn refuse(&mut self, quoted: &[u8]) {
        let Ok(packet) = ip::parse(quoted) else { return };
        let mut reader = Reader::new(packet.payload);
        let (Ok(source), Ok(destination)) = (reader.be16(), reader.be16()) else { return };
        let transport = match packet.protocol {
            ip::TCP => Transport::Tcp,
            ip::UDP => Transport::Udp,
            _ => return,
        };
        let (source, destination) =
            (end(packet.source, source, Mac::NONE), end(packet.destination, destination, Mac::NONE));
        let (key, _) = FlowKey::of(transport, &source, &destination);
        if let Some(flow) = self.flows.find(&key).and_then(|slot| self.flows.get(slot)) {
            flow.refuse();
        }
    }

    /// A flow kept `before` bytes and keeps `after` now. Where all of them keep too much, those that keep most are let
    /// go until an eighth is free: a flood pays for looking through the table once in many packets, and who fills memory
    /// does not push out who keeps little.
    fn hold(&mut self, before: usize, after: usize, seen: Seen, sink: &mut dyn Sink) {
        self.held = self.held.saturating_add(after).saturating_sub(before);
        if self.held <= self.limits.stream_bytes {
            return;
        }
        sink.observe(seen, None, Observation::Damage(Damage::TableFull { table: "streams" }));
        for slot in self.flows.heaviest() {
            if self.held <= self.limits.stream_bytes / 8 * 7 {
                break;
            }
            self.end_flows([slot], sink);
        }
    }

    fn sweep(&mut self, seen: Seen, sink: &mut dyn Sink) {
        // A clock that was set back must not put the next look off for long.
        if seen.at < self.next_sweep && self.next_sweep.since(seen.at) <= SWEEP_EVERY {
            return;
        }
        self.next_sweep = seen.at.after(SWEEP_EVERY);
        self.expire_fragments(seen, sink);
        let expired = self.flows.expired(seen.at, &self.limits);
        self.end_flows(expired, sink);
        for (_, flow) in self.flows.iter_mut() {
            flow.report(sink);
        }
    }

    fn expire_fragments(&mut self, seen: Seen, sink: &mut dyn Sink) {
        let expired = self.fragments.expire(seen.at);
        tell_incomplete(expired, seen, sink);
    }

    fn end_flows(&mut self, slots: impl IntoIterator<Item = Slot>, sink: &mut dyn Sink) {
        for slot in slots {
            if let Some(mut flow) = self.flows.remove(slot) {
                self.held = self.held.saturating_sub(flow.held_bytes());
                flow.end(sink);
            }
        }
    }
}

/// The addresses of a frame, sender first, without reading further: for a filter before the dissector.
pub fn addresses(frame: &Frame<'_>) -> Option<([Mac; 2], Option<[IpAddr; 2]>)> {
    let peeled = link::peel(frame.link, frame.bytes).ok()?;
    let ips = match peeled.payload {
        LinkPayload::Ip(bytes) => ip::parse(bytes).ok().map(|packet| [packet.source, packet.destination]),
        LinkPayload::Arp(_) | LinkPayload::Other { .. } => None,
    };
    Some(([peeled.source, peeled.destination], ips))
}

const fn end(ip: IpAddr, port: u16, mac: Mac) -> Endpoint {
    Endpoint { mac, ip: Some(ip), port }
}

const fn direction(source_is_low: bool, client_is_low: bool) -> Direction {
    if source_is_low == client_is_low { Direction::FromClient } else { Direction::FromServer }
}

fn transport_checksum_holds(packet: &IpPacket<'_>) -> bool {
    checksum::holds_with_pseudo_header(packet.source, packet.destination, packet.protocol, packet.payload)
}

/// What the checksums of a segment and of its packet say.
fn tcp_checksum(packet: &IpPacket<'_>, checksum: u16) -> Checksum {
    if packet.missing > 0 {
        return Checksum::Unknown;
    }
    match (transport_checksum_holds(packet), packet.checksum_holds, checksum) {
        (true, true, _) => Checksum::Holds,
        (true, false, _) | (false, _, 0) => Checksum::Absent,
        (false, ..) => Checksum::Wrong,
    }
}

/// Whether the server accepted or refused, told from one segment.
fn note_answer(flow: &mut Flow, direction: Direction, segment: &Segment<'_>) {
    if direction == Direction::FromServer && segment.rst {
        flow.refuse();
    } else if direction == Direction::FromServer && (segment.syn || !segment.payload.is_empty()) {
        flow.answer();
    }
}

fn reading_of(transport: Transport, ports: [u16; 2], payload: &[u8]) -> Reading {
    match transport {
        Transport::Udp => datagram_entry(ports, payload).map_or(Reading::Unread(Protocol::Udp), |entry| {
            Reading::Datagrams { parser: (entry.start)(), protocol: entry.protocol }
        }),
        Transport::Link(ethertype) => LINKS.iter().find(|entry| entry.ethertype == ethertype).map_or(
            Reading::Unread(Protocol::Link(ethertype)),
            |entry| Reading::Datagrams { parser: (entry.start)(), protocol: entry.protocol },
        ),
        Transport::Ip(ip::ICMP | ip::ICMPV6) => Reading::Unread(Protocol::Icmp),
        Transport::Ip(number) => Reading::Unread(Protocol::Ip(number)),
        Transport::Tcp => Reading::Unread(Protocol::Tcp),
    }
}

/// A packet nobody reads, as the message it is to us: its size is all there is.
fn tell_unread(protocol: Protocol, payload: &[u8], context: &mut Context<'_>) {
    let unit = match context.flow.transport {
        Transport::Udp => Unit::number(u32::from(context.flow.server.port)),
        Transport::Tcp | Transport::Ip(_) | Transport::Link(_) => Unit::NONE,
    };
    let symbol = Symbol::new(VerbClass::Connect, "datagram").sized(payload.len());
    context.request(protocol, unit, symbol, Values::None);
}

fn handle_arp(bytes: &[u8], arrival: &mut Arrival<'_>) {
    let Arrival { source, destination, wire_length: length, .. } = *arrival;
    arrival.tell(Observation::Frame { source, destination, ip: None, hop_limit: 0, length });
    match neighbours::arp(bytes) {
        Ok(Some((mac, ip))) => {
            arrival.tell(Observation::Binding(Binding { mac, ip, source: BindingSource::Arp }))
        }
        Ok(None) => {}
        Err(error) => arrival.damage(Damage::BadHeader { why: error.why() }),
    }
}

fn tell_incomplete(count: usize, seen: Seen, sink: &mut dyn Sink) {
    for _ in 0..count {
        sink.observe(seen, None, Observation::Damage(Damage::IncompleteFragments));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nullius_model::{FrameNumber, LinkType};

    struct Nowhere;

    impl Sink for Nowhere {
        fn observe(&mut self, _: Seen, _: Option<&FlowInfo>, _: Observation<'_>) {}
    }

    /// A name query from `port` over a bare IPv4 link, its checksums left out.
    fn query(port: u16, id: u16) -> Vec<u8> {
        let name = [&[60][..], &[b'a'; 60], &[0, 0, 1, 0, 1]].concat();
        let [[port_high, port_low], [id_high, id_low]] = [port, id].map(u16::to_be_bytes);
        let length = u8::try_from(20 + 8 + 12 + name.len()).unwrap();
        let ip = [0x45, 0, 0, length, id_high, id_low, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        let udp = [port_high, port_low, 0, 53, 0, 0, 0, 0, id_high, id_low, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        [&ip[..], &udp, &name].concat()
    }

    #[test]
    fn flows_that_keep_much_give_way_before_all_of_them_keep_too_much() {
        let limits = Limits { stream_bytes: 100_000, ..Limits::default() };
        let mut dissector = Dissector::new(limits, Seed::new(1));
        let mut number = 0;
        for round in 0..64 {
            for port in 1_000..1_100 {
                number += 1;
                let bytes = query(port, round);
                let frame = Frame {
                    number: FrameNumber(number),
                    at: Timestamp::from_secs(1),
                    link: LinkType::RawIp,
                    bytes: &bytes,
                    wire_length: u32::try_from(bytes.len()).unwrap(),
                };
                dissector.handle_frame(&frame, &mut Nowhere);
                assert!(dissector.held <= limits.stream_bytes);
            }
        }
        let held: usize = dissector.flows.iter_mut().map(|(_, flow)| flow.held_bytes()).sum();
        assert_eq!(dissector.held, held, "the sum is that of the flows");
        dissector.finish(&mut Nowhere);
        assert_eq!(dissector.held, 0);
    }
}
