//! The socket to netfilter: sends a batch and waits until it is in force, or asks for a dump.

use super::batch::{Finished, Message, Position, foreign, request};
use super::{Attributes, Family, aligned};
use netlink_sys::protocols::{NETLINK_NETFILTER, NETLINK_ROUTE};
use netlink_sys::{Socket, SocketAddr};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{setsockopt, sockopt};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};

/// How long the kernel may take to say what became of a request. It answers within the `send`; a longer wait is a
/// machine in trouble, not one that is busy.
const ANSWER_MILLISECONDS: u16 = 5_000;

/// Largest datagram that is read. Dumps come in pieces of at most 32 KiB.
const RECEIVE_BYTES: usize = 1 << 16;

/// Messages that one dump may have before it is given up: twice what the largest tables allowed need. A dump that never
/// ends would hold the daemon for ever.
const MAX_DUMP_MESSAGES: usize = 1 << 20;

/// Room in a send buffer beside the bytes of one batch.
const SEND_OVERHEAD: usize = 4096;

const HEADER: usize = 16;
const GENERIC_HEADER: usize = 4;
const KIND_ERROR: u16 = 2;
const KIND_DONE: u16 = 3;
const FLAG_INTERRUPTED: u16 = 0x10;

/// Why the kernel did not do as asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SocketError {
    /// The socket itself failed.
    System(Errno),
    /// The kernel refused a message of a batch; nothing of the batch is in force.
    Refused { errno: Errno, what: String },
    /// No answer in time, or one that makes no sense.
    Silent,
}

impl From<io::Error> for SocketError {
    fn from(error: io::Error) -> Self {
        Self::System(Errno::from_raw(error.raw_os_error().unwrap_or_default()))
    }
}

/// A socket to netfilter in the namespace of the thread that opened it.
#[derive(Debug)]
pub(crate) struct Netlink {
    socket: Socket,
    send_bytes: usize,
}

impl Netlink {
    /// To netfilter.
    pub(crate) fn open() -> Result<Self, SocketError> {
        Self::open_to(NETLINK_NETFILTER)
    }

    /// To links and what is attached to them.
    pub(crate) fn open_links() -> Result<Self, SocketError> {
        Self::open_to(NETLINK_ROUTE)
    }

