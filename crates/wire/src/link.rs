//! The link header: who sends to whom here, and what rides above.
//!
//! Ethernet II, 802.3 with 802.2 LLC and SNAP, 802.1Q and 802.1ad tags, Linux cooked capture v1 and v2, BSD loopback and
//! raw IP (<https://www.tcpdump.org/linktypes.html>). MPLS, PPPoE and 802.11 are not read; they keep their ethertype.

use crate::reader::{Parse, ParseError, Reader};
use crate::registry::CDP_SNAP;
use nullius_model::{LinkType, Mac};

/// Tags a frame may carry: two are usual (QinQ), more are an attempt to hide what lies beneath.
const MAX_TAGS: usize = 4;

const IPV4: u16 = 0x0800;
pub(crate) const ARP: u16 = 0x0806;
const IPV6: u16 = 0x86dd;

/// A frame without its link header.
#[derive(Debug)]
pub(crate) struct LinkFrame<'a> {
    pub(crate) source: Mac,
    pub(crate) destination: Mac,
    /// The outermost tag.
    pub(crate) vlan: Option<u16>,
    pub(crate) payload: LinkPayload<'a>,
}

/// What the link carries.
#[derive(Debug)]
pub(crate) enum LinkPayload<'a> {
    Ip(&'a [u8]),
    Arp(&'a [u8]),
    Other { ethertype: u16, bytes: &'a [u8] },
}

/// Takes the link header off.
pub(crate) fn peel(link: LinkType, bytes: &[u8]) -> Parse<LinkFrame<'_>> {
    let mut reader = Reader::new(bytes);
    match link {
        LinkType::Ethernet => ethernet(&mut reader),
        LinkType::BsdLoopback => loopback(&mut reader),
        LinkType::RawIp => Ok(bare(LinkPayload::Ip(bytes))),
        LinkType::LinuxSll => cooked(&mut reader),
        LinkType::LinuxSll2 => cooked_v2(&mut reader),
    }
}

fn ethernet<'a>(reader: &mut Reader<'a>) -> Parse<LinkFrame<'a>> {
    let destination = Mac::new(reader.array()?);
    let source = Mac::new(reader.array()?);
    let (vlan, payload) = tagged(reader)?;
    Ok(LinkFrame { source, destination, vlan, payload })
}

/// From the ethertype or length field on, through any tags.
fn tagged<'a>(reader: &mut Reader<'a>) -> Parse<(Option<u16>, LinkPayload<'a>)> {
    let mut vlan = None;
    for _ in 0..=MAX_TAGS {
        match reader.be16()? {
            0x8100 | 0x88a8 | 0x9100 => {
                let tag = reader.be16()? & 0x0fff;
                vlan = vlan.or(Some(tag));
            }
            length @ 0..=1500 => return llc(reader, length).map(|payload| (vlan, payload)),
            ethertype => return Ok((vlan, payload(ethertype, reader.take_rest()))),
        }
    }
    Err(ParseError::Invalid("more than four VLAN tags"))
}

const fn payload(ethertype: u16, bytes: &[u8]) -> LinkPayload<'_> {
    match ethertype {
        IPV4 | IPV6 => LinkPayload::Ip(bytes),
        ARP => LinkPayload::Arp(bytes),
        _ => LinkPayload::Other { ethertype, bytes },
    }
}

/// 802.2 LLC; what a SNAP header names is read as if it had an ethertype.
fn llc<'a>(reader: &mut Reader<'a>, length: u16) -> Parse<LinkPayload<'a>> {
    // Padding follows the length; a cut frame has less than it says.
    let mut reader = reader.sub(usize::from(length).min(reader.left()))?;
    let whole = reader.rest();
    if whole.starts_with(&[0xaa, 0xaa, 0x03]) {
        reader.skip(3)?;
        let organisation = reader.be24()?;
        let protocol = reader.be16()?;
        match organisation {
            0 => return Ok(payload(protocol, reader.take_rest())),
            0x00_000c if protocol == CDP_SNAP => return Ok(payload(CDP_SNAP, reader.take_rest())),
            _ => {}
        }
    }
    Ok(LinkPayload::Other { ethertype: 0, bytes: whole })
}

