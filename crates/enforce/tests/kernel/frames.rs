//! Frames, byte by byte, as a device without manners would send them.

use nullius_model::Mac;
use std::net::IpAddr;

pub(crate) const SYN: u8 = 0x02;
pub(crate) const ACK: u8 = 0x10;

pub(crate) fn mac(number: u8) -> Mac {
    Mac::new([2, 0, 0, 0, 0, number])
}

/// Of device `number`, in IP version 4 or 6.
pub(crate) fn address(version: u8, number: u8) -> IpAddr {
    let text = if version == 4 { format!("10.0.0.{number}") } else { format!("fd00::{number}") };
    text.parse().unwrap()
}

pub(crate) fn ethernet(destination: Mac, source: Mac, ether_type: u16, payload: &[u8]) -> Vec<u8> {
    [&destination.octets(), &source.octets(), &ether_type.to_be_bytes()[..], payload].concat()
}

/// Makes the checksum of an IPv4 header right: the bridge itself drops a wrong one.
pub(crate) fn sign(header: &mut [u8]) {
    header[10..12].fill(0);
    let sum = header.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum::<u32>();
    let sum = !u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap();
    header[10..12].copy_from_slice(&sum.to_be_bytes());
}

/// From device to device, addressed as it should be.
pub(crate) fn packet(version: u8, from: u8, to: u8, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let ip = ip(address(version, from), address(version, to), protocol, payload);
    ethernet(mac(to), mac(from), ether_type(version), &ip)
}

pub(crate) fn ether_type(version: u8) -> u16 {
    if version == 4 { 0x0800 } else { 0x86dd }
}

pub(crate) fn ip(source: IpAddr, destination: IpAddr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = |header: usize| u16::try_from(header + payload.len()).unwrap().to_be_bytes();
    match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let [a, b] = length(20);
            let mut header = vec![0x45, 0, a, b, 0, 1, 0, 0, 64, protocol, 0, 0];
            header.extend(source.octets());
            header.extend(destination.octets());
            sign(&mut header);
            [header, payload.to_vec()].concat()
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let [a, b] = length(0);
            [&[0x60, 0, 0, 0, a, b, protocol, 255], &source.octets()[..], &destination.octets(), payload]
                .concat()
        }
        _ => panic!("one version"),
    }
}

pub(crate) fn tcp(version: u8, from: u8, to: u8, ports: [u16; 2], flags: u8) -> Vec<u8> {
    let [a, b] = ports.map(u16::to_be_bytes);
    let header = [a[0], a[1], b[0], b[1], 0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0];
    packet(version, from, to, 6, &header)
}

pub(crate) fn udp(version: u8, from: u8, to: u8, ports: [u16; 2]) -> Vec<u8> {
    packet(version, from, to, 17, &datagram(ports))
}

pub(crate) fn datagram(ports: [u16; 2]) -> Vec<u8> {
    let [a, b] = ports.map(u16::to_be_bytes);
    vec![a[0], a[1], b[0], b[1], 0, 12, 0, 0, 1, 2, 3, 4]
}

pub(crate) fn echo(version: u8, from: u8, to: u8, is_reply: bool) -> Vec<u8> {
    let (protocol, kind) = match (version, is_reply) {
        (4, false) => (1, 8),
        (4, true) => (1, 0),
        (_, false) => (58, 128),
        (_, true) => (58, 129),
    };
    packet(version, from, to, protocol, &[kind, 0, 0, 0, 0, 1, 0, 1])
}

/// ARP from a sender that claims to be somebody.
pub(crate) fn arp(operation: u8, frame: [Mac; 2], claim: (Mac, IpAddr), target: IpAddr) -> Vec<u8> {
    let octets = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.octets(),
        IpAddr::V6(_) => panic!("ARP is IPv4"),
    };
    let head = [0, 1, 8, 0, 6, 4, 0, operation];
    let body = [&head[..], &claim.0.octets(), &octets(claim.1), &[0; 6], &octets(target)].concat();
    ethernet(frame[0], frame[1], 0x0806, &body)
}