    fn open_to(protocol: isize) -> Result<Self, SocketError> {
        let mut socket = Socket::new(protocol)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        // an error otherwise carries the whole message it is about
        socket.set_cap_ack(true)?;
        Ok(Self { socket, send_bytes: 0 })
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Sends a batch and waits until all of it is in force or none.
    pub(crate) fn transact(&mut self, batch: &Finished) -> Result<(), SocketError> {
        self.make_room(batch.bytes.len())?;
        self.discard();
        self.socket.send(&batch.bytes, 0)?;
        let mut refusal = None;
        loop {
            let datagram = match self.receive() {
                Err(SocketError::System(Errno::ENOBUFS)) => continue,
                other => other?,
            };
            for message in Messages(&datagram) {
                let Some(answer) = message.answer() else { continue };
                if let (Err(errno), None) = (answer, &refusal) {
                    refusal =
                        Some(SocketError::Refused { errno, what: batch.label(Position(message.number)) });
                }
                if message.number == batch.awaited {
                    return refusal.map_or(Ok(()), Err);
                }
            }
            // a batch that failed as a whole may be answered once, for its opening
            if refusal.is_some() && !self.has_more() {
                return refusal.map_or(Ok(()), Err);
            }
        }
    }

    /// All that a request lists; each item without its headers. False where something changed meanwhile.
    pub(crate) fn dump(
        &mut self,
        message: Message,
        family: Family,
        attributes: &Attributes,
        mut each: impl FnMut(&[u8]),
    ) -> Result<bool, SocketError> {
        self.list(&request(message, family, attributes), |payload| {
            each(payload.get(GENERIC_HEADER..).unwrap_or_default());
        })
    }

    /// The same of a request made elsewhere; each item with the header of its protocol.
    pub(crate) fn list(&mut self, request: &[u8], mut each: impl FnMut(&[u8])) -> Result<bool, SocketError> {
        self.discard();
        self.socket.send(request, 0)?;
        let mut whole = true;
        for _ in 0..MAX_DUMP_MESSAGES {
            let datagram = self.receive()?;
            for message in Messages(&datagram) {
                whole &= message.flags & FLAG_INTERRUPTED == 0;
                match message.kind {
                    KIND_DONE => return Ok(whole),
                    KIND_ERROR => {
                        let errno = message.answer().and_then(Result::err).ok_or(SocketError::Silent)?;
                        return Err(SocketError::Refused { errno, what: "a listing".to_owned() });
                    }
                    _ => each(message.payload),
                }
            }
        }
        Err(SocketError::Silent)
    }

    /// Sends one acknowledged request to another part of netfilter.
    pub(crate) fn ask(
        &mut self,
        kind: u16,
        family: Family,
        resource: u16,
        attributes: &Attributes,
        what: &str,
    ) -> Result<(), SocketError> {
        self.socket.send(&foreign(kind, family, resource, attributes), 0)?;
        let datagram = self.receive()?;
        match Messages(&datagram).find_map(|message| message.answer()) {
            Some(Ok(())) => Ok(()),
            Some(Err(errno)) => Err(SocketError::Refused { errno, what: what.to_owned() }),
            None => Err(SocketError::Silent),
        }
    }

    /// One datagram, waiting for it.
    fn receive(&self) -> Result<Vec<u8>, SocketError> {
        let mut waiting = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        match poll(&mut waiting, PollTimeout::from(ANSWER_MILLISECONDS)) {
            Ok(0) => Err(SocketError::Silent),
            Ok(_) => self.receive_now(),
            Err(Errno::EINTR) => self.receive(),
            Err(errno) => Err(SocketError::System(errno)),
        }
    }

    /// One datagram that is there.
    pub(crate) fn receive_now(&self) -> Result<Vec<u8>, SocketError> {
        let mut datagram = Vec::with_capacity(RECEIVE_BYTES);
        self.socket.recv(&mut datagram, nix::libc::MSG_DONTWAIT)?;
        Ok(datagram)
    }

    fn has_more(&self) -> bool {
        let mut waiting = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        poll(&mut waiting, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
    }

    /// Answers to a request that was given up would be taken for answers to the next.
    fn discard(&self) {
        while self.has_more() {
            let _ = self.receive_now();
        }
    }

    /// The kernel refuses a batch larger than the send buffer. `SO_SNDBUFFORCE` needs `CAP_NET_ADMIN` over the whole
    /// machine; inside a user namespace the machine's limit for everybody (`net.core.wmem_max`) has to do, and a batch
    /// beyond it is refused as a whole.
    fn make_room(&mut self, bytes: usize) -> Result<(), SocketError> {
        let wanted = aligned(bytes).saturating_add(SEND_OVERHEAD);
        if wanted > self.send_bytes {
            setsockopt(&self.socket, sockopt::SndBufForce, &wanted)
                .or_else(|_| setsockopt(&self.socket, sockopt::SndBuf, &wanted))
                .map_err(SocketError::System)?;
            self.send_bytes = wanted;
        }
        Ok(())
    }
}

/// One message of a datagram.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received<'a> {
    pub(crate) kind: u16,
    flags: u16,
    number: u32,
    pub(crate) payload: &'a [u8],
}

impl Received<'_> {
    /// What an answer says, where this is one.
    fn answer(&self) -> Option<Result<(), Errno>> {
        let code = self.payload.first_chunk::<4>().map(|code| i32::from_ne_bytes(*code))?;
        (self.kind == KIND_ERROR).then_some(match code {
            0 => Ok(()),
            code => Err(Errno::from_raw(code.saturating_neg())),
        })
    }
}

/// The messages of a datagram, until they end or stop making sense.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Messages<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = Received<'a>;

    fn next(&mut self) -> Option<Received<'a>> {
        let (header, _) = self.0.split_first_chunk::<HEADER>()?;
        let [a, b, c, d, kind_0, kind_1, flags_0, flags_1, e, f, g, h, ..] = *header;
        let length = usize::try_from(u32::from_ne_bytes([a, b, c, d])).ok()?;
        let payload = self.0.get(HEADER..length)?;
        self.0 = self.0.get(aligned(length)..).unwrap_or_default();
        Some(Received {
            kind: u16::from_ne_bytes([kind_0, kind_1]),
            flags: u16::from_ne_bytes([flags_0, flags_1]),
            number: u32::from_ne_bytes([e, f, g, h]),
            payload,
        })
    }
}
