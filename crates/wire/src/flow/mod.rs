//! Flows: two endpoints that exchange packets, and who of them asked.

mod roles;
mod table;

pub(crate) use roles::{Opener, opener, service_is_first};
pub(crate) use table::{FlowTable, Slot};

use crate::parser::DatagramParser;
use crate::tcp::TcpFlow;
use nullius_model::{
    Direction, Endpoint, FlowInfo, FlowUsage, Observation, Protocol, Seen, Sink, Timestamp, Transport, Usage,
};
use std::net::IpAddr;

/// What makes packets one flow: both ends, in either order, and the transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FlowKey {
    low: End,
    high: End,
    transport: Transport,
}

/// An end as the key sees it: by network address, or by hardware address where there is none. An IPv6 packet from a
/// mapped IPv4 address is another end than that address: no host takes it for the same connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct End {
    /// An IPv4 address as its mapped IPv6 address, a hardware address below 2⁴⁸.
    address: u128,
    port: u16,
    is_ipv6: bool,
}

impl FlowKey {
    /// The key of a packet, and whether its sender is the lower end.
    pub(crate) fn of(transport: Transport, source: &Endpoint, destination: &Endpoint) -> (Self, bool) {
        let (source, destination) = (End::of(source), End::of(destination));
        let source_is_low = source <= destination;
        let (low, high) = if source_is_low { (source, destination) } else { (destination, source) };
        (Self { low, high, transport }, source_is_low)
    }
}

impl End {
    fn of(endpoint: &Endpoint) -> Self {
        let address = match endpoint.ip {
            Some(IpAddr::V4(ip)) => ip.to_ipv6_mapped().to_bits(),
            Some(IpAddr::V6(ip)) => ip.to_bits(),
            None => u128::from(endpoint.mac.to_bits()),
        };
        Self { address, port: endpoint.port, is_ipv6: endpoint.ip.is_some_and(|ip| ip.is_ipv6()) }
    }
}

/// One flow.
#[derive(Debug)]
pub(crate) struct Flow {
    pub(crate) info: FlowInfo,
    /// The lower end of its key is the client.
    pub(crate) client_is_low: bool,
    pub(crate) reading: Reading,
    usage: FlowUsage,
    /// Something was counted since the last report.
    fresh: bool,
}

/// How the payload is read.
pub(crate) enum Reading {
    Stream(Box<TcpFlow>),
    Datagrams {
        parser: Box<dyn DatagramParser>,
        protocol: Protocol,
    },
    /// By nobody; each packet is told by its size.
    Unread(Protocol),
}

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.protocol())
    }
}

impl Reading {
    pub(crate) fn protocol(&self) -> Protocol {
        match self {
            Self::Stream(tcp) => tcp.protocol(),
            Self::Datagrams { protocol, .. } | Self::Unread(protocol) => *protocol,
        }
    }
}

impl Flow {
    pub(crate) const fn new(info: FlowInfo, client_is_low: bool, reading: Reading, seen: Seen) -> Self {
        let none = Usage { frames: 0, bytes: 0, payload: 0 };
        let usage = FlowUsage {
            protocol: Protocol::Tcp,
            from_client: none,
            from_server: none,
            first: seen,
            last: seen,
            answered: false,
            refused: false,
            ended: false,
        };
        Self { info, client_is_low, reading, usage, fresh: false }
    }

    pub(crate) const fn last_seen(&self) -> Timestamp {
        self.usage.last.at
    }

    /// Counts one packet.
    pub(crate) const fn count(&mut self, direction: Direction, bytes: u32, payload: usize, seen: Seen) {
        let side = match direction {
            Direction::FromClient => &mut self.usage.from_client,
            Direction::FromServer => &mut self.usage.from_server,
        };
        side.frames += 1;
        side.bytes += bytes as u64;
        side.payload += payload as u64;
        if !self.fresh {
            self.usage.first = seen;
            self.fresh = true;
        }
        self.usage.last = seen;
    }

    /// The server accepted.
    pub(crate) const fn answer(&mut self) {
        self.usage.answered = true;
    }

    /// The server, or a box between, refused.
    pub(crate) const fn refuse(&mut self) {
        self.usage.refused = !self.usage.answered;
    }

    pub(crate) const fn is_answered(&self) -> bool {
        self.usage.answered
    }

    /// Closed or reset: only stragglers can come.
    pub(crate) const fn is_over(&self) -> bool {
        match &self.reading {
            Reading::Stream(tcp) => tcp.is_over(),
            Reading::Datagrams { .. } | Reading::Unread(_) => false,
        }
    }

    /// Bytes kept for this flow beyond its fixed size.
    pub(crate) fn held_bytes(&self) -> usize {
        match &self.reading {
            Reading::Stream(tcp) => tcp.held_bytes(),
            Reading::Datagrams { parser, .. } => parser.held_bytes(),
            Reading::Unread(_) => 0,
        }
    }

    /// Tells what was carried since the last time.
    pub(crate) fn report(&mut self, sink: &mut dyn Sink) {
        if self.fresh {
            self.tell(false, sink);
        }
    }

    /// Gives out what still waits and tells that the flow is over.
    pub(crate) fn end(&mut self, sink: &mut dyn Sink) {
        let seen = self.usage.last;
        if let Reading::Stream(tcp) = &mut self.reading {
            tcp.flush(&self.info, seen, sink);
        }
        self.tell(true, sink);
    }

    fn tell(&mut self, ended: bool, sink: &mut dyn Sink) {
        let usage = FlowUsage { protocol: self.reading.protocol(), ended, ..self.usage };
        sink.observe(self.usage.last, Some(&self.info), Observation::FlowUsage(usage));
        self.usage.from_client = Usage::default();
        self.usage.from_server = Usage::default();
        self.fresh = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nullius_model::Mac;
    use std::net::Ipv4Addr;

    #[test]
    fn a_mapped_address_is_no_end_of_the_ipv4_connection() {
        let [a, b] = [1, 2].map(|last| Ipv4Addr::new(10, 0, 0, last));
        let key = |ips: [IpAddr; 2]| {
            let [a, b] = ips.map(|ip| Endpoint { mac: Mac::NONE, ip: Some(ip), port: 502 });
            FlowKey::of(Transport::Tcp, &a, &b).0
        };
        assert_eq!(key([a.into(), b.into()]), key([b.into(), a.into()]));
        assert_ne!(key([a.into(), b.into()]), key([a.to_ipv6_mapped().into(), b.to_ipv6_mapped().into()]));
    }
}
