//! Frames built by hand: what an attacker sends never asks a kernel for permission.
//!
//! Ethernet (IEEE 802.3), ARP (RFC 826), IPv4 (RFC 791), IPv6 (RFC 8200), TCP (RFC 9293), UDP (RFC 768), ICMPv6
//! (RFC 4443, RFC 4861). Checksums are right unless a test says otherwise, so that no victim drops a frame by itself.

use nullius_model::Mac;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Ethertypes.
pub(super) const IPV4: u16 = 0x0800;
pub(super) const ARP: u16 = 0x0806;
pub(super) const IPV6: u16 = 0x86dd;
pub(super) const VLAN: u16 = 0x8100;
pub(super) const SERVICE_VLAN: u16 = 0x88a8;
pub(super) const GOOSE: u16 = 0x88b8;
pub(super) const PROFINET: u16 = 0x8892;
pub(super) const MAC_IN_MAC: u16 = 0x88e7;

/// Protocol numbers of IP.
pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;
pub(super) const ICMPV6: u8 = 58;
const FRAGMENT: u8 = 44;

/// Flags of TCP.
pub(super) const SYN: u8 = 0x02;
pub(super) const PUSH_ACK: u8 = 0x18;

/// Who sends to whom, on the link and above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// The hardware address the frame claims to come from.
    pub(super) from: Mac,
    /// The hardware address it goes to.
    pub(super) to: Mac,
    /// The network address it claims to come from.
    pub(super) source: IpAddr,
    /// The network address it goes to; of the same family.
    pub(super) destination: IpAddr,
}

/// A frame with `payload`, padded to the shortest there is.
pub(super) fn ethernet(from: Mac, to: Mac, ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = [&to.octets()[..], &from.octets(), &ethertype.to_be_bytes(), payload].concat();
    frame.resize(frame.len().max(60), 0);
    frame
}

/// The frame with a tag before its ethertype.
pub(super) fn tagged(frame: &[u8], kind: u16, vlan: u16) -> Vec<u8> {
    let (addresses, rest) = frame.split_at_checked(12).unwrap_or((frame, &[]));
    [addresses, &kind.to_be_bytes(), &vlan.to_be_bytes(), rest].concat()
}

/// An ARP message: `operation` 1 asks, 2 answers.
pub(super) fn arp(operation: u16, sender: (Mac, Ipv4Addr), target: (Mac, Ipv4Addr)) -> Vec<u8> {
    let mut message = vec![0, 1, 8, 0, 6, 4];
    message.extend(operation.to_be_bytes());
    for (mac, address) in [sender, target] {
        message.extend(mac.octets());
        message.extend(address.octets());
    }
    message
}

impl Route {
    /// A whole packet in a frame.
    pub(super) fn packet(&self, protocol: u8, payload: &[u8]) -> Vec<u8> {
        let (ethertype, packet) = match (self.source, self.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                (IPV4, ipv4(source, destination, protocol, Piece::WHOLE, payload))
            }
            (source, destination) => (IPV6, ipv6(v6(source), v6(destination), protocol, payload)),
        };
        ethernet(self.from, self.to, ethertype, &packet)
    }

    /// The packet in two fragments, cut after `cut` bytes of `payload`, a multiple of 8.
    pub(super) fn fragments(&self, protocol: u8, payload: &[u8], cut: usize) -> [Vec<u8>; 2] {
        let (first, second) = payload.split_at_checked(cut).unwrap_or((payload, &[]));
        let offset = u16::try_from(cut / 8).unwrap_or_default();
        [(first, Piece { offset: 0, more: true }), (second, Piece { offset, more: false })]
            .map(|(part, piece)| self.fragment(protocol, piece, part))
    }

    fn fragment(&self, protocol: u8, piece: Piece, part: &[u8]) -> Vec<u8> {
        if let (IpAddr::V4(source), IpAddr::V4(destination)) = (self.source, self.destination) {
            return ethernet(self.from, self.to, IPV4, &ipv4(source, destination, protocol, piece, part));
        }
        let word = piece.offset << 3 | u16::from(piece.more);
        let header = [&[protocol, 0][..], &word.to_be_bytes(), &IDENTIFICATION.to_be_bytes()].concat();
        let packet = ipv6(v6(self.source), v6(self.destination), FRAGMENT, &[&header, part].concat());
        ethernet(self.from, self.to, IPV6, &packet)
    }

    /// A TCP segment in a frame.
    pub(super) fn tcp(&self, ports: (u16, u16), flags: u8, sequence: u32, data: &[u8]) -> Vec<u8> {
        self.packet(TCP, &self.segment(ports, flags, sequence, data))
    }

    /// A TCP segment alone.
    pub(super) fn segment(&self, ports: (u16, u16), flags: u8, sequence: u32, data: &[u8]) -> Vec<u8> {
        let mut segment = [ports.0.to_be_bytes(), ports.1.to_be_bytes()].concat();
        segment.extend(sequence.to_be_bytes());
        segment.extend([0, 0, 0, 0, 0x50, flags, 0x20, 0, 0, 0, 0, 0]);
        segment.extend(data);
        self.with_checksum(TCP, 16, segment)
    }

    /// A UDP datagram in a frame.
    pub(super) fn udp(&self, ports: (u16, u16), data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(data.len().saturating_add(8)).unwrap_or(u16::MAX);
        let mut datagram = [ports.0, ports.1, length, 0].map(u16::to_be_bytes).concat();
        datagram.extend(data);
        self.packet(UDP, &self.with_checksum(UDP, 6, datagram))
    }

    /// An ICMPv6 message in a frame.
    pub(super) fn icmpv6(&self, kind: u8, body: &[u8]) -> Vec<u8> {
        let message = [&[kind, 0, 0, 0][..], body].concat();
        self.packet(ICMPV6, &self.with_checksum(ICMPV6, 2, message))
    }

    /// Writes the checksum over the pseudo-header at `place`.
    fn with_checksum(&self, protocol: u8, place: usize, mut message: Vec<u8>) -> Vec<u8> {
        let length = u32::try_from(message.len()).unwrap_or_default();
        let mut covered = match (self.source, self.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => [source.octets(), destination.octets()].concat(),
            (source, destination) => [v6(source).octets(), v6(destination).octets()].concat(),
        };
        covered.extend(length.to_be_bytes());
        covered.extend([0, 0, 0, protocol]);
        covered.extend(&message);
        let sum = checksum(&covered);
        if let Some(field) = message.get_mut(place..place.saturating_add(2)) {
            field.copy_from_slice(&sum.to_be_bytes());
        }
        message
    }
}

