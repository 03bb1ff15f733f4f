//! Raw sockets on the one cable of a node: what it sends, and what reaches it.

use crate::control::Status;
use crate::namespace;
use crate::plant::INTERFACE;
use anyhow::{Context as _, Result};
use nix::errno::Errno;
use nix::ifaddrs::getifaddrs;
use nix::sys::socket::{
    AddressFamily, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, bind, recv, sendto, socket,
};
use std::fs;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::thread::{sleep, spawn};
use std::time::Duration;

/// Longest frame that is looked at.
const MAX_FRAME: usize = 2048;
/// Frames one look may bring: a flood must not eat the watcher's memory.
const MAX_FRAMES: usize = 200_000;
/// How often a silent cable is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// One end of a cable.
#[derive(Debug)]
pub(super) struct Wire {
    socket: OwnedFd,
    link: LinkAddr,
}

impl Wire {
    /// The cable of `node`. The socket stays in the node's namespace, whoever uses it.
    pub(super) fn of(status: &Status, node: &str) -> Result<Self> {
        inside(status, node, open)
    }

    /// The table of IPv4 neighbours of `node`, as its kernel prints it.
    pub(super) fn neighbours(status: &Status, node: &str) -> Result<String> {
        inside(status, node, || {
            fs::read_to_string("/proc/thread-self/net/arp").context("no table of neighbours")
        })
    }

    /// Sends one frame.
    pub(super) fn send(&self, frame: &[u8]) -> Result<()> {
        loop {
            match sendto(self.socket.as_raw_fd(), frame, &self.link, MsgFlags::empty()) {
                Ok(_) => return Ok(()),
                // the queue is full: the cable is slower than we are
                Err(Errno::ENOBUFS | Errno::EAGAIN) => sleep(LOOK_EVERY),
                Err(error) => return Err(error).context("a frame cannot be sent"),
            }
        }
    }

    /// Every frame that came since the last look. What the node itself sent is none: an error message of its own
    /// quotes the packet that it answers.
    pub(super) fn look(&self) -> Vec<Vec<u8>> {
        let own = self.link.addr();
        let (mut frames, mut buffer) = (Vec::new(), [0; MAX_FRAME]);
        while let Ok(size) = recv(self.socket.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT) {
            let frame = buffer.get(..size).unwrap_or_default();
            let sent = frame.get(6..12) == own.as_ref().map(<[u8; 6]>::as_slice);
            if !sent && frames.len() < MAX_FRAMES {
                frames.push(frame.to_vec());
            }
        }
        frames
    }
}

/// Does `job` on a thread that has entered the namespace of `node`.
fn inside<T: Send + 'static>(
    status: &Status,
    node: &str,
    job: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let path = status.node(node)?.namespace.clone();
    let entered = spawn(move || {
        namespace::enter_network(&path)?;
        job()
    });
    entered.join().ok().context("the namespace of a node cannot be worked in")?
}

fn open() -> Result<Wire> {
    let links =
        getifaddrs().context("no list of interfaces")?.filter(|link| link.interface_name == INTERFACE);
    let link = links.filter_map(|link| link.address?.as_link_addr().copied()).next();
    let link = link.context("the node has no cable")?;
    let socket = socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::EthAll)
        .context("raw frames need root")?;
    bind(socket.as_raw_fd(), &link).context("the cable cannot be listened to")?;
    Ok(Wire { socket, link })
}
