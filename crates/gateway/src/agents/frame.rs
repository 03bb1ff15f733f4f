//! Ethernet frames that carry an agent's datagrams: Ethernet II, IPv6 (RFC 8200), UDP (RFC 768), and nothing between.
//!
//! It does not know what is in a datagram.
//!
//! INVARIANT: a frame is read only where every length in it agrees, its checksum is right, it comes from a link-local
//! address of a station, and it goes to the group and port of the gateway. Whatever else comes in is nobody's.

use super::station::Station;
use nullius_model::Mac;
use nullius_protocol::agent::{ANSWERS_FROM, GROUP, GROUP_MAC, PORT};
use std::net::Ipv6Addr;

/// Longest datagram in either direction: what an Ethernet of 1500 bytes carries behind the headers.
pub(super) const MAX_DATAGRAM: usize = 1452;

/// Longest frame that is read.
pub(super) const MAX_FRAME: usize = UDP_END + MAX_DATAGRAM;

const IP: usize = 14;
const UDP: usize = IP + 40;
const UDP_END: usize = UDP + 8;
const UDP_HEADER: u16 = 8;
const ETHER_IP6: [u8; 2] = [0x86, 0xdd];
const NEXT_UDP: u8 = 17;
/// Answers go to a neighbour.
const HOP_LIMIT: u8 = 1;

/// A datagram of a station.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Datagram<'f> {
    pub(super) from: Station,
    /// Congestion marks (RFC 3168).
    pub(super) ecn: u8,
    pub(super) payload: &'f [u8],
}

/// The datagram in a frame that came in; nothing where it is not one for the gateway.
pub(super) fn read(frame: &[u8]) -> Option<Datagram<'_>> {
    let (ethernet, packet) = frame.split_first_chunk::<IP>()?;
    let (destination, rest) = ethernet.split_first_chunk::<6>()?;
    let (source, ethertype) = rest.split_first_chunk::<6>()?;
    let mac = Mac::new(*source);
    if *destination != GROUP_MAC || mac.is_group() || mac.is_none() || ethertype != ETHER_IP6 {
        return None;
    }
    let (header, payload) = packet.split_first_chunk::<40>()?;
    let (ecn, length) = ip_header(header)?;
    let addresses = header.get(8..)?;
    let interface = link_local(addresses.first_chunk()?)?;
    if *addresses.last_chunk::<16>()? != GROUP.octets() {
        return None;
    }
    let udp = payload.get(..length)?;
    let (port, payload) = udp_header(udp)?;
    let from = Station { mac, interface, port };
    is_whole(addresses, udp).then_some(Datagram { from, ecn, payload })
}

/// Congestion marks, and the length of what follows.
fn ip_header(header: &[u8; 40]) -> Option<(u8, usize)> {
    let [first, second, _, _, high, low, NEXT_UDP, _, ..] = *header else { return None };
    (first >> 4 == 6).then_some((second >> 4 & 3, usize::from(u16::from_be_bytes([high, low]))))
}

/// The second half of a station's link-local address: not of nobody's, and not of the one the gateway answers from.
fn link_local(address: &[u8; 16]) -> Option<[u8; 8]> {
    let (prefix, interface) = address.split_first_chunk::<8>()?;
    let is_station =
        *prefix == [0xfe, 0x80, 0, 0, 0, 0, 0, 0] && interface != [0; 8] && *address != ANSWERS_FROM.octets();
    is_station.then_some(interface).and_then(|interface| interface.try_into().ok())
}

/// Where it comes from, and what is in it.
fn udp_header(udp: &[u8]) -> Option<(u16, &[u8])> {
    let (&[from_high, from_low, to_high, to_low, high, low, sum_high, sum_low], payload) =
        udp.split_first_chunk::<8>()?;
    let from = u16::from_be_bytes([from_high, from_low]);
    let to = u16::from_be_bytes([to_high, to_low]);
    let whole = usize::from(u16::from_be_bytes([high, low])) == udp.len();
    // over IPv6 a checksum of 0 means that there is none (RFC 8200 §8.1)
    let summed = [sum_high, sum_low] != [0, 0];
    (whole && summed && from != 0 && to == PORT && payload.len() <= MAX_DATAGRAM).then_some((from, payload))
}

/// The checksum is right, or that of a frame which was never on a wire: a virtual cable carries the sum of the addresses
/// and the length, and the rest is left to a network card that there is not. Whether a datagram is genuine is for QUIC.
fn is_whole(addresses: &[u8], udp: &[u8]) -> bool {
    let pseudo = pseudo_header(addresses, udp.len());
    let stored = udp.get(6..).and_then(|rest| rest.first_chunk()).map(|sum| u16::from_be_bytes(*sum));
    folded(pseudo + sum(udp)) == 0xffff || stored == Some(folded(pseudo))
}

fn pseudo_header(addresses: &[u8], length: usize) -> u64 {
    sum(addresses) + u64::try_from(length).unwrap_or_default() + u64::from(NEXT_UDP)
}

/// Of sixteen bits each, big-endian, before carries are folded in (RFC 1071).
fn sum(bytes: &[u8]) -> u64 {
    let words = bytes.chunks(2).map(|pair| match *pair {
        [high, low] => u64::from(u16::from_be_bytes([high, low])),
        [last] => u64::from(last) << 8,
        _ => 0,
    });
    words.sum()
}

fn folded(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    u16::try_from(sum).unwrap_or(u16::MAX)
}

