//! The gateway link: what a gateway and its controller say to each other (design §9, `docs/gateway-link.md`).
//!
//! The gateway dials, over mutual TLS 1.3, and keeps one HTTP/2 request open whose bodies are frames in both directions:
//! a length of four bytes, big-endian, and that many bytes of CBOR (RFC 8949). The first frame of either side is
//! [`ToController::Hello`] and [`ToGateway::Welcome`]. Who a gateway is stands in the certificate whose key it proved,
//! and in no frame.
//!
//! INVARIANT: a frame longer than its direction allows is refused by its length, before a byte of it is kept, and a
//! field nobody knows is refused.

mod blob;
mod chain;
mod frame;
mod join;
mod question;
mod relay;
mod to_controller;
mod to_gateway;

pub use blob::{Blob, Hash};
pub use chain::chained;
pub use frame::{FrameError, Frames, frame};
pub use join::{BadToken, JoinAnswer, JoinRequest, JoinToken};
pub use question::is_question;
pub use relay::{MAX_RELAY_BYTES, MAX_RELAY_PART, MAX_RELAYS, RELAY_SECONDS, Relay, RelayPart};
pub use to_controller::{
    Ack, Answered, Hello, MAX_RECORDS, Outcome, Record, Records, Report, Revoked, Spool, ToController,
};
pub use to_gateway::{Asked, Bye, ToGateway, Welcome};

/// The version of this contract. A peer of another one is told so and let go.
pub const VERSION: u32 = 1;

/// Where a gateway opens its stream (`POST`), on the listener that asks for its certificate.
pub const STREAM_PATH: &str = "/gateway/v1/stream";

/// Where a gateway gets its certificate (`POST`), on the listener of the API.
pub const JOIN_PATH: &str = "/gateway/v1/join";

/// The media type of a stream of frames.
pub const MEDIA_TYPE: &str = "application/vnd.nullius.link";

/// Largest frame from a gateway, in bytes: what a gateway gone bad may make its controller hold.
pub const MAX_TO_CONTROLLER: usize = 4 << 20;

/// Largest frame from a controller, in bytes: the largest bundle, and some room.
pub const MAX_TO_GATEWAY: usize = 16 << 20;

/// Seconds after which a side that has said nothing says [`ToController::Ping`] or answers it.
pub const PING_SECONDS: u64 = 20;

/// Seconds without a frame after which the other side counts as gone.
pub const SILENCE_SECONDS: u64 = 60;

#[cfg(test)]
mod tests;
