//! Names of interfaces, and what hangs on them (rtnetlink).
//!
//! Asked over a socket, since a socket stays in the network namespace that it was opened in.

use crate::netlink::{AttributeReader, Netlink, SocketError, link_request, text};
use std::collections::BTreeMap;

const GET_LINK: u16 = 18;
const GET_QDISC: u16 = 38;
const GET_FILTER: u16 = 46;
const LINK_HEADER: usize = 16;
const TRAFFIC_HEADER: usize = 20;
const LINK_NAME: u16 = 3;
const LINK_INFO: u16 = 18;
const KIND: u16 = 1;

/// The interfaces of one network namespace.
#[derive(Debug)]
pub(crate) struct Links {
    netlink: Netlink,
    names: BTreeMap<u32, String>,
}

/// A queueing discipline, or a filter that hangs on one.
#[derive(Clone, Debug)]
pub(crate) struct Attached {
    pub(crate) interface: u32,
    pub(crate) kind: String,
}

impl Links {
    pub(crate) fn open() -> Result<Self, SocketError> {
        Ok(Self { netlink: Netlink::open_links()?, names: BTreeMap::new() })
    }

    /// Asks the kernel where the number is new; numbers are not used twice.
    pub(crate) fn name(&mut self, index: u32) -> Option<&str> {
        if !self.names.contains_key(&index) {
            self.read_names().ok()?;
        }
        self.names.get(&index).map(String::as_str)
    }

    /// The names as they are now.
    pub(crate) fn read_names(&mut self) -> Result<(), SocketError> {
        let mut names = BTreeMap::new();
        self.netlink.list(&link_request(GET_LINK, &[0; LINK_HEADER]), |item| names.extend(named(item)))?;
        self.names = names;
        Ok(())
    }

    /// The bridges there are.
    pub(crate) fn bridges(&mut self) -> Result<Vec<String>, SocketError> {
        let mut bridges = Vec::new();
        let request = link_request(GET_LINK, &[0; LINK_HEADER]);
        self.netlink.list(&request, |item| bridges.extend(bridge(item)))?;
        Ok(bridges)
    }

    /// Queueing disciplines of all interfaces.
    pub(crate) fn queues(&mut self) -> Result<Vec<Attached>, SocketError> {
        self.attached(GET_QDISC, 0, 0)
    }

    /// Filters at one place of an interface.
    pub(crate) fn filters(&mut self, interface: u32, parent: u32) -> Result<Vec<Attached>, SocketError> {
        self.attached(GET_FILTER, interface, parent)
    }

    fn attached(&mut self, kind: u16, interface: u32, parent: u32) -> Result<Vec<Attached>, SocketError> {
        let fields = [0, interface, 0, parent, 0];
        let header: Vec<u8> = fields.iter().flat_map(|field| field.to_ne_bytes()).collect();
        let mut found = Vec::new();
        self.netlink.list(&link_request(kind, &header), |item| found.extend(read_attached(item)))?;
        Ok(found)
    }
}

fn named(item: &[u8]) -> Option<(u32, String)> {
    let (header, attributes) = item.split_at_checked(LINK_HEADER)?;
    let name = AttributeReader::new(attributes).find(LINK_NAME).and_then(text)?;
    Some((index(header)?, name.to_owned()))
}

/// The name of a link that is a bridge.
fn bridge(item: &[u8]) -> Option<String> {
    let attributes = AttributeReader::new(item.get(LINK_HEADER..)?);
    let kind = attributes.inside(LINK_INFO).find(KIND).and_then(text)?;
    (kind == "bridge").then(|| attributes.find(LINK_NAME).and_then(text).map(str::to_owned))?
}

fn read_attached(item: &[u8]) -> Option<Attached> {
    let (header, attributes) = item.split_at_checked(TRAFFIC_HEADER)?;
    let kind = AttributeReader::new(attributes).find(KIND).and_then(text)?.to_owned();
    Some(Attached { interface: index(header)?, kind })
}

/// The interface stands at the same place in `ifinfomsg` and `tcmsg`.
fn index(header: &[u8]) -> Option<u32> {
    header.get(4..8)?.try_into().ok().map(u32::from_ne_bytes)
}
