//! Who sent a frame: its hardware address, and the network address it speaks for.
//!
//! ARP names the sender's address in its body, IPv4 and IPv6 in their header. Nothing else of a frame is looked at.

use nullius_model::Mac;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Ethertypes (IEEE 802).
const IPV4: u16 = 0x0800;
const ARP: u16 = 0x0806;
const IPV6: u16 = 0x86dd;
/// VLAN tags (802.1Q, 802.1ad): tagged frames are not forwarded, so their senders claim nothing.
const FIRST_LENGTH: u16 = 0x0600;

/// Who sent an Ethernet frame; `None` where it is cut off or its sender names a group.
pub(super) fn sender(frame: &[u8]) -> Option<(Mac, Option<IpAddr>)> {
    let mac = Mac::new(*frame.get(6..)?.first_chunk()?);
    if mac.is_group() || mac.is_none() {
        return None;
    }
    let ethertype = u16::from_be_bytes(*frame.get(12..)?.first_chunk()?);
    let payload = frame.get(14..)?;
    let address = match ethertype {
        ..FIRST_LENGTH => None,
        IPV4 => address_at::<4>(payload, 12).map(|octets| Ipv4Addr::from(octets).into()),
        ARP => address_at::<4>(payload, 14).map(|octets| Ipv4Addr::from(octets).into()),
        IPV6 => address_at::<16>(payload, 8).map(|octets| Ipv6Addr::from(octets).into()),
        _ => None,
    };
    Some((mac, address.filter(is_a_station)))
}

fn address_at<const N: usize>(payload: &[u8], at: usize) -> Option<[u8; N]> {
    payload.get(at..)?.first_chunk().copied()
}

/// Not the address of somebody who has none yet, and not that of a group.
const fn is_a_station(address: &IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    !address.is_unspecified() && !address.is_multicast() && !address.is_loopback() && !broadcast
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(source: [u8; 6], ethertype: u16, payload: &[u8]) -> Vec<u8> {
        [&[0xff; 6], &source[..], &ethertype.to_be_bytes(), payload].concat()
    }

    #[test]
    fn a_sender_is_who_its_frame_says() {
        let mac = [2, 0, 0, 0, 0, 0x11];
        let ip = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        let mut v4 = vec![0; 20];
        v4[12..16].copy_from_slice(&[10, 0, 0, 11]);
        let mut arp = vec![0; 28];
        arp[14..18].copy_from_slice(&[10, 0, 0, 12]);
        let mut v6 = vec![0; 40];
        v6[8..10].copy_from_slice(&[0xfe, 0x80]);
        for (ethertype, payload, address) in [
            (IPV4, v4.clone(), ip("10.0.0.11")),
            (ARP, arp, ip("10.0.0.12")),
            (IPV6, v6, ip("fe80::")),
            (0x88b8, vec![0; 46], None),
            (IPV4, vec![0; 20], None),
            (0x8100, v4, None),
        ] {
            assert_eq!(
                sender(&frame(mac, ethertype, &payload)),
                Some((Mac::new(mac), address)),
                "{ethertype:x}"
            );
        }
    }

    #[test]
    fn what_is_cut_off_or_sent_by_a_group_has_no_sender() {
        let good = frame([2, 0, 0, 0, 0, 1], IPV4, &[1; 20]);
        for length in 0..good.len() {
            let whole = sender(&good[..length]);
            assert!(whole.is_none_or(|(_, address)| address.is_none() || length >= 30), "{length}");
        }
        assert_eq!(sender(&frame([1, 0, 0, 0, 0, 1], IPV4, &[1; 20])), None);
        assert_eq!(sender(&frame([0; 6], IPV4, &[1; 20])), None);
    }
}