/// Which part of a packet a fragment is.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// In units of 8 bytes.
    offset: u16,
    more: bool,
}

impl Piece {
    const WHOLE: Self = Self { offset: 0, more: false };
}

/// Of every packet that is cut; reassembly needs no more than that both parts have it.
const IDENTIFICATION: u32 = 0x4e55;
const HOP_LIMIT: u8 = 255;

fn ipv4(source: Ipv4Addr, destination: Ipv4Addr, protocol: u8, piece: Piece, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len().saturating_add(20)).unwrap_or(u16::MAX);
    let word = u16::from(piece.more) << 13 | piece.offset;
    let mut header = vec![0x45, 0];
    header.extend(length.to_be_bytes());
    header.extend([0x4e, 0x55]);
    header.extend(word.to_be_bytes());
    header.extend([HOP_LIMIT, protocol, 0, 0]);
    header.extend(source.octets());
    header.extend(destination.octets());
    let sum = checksum(&header);
    if let Some(field) = header.get_mut(10..12) {
        field.copy_from_slice(&sum.to_be_bytes());
    }
    [&header, payload].concat()
}

fn ipv6(source: Ipv6Addr, destination: Ipv6Addr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend(length.to_be_bytes());
    packet.extend([protocol, HOP_LIMIT]);
    packet.extend(source.octets());
    packet.extend(destination.octets());
    packet.extend(payload);
    packet
}

fn v6(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

/// The ones' complement sum of RFC 1071.
fn checksum(bytes: &[u8]) -> u16 {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let odd = rest.first().map_or(0, |&last| u32::from(last) << 8);
    let sum = pairs.iter().fold(odd, |sum, pair| sum + u32::from(u16::from_be_bytes(*pair)));
    let folded = (sum & 0xffff) + (sum >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    !u16::try_from(folded & 0xffff).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_checks_to_zero() {
        let packet =
            ipv4(Ipv4Addr::new(10, 77, 1, 66), Ipv4Addr::new(10, 77, 1, 11), TCP, Piece::WHOLE, b"abc");
        assert_eq!(checksum(&packet[..20]), 0);
        assert_eq!(checksum(&[0, 1, 0xf2, 3, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
        assert_eq!(checksum(&[1]), !0x0100);
    }

    #[test]
    fn a_tag_stands_behind_the_addresses() {
        let frame = ethernet(Mac::NONE, Mac::BROADCAST, GOOSE, &[7]);
        let twice = tagged(&tagged(&frame, VLAN, 5), SERVICE_VLAN, 6);
        assert_eq!(twice[12..24], [0x88, 0xa8, 0, 6, 0x81, 0, 0, 5, 0x88, 0xb8, 7, 0]);
        assert_eq!(frame.len(), 60);
    }
}
