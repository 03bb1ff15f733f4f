//! LLDP data units as bytes: TLVs of 7 bits of type and 9 bits of length (IEEE 802.1AB-2016 §8).

use crate::reader::{Parse, ParseError, Reader, ensure};
use crate::text;
use nullius_model::Mac;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Most management addresses kept of one unit; a device names one or two.
const MAX_ADDRESSES: usize = 4;

/// Bits of system capabilities, lowest first (Table 8-4).
const CAPABILITIES: [&str; 11] = [
    "other",
    "repeater",
    "bridge",
    "access point",
    "router",
    "telephone",
    "docsis",
    "station",
    "c-vlan",
    "s-vlan",
    "two-port relay",
];

/// What one unit says, the first of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unit<'a> {
    /// Chassis identifier, subtype and value.
    pub(super) chassis: Id<'a>,
    /// Port identifier, subtype and value.
    pub(super) port: Id<'a>,
    pub(super) port_description: &'a [u8],
    pub(super) system_name: &'a [u8],
    pub(super) system_description: &'a [u8],
    /// Capabilities in use, one bit each.
    pub(super) capabilities: u16,
    pub(super) addresses: Vec<IpAddr>,
    /// PROFINET's address of the whole device (IEC 61158-6-10, LLDP_PNIO_CHASSIS_MAC).
    pub(super) profinet_chassis: Option<Mac>,
    /// RFC 8520 §11.
    pub(super) mud_url: &'a [u8],
    pub(super) inventory: Inventory<'a>,
}

/// An identifier of a chassis or port: the subtype says what the bytes are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Id<'a> {
    subtype: u8,
    value: &'a [u8],
}

/// Inventory of a media endpoint (ANSI/TIA-1057 §10.2.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Inventory<'a> {
    pub(super) firmware: &'a [u8],
    pub(super) software: &'a [u8],
    pub(super) serial: &'a [u8],
    pub(super) manufacturer: &'a [u8],
    pub(super) model: &'a [u8],
}

impl<'a> Unit<'a> {
    /// Reads a whole unit. Chassis, port and time to live come first, in this order, and once (§8.2).
    pub(super) fn parse(bytes: &'a [u8]) -> Parse<Self> {
        let mut reader = Reader::new(bytes);
        let chassis = Id::parse(mandatory(&mut reader, 1)?)?;
        let port = Id::parse(mandatory(&mut reader, 2)?)?;
        let _seconds_to_live = mandatory(&mut reader, 3)?.be16()?;
        let mut unit = Self { chassis, port, ..Self::default() };
        while !reader.is_empty() {
            let (kind, value) = tlv(&mut reader)?;
            if kind == 0 {
                break;
            }
            unit.keep(kind, value)?;
        }
        Ok(unit)
    }

    fn keep(&mut self, kind: u8, mut value: Reader<'a>) -> Parse<()> {
        match kind {
            1..=3 => return Err(ParseError::Invalid("mandatory TLV out of order or twice")),
            4 => first(&mut self.port_description, value),
            5 => first(&mut self.system_name, value),
            6 => first(&mut self.system_description, value),
            7 => {
                let _able = value.be16()?;
                self.capabilities |= value.be16()?;
            }
            8 => {
                let address = management_address(&mut value)?;
                self.addresses.extend(address.filter(|_| self.addresses.len() < MAX_ADDRESSES));
            }
            127 => self.keep_organisations(value)?,
            _ => {}
        }
        Ok(())
    }

    fn keep_organisations(&mut self, mut value: Reader<'a>) -> Parse<()> {
        match value.array()? {
            [0x00, 0x0e, 0xcf, 5] => self.profinet_chassis = Some(Mac::new(value.array()?)),
            [0x00, 0x00, 0x5e, 1] => first(&mut self.mud_url, value),
            [0x00, 0x12, 0xbb, 6] => first(&mut self.inventory.firmware, value),
            [0x00, 0x12, 0xbb, 7] => first(&mut self.inventory.software, value),
            [0x00, 0x12, 0xbb, 8] => first(&mut self.inventory.serial, value),
            [0x00, 0x12, 0xbb, 9] => first(&mut self.inventory.manufacturer, value),
            [0x00, 0x12, 0xbb, 10] => first(&mut self.inventory.model, value),
            _ => {}
        }
        Ok(())
    }

    /// `bridge, router`.
    pub(super) fn capability_names(&self) -> String {
        let in_use = CAPABILITIES.iter().enumerate().filter(|(bit, _)| self.capabilities >> bit & 1 == 1);
        in_use.map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
    }
}

impl<'a> Id<'a> {
    fn parse(mut value: Reader<'a>) -> Parse<Self> {
        let (subtype, value) = (value.u8()?, value.rest());
        ensure(!value.is_empty(), "identifier without a value")?;
        Ok(Self { subtype, value })
    }

    /// A hardware address (4 for a chassis, 3 for a port), a network address (5, 4), else text, or hexadecimal where it
    /// is none.
    pub(super) fn text(&self, hardware_subtype: u8) -> String {
        match (self.value.try_into(), self.value) {
            (Ok(octets), _) if self.subtype == hardware_subtype => Mac::new(octets).to_string(),
            (_, [family, address @ ..]) if self.subtype == hardware_subtype + 1 => {
                network_address(*family, address).map(|ip| ip.to_string()).unwrap_or_default()
            }
            _ if self.value.iter().all(|byte| (b' '..=b'~').contains(byte)) => {
                text::utf8(self.value).into_owned()
            }
            _ => text::hex(self.value),
        }
    }
}

fn mandatory<'a>(reader: &mut Reader<'a>, expected: u8) -> Parse<Reader<'a>> {
    let (kind, value) = tlv(reader)?;
    ensure(kind == expected, "mandatory TLV missing")?;
    Ok(value)
}

fn tlv<'a>(reader: &mut Reader<'a>) -> Parse<(u8, Reader<'a>)> {
    let [kind, length] = reader.array()?;
    let value = reader.sub(usize::from(kind & 1) << 8 | usize::from(length))?;
    Ok((kind >> 1, value))
}

fn first<'a>(kept: &mut &'a [u8], value: Reader<'a>) {
    if kept.is_empty() {
        *kept = value.rest();
    }
}

/// §8.5.9: the length counts the subtype byte too.
fn management_address(value: &mut Reader<'_>) -> Parse<Option<IpAddr>> {
    let length = value.u8()?;
    let mut address = value.sub(usize::from(length))?;
    Ok(network_address(address.u8()?, address.rest()))
}

/// Families of the IANA address family registry: 1 is IPv4, 2 is IPv6. Devices without an address send zeros.
fn network_address(family: u8, address: &[u8]) -> Option<IpAddr> {
    let ip = match family {
        1 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(address).ok()?)),
        2 => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(address).ok()?)),
        _ => return None,
    };
    (!ip.is_unspecified()).then_some(ip)
}