/// A frame that carries `payload` to a station, from the gateway's port with the address `from`; nothing where it would
/// not fit.
pub(super) fn write(from: [u8; 6], to: &Station, ecn: u8, payload: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(payload.len()).ok().filter(|_| payload.len() <= MAX_DATAGRAM)? + UDP_HEADER;
    let addresses = [ANSWERS_FROM, to.ip()].map(|address: Ipv6Addr| address.octets());
    let header = [PORT.to_be_bytes(), to.port.to_be_bytes(), length.to_be_bytes()];
    let total = pseudo_header(addresses.as_flattened(), usize::from(length))
        + sum(header.as_flattened())
        + sum(payload);
    let checksum = match !folded(total) {
        0 => 0xffff,
        sum => sum,
    };
    let mut frame = Vec::with_capacity(UDP_END + payload.len());
    frame.extend(to.mac.octets());
    frame.extend(from);
    frame.extend(ETHER_IP6);
    frame.extend([0x60, (ecn & 3) << 4, 0, 0]);
    frame.extend(length.to_be_bytes());
    frame.extend([NEXT_UDP, HOP_LIMIT]);
    frame.extend(addresses.as_flattened());
    frame.extend(header.as_flattened());
    frame.extend(checksum.to_be_bytes());
    frame.extend(payload);
    Some(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn station() -> Station {
        Station { mac: Mac::new([2, 0, 0, 0, 0, 9]), interface: [0, 0, 0, 0, 0, 0, 0, 9], port: 40_000 }
    }

    /// As a device's kernel sends it.
    fn sent(payload: &[u8]) -> Vec<u8> {
        let station = station();
        let udp_length = u16::try_from(payload.len() + 8).unwrap();
        let mut udp =
            [station.port.to_be_bytes(), PORT.to_be_bytes(), udp_length.to_be_bytes(), [0, 0]].concat();
        udp.extend(payload);
        let addresses = [station.ip().octets(), GROUP.octets()].concat();
        let checksum = !folded(pseudo_header(&addresses, udp.len()) + sum(&udp));
        udp[6..8].copy_from_slice(&checksum.to_be_bytes());
        let ip = [&[0x60, 0x20, 0, 0][..], &udp_length.to_be_bytes(), &[17, 1]].concat();
        [&GROUP_MAC[..], &station.mac.octets(), &ETHER_IP6, &ip, &addresses, &udp].concat()
    }

    #[test]
    fn a_datagram_is_read_with_who_sent_it() {
        for payload in [&b""[..], b"x", b"hello", &[0xff; MAX_DATAGRAM]] {
            let mut frame = sent(payload);
            assert_eq!(read(&frame), Some(Datagram { from: station(), ecn: 2, payload }));
            frame.extend([0; 20]);
            assert_eq!(read(&frame).map(|datagram| datagram.payload), Some(payload), "padded to a minimum");
        }
    }

    #[test]
    fn what_was_written_has_the_checksum_that_a_kernel_wants() {
        for payload in [&b""[..], b"odd", b"even", &[0xab; MAX_DATAGRAM]] {
            let frame = write([2, 0, 0, 0, 0, 1], &station(), 1, payload).unwrap();
            let (addresses, udp) = (&frame[IP + 8..UDP], &frame[UDP..]);
            assert_eq!(folded(pseudo_header(addresses, udp.len()) + sum(udp)), 0xffff);
            assert_eq!((&frame[..6], frame[IP + 1]), (&station().mac.octets()[..], 0x10));
            assert_eq!(read(&frame), None, "what the gateway says is not for the gateway");
        }
        assert_eq!(write([2, 0, 0, 0, 0, 1], &station(), 0, &[0; MAX_DATAGRAM + 1]), None);
    }

    #[test]
    fn a_changed_byte_is_noticed_wherever_it_stands() {
        let good = sent(b"payload");
        // traffic classes, flow labels and hop limits say nothing, and nobody sums them
        let free = |at: usize, bit: u8| matches!((at, bit), (14, 0..4) | (15..=17 | 21, _));
        for at in 0..good.len() {
            for bit in (0..8).filter(|&bit| !free(at, bit)) {
                let mut bad = good.clone();
                bad[at] ^= 1 << bit;
                let taken = read(&bad);
                // the hardware address is not summed either; it is who sent it
                assert!(taken.is_none_or(|_| (6..12).contains(&at)), "byte {at}, bit {bit}");
            }
        }
    }

    #[test]
    fn what_is_cut_off_or_of_no_station_is_nobodys() {
        let good = sent(b"payload");
        for length in 0..good.len() {
            assert_eq!(read(&good[..length]), None, "{length}");
        }
        let with = |at: usize, bytes: &[u8]| {
            let mut frame = good.clone();
            frame[at..at + bytes.len()].copy_from_slice(bytes);
            frame
        };
        for (what, frame) in [
            ("from a group", with(6, &[3])),
            ("from nobody", with(6, &[0; 6])),
            ("without a checksum", with(UDP + 6, &[0, 0])),
            ("from a global address", with(IP + 8, &[0x20, 1])),
            ("from the gateway's own", with(IP + 8, &ANSWERS_FROM.octets())),
            ("with an extension header", with(IP + 6, &[0])),
        ] {
            assert_eq!(read(&frame), None, "{what}");
        }
    }

    #[test]
    fn the_kernel_keeps_from_the_bridge_what_is_read_here() {
        assert_eq!(nullius_enforce::AGENT_GROUP, (GROUP_MAC, GROUP.octets(), PORT));
    }

    #[test]
    fn a_frame_of_a_virtual_cable_has_half_a_checksum() {
        let mut frame = sent(b"payload");
        let half = folded(pseudo_header(&frame[IP + 8..UDP], frame.len() - UDP));
        frame[UDP + 6..UDP_END].copy_from_slice(&half.to_be_bytes());
        assert!(read(&frame).is_some());
    }
}
