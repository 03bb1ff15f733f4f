//! Addresses for the cell (RFC 2131): its own for a device of the plant, one of a few for anybody else.

use crate::node::fields::Fields;
use crate::plant::{Addresses, Network, PLANT};
use anyhow::{Context as _, Result};
use nullius_model::Mac;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use tokio::net::UdpSocket;

/// Ports of server and client.
const SERVER: u16 = 67;
const CLIENT: u16 = 68;
/// Host numbers for strangers.
const POOL: std::ops::RangeInclusive<u8> = 71..=99;
/// Longest message that is read.
const MAX_MESSAGE: usize = 1500;
/// How long an address may be used, in seconds.
const LEASE: u32 = 3600;
/// What begins the options (RFC 2131, 3).
const COOKIE: [u8; 4] = [99, 130, 83, 99];
/// Kinds of messages.
const DISCOVER: u8 = 1;
const OFFER: u8 = 2;
const REQUEST: u8 = 3;
const ACK: u8 = 5;
const NAK: u8 = 6;
/// Options.
const MESSAGE_TYPE: u8 = 53;
const REQUESTED: u8 = 50;
const SERVER_ID: u8 = 54;

pub(super) async fn run() -> Result<()> {
    let socket =
        UdpSocket::bind((Ipv4Addr::UNSPECIFIED, SERVER)).await.context("the port of DHCP is taken")?;
    socket.set_broadcast(true)?;
    let (mut leases, mut buffer) = (BTreeMap::new(), [0; MAX_MESSAGE]);
    loop {
        let Ok((size, _)) = socket.recv_from(&mut buffer).await else { continue };
        let question = buffer.get(..size).and_then(Question::parse);
        if let Some(reply) = question.and_then(|question| answer(&question, &mut leases)) {
            // the client has no address yet to send to
            let _ = socket.send_to(&reply, (Ipv4Addr::BROADCAST, CLIENT)).await;
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Question {
    transaction: [u8; 4],
    mac: Mac,
    kind: u8,
    wants: Option<Ipv4Addr>,
    server: Option<Ipv4Addr>,
}

impl Question {
    fn parse(datagram: &[u8]) -> Option<Self> {
        let mut fields = Fields(datagram);
        let is_request = fields.bytes(4)? == [1, 1, 6, 0];
        let transaction = fields.bytes(4)?.try_into().ok()?;
        fields.bytes(4)?;
        let current: [u8; 4] = fields.bytes(4)?.try_into().ok()?;
        fields.bytes(12)?;
        let mac: [u8; 6] = fields.bytes(6)?.try_into().ok()?;
        fields.bytes(10 + 64 + 128)?;
        let has_options = fields.bytes(4)? == COOKIE;
        if !is_request || !has_options {
            return None;
        }
        let options = options(fields)?;
        let address = |number| Some(Ipv4Addr::from(<[u8; 4]>::try_from(*options.get(&number)?).ok()?));
        let current = Some(Ipv4Addr::from(current)).filter(|address| !address.is_unspecified());
        Some(Self {
            transaction,
            mac: Mac::new(mac),
            kind: *options.get(&MESSAGE_TYPE)?.first()?,
            wants: address(REQUESTED).or(current),
            server: address(SERVER_ID),
        })
    }
}

fn options(mut fields: Fields<'_>) -> Option<BTreeMap<u8, &[u8]>> {
    let mut options = BTreeMap::new();
    loop {
        match fields.u8() {
            None | Some(255) => return Some(options),
            Some(0) => {}
            Some(number) => {
                let length = fields.u8()?;
                options.insert(number, fields.bytes(usize::from(length))?);
            }
        }
    }
}

fn answer(question: &Question, leases: &mut BTreeMap<Mac, u8>) -> Option<Vec<u8>> {
    let own = own_address();
    // another server was chosen
    if question.server.is_some_and(|server| server != own) {
        return None;
    }
    let address = address_for(question.mac, leases)?;
    match question.kind {
        DISCOVER => Some(reply(question, OFFER, address)),
        REQUEST if question.wants == Some(address) => Some(reply(question, ACK, address)),
        REQUEST => Some(reply(question, NAK, Ipv4Addr::UNSPECIFIED)),
        _ => None,
    }
}

fn address_for(mac: Mac, leases: &mut BTreeMap<Mac, u8>) -> Option<Ipv4Addr> {
    let known = PLANT.iter().find(|node| node.network == Network::Cell && node.addresses().mac == mac);
    if let Some(node) = known {
        return Some(node.addresses().v4);
    }
    let free = POOL.into_iter().find(|host| !leases.values().any(|taken| taken == host));
    let host = *match leases.entry(mac) {
        std::collections::btree_map::Entry::Occupied(lease) => lease.into_mut(),
        std::collections::btree_map::Entry::Vacant(place) => place.insert(free?),
    };
    Some(Addresses::new(Network::Cell, host).v4)
}

fn own_address() -> Ipv4Addr {
    Addresses::new(Network::Cell, crate::plant::INFRA_HOST).v4
}

fn reply(question: &Question, kind: u8, address: Ipv4Addr) -> Vec<u8> {
    let own = own_address().octets();
    let router = Addresses::gateway(Network::Cell).v4.octets();
    let mut reply = vec![2, 1, 6, 0];
    reply.extend(question.transaction);
    // seconds, and the flag that asks for a broadcast
    reply.extend([0, 0, 0x80, 0, 0, 0, 0, 0]);
    reply.extend(address.octets());
    reply.extend(own);
    reply.extend([0; 4]);
    reply.extend(question.mac.octets());
    reply.extend([0; 10 + 64 + 128]);
    reply.extend(COOKIE);
    reply.extend([MESSAGE_TYPE, 1, kind, SERVER_ID, 4]);
    reply.extend(own);
    if kind != NAK {
        reply.extend([51, 4]);
        reply.extend(LEASE.to_be_bytes());
        reply.extend([1, 4, 255, 255, 255, 0, 3, 4]);
        reply.extend(router);
        reply.extend([6, 4]);
        reply.extend(own);
    }
    reply.push(255);
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(mac: Mac, kind: u8, wants: Option<Ipv4Addr>) -> Question {
        Question { transaction: [1, 2, 3, 4], mac, kind, wants, server: None }
    }

    fn given(reply: &[u8]) -> (u8, [u8; 4]) {
        (reply[242], reply[16..20].try_into().unwrap())
    }

    #[test]
    fn a_device_gets_its_own_address_and_a_stranger_one_of_the_pool() {
        let mut leases = BTreeMap::new();
        let plc = Addresses::new(Network::Cell, 11);
        let offer = answer(&question(plc.mac, DISCOVER, None), &mut leases).unwrap();
        assert_eq!(given(&offer), (OFFER, [10, 77, 1, 11]));
        let offer = answer(&question(Mac::BROADCAST, DISCOVER, None), &mut leases).unwrap();
        assert_eq!(given(&offer), (OFFER, [10, 77, 1, 71]));
        let nak = answer(&question(plc.mac, REQUEST, Some(Ipv4Addr::LOCALHOST)), &mut leases).unwrap();
        assert_eq!(given(&nak).0, NAK);
        let ack = answer(&question(plc.mac, REQUEST, Some(plc.v4)), &mut leases).unwrap();
        assert_eq!(given(&ack), (ACK, [10, 77, 1, 11]));
    }

    #[test]
    fn an_exhausted_pool_stays_silent() {
        let mut leases = BTreeMap::new();
        let strangers = (0..60).map(|last| Mac::new([2, 0, 0, 0, 9, last]));
        let offers = strangers.filter_map(|mac| answer(&question(mac, DISCOVER, None), &mut leases)).count();
        assert_eq!(offers, POOL.count());
    }

    #[test]
    fn a_question_reads_back() {
        let mac = Mac::new([2, 0, 0, 0, 0, 9]);
        let mut bytes = reply(&question(mac, DISCOVER, None), DISCOVER, Ipv4Addr::UNSPECIFIED);
        bytes[0] = 1;
        let read = Question::parse(&bytes).unwrap();
        assert_eq!((read.mac, read.kind, read.transaction), (mac, DISCOVER, [1, 2, 3, 4]));
        assert!(Question::parse(&bytes[..100]).is_none());
    }
}
