//! Live capture on one interface: an AF_PACKET socket with a TPACKET_V3 receive ring
//! (<https://docs.kernel.org/networking/packet_mmap.html>).
//!
//! Receives only. There is no transmit ring, the socket never leaves this module, and no call here sends on it; the test
//! `tests/ring` holds the interface's transmit counter to its word while frames come in. What the *kernel* would send
//! on the interface by itself (ARP, IPv6 router solicitations) is for whoever sets the interface up to switch off:
//! `ip link set dev X arp off up` with `net.ipv6.conf.X.disable_ipv6=1`, and no address.
//!
//! Reads no clock: frames carry the kernel's timestamps, and waiting is `poll` with a timeout.
//!
//! INVARIANT: a frame is lent out of a block that the kernel has handed over, and the block goes back only when the next
//! frame is asked for.

mod block;
mod interface;
#[expect(
    unsafe_code,
    reason = "socket options and the mapped ring have no safe interface; all of it is in this file"
)]
pub(crate) mod kernel;

use block::{Cursor, Packet};
pub(crate) use interface::Interface;
use kernel::Mapping;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nullius_model::{Frame, FrameNumber, LinkType, Timestamp};
use socket2::{Domain, Socket, Type};
use std::io;
use std::os::fd::AsFd as _;
use std::time::Duration;

/// The largest ring, in bytes: it is locked memory, and an option file must not be able to take the machine down.
const MAX_RING_BYTES: u64 = 1 << 30;

/// How large the ring is and what goes into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RingOptions {
    /// Size of a block in bytes; a power of two, from 64 KiB to 16 MiB.
    pub block_bytes: u32,
    /// Number of blocks, from 2. The ring, blocks times their size, is at most 1 GiB.
    pub blocks: u32,
    /// How long a block that is not full may wait before its frames are handed over: latency against wake-ups.
    pub hand_over_after: Duration,
    /// Leaves out what this machine itself sends on the interface. A sensor on a mirror port sends nothing; on a gateway
    /// the forwarded traffic is of interest, so it is off by default.
    pub ignore_outgoing: bool,
}

/// 16 MiB of ring: an eighth of a second at a full gigabit. Frames wait 20 ms at most.
impl Default for RingOptions {
    fn default() -> Self {
        Self {
            block_bytes: 1 << 20,
            blocks: 16,
            hand_over_after: Duration::from_millis(20),
            ignore_outgoing: false,
        }
    }
}

/// What went through a ring since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RingStatistics {
    /// Frames that the kernel put into the ring.
    pub received: u64,
    /// Frames that found the ring full.
    pub dropped: u64,
}

/// Why an interface cannot be captured on.
#[derive(Debug, thiserror::Error)]
pub enum RingError {
    /// No interface of that name.
    #[error("there is no interface `{interface}`; there are: {existing}")]
    NoSuchInterface {
        /// The name asked for.
        interface: String,
        /// Those that exist, separated by commas.
        existing: String,
    },
    /// The process may not open packet sockets.
    #[error("live capture needs CAP_NET_RAW: run as root, or allow the program with `setcap cap_net_raw+ep`")]
    NotPermitted,
    /// [`RingOptions`] out of their ranges.
    #[error("the ring needs 2 or more blocks of 64 KiB to 16 MiB, a power of two, and at most 1 GiB in all")]
    Options,
    /// The interface is no Ethernet.
    #[error("interface `{interface}` has hardware type {hardware}; supported: Ethernet (1), loopback (772)")]
    UnsupportedInterface {
        /// Its name.
        interface: String,
        /// ARPHRD number, as in `/sys/class/net/*/type`.
        hardware: u16,
    },
    /// The kernel refused a step of the setup.
    #[error("capture cannot start: {step} failed")]
    Setup {
        /// What was asked of the kernel.
        step: &'static str,
        /// What it answered.
        #[source]
        source: io::Error,
    },
    /// The interface went down or away. When it comes up again, frames come again.
    #[error("interface `{interface}` cannot be read")]
    Read {
        /// Its name.
        interface: String,
        /// What the kernel says.
        #[source]
        source: io::Error,
    },
}

/// An interface's frames as they arrive.
#[derive(Debug)]
pub struct Ring {
    mapping: Mapping,
    socket: Socket,
    interface: String,
    /// Index of the block being read, or to be read next.
    block: usize,
    /// Where in the block; `None` while it is the kernel's.
    cursor: Option<Cursor>,
    frames: u64,
    statistics: RingStatistics,
    /// A frame whose VLAN tag was put back.
    tagged: Vec<u8>,
}

