//! CDP packets as bytes: a header and TLVs of two bytes of type and two of length, header included.

use crate::reader::{Parse, Reader, ensure};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Most addresses kept of one list; a device names a few.
const MAX_ADDRESSES: u32 = 8;

/// Bits of capabilities, lowest first.
const CAPABILITIES: [&str; 9] = [
    "router",
    "transparent bridge",
    "source-route bridge",
    "switch",
    "host",
    "igmp",
    "repeater",
    "telephone",
    "remotely managed",
];

/// What one packet says, the first of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    pub(super) device_id: &'a [u8],
    pub(super) port_id: &'a [u8],
    pub(super) capabilities: u32,
    pub(super) software: &'a [u8],
    pub(super) platform: &'a [u8],
    pub(super) system_name: &'a [u8],
    /// Addresses of its interfaces, and those to manage it by.
    pub(super) addresses: Vec<IpAddr>,
}

impl<'a> Packet<'a> {
    /// Reads a whole packet from its version byte on. The checksum is not looked at: the frame has one.
    pub(super) fn parse(bytes: &'a [u8]) -> Parse<Self> {
        let mut reader = Reader::new(bytes);
        ensure(matches!(reader.u8()?, 1 | 2), "unknown CDP version")?;
        let [_seconds_to_live, _checksum @ ..] = reader.array::<3>()?;
        let mut packet = Self::default();
        while !reader.is_empty() {
            let (kind, length) = (reader.be16()?, reader.be16()?);
            ensure(length >= 4, "TLV shorter than its own header")?;
            packet.keep(kind, reader.sub(usize::from(length) - 4)?)?;
        }
        Ok(packet)
    }

    fn keep(&mut self, kind: u16, mut value: Reader<'a>) -> Parse<()> {
        match kind {
            0x0001 => first(&mut self.device_id, value),
            0x0002 | 0x0016 => self.keep_addresses(value)?,
            0x0003 => first(&mut self.port_id, value),
            0x0004 => self.capabilities |= value.be32()?,
            0x0005 => first(&mut self.software, value),
            0x0006 => first(&mut self.platform, value),
            0x0014 => first(&mut self.system_name, value),
            _ => {}
        }
        Ok(())
    }

    fn keep_addresses(&mut self, mut value: Reader<'_>) -> Parse<()> {
        let count = value.be32()?;
        for _ in 0..count.min(MAX_ADDRESSES) {
            let ip = address(&mut value)?;
            self.addresses.extend(ip.filter(|ip| !ip.is_unspecified() && !self.addresses.contains(ip)));
        }
        Ok(())
    }

    /// `router, switch`.
    pub(super) fn capability_names(&self) -> String {
        let has = CAPABILITIES.iter().enumerate().filter(|(bit, _)| self.capabilities >> bit & 1 == 1);
        has.map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
    }
}

/// The protocol is an NLPID (0xcc is IPv4) or an 802.2 header that ends in an ethertype (0x86dd is IPv6).
fn address(reader: &mut Reader<'_>) -> Parse<Option<IpAddr>> {
    let (_kind, length) = (reader.u8()?, reader.u8()?);
    let protocol = reader.take(usize::from(length))?;
    let length = reader.be16()?;
    let address = reader.take(usize::from(length))?;
    Ok(match protocol {
        [0xcc] => <[u8; 4]>::try_from(address).ok().map(|octets| IpAddr::V4(Ipv4Addr::from(octets))),
        [.., 0x86, 0xdd] => {
            <[u8; 16]>::try_from(address).ok().map(|octets| IpAddr::V6(Ipv6Addr::from(octets)))
        }
        _ => None,
    })
}

fn first<'a>(kept: &mut &'a [u8], value: Reader<'a>) {
    if kept.is_empty() {
        *kept = value.rest();
    }
}
