//! A socket on one interface that hears what a filter lets through, and may answer: for a gateway that is no host of the
//! network it stands in.
//!
//! It hears what comes in at the interface, before a bridge or the kernel's own protocols see it, and nothing that goes
//! out. What it sends leaves by this interface alone and passes no bridge.
//!
//! INVARIANT: nothing that the filter refuses is ever lent out, nothing of another interface, and nothing longer than the
//! caller's buffer.

use crate::RingError;
use crate::ring::{Interface, kernel};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv, send};
use socket2::{Domain, SockFilter, Socket, Type};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

/// One instruction of a filter (`linux/filter.h`): code, jumps where true and false, operand.
pub type Instruction = (u16, u8, u8, u32);

/// Hears and speaks at one interface.
#[derive(Debug)]
pub struct PortSocket {
    socket: Socket,
    address: [u8; 6],
}

impl PortSocket {
    /// Opens one that does not block. `filter` is a classic BPF program over the Ethernet frame; `buffer` is how many
    /// bytes may wait to be received.
    ///
    /// # Errors
    /// [`RingError`] says which interface and what the kernel refuses.
    pub fn open(interface: &str, filter: &[Instruction], buffer: usize) -> Result<Self, RingError> {
        let found = Interface::find(interface)?;
        let setup = |step| move |source| RingError::Setup { step, source };
        // deaf, by protocol 0, until it is bound
        let socket = Socket::new(Domain::PACKET, Type::RAW, None)
            .map_err(super::ring::not_permitted("opening a packet socket"))?;
        let program: Vec<_> =
            filter.iter().map(|&(code, yes, no, operand)| SockFilter::new(code, yes, no, operand)).collect();
        socket.attach_filter(&program).map_err(setup("attaching the filter"))?;
        socket.set_recv_buffer_size(buffer).map_err(setup("sizing the buffer"))?;
        socket.set_nonblocking(true).map_err(setup("not blocking"))?;
        kernel::listen(&socket, &found).map_err(|(step, source)| setup(step)(source))?;
        Ok(Self { socket, address: found.address })
    }

    /// The interface's own hardware address.
    pub const fn hardware_address(&self) -> [u8; 6] {
        self.address
    }

    /// Takes the next frame into `buffer` and returns its length; nothing where it was longer.
    ///
    /// # Errors
    /// What the kernel says: `WouldBlock` where nothing waits.
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let length = recv(self.socket.as_raw_fd(), buffer, MsgFlags::MSG_TRUNC)?;
        Ok((length <= buffer.len()).then_some(length))
    }

    /// Sends a whole Ethernet frame out of the interface.
    ///
    /// # Errors
    /// What the kernel says: `WouldBlock` where too much waits to leave.
    pub fn send(&self, frame: &[u8]) -> io::Result<()> {
        match send(self.socket.as_raw_fd(), frame, MsgFlags::empty()) {
            Ok(length) if length == frame.len() => Ok(()),
            Ok(_) => Err(Errno::EMSGSIZE.into()),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsRawFd for PortSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

impl AsFd for PortSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
