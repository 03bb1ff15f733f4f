//! Frames from capture files and from live interfaces (design §3: `capture` is where bytes enter).
//!
//! [`CaptureFile`] streams a pcap or pcapng, plain or packed with gzip or zstd; [`MergedFiles`] puts several in the order
//! of their timestamps; [`Ring`] receives from an interface. All three lend out one [`nullius_model::Frame`] at a time,
//! straight out of their buffer. Nothing here knows what is inside a frame. Only a [`PortSocket`], which is no capture, can
//! send one.
//!
//! INVARIANT: a capture is hostile. Memory is bounded by [`BUFFER_BYTES`] and [`MAX_ZSTD_WINDOW`] whatever a header
//! claims, and every damage ends in [`Notes`] behind the good frames, never in a panic.

mod error;
mod file;
mod link;
mod merge;
mod notes;
mod pcap;
mod pcapng;
mod port;
mod record;
mod ring;
mod source;
mod span;
mod window;
mod zstd;

pub use error::{OpenError, ReadError, SpanError};
pub use file::CaptureFile;
pub use link::UnsupportedLink;
pub use merge::MergedFiles;
pub use notes::{Corruption, Flaw, Notes};
pub use pcapng::MAX_INTERFACES;
pub use port::{Instruction, PortSocket};
pub use record::MAX_PACKET_BYTES;
pub use ring::{Ring, RingError, RingOptions, RingStatistics};
pub use span::{TimeSpan, time_span};
pub use window::BUFFER_BYTES;
pub use zstd::MAX_ZSTD_WINDOW;
