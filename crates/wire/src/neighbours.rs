//! ARP (RFC 826) and IPv6 neighbour discovery (RFC 4861): which station has which address, by its own word.
//!
//! A station can lie. The word is kept as evidence; `device` weighs it.

use crate::context::Context;
use crate::reader::{Parse, Reader, ensure};
use nullius_model::{BindingSource, Mac};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const NEIGHBOUR_SOLICITATION: u8 = 135;
const NEIGHBOUR_ADVERTISEMENT: u8 = 136;
const SOURCE_LINK_ADDRESS: u8 = 1;
const TARGET_LINK_ADDRESS: u8 = 2;
/// Options of one message; an honest one has a handful.
const MAX_OPTIONS: usize = 32;

/// What an ARP packet claims about its sender.
pub(crate) fn arp(bytes: &[u8]) -> Parse<Option<(Mac, IpAddr)>> {
    let mut reader = Reader::new(bytes);
    let kinds = (reader.be16()?, reader.be16()?, reader.u8()?, reader.u8()?);
    ensure(kinds == (1, 0x0800, 6, 4) || kinds == (6, 0x0800, 6, 4), "ARP is not for IPv4 over Ethernet")?;
    let operation = reader.be16()?;
    let mac = Mac::new(reader.array()?);
    let ip = Ipv4Addr::from_octets(reader.array()?);
    reader.skip(10)?;
    // A probe (RFC 5227) asks from no address.
    let claims = matches!(operation, 1 | 2) && !ip.is_unspecified() && !mac.is_group() && !mac.is_none();
    Ok(claims.then_some((mac, IpAddr::V4(ip))))
}

/// Reads a neighbour message (an ICMPv6 payload) and says what it binds.
pub(crate) fn neighbour_discovery(bytes: &[u8], context: &mut Context<'_>) -> Parse<()> {
    let mut reader = Reader::new(bytes);
    let kind = reader.u8()?;
    reader.skip(7)?;
    let (address, wanted) = match kind {
        NEIGHBOUR_SOLICITATION => (context.sender().ip, SOURCE_LINK_ADDRESS),
        NEIGHBOUR_ADVERTISEMENT => {
            (Some(IpAddr::V6(Ipv6Addr::from_octets(*target(&reader)?))), TARGET_LINK_ADDRESS)
        }
        _ => return Ok(()),
    };
    reader.skip(16)?;
    let mac = link_address(&mut reader, wanted)?;
    if let (Some(mac), Some(ip)) = (mac, address.filter(|ip| !ip.is_unspecified())) {
        context.binding(mac, ip, BindingSource::NeighbourDiscovery);
    }
    Ok(())
}

fn target<'a>(reader: &Reader<'a>) -> Parse<&'a [u8; 16]> {
    reader.rest().first_chunk().ok_or(crate::reader::ParseError::Short)
}

fn link_address(reader: &mut Reader<'_>, wanted: u8) -> Parse<Option<Mac>> {
    for _ in 0..MAX_OPTIONS {
        if reader.is_empty() {
            return Ok(None);
        }
        let kind = reader.u8()?;
        let units = usize::from(reader.u8()?);
        ensure(units > 0, "neighbour discovery option of length zero")?;
        let mut body = reader.sub(units * 8 - 2)?;
        if kind == wanted {
            return body.array().map(|octets| Some(Mac::new(octets)));
        }
    }
    ensure(false, "too many neighbour discovery options").map(|()| None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::ParseError;

    #[test]
    fn an_arp_packet_binds_its_sender_only() {
        let packet = |operation: u8, ip: [u8; 4]| {
            [&[0, 1, 8, 0, 6, 4, 0, operation, 2, 0, 0, 0, 0, 1], &ip[..], &[0; 10]].concat()
        };
        let mac = Mac::new([2, 0, 0, 0, 0, 1]);
        let ip = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
        assert_eq!(arp(&packet(1, [10, 0, 0, 1])), Ok(Some((mac, ip))));
        assert_eq!(arp(&packet(2, [10, 0, 0, 1])), Ok(Some((mac, ip))));
        assert_eq!(arp(&packet(1, [0; 4])), Ok(None), "a probe claims nothing");
        assert_eq!(arp(&packet(3, [10, 0, 0, 1])), Ok(None), "reverse ARP claims nothing");
        for length in 0..28 {
            assert_eq!(arp(&packet(1, [10, 0, 0, 1])[..length]), Err(ParseError::Short));
        }
    }
}
