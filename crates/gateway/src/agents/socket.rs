//! A port of the gateway as QUIC wants a socket to be.
//!
//! INVARIANT: a wake-up reads a bounded number of frames, so that a flood on this port gives the others their turn.

use super::frame::{self, MAX_FRAME};
use super::station::Station;
use nullius_capture::PortSocket;
use quinn::udp::{EcnCodepoint, RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, UdpPoller};
use std::fmt;
use std::future::Future;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Frames that are read at one wake-up, whatever becomes of them.
const MAX_AT_ONCE: usize = 64;

/// A packet socket of one port.
#[derive(Debug)]
pub(super) struct PortUdp {
    socket: AsyncFd<PortSocket>,
}

impl PortUdp {
    /// Within a runtime.
    #[expect(
        deprecated,
        reason = "the socket owns its descriptor for as long as it lives; the other way in is unsafe"
    )]
    pub(super) fn new(socket: PortSocket) -> io::Result<Self> {
        Ok(Self { socket: AsyncFd::new(socket)? })
    }

    /// Takes what waits, as far as there is room.
    fn take(&self, buffers: &mut [IoSliceMut<'_>], metas: &mut [RecvMeta]) -> io::Result<usize> {
        let mut rooms = buffers.iter_mut().zip(metas.iter_mut());
        let mut taken = 0;
        let mut bytes = [0; MAX_FRAME + 64];
        let mut room = rooms.next();
        for _ in 0..MAX_AT_ONCE {
            let Some((buffer, meta)) = room.as_mut() else { break };
            let length = match self.socket.get_ref().receive(&mut bytes) {
                Ok(length) => length.unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && taken == 0 => return Err(error),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // the link went down: it comes again, and says so once
                Err(_) => continue,
            };
            let Some(datagram) = bytes.get(..length).and_then(frame::read) else { continue };
            let Some(into) = buffer.get_mut(..datagram.payload.len()) else { continue };
            into.copy_from_slice(datagram.payload);
            **meta = RecvMeta {
                addr: datagram.from.address(),
                len: datagram.payload.len(),
                stride: datagram.payload.len(),
                ecn: EcnCodepoint::from_bits(datagram.ecn),
                dst_ip: None,
            };
            taken += 1;
            room = rooms.next();
        }
        Ok(taken)
    }
}

impl AsyncUdpSocket for PortUdp {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(Writable { socket: self, waiting: None })
    }

    /// What the port does not take for another reason than its queue is lost, as it is on any wire.
    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        let Some(station) = Station::read(transmit.destination) else { return Ok(()) };
        let ecn = transmit.ecn.map_or(0, |ecn| ecn as u8);
        let from = self.socket.get_ref().hardware_address();
        let Some(frame) = frame::write(from, &station, ecn, transmit.contents) else { return Ok(()) };
        match self.socket.try_io(Interest::WRITABLE, |socket| socket.send(&frame)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        metas: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        loop {
            let mut ready = ready!(self.socket.poll_read_ready(cx))?;
            match ready.try_io(|_| self.take(buffers, metas)) {
                Ok(Ok(0)) => {
                    // nothing but noise: others first
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Ok(taken) => return Poll::Ready(taken),
                Err(_) => {}
            }
        }
    }

    /// Of no meaning to anybody: answers leave from one address only.
    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok((nullius_protocol::agent::ANSWERS_FROM, nullius_protocol::agent::PORT).into())
    }

    fn may_fragment(&self) -> bool {
        false
    }
}

type Waiting = Pin<Box<dyn Future<Output = io::Result<()>> + Send + Sync>>;

/// One task that waits until the port takes more.
struct Writable {
    socket: Arc<PortUdp>,
    waiting: Option<Waiting>,
}

impl UdpPoller for Writable {
    fn poll_writable(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let socket = Arc::clone(&self.socket);
        let waiting = self.waiting.get_or_insert_with(|| {
            Box::pin(async move { socket.socket.writable().await.map(|mut ready| ready.retain_ready()) })
        });
        let done = ready!(waiting.as_mut().poll(cx));
        self.waiting = None;
        Poll::Ready(done)
    }
}

impl fmt::Debug for Writable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writable").finish_non_exhaustive()
    }
}
