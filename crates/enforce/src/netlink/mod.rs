//! Netlink as nftables speaks it (`linux/netlink.h`, `linux/netfilter/nfnetlink.h`): messages of nested attributes,
//! many of them in one batch that takes effect whole or not at all.
//!
//! Knows framing, nothing of tables or rules. INVARIANT: reading never trusts a length that the bytes do not back.

mod attributes;
mod batch;
mod socket;

pub(crate) use attributes::{AttributeReader, Attributes, read_u16, read_u32, read_u64, text};
pub(crate) use batch::{Batch, CREATE, EXCLUSIVE, Message, link_request};
pub(crate) use socket::{Messages, Netlink, SocketError};

/// Attributes, messages and their payloads start at multiples of this.
pub(crate) const ALIGNMENT: usize = 4;

/// `value` rounded up to [`ALIGNMENT`].
pub(crate) const fn aligned(value: usize) -> usize {
    value.next_multiple_of(ALIGNMENT)
}

/// `nfgenmsg.nfgen_family`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// Batch framing and packet logs, which belong to none.
    Unspecified = 0,
    /// IPv4 and IPv6 that the gateway routes.
    Inet = 1,
    /// Frames as one interface receives them.
    Netdev = 5,
    /// Frames between the ports of a bridge.
    Bridge = 7,
}
