//! One frame as a capture hands it over.

use crate::Timestamp;
use std::fmt;

/// The position of a frame in its capture, from 1, as Wireshark counts (`frame.number`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameNumber(pub u64);

impl fmt::Display for FrameNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// How the first byte of a frame is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkType {
    /// Ethernet II and 802.3 (LINKTYPE 1).
    Ethernet,
    /// BSD loopback, address family in host order (0), or big-endian (108).
    BsdLoopback,
    /// No link header: an IPv4 or IPv6 packet (101, 228, 229, and 12 or 14 on BSDs).
    RawIp,
    /// Linux cooked capture v1 (113).
    LinuxSll,
    /// Linux cooked capture v2 (276).
    LinuxSll2,
}

impl LinkType {
    /// From the number in a capture file's header (<https://www.tcpdump.org/linktypes.html>); the number itself where
    /// we cannot read it.
    pub const fn from_number(number: u32) -> Result<Self, u32> {
        match number {
            0 | 108 => Ok(Self::BsdLoopback),
            1 => Ok(Self::Ethernet),
            12 | 14 | 101 | 228 | 229 => Ok(Self::RawIp),
            113 => Ok(Self::LinuxSll),
            276 => Ok(Self::LinuxSll2),
            other => Err(other),
        }
    }
}

/// One captured frame. `bytes` may be shorter than the frame was on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Position in the capture, from 1.
    pub number: FrameNumber,
    /// When the capture saw it.
    pub at: Timestamp,
    /// How to read the first byte.
    pub link: LinkType,
    /// What was captured.
    pub bytes: &'a [u8],
    /// Length on the wire in bytes; at least `bytes.len()`.
    pub wire_length: u32,
}
