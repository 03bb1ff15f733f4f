//! The number of the ruleset: the kernel counts every change of any table, whoever made it.
//!
//! Whoever compares it with the changes he made himself knows that nobody else made one, without reading a rule.

use crate::error::Error;
use crate::netlink::{AttributeReader, Messages, SocketError, read_u32};
use netlink_sys::protocols::NETLINK_NETFILTER;
use netlink_sys::{Socket, SocketAddr};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::os::fd::AsFd as _;

/// `NFT_MSG_GETGEN` and its answer, of subsystem `NFNL_SUBSYS_NFTABLES`.
const GET: u16 = 10 << 8 | 16;
const ANSWER: u16 = 10 << 8 | 15;

/// `NLM_F_REQUEST`.
const REQUEST: u16 = 1;

/// Bytes of the request: a netlink header and a netfilter header.
const LENGTH: u32 = 20;

/// Bytes of an answer at most; it holds a number and the name of a process.
const MAX_ANSWER: usize = 1024;

/// How long the kernel may take, in milliseconds.
const PATIENCE: u16 = 1000;

/// The counter, in the network namespace of the thread that opened it.
#[derive(Debug)]
pub struct Generation(Socket);

impl Generation {
    /// Opens the way to the counter.
    ///
    /// # Errors
    /// [`Error`] where there is no netlink socket to netfilter to be had.
    pub fn open() -> Result<Self, Error> {
        let open = || {
            let mut socket = Socket::new(NETLINK_NETFILTER)?;
            socket.bind_auto()?;
            socket.connect(&SocketAddr::new(0, 0))?;
            Ok(Self(socket))
        };
        open().map_err(|error: std::io::Error| Error::from(SocketError::from(error)))
    }

    /// The number now; wraps around.
    ///
    /// # Errors
    /// [`Error`] where the kernel does not answer.
    pub fn read(&mut self) -> Result<u32, Error> {
        let answer = self.ask().map_err(|error| Error::from(SocketError::from(error)))?;
        let message = Messages(&answer).find(|message| message.kind == ANSWER).ok_or(Error::Silent)?;
        let attributes = AttributeReader::new(message.payload.get(4..).unwrap_or_default());
        attributes.find(1).and_then(read_u32).ok_or(Error::Silent)
    }

    fn ask(&self) -> std::io::Result<Vec<u8>> {
        let mut request = LENGTH.to_ne_bytes().to_vec();
        request.extend(GET.to_ne_bytes());
        request.extend(REQUEST.to_ne_bytes());
        request.resize(20, 0);
        self.0.send(&request, 0)?;
        let mut waiting = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
        if poll(&mut waiting, PollTimeout::from(PATIENCE))? == 0 {
            return Err(std::io::ErrorKind::TimedOut.into());
        }
        let mut answer = Vec::with_capacity(MAX_ANSWER);
        self.0.recv(&mut answer, 0)?;
        Ok(answer)
    }
}
