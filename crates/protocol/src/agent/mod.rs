//! The continuity connection: what a device's agent and its gateway say to each other (design §7, `docs/agent-link.md`).
//!
//! The agent dials a group that every IPv6 host can send to without an address of the gateway, over QUIC (RFC 9000) with
//! certificates on both sides. It opens one bidirectional stream whose two directions are frames: a length of four bytes,
//! big-endian, and that many bytes of CBOR (RFC 8949). The first frame of either side is [`FromAgent::Hello`] and
//! [`ToAgent::Welcome`]. Who a device is stands in the certificate whose key it proved, and in no frame.
//!
//! INVARIANT: a frame longer than its direction allows is refused by its length, before a byte of it is kept, and a field nobody
//! knows is refused.

mod from_agent;
mod proof;
mod to_agent;

pub use from_agent::{FromAgent, MAX_SIGNATURE, MAX_SOFTWARE};
pub use proof::proof_message;
pub use to_agent::{MAX_CERTIFICATES, MAX_DISTRUSTED, ToAgent};

use std::net::Ipv6Addr;

/// The version of this contract. A peer of another one is told so and let go.
pub const VERSION: u32 = 1;

/// The UDP port of the gateway, in [`GROUP`] and at [`ANSWERS_FROM`]; unassigned by IANA.
pub const PORT: u16 = 7747;

/// Where an agent sends to, on the interface of its plant: a transient group of one link (RFC 4291 §2.7) that ends in
/// `nu` and `ll`.
pub const GROUP: Ipv6Addr = Ipv6Addr::new(0xff12, 0, 0, 0, 0, 0, 0x6e75, 0x6c6c);

/// The Ethernet address of [`GROUP`] (RFC 2464 §7).
pub const GROUP_MAC: [u8; 6] = [0x33, 0x33, 0x6e, 0x75, 0x6c, 0x6c];

/// Where answers come from. No interface has this address: the gateway is none of the plant's hosts.
pub const ANSWERS_FROM: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0x6e75, 0x6c6c);

/// The application protocol of the continuity connection (RFC 7301): the device shows its certificate.
pub const ALPN: &[u8] = b"nullius-agent/1";

/// The application protocol of the relay: no certificate is looked at, and each bidirectional stream is opaque bytes to
/// and from the controller's enrolment server.
pub const ALPN_EST: &[u8] = b"nullius-est/1";

/// The label under which both sides derive 32 bytes from their handshake (RFC 8446 §7.5), with an empty context: what is
/// signed over them is worth nothing in another connection.
pub const EXPORTER: &[u8] = b"EXPORTER-nullius-agent-proof";

/// Largest frame from an agent, in bytes: what a device gone bad may make its gateway hold for each of its connections.
pub const MAX_FROM_AGENT: usize = 1 << 10;

/// Largest frame to an agent, in bytes: as many certificates as a list may have, of four kilobytes each, and some room.
pub const MAX_TO_AGENT: usize = 80 << 10;

/// Seconds of silence after which an agent says [`FromAgent::Ping`].
pub const PING_SECONDS: u64 = 20;

/// Seconds without a packet after which either side counts as gone.
pub const SILENCE_SECONDS: u64 = 60;

#[cfg(test)]
mod tests;
