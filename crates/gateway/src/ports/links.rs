//! Links that come and go, as the kernel announces them over rtnetlink (`rtnetlink(7)`).
//!
//! An announcement is read for the interface's name and whether its carrier is there. Where announcements were lost,
//! [`Links::all`] asks how things are.

use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use nullius_model::PortName;
use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsRawFd, RawFd};

/// The multicast group of link changes (`RTNLGRP_LINK`).
const LINK_GROUP: u32 = 1;

/// Largest announcement that is read, in bytes; the kernel's are a few kilobytes.
const MAX_ANNOUNCEMENT: usize = 64 << 10;

/// Announcements taken at one wake-up, so that a flapping link cannot keep everything else waiting.
const MAX_BATCH: usize = 64;

/// Message types (`linux/rtnetlink.h`).
const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;

/// The attribute with the interface's name (`linux/if_link.h`).
const IFLA_IFNAME: u16 = 3;

/// The link has a carrier and can pass frames (`linux/if.h`).
const IFF_RUNNING: u32 = 1 << 6;

/// Bytes of a netlink header, and of what stands before the attributes of a link message.
const HEADER: usize = 16;
const LINK_HEADER: usize = 16;

/// A link, up or down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LinkState {
    /// The interface.
    pub(crate) port: PortName,
    /// It can pass frames.
    pub(crate) up: bool,
}

/// The kernel's announcements.
#[derive(Debug)]
pub(crate) struct Links(Socket);

impl Links {
    /// Listens from here on.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind(&SocketAddr::new(0, 0))?;
        socket.add_membership(LINK_GROUP)?;
        socket.set_non_blocking(true)?;
        Ok(Self(socket))
    }

    /// What was announced since the last call, or `None` where announcements were lost: then only [`Links::all`] knows.
    pub(crate) fn changes(&mut self) -> Option<Vec<LinkState>> {
        let mut changes = Vec::new();
        for _ in 0..MAX_BATCH {
            let mut buffer = Vec::with_capacity(MAX_ANNOUNCEMENT);
            match self.0.recv(&mut buffer, 0) {
                Ok(_) => changes.extend(announced(&buffer)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => return None,
            }
        }
        Some(changes)
    }

    /// How all links are now.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn all() -> io::Result<BTreeMap<PortName, bool>> {
        let links = getifaddrs()?.filter_map(|found| {
            let port = PortName::new(&found.interface_name).ok()?;
            Some((port, found.flags.contains(InterfaceFlags::IFF_RUNNING)))
        });
        Ok(links.collect())
    }
}

impl AsRawFd for Links {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// The link messages of one datagram.
fn announced(mut datagram: &[u8]) -> Vec<LinkState> {
    let mut states = Vec::new();
    while let Some(length) = u32_at(datagram, 0).and_then(|length| usize::try_from(length).ok()) {
        let Some(message) = datagram.get(..length).filter(|_| length >= HEADER) else { break };
        states.extend(link_state(message));
        datagram = datagram.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    states
}

fn link_state(message: &[u8]) -> Option<LinkState> {
    let exists = match u16_at(message, 4)? {
        RTM_NEWLINK => true,
        RTM_DELLINK => false,
        _ => return None,
    };
    let flags = u32_at(message, HEADER + 8)?;
    let port = name(message.get(HEADER + LINK_HEADER..)?)?;
    Some(LinkState { port, up: exists && flags & IFF_RUNNING != 0 })
}

fn name(mut attributes: &[u8]) -> Option<PortName> {
    loop {
        let length = usize::from(u16_at(attributes, 0)?);
        let kind = u16_at(attributes, 2)?;
        let value = attributes.get(4..length)?;
        if kind == IFLA_IFNAME {
            return PortName::new(str::from_utf8(value).ok()?.trim_end_matches('\0')).ok();
        }
        attributes = attributes.get(length.next_multiple_of(4)..)?;
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|chunk| u16::from_ne_bytes(*chunk))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|chunk| u32::from_ne_bytes(*chunk))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A link message as the kernel lays it out.
    fn message(kind: u16, flags: u32, name: &str) -> Vec<u8> {
        let attribute = u16::try_from(name.len() + 5).unwrap_or_default();
        let length = HEADER + LINK_HEADER + usize::from(attribute).next_multiple_of(4);
        let mut bytes = u32::try_from(length).unwrap_or_default().to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.resize(HEADER + 8, 0);
        bytes.extend(flags.to_ne_bytes());
        bytes.resize(HEADER + LINK_HEADER, 0);
        bytes.extend(attribute.to_ne_bytes());
        bytes.extend(IFLA_IFNAME.to_ne_bytes());
        bytes.extend(name.as_bytes());
        bytes.resize(length, 0);
        bytes
    }

    #[test]
    fn an_announcement_says_which_link_and_whether_it_is_up() {
        let datagram = [
            message(RTM_NEWLINK, IFF_RUNNING, "p-plc1"),
            message(RTM_NEWLINK, 1, "p2"),
            message(17, 64, "p3"),
        ];
        let seen: Vec<(String, bool)> = announced(&datagram.concat())
            .into_iter()
            .map(|state| (state.port.to_string(), state.up))
            .collect();
        assert_eq!(seen, [("p-plc1".into(), true), ("p2".into(), false), ("p3".into(), false)]);
    }

    #[test]
    fn an_announcement_that_makes_no_sense_is_no_announcement() {
        let good = message(RTM_NEWLINK, IFF_RUNNING, "p-plc1");
        for length in 0..good.len() {
            assert!(announced(&good[..length]).is_empty(), "{length}");
        }
        for position in 0..good.len() {
            for value in [0, 1, 255] {
                let mut bad = good.clone();
                bad[position] = value;
                assert!(announced(&bad).len() <= 1);
            }
        }
    }
}
