//! DHCP messages as bytes: the fixed header and the options we look at.

use crate::dns::name::{Name, joined};
use crate::reader::{Parse, ParseError, Reader, ensure};
use crate::text;
use nullius_model::Mac;
use std::net::Ipv4Addr;

/// What begins the options (RFC 2131 §3).
const MAGIC_COOKIE: u32 = 0x6382_5363;

/// A message, as far as we look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    /// From a server or a relay agent towards a client.
    pub(super) from_server: bool,
    /// Transaction.
    pub(super) xid: u32,
    /// Address the client has and uses (`ciaddr`).
    pub(super) client_ip: Ipv4Addr,
    /// Address the server gives (`yiaddr`).
    pub(super) your_ip: Ipv4Addr,
    /// Relay agent between (`giaddr`); unspecified where there is none.
    pub(super) relay_ip: Ipv4Addr,
    /// The client's hardware address (`chaddr`), where it is one of IEEE 802.
    pub(super) client_mac: Option<Mac>,
    pub(super) options: Options<'a>,
}

/// The first option of each kind that we look at. What a relay agent adds (option 82) is not the client's word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Options<'a> {
    pub(super) host_name: Option<&'a [u8]>,
    pub(super) message_type: Option<u8>,
    pub(super) server_id: Option<Ipv4Addr>,
    pub(super) parameters: Option<&'a [u8]>,
    pub(super) vendor_class: Option<&'a [u8]>,
    pub(super) client_id: Option<&'a [u8]>,
    pub(super) fqdn: Option<&'a [u8]>,
    pub(super) mud_url: Option<&'a [u8]>,
    overload: u8,
}

impl<'a> Message<'a> {
    /// Reads a whole datagram.
    pub(super) fn parse(bytes: &'a [u8]) -> Parse<Self> {
        let mut reader = Reader::new(bytes);
        let from_server = match reader.u8()? {
            1 => false,
            2 => true,
            _ => return Err(ParseError::Invalid("neither request nor reply")),
        };
        let (hardware, hardware_length, _hops) = (reader.u8()?, reader.u8()?, reader.u8()?);
        ensure(hardware_length <= 16, "hardware address longer than its field")?;
        let xid = reader.be32()?;
        let _secs_and_flags = reader.be32()?;
        let (client_ip, your_ip) = (address(&mut reader)?, address(&mut reader)?);
        let (_next_server, relay_ip) = (address(&mut reader)?, address(&mut reader)?);
        let client_mac = mac(hardware, hardware_length, reader.array()?);
        let (server_name, file) = (reader.take(64)?, reader.take(128)?);
        ensure(reader.be32()? == MAGIC_COOKIE, "no DHCP magic cookie")?;
        let options = Options::parse(reader, server_name, file)?;
        Ok(Self { from_server, xid, client_ip, your_ip, relay_ip, client_mac, options })
    }
}

impl<'a> Options<'a> {
    /// Reads the options, and those that overflow into the `file` and `sname` fields (option 52, RFC 2131 §4.1).
    fn parse(area: Reader<'a>, server_name: &'a [u8], file: &'a [u8]) -> Parse<Self> {
        let mut options = Self::default();
        options.read(area)?;
        if options.overload & 1 != 0 {
            options.read(Reader::new(file))?;
        }
        if options.overload & 2 != 0 {
            options.read(Reader::new(server_name))?;
        }
        Ok(options)
    }

    /// Reads one area. Some clients leave out the end option where the datagram ends.
    fn read(&mut self, mut area: Reader<'a>) -> Parse<()> {
        while !area.is_empty() {
            match area.u8()? {
                0 => {}
                255 => break,
                code => {
                    let length = area.u8()?;
                    self.keep(code, area.take(usize::from(length))?)?;
                }
            }
        }
        Ok(())
    }

    fn keep(&mut self, code: u8, value: &'a [u8]) -> Parse<()> {
        match code {
            12 => self.host_name = self.host_name.or(Some(value)),
            52 => self.overload |= one_byte(value)?,
            53 => self.message_type = self.message_type.or(Some(one_byte(value)?)),
            54 => self.server_id = self.server_id.or(Some(address(&mut Reader::new(value))?)),
            55 => self.parameters = self.parameters.or(Some(value)),
            60 => self.vendor_class = self.vendor_class.or(Some(value)),
            61 => self.client_id = self.client_id.or(Some(value)),
            81 => self.fqdn = self.fqdn.or(Some(value)),
            161 => self.mud_url = self.mud_url.or(Some(value)),
            _ => {}
        }
        Ok(())
    }
}

/// The name in a client FQDN option (RFC 4702): in wire form or, from older clients, in ASCII.
pub(super) fn fqdn(option: &[u8]) -> Parse<String> {
    const WIRE_FORM: u8 = 0x04;
    let mut reader = Reader::new(option);
    let flags = reader.u8()?;
    reader.skip(2)?;
    if flags & WIRE_FORM == 0 {
        return Ok(text::utf8(reader.rest()).into_owned());
    }
    let name = Name::read_plain(reader.rest())?;
    Ok(if name.labels().is_empty() { String::new() } else { joined(name.labels()) })
}

fn one_byte(value: &[u8]) -> Parse<u8> {
    match value {
        [byte] => Ok(*byte),
        _ => Err(ParseError::Invalid("option that must be one byte long is not")),
    }
}

fn address(reader: &mut Reader<'_>) -> Parse<Ipv4Addr> {
    reader.be32().map(Ipv4Addr::from)
}

/// Ethernet (1) and the rest of IEEE 802 (6), where the address names one station.
fn mac(hardware: u8, length: u8, field: [u8; 16]) -> Option<Mac> {
    let [a, b, c, d, e, f, ..] = field;
    let mac = Mac::new([a, b, c, d, e, f]);
    (matches!((hardware, length), (1 | 6, 6)) && !mac.is_group() && !mac.is_none()).then_some(mac)
}
