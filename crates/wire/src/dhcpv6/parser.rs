//! DHCPv6 messages as bytes: a type, a transaction, options; relayed ones wrapped in others.
//!
//! INVARIANT: nesting is bounded: relays to [`MAX_RELAYS`], options to the address within its association.

use crate::reader::{Parse, ParseError, Reader};
use nullius_model::Mac;
use std::net::Ipv6Addr;

/// Most relay agents a message may have passed (HOP_COUNT_LIMIT, RFC 8415 §7.6). Each wraps it once more.
const MAX_RELAYS: usize = 8;
/// Most addresses kept of one message; a client has one or two.
const MAX_ADDRESSES: usize = 8;

const RELAY_FORWARD: u8 = 12;
const RELAY_REPLY: u8 = 13;

/// A message, out of its wrappings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) kind: u8,
    /// 24 bits, chosen by who asks.
    pub(super) transaction: u32,
    /// The relay agent next to the client, where there is one.
    pub(super) relay: Option<Relay>,
    pub(super) client_duid: &'a [u8],
    /// Addresses with a life, of all identity associations.
    pub(super) addresses: Vec<Ipv6Addr>,
    /// First status that is no success, of the message or of an association.
    pub(super) status: u16,
    /// Options asked for, two bytes each.
    pub(super) requested: &'a [u8],
    pub(super) fqdn: &'a [u8],
    pub(super) vendor_class: &'a [u8],
    pub(super) mud_url: &'a [u8],
}

/// What relay agents say of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Relay {
    /// The client's address, by the agent next to it.
    pub(super) peer: Ipv6Addr,
    /// The client's hardware address, by the agent next to it (option 79, RFC 6939).
    pub(super) client_mac: Option<Mac>,
}

impl<'a> Message<'a> {
    /// Reads a whole datagram.
    pub(super) fn parse(bytes: &'a [u8]) -> Parse<Self> {
        let mut reader = Reader::new(bytes);
        let mut relay = None;
        for _ in 0..=MAX_RELAYS {
            let kind = reader.u8()?;
            if !matches!(kind, RELAY_FORWARD | RELAY_REPLY) {
                let mut message = Self { kind, transaction: reader.be24()?, relay, ..Self::default() };
                options(reader, |code, value| message.keep(code, value))?;
                return Ok(message);
            }
            let (inner, peer, client_mac) = unwrap(reader)?;
            relay = Some(Relay { peer, client_mac });
            reader = inner;
        }
        Err(ParseError::Invalid("relayed too often"))
    }

    fn keep(&mut self, code: u16, mut value: Reader<'a>) -> Parse<()> {
        match code {
            1 => self.client_duid = value.rest(),
            3 => {
                let _association_and_times = value.array::<12>()?;
                self.keep_association(value)?;
            }
            4 => {
                let _association = value.be32()?;
                self.keep_association(value)?;
            }
            6 => self.requested = value.rest(),
            13 => self.keep_status(value)?,
            16 => {
                let (_enterprise, length) = (value.be32()?, value.be16()?);
                self.vendor_class = value.take(usize::from(length))?;
            }
            39 => self.fqdn = value.rest().get(1..).unwrap_or_default(),
            112 => self.mud_url = value.rest(),
            _ => {}
        }
        Ok(())
    }

    fn keep_association(&mut self, association: Reader<'a>) -> Parse<()> {
        options(association, |code, mut value| match code {
            5 => {
                let address = Ipv6Addr::from(value.array::<16>()?);
                let (_preferred, valid) = (value.be32()?, value.be32()?);
                if valid > 0 && self.addresses.len() < MAX_ADDRESSES {
                    self.addresses.push(address);
                }
                Ok(())
            }
            13 => self.keep_status(value),
            _ => Ok(()),
        })
    }

    fn keep_status(&mut self, mut value: Reader<'a>) -> Parse<()> {
        let status = value.be16()?;
        if self.status == 0 {
            self.status = status;
        }
        Ok(())
    }
}

/// The message within a relay agent's, the client's address, and its hardware address where the agent names it.
fn unwrap(mut reader: Reader<'_>) -> Parse<(Reader<'_>, Ipv6Addr, Option<Mac>)> {
    let (_hops, _link) = (reader.u8()?, reader.array::<16>()?);
    let peer = Ipv6Addr::from(reader.array::<16>()?);
    let (mut inner, mut client_mac) = (None, None);
    options(reader, |code, mut value| {
        match code {
            9 => inner = Some(value),
            79 => client_mac = ethernet(value.be16()?, value.rest()),
            _ => {}
        }
        Ok(())
    })?;
    Ok((inner.ok_or(ParseError::Invalid("relay agent message without a message"))?, peer, client_mac))
}

fn options<'a>(mut reader: Reader<'a>, mut keep: impl FnMut(u16, Reader<'a>) -> Parse<()>) -> Parse<()> {
    while !reader.is_empty() {
        let (code, length) = (reader.be16()?, reader.be16()?);
        keep(code, reader.sub(usize::from(length))?)?;
    }
    Ok(())
}

/// The hardware address in a DUID of type 1 (with time) or 3 (RFC 8415 §11). It is that of some interface of the
/// client, not always of this one.
pub(super) fn duid_mac(duid: &[u8]) -> Option<Mac> {
    let mut reader = Reader::new(duid);
    let (kind, hardware) = (reader.be16().ok()?, reader.be16().ok()?);
    match kind {
        1 => reader.skip(4).ok()?,
        3 => {}
        _ => return None,
    }
    ethernet(hardware, reader.rest())
}

/// An address of hardware type 1, Ethernet, that names one station.
fn ethernet(hardware: u16, address: &[u8]) -> Option<Mac> {
    let mac = Mac::new(address.try_into().ok()?);
    (hardware == 1 && !mac.is_group() && !mac.is_none()).then_some(mac)
}
