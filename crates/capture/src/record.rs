//! What a format reader hands over: where one packet lies, and why there is no further one.

use crate::notes::Flaw;
use crate::window::Place;
use nullius_model::{LinkType, Timestamp};
use std::io;

/// The longest packet read, in bytes: Wireshark's largest snapshot length. A length field above it is damage or an
/// attempt to make us allocate, for no link we read carries more.
pub const MAX_PACKET_BYTES: u32 = 262_144;

/// One packet in the window, readable or not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) at: Timestamp,
    pub(crate) place: Place,
    pub(crate) wire_length: u32,
    /// The number of the link type where we cannot read it.
    pub(crate) link: Result<LinkType, u32>,
}

/// Why a capture ends elsewhere than behind a whole record.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The file, or the packed stream in it, ends inside a record.
    Truncated,
    /// What follows cannot be a record.
    Corrupt(Flaw),
    /// The medium failed: the file may be good.
    Failed(io::Error),
}