impl Ring {
    /// Starts capturing on `interface`, in promiscuous mode until the ring is dropped.
    pub fn open(interface: &str, options: RingOptions) -> Result<Self, RingError> {
        if !options.are_valid() {
            return Err(RingError::Options);
        }
        let found = Interface::find(interface)?;
        // deaf, by protocol 0, until it is bound: nothing from other interfaces gets in
        let socket =
            Socket::new(Domain::PACKET, Type::RAW, None).map_err(not_permitted("opening a packet socket"))?;
        let mapping =
            kernel::set_up(&socket, &found, options).map_err(|(step, source)| not_permitted(step)(source))?;
        Ok(Self {
            mapping,
            socket,
            interface: interface.to_owned(),
            block: 0,
            cursor: None,
            frames: 0,
            statistics: RingStatistics::default(),
            tagged: Vec::new(),
        })
    }

    /// The next frame, waiting up to `timeout` if there is none; `None` if none came. Lent until the next call.
    ///
    /// A VLAN tag that the kernel took out of the frame is put back where it was on the wire.
    pub fn next_frame(&mut self, timeout: Duration) -> Result<Option<Frame<'_>>, RingError> {
        let packet = match self.advance() {
            Some(packet) => packet,
            None => {
                self.wait(timeout)?;
                let Some(packet) = self.advance() else { return Ok(None) };
                packet
            }
        };
        self.frames += 1;
        let captured =
            self.mapping.ready(self.block).and_then(|block| packet.bytes(block)).unwrap_or_default();
        let bytes = match packet.tag {
            Some(tag) if block::insert_tag(captured, tag, &mut self.tagged) => &self.tagged,
            Some(_) | None => captured,
        };
        let restored = u32::try_from(bytes.len() - captured.len()).unwrap_or_default();
        Ok(Some(Frame {
            number: FrameNumber(self.frames),
            at: Timestamp::from_nanos(packet.nanos),
            link: LinkType::Ethernet,
            bytes,
            wire_length: packet.on_wire.max(packet.captured).saturating_add(restored),
        }))
    }

    /// Counts since the ring was opened. The kernel forgets its own at every look, so they are added up here.
    pub fn statistics(&mut self) -> Result<RingStatistics, RingError> {
        let (seen, dropped) = kernel::statistics(&self.socket).map_err(|source| self.read_error(source))?;
        self.statistics.received += u64::from(seen.saturating_sub(dropped));
        self.statistics.dropped += u64::from(dropped);
        Ok(self.statistics)
    }

    /// The next packet in the ring; gives finished blocks back.
    fn advance(&mut self) -> Option<Packet> {
        loop {
            let block = self.mapping.ready(self.block)?;
            let cursor = self.cursor.get_or_insert_with(|| Cursor::new(block));
            if let Some(packet) = cursor.next(block) {
                return Some(packet);
            }
            self.cursor = None;
            self.mapping.release(self.block);
            self.block = (self.block + 1) % self.mapping.blocks();
        }
    }

    fn wait(&self, timeout: Duration) -> Result<(), RingError> {
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
        let mut sockets = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        match poll(&mut sockets, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(self.read_error(error.into())),
        }
        match self.socket.take_error() {
            Ok(None) => Ok(()),
            Ok(Some(error)) | Err(error) => Err(self.read_error(error)),
        }
    }

    fn read_error(&self, source: io::Error) -> RingError {
        RingError::Read { interface: self.interface.clone(), source }
    }
}

impl RingOptions {
    fn are_valid(self) -> bool {
        let total = u64::from(self.block_bytes) * u64::from(self.blocks);
        let block_fits =
            (1 << 16..=1 << 24).contains(&self.block_bytes) && self.block_bytes.is_power_of_two();
        block_fits && self.blocks >= 2 && total <= MAX_RING_BYTES
    }
}

pub(crate) fn not_permitted(step: &'static str) -> impl Fn(io::Error) -> RingError {
    move |source| {
        let refused = source.kind() == io::ErrorKind::PermissionDenied;
        if refused { RingError::NotPermitted } else { RingError::Setup { step, source } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_for_lack_of_rights_says_how_to_get_them() {
        let error = not_permitted("opening a packet socket")(Errno::EPERM.into());
        assert_eq!(
            error.to_string(),
            "live capture needs CAP_NET_RAW: run as root, or allow the program with `setcap cap_net_raw+ep`"
        );
        let error = not_permitted("making the receive ring")(Errno::ENOMEM.into());
        assert_eq!(error.to_string(), "capture cannot start: making the receive ring failed");
    }
}
