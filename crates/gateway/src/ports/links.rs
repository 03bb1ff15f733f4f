//! Links that come and go, as the kernel announces them over rtnetlink (`rtnetlink(7)`).
//!
//! An announcement is read for the interface's name, whether its carrier is there, and how often it went. The kernel makes one
//! announcement of several changes within a second, so a cable that was pulled and put in shows in that count alone. Where
//! announcements were lost, [`Links::all`] asks how things are.
//!
//! INVARIANT: a link that was lost is told as lost, however soon it came again.

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

/// Asks for all links (`linux/rtnetlink.h`, `linux/netlink.h`).
const RTM_GETLINK: u16 = 18;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_DUMP: u16 = 0x300;

/// The attributes with the interface's name, and with how often its carrier went (`linux/if_link.h`).
const IFLA_IFNAME: u16 = 3;
const IFLA_CARRIER_DOWN_COUNT: u16 = 48;

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

/// What one message says of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    state: LinkState,
    exists: bool,
    /// How often its carrier went; not every message has it.
    losses: Option<u32>,
}

/// The kernel's announcements.
#[derive(Debug)]
pub(crate) struct Links {
    socket: Socket,
    /// How often the carrier of each link that there is went, as last told.
    losses: BTreeMap<PortName, u32>,
    more: bool,
}

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
        let links = Self { socket, losses: BTreeMap::new(), more: false };
        links.ask()?;
        Ok(links)
    }

    /// Asks how all links are: the answer comes among the announcements, and has what went unheard.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn ask(&self) -> io::Result<()> {
        self.socket.send(&dump(), 0).map(drop)
    }

    /// What was announced since the last call, or `None` where announcements were lost: then only [`Links::all`] knows.
    pub(crate) fn changes(&mut self) -> Option<Vec<LinkState>> {
        let mut changes = Vec::new();
        self.more = false;
        for _ in 0..MAX_BATCH {
            let mut buffer = Vec::with_capacity(MAX_ANNOUNCEMENT);
            match self.socket.recv(&mut buffer, 0) {
                Ok(_) => announced(&buffer).into_iter().for_each(|told| self.note(told, &mut changes)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Some(changes),
                Err(_) => return None,
            }
        }
        self.more = true;
        Some(changes)
    }

    /// More may have been announced than the last call took.
    pub(crate) const fn has_more(&self) -> bool {
        self.more
    }

    /// A link that is up, and was lost since it was told of last, was lost.
    fn note(&mut self, Told { state, exists, losses }: Told, changes: &mut Vec<LinkState>) {
        let before = losses.and_then(|losses| self.losses.insert(state.port.clone(), losses));
        if !exists {
            self.losses.remove(&state.port);
        }
        if state.up && before != losses && before.is_some() {
            changes.push(LinkState { up: false, ..state.clone() });
        }
        changes.push(state);
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
        self.socket.as_raw_fd()
    }
}

/// The request for all links: a header, and a link message that names none.
fn dump() -> [u8; HEADER + LINK_HEADER] {
    let mut bytes = [0; HEADER + LINK_HEADER];
    let length = u32::try_from(bytes.len()).unwrap_or_default().to_ne_bytes();
    let [kind, flags] = [RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP].map(u16::to_ne_bytes);
    bytes[..4].copy_from_slice(&length);
    bytes[4..6].copy_from_slice(&kind);
    bytes[6..8].copy_from_slice(&flags);
    bytes
}

/// The link messages of one datagram.
fn announced(mut datagram: &[u8]) -> Vec<Told> {
    let mut states = Vec::new();
    while let Some(length) = u32_at(datagram, 0).and_then(|length| usize::try_from(length).ok()) {
        let Some(message) = datagram.get(..length).filter(|_| length >= HEADER) else { break };
        states.extend(link_state(message));
        datagram = datagram.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    states
}

fn link_state(message: &[u8]) -> Option<Told> {
    let exists = match u16_at(message, 4)? {
        RTM_NEWLINK => true,
        RTM_DELLINK => false,
        _ => return None,
    };
    let flags = u32_at(message, HEADER + 8)?;
    let attributes = message.get(HEADER + LINK_HEADER..)?;
    let port = attribute(attributes, IFLA_IFNAME)?;
    let port = PortName::new(str::from_utf8(port).ok()?.trim_end_matches('\0')).ok()?;
    let losses = attribute(attributes, IFLA_CARRIER_DOWN_COUNT).and_then(|value| u32_at(value, 0));
    Some(Told { state: LinkState { port, up: exists && flags & IFF_RUNNING != 0 }, exists, losses })
}

fn attribute(mut attributes: &[u8], wanted: u16) -> Option<&[u8]> {
    loop {
        let length = usize::from(u16_at(attributes, 0)?);
        let kind = u16_at(attributes, 2)?;
        let value = attributes.get(4..length)?;
        if kind == wanted {
            return Some(value);
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

    /// A link message as the kernel lays it out, with a count of losses.
    fn counted(losses: u32, flags: u32, name: &str) -> Vec<u8> {
        let mut bytes = message(RTM_NEWLINK, flags, name);
        bytes.extend(8_u16.to_ne_bytes());
        bytes.extend(IFLA_CARRIER_DOWN_COUNT.to_ne_bytes());
        bytes.extend(losses.to_ne_bytes());
        let length = u32::try_from(bytes.len()).unwrap_or_default().to_ne_bytes();
        bytes.splice(..4, length);
        bytes
    }

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
            .map(|told| (told.state.port.to_string(), told.state.up))
            .collect();
        assert_eq!(seen, [("p-plc1".into(), true), ("p2".into(), false), ("p3".into(), false)]);
    }

    #[test]
    fn a_link_that_went_and_came_within_one_announcement_is_told_as_lost() {
        let mut links =
            Links { socket: Socket::new(NETLINK_ROUTE).unwrap(), losses: BTreeMap::new(), more: false };
        let mut heard = |message: Vec<u8>| {
            let mut changes = Vec::new();
            announced(&message).into_iter().for_each(|told| links.note(told, &mut changes));
            changes.into_iter().map(|state| state.up).collect::<Vec<_>>()
        };
        assert_eq!(heard(counted(3, IFF_RUNNING, "p1")), [true], "what was before nobody knows");
        assert_eq!(heard(counted(3, IFF_RUNNING, "p1")), [true]);
        assert_eq!(heard(message(RTM_NEWLINK, IFF_RUNNING, "p1")), [true], "without a count");
        assert_eq!(heard(counted(4, IFF_RUNNING, "p1")), [false, true]);
        assert_eq!(heard(counted(5, 1, "p1")), [false]);
        assert_eq!(heard(counted(5, IFF_RUNNING, "p1")), [true], "it was told");
        assert_eq!(heard(counted(0, IFF_RUNNING, "p2")), [true], "each has its own");
        assert_eq!(heard(message(RTM_DELLINK, IFF_RUNNING, "p2")), [false]);
        assert_eq!(heard(counted(1, IFF_RUNNING, "p2")), [true], "another of that name");
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
