//! From a whole packet to its flow, and from the flow to the parser of its protocol.

use super::{Arrival, Dissector};
use crate::context::Context;
use crate::flow::{Flow, FlowKey, Opener, Reading, Slot, opener, service_is_first};
use crate::icmp;
use crate::ip::{self, IpPacket, checksum};
use crate::reader::Reader;
use crate::registry::{LINKS, datagram_entry};
use crate::tcp::{Checksum, Segment, TcpFlow};
use etherparse::{TcpHeaderSlice, UdpHeaderSlice};
use nullius_model::{
    Damage, Direction, Endpoint, FlowId, FlowInfo, Mac, Observation, Protocol, Symbol, Transport, Unit,
    Values, VerbClass,
};
use std::net::IpAddr;

impl Dissector {
    pub(super) fn handle_transport(&mut self, packet: &IpPacket<'_>, mut arrival: Arrival<'_>) {
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
    pub(super) fn handle_packet(
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
