//! Frames in, observations out: the one path every frame takes. This file goes as far as a whole packet; `transport` takes
//! it to its flow.

mod transport;

use crate::duplicates::Duplicates;
use crate::flow::{FlowTable, Slot};
use crate::ip::fragments::{Assembly, Fragments};
use crate::ip::{self, IpPacket};
use crate::limits::Limits;
use crate::link::{self, LinkFrame, LinkPayload};
use crate::neighbours;
use nullius_model::{
    Binding, BindingSource, Damage, Endpoint, Frame, Mac, Observation, Seed, Seen, Sink, Timestamp, Transport,
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
    use nullius_model::FlowInfo;
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
