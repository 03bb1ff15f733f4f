//! What the rules denied, packet by packet (NFLOG).
//!
//! The rules log no more than a budget for each port; the counters count everything. INVARIANT: what a device put into
//! a packet is read within bounds or not at all ([`parse_denial`] takes any bytes).

use crate::error::Error;
use crate::links::Links;
use crate::netlink::{
    AttributeReader, Attributes, Family, Messages, Netlink, SocketError, read_u16, read_u32, text,
};
use crate::skeleton::WOULD;
use nix::errno::Errno;
use nix::sys::socket::{setsockopt, sockopt};
use nullius_model::{Denial, DenialReason, Endpoint, Mac, PortName, Transport};
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, BorrowedFd};

/// Bytes of messages that may wait to be read. Beyond them the kernel drops, which is counted.
const RECEIVE_BYTES: usize = 1 << 21;
/// Bytes of a packet that are copied; every header a denial is told by.
const COPIED_BYTES: u32 = 128;

const CONFIGURE: u16 = 4 << 8 | 1;
const PACKET: u16 = 4 << 8;
const BIND: u8 = 1;
const COPY_PACKET: u8 = 2;

const ARP: u16 = 0x0806;
const IP4: u16 = 0x0800;
const IP6: u16 = 0x86dd;
const LENGTH_LIMIT: u16 = 0x0600;

/// The stream of denials of one NFLOG group, in the network namespace of the thread that opened it.
#[derive(Debug)]
pub struct Denials {
    netlink: Netlink,
    links: Links,
    waiting: VecDeque<Denial>,
    lost: u64,
}

impl Denials {
    /// Listens to a group. There is one listener to a group.
    ///
    /// # Errors
    /// [`Error`] where the kernel refuses; [`Error::System`] with `EBUSY` where somebody else listens.
    pub fn open(group: u16) -> Result<Self, Error> {
        let mut netlink = Netlink::open()?;
        let _ = setsockopt(&netlink.fd(), sockopt::RcvBufForce, &RECEIVE_BYTES);
        let mut bind = Attributes::default();
        bind.put(1, &[BIND]);
        netlink.ask(CONFIGURE, Family::Unspecified, group, &bind, "listening to the denials")?;
        let mut mode = Attributes::default();
        let [a, b, c, d] = COPIED_BYTES.to_be_bytes();
        mode.put(2, &[a, b, c, d, COPY_PACKET, 0]).put_u32(5, 1);
        netlink.ask(CONFIGURE, Family::Unspecified, group, &mode, "listening to the denials")?;
        Ok(Self { netlink, links: Links::open()?, waiting: VecDeque::new(), lost: 0 })
    }

    /// The next denial and how many packets it stands for; none where nothing waits.
    ///
    /// # Errors
    /// [`Error`] where the socket fails.
    #[expect(clippy::should_implement_trait, reason = "nothing waiting is no end")]
    pub fn next(&mut self) -> Result<Option<(Denial, u64)>, Error> {
        while self.waiting.is_empty() {
            match self.netlink.receive_now() {
                Ok(datagram) => self.take(&datagram),
                Err(SocketError::System(Errno::EAGAIN)) => return Ok(None),
                Err(SocketError::System(Errno::ENOBUFS)) => self.lost = self.lost.saturating_add(1),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.waiting.pop_front().map(|denial| (denial, 1)))
    }

    /// How often the kernel said that it had to drop messages, since nobody read them in time.
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    fn take(&mut self, datagram: &[u8]) {
        let packets = Messages(datagram).filter(|message| message.kind == PACKET);
        let logged = packets.filter_map(|message| parse_denial(message.payload));
        let named = logged.map(|Logged { denial, port_index }| {
            let port = port_index.and_then(|index| PortName::new(self.links.name(index)?).ok());
            Denial { port, ..denial }
        });
        self.waiting.extend(named);
    }
}

impl AsFd for Denials {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.netlink.fd()
    }
}

/// A denial as the kernel tells it: the port is only a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Without its port.
    pub denial: Denial,
    /// The interface it came in by: the port of a bridge where there is one.
    pub port_index: Option<u32>,
}

/// Reads one message of NFLOG, `nfgenmsg` and attributes. None where it is not one of our denials.
pub fn parse_denial(message: &[u8]) -> Option<Logged> {
    let attributes = AttributeReader::new(message.get(4..)?);
    let (reason, only_counted) = reason(attributes.find(10).and_then(text)?)?;
    let ether_type = attributes.find(1).and_then(|header| read_u16(header.get(..2)?)).unwrap_or_default();
    let payload = attributes.find(9).unwrap_or_default();
    let mut parties = Parties::of(ether_type, payload);
    let [destination, source] = macs(attributes);
    parties.destination.mac = destination;
    parties.source.mac = source;
    let port_index = attributes.find(6).or_else(|| attributes.find(4)).and_then(read_u32);
    let Parties { source, destination, transport } = parties;
    let denial = Denial { reason, only_counted, port: None, source, destination, transport };
    Some(Logged { denial, port_index })
}

fn reason(prefix: &str) -> Option<(DenialReason, bool)> {
    let (name, only_counted) = match prefix.strip_prefix(WOULD) {
        Some(name) => (name, true),
        None => (prefix, false),
    };
    DenialReason::ALL.iter().find(|reason| reason.name() == name).map(|&reason| (reason, only_counted))
}

/// Destination and source of the frame's header; the source alone where only that is told.
fn macs(attributes: AttributeReader<'_>) -> [Mac; 2] {
    let header = attributes.find(16).unwrap_or_default();
    let told = attributes.find(8).and_then(|value| value.get(4..10));
    let destination = mac(header, 0).unwrap_or(Mac::NONE);
    let source = mac(header, 6).or_else(|| mac(told.unwrap_or_default(), 0));
    [destination, source.unwrap_or(Mac::NONE)]
}

