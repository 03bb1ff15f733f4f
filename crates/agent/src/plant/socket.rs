//! A UDP socket that sends to a group and hears one address.
//!
//! QUIC knows one address of its peer. It is the group's that is dialled, and answers that come from the gateway's
//! address are told to come from there. The socket is connected to that address, so that the kernel itself drops what
//! anybody else sends: nothing listens on this device.

use super::Place;
use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, UdpPoller};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::fmt;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::ReadBuf;
use tokio::net::UdpSocket;

/// Complaints of the network that are passed over in a row: more of them are no network.
const MAX_COMPLAINTS: usize = 64;

pub(super) struct GroupSocket {
    io: UdpSocket,
    group: SocketAddr,
}

impl GroupSocket {
    /// Needs the runtime.
    pub(super) fn open(place: &Place) -> io::Result<Arc<Self>> {
        let socket = Socket::new(Domain::IPV6, Type::DGRAM.nonblocking().cloexec(), Some(Protocol::UDP))?;
        socket.set_only_v6(true)?;
        socket.set_multicast_if_v6(place.own.scope_id())?;
        // one link: what arrives elsewhere was never meant for a gateway
        socket.set_multicast_hops_v6(1)?;
        socket.set_multicast_loop_v6(false)?;
        socket.bind(&SockAddr::from(place.own))?;
        socket.connect(&SockAddr::from(place.answers))?;
        let io = UdpSocket::from_std(socket.into())?;
        Ok(Arc::new(Self { io, group: place.group.into() }))
    }
}

impl fmt::Debug for GroupSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupSocket").field("group", &self.group).finish_non_exhaustive()
    }
}

impl AsyncUdpSocket for GroupSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(Poller(self))
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        match self.io.try_send_to(transmit.contents, self.group) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(error),
            // a cable that is out, a full queue: to QUIC that is a packet that was lost
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let (Some(buffer), Some(meta)) = (buffers.first_mut(), meta.first_mut()) else {
            return Poll::Ready(Ok(0));
        };
        for _ in 0..MAX_COMPLAINTS {
            let mut room = ReadBuf::new(buffer);
            // an error is what the network says about something that was sent; QUIC has its own times
            if ready!(self.io.poll_recv(cx, &mut room)).is_ok() {
                let len = room.filled().len();
                *meta = RecvMeta { addr: self.group, len, stride: len, ecn: None, dst_ip: None };
                return Poll::Ready(Ok(1));
            }
        }
        Poll::Ready(Err(io::ErrorKind::NetworkDown.into()))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
    }
}

#[derive(Debug)]
struct Poller(Arc<GroupSocket>);

impl UdpPoller for Poller {
    fn poll_writable(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.io.poll_send_ready(cx)
    }
}
