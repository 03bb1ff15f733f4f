//! The network layer: IPv4 and IPv6 headers, extension headers, fragments.

pub(crate) mod checksum;
pub(crate) mod fragments;
mod header;

pub(crate) use header::{Fragment, IpPacket, parse, skip_inner_extensions};

/// IP protocol numbers that are read further.
pub(crate) const ICMP: u8 = 1;
pub(crate) const TCP: u8 = 6;
pub(crate) const UDP: u8 = 17;
pub(crate) const ICMPV6: u8 = 58;