fn loopback<'a>(reader: &mut Reader<'a>) -> Parse<LinkFrame<'a>> {
    let family = reader.array::<4>()?;
    // The writer's byte order is not recorded; families are small, so the other order is out of range.
    let family = u32::from_le_bytes(family).min(u32::from_be_bytes(family));
    match family {
        // AF_INET everywhere; AF_INET6 of NetBSD, FreeBSD, Darwin and Linux.
        2 | 10 | 24 | 28 | 30 => Ok(bare(LinkPayload::Ip(reader.take_rest()))),
        _ => Ok(bare(LinkPayload::Other { ethertype: 0, bytes: reader.take_rest() })),
    }
}

fn cooked<'a>(reader: &mut Reader<'a>) -> Parse<LinkFrame<'a>> {
    reader.skip(4)?;
    let length = reader.be16()?;
    let source = cooked_address(length, reader.array()?);
    let (vlan, payload) = tagged(reader)?;
    Ok(LinkFrame { source, destination: Mac::NONE, vlan, payload })
}

fn cooked_v2<'a>(reader: &mut Reader<'a>) -> Parse<LinkFrame<'a>> {
    let ethertype = reader.be16()?;
    reader.skip(9)?;
    let length = u16::from(reader.u8()?);
    let source = cooked_address(length, reader.array()?);
    let payload = payload(ethertype, reader.take_rest());
    Ok(LinkFrame { source, destination: Mac::NONE, vlan: None, payload })
}

const fn cooked_address(length: u16, address: [u8; 8]) -> Mac {
    match (length, address) {
        (6, [a, b, c, d, e, f, _, _]) => Mac::new([a, b, c, d, e, f]),
        _ => Mac::NONE,
    }
}

const fn bare(payload: LinkPayload<'_>) -> LinkFrame<'_> {
    LinkFrame { source: Mac::NONE, destination: Mac::NONE, vlan: None, payload }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn describe(link: LinkType, hex: &str) -> String {
        let digits: Vec<u8> = hex
            .bytes()
            .map(|digit| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap())
            .collect();
        let bytes: Vec<u8> = digits.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect();
        match peel(link, &bytes) {
            Ok(LinkFrame { source, vlan, payload, .. }) => {
                let tag = vlan.map_or(String::new(), |tag| format!(" vlan {tag}"));
                match payload {
                    LinkPayload::Ip(bytes) => format!("{source}{tag} ip {}", bytes.len()),
                    LinkPayload::Arp(bytes) => format!("{source}{tag} arp {}", bytes.len()),
                    LinkPayload::Other { ethertype, bytes } => {
                        format!("{source}{tag} {ethertype:#06x} {}", bytes.len())
                    }
                }
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn every_link_type_yields_its_payload() {
        let (to, from) = ("ffffffffffff", "020000000001");
        for (link, hex, expected) in [
            (LinkType::Ethernet, format!("{to}{from}080045"), "02:00:00:00:00:01 ip 1"),
            (
                LinkType::Ethernet,
                format!("{to}{from}88a800648100000a0806aa"),
                "02:00:00:00:00:01 vlan 100 arp 1",
            ),
            (LinkType::Ethernet, format!("{to}{from}0003424203ffff"), "02:00:00:00:00:01 0x0000 3"),
            (LinkType::Ethernet, format!("{to}{from}0009aaaa0300000c200001"), "02:00:00:00:00:01 0x2000 1"),
            (LinkType::Ethernet, format!("{to}{from}0009aaaa03000000080045"), "02:00:00:00:00:01 ip 1"),
            (LinkType::Ethernet, format!("{to}{from}{}", "81000001".repeat(6)), "more than four VLAN tags"),
            (LinkType::Ethernet, to.to_owned(), "ends before its own length says"),
            (LinkType::RawIp, "45".to_owned(), "00:00:00:00:00:00 ip 1"),
            (LinkType::BsdLoopback, "0200000045".to_owned(), "00:00:00:00:00:00 ip 1"),
            (LinkType::BsdLoopback, "0000001e60".to_owned(), "00:00:00:00:00:00 ip 1"),
            (LinkType::LinuxSll, format!("000000010006{from}0000080045"), "02:00:00:00:00:01 ip 1"),
            (LinkType::LinuxSll2, format!("080000000000000200010006{from}000045"), "02:00:00:00:00:01 ip 1"),
        ] {
            assert_eq!(describe(link, &hex), expected, "{link:?} {hex}");
        }
    }
}
