//! Modbus/TCP, both sides (MODBUS Application Protocol V1.1b3; MODBUS Messaging on TCP/IP V1.0b).
//!
//! Written from the specification and apart from `wire`, so that the two check each other.

mod codec;
mod server;

pub(super) use codec::{Pdu, Unit, frame_of, read_frame};
pub(super) use server::{Memory, answer};

/// The port of Modbus/TCP.
pub(super) const PORT: u16 = 502;