fn mac(bytes: &[u8], offset: usize) -> Option<Mac> {
    bytes.get(offset..)?.first_chunk().map(|octets| Mac::new(*octets))
}

/// Who sent what to whom.
struct Parties {
    source: Endpoint,
    destination: Endpoint,
    transport: Transport,
}

impl Parties {
    /// As much as the packet shows.
    fn of(ether_type: u16, packet: &[u8]) -> Self {
        let known = match ether_type {
            IP4 => Self::of_ip4(packet),
            IP6 => Self::of_ip6(packet),
            ARP => Self::of_arp(packet),
            _ => None,
        };
        let link = if ether_type < LENGTH_LIMIT { 0 } else { ether_type };
        known.unwrap_or_else(|| Self::between(None, None, Transport::Link(link)))
    }

    fn of_ip4(packet: &[u8]) -> Option<Self> {
        let header = packet.first_chunk::<20>()?;
        let [length, .., s0, s1, s2, s3, d0, d1, d2, d3] = *header;
        let [_, _, _, _, _, _, offset_0, offset_1, _, protocol, ..] = *header;
        let source = Ipv4Addr::new(s0, s1, s2, s3).into();
        let destination = Ipv4Addr::new(d0, d1, d2, d3).into();
        let parties = Self::between(Some(source), Some(destination), transport(protocol));
        let is_later_fragment = u16::from_be_bytes([offset_0, offset_1]) & 0x1fff != 0;
        let rest = packet.get(usize::from(length & 0x0f).saturating_mul(4)..).filter(|_| !is_later_fragment);
        Some(parties.with_ports(rest.unwrap_or_default()))
    }

    fn of_ip6(packet: &[u8]) -> Option<Self> {
        let (header, rest) = packet.split_first_chunk::<40>()?;
        let [_, _, _, _, _, _, next, ..] = *header;
        let address = |from: usize| {
            let octets: [u8; 16] = *header.get(from..)?.first_chunk()?;
            Some(IpAddr::from(Ipv6Addr::from(octets)))
        };
        Some(Self::between(address(8), address(24), transport(next)).with_ports(rest))
    }

    fn of_arp(packet: &[u8]) -> Option<Self> {
        let address = |from: usize| {
            let octets: [u8; 4] = *packet.get(from..)?.first_chunk()?;
            Some(IpAddr::from(Ipv4Addr::from(octets)))
        };
        Some(Self::between(Some(address(14)?), Some(address(24)?), Transport::Link(ARP)))
    }

    fn between(source: Option<IpAddr>, destination: Option<IpAddr>, transport: Transport) -> Self {
        let end = |ip| Endpoint { mac: Mac::NONE, ip, port: 0 };
        Self { source: end(source), destination: end(destination), transport }
    }

    /// The ports of TCP and UDP; of ICMP its type, as the destination's.
    fn with_ports(mut self, rest: &[u8]) -> Self {
        match (self.transport, rest) {
            (Transport::Tcp | Transport::Udp, [s0, s1, d0, d1, ..]) => {
                self.source.port = u16::from_be_bytes([*s0, *s1]);
                self.destination.port = u16::from_be_bytes([*d0, *d1]);
            }
            (Transport::Ip(1 | 58), [kind, ..]) => self.destination.port = u16::from(*kind),
            _ => {}
        }
        self
    }
}

const fn transport(protocol: u8) -> Transport {
    match protocol {
        6 => Transport::Tcp,
        17 => Transport::Udp,
        other => Transport::Ip(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(prefix: &str, ether_type: u16, payload: &[u8]) -> Vec<u8> {
        let mut attributes = Attributes::default();
        let [a, b] = ether_type.to_be_bytes();
        attributes.put(1, &[a, b, 2, 0]).put_u32(4, 9).put_u32(6, 7);
        attributes.put(9, payload).put_text(10, prefix);
        attributes.put(16, &[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, a, b]);
        [&[7, 0, 0, 0], attributes.bytes()].concat()
    }

    const SYN: [u8; 24] =
        [0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x9c, 0x40, 0x01, 0xf6];

    #[test]
    fn a_denial_names_both_ends() {
        let Logged { denial, port_index } = parse_denial(&message("would policy", IP4, &SYN)).unwrap();
        assert_eq!(port_index, Some(7));
        assert_eq!((denial.reason, denial.only_counted), (DenialReason::Policy, true));
        assert_eq!(denial.source.to_string(), "10.0.0.1:40000");
        assert_eq!(denial.destination.to_string(), "10.0.0.2:502");
        assert_eq!(denial.source.mac, Mac::new([2, 0, 0, 0, 0, 2]));
        assert_eq!(denial.transport, Transport::Tcp);
    }

    #[test]
    fn what_is_cut_short_is_told_as_far_as_it_goes() {
        for length in 0..SYN.len() {
            let logged = parse_denial(&message("spoof", IP4, SYN.get(..length).unwrap())).unwrap();
            assert_eq!(logged.denial.reason, DenialReason::Spoof, "{length}");
        }
    }

    #[test]
    fn what_is_not_ours_is_nothing() {
        assert_eq!(parse_denial(&message("somebody else's", IP4, &SYN)), None);
        let whole = message("policy", ARP, &SYN);
        for end in 0..whole.len() {
            let _ = parse_denial(whole.get(..end).unwrap());
        }
        for bytes in [&[][..], &[0; 3], &[0xff; 64], &[4, 0, 0, 0, 0, 0, 0, 0]] {
            assert_eq!(parse_denial(bytes), None);
        }
    }
}
