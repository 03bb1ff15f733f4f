//! A real link, with a gateway behind it that nobody could address: the kernel's part of finding it.

use super::*;
use gateway::Seen;
use nix::sched::{CloneFlags, unshare};
use nullius_protocol::agent::{ANSWERS_FROM, GROUP, PORT};
use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, UdpPoller};
use socket2::{Domain, Socket, Type};
use std::io::{self, IoSliceMut};
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};
use std::pin::Pin;
use std::process::Command;
use std::task::{Context, Poll, ready};
use tokio::io::ReadBuf;
use tokio::net::UdpSocket;

/// Needs root, for a network namespace: the thread has one of its own, which goes with it.
#[test]
fn a_device_finds_a_gateway_that_has_no_address_and_listens_nowhere() {
    let thread = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (world, _controller, _gateway, device) = scenarios::enrolled(300).await;
            unshare(CloneFlags::CLONE_NEWNET).unwrap();
            lay_cable();
            let mut gateway = Gateway::behind(&world, Answering::open("gw0"));
            let device = Device { plant: Plant::new(&["dev0".to_owned()]), ..device };
            let running = async {
                let ended = device.agent().run().await;
                panic!("{ended:?}");
            };
            let watching = async {
                assert_eq!(gateway.next().await, Seen::Hello("cam1".to_owned()));
                assert!(matches!(gateway.next().await, Seen::Proof(_)));
                assert_eq!(listening(), ["gateway"], "the device's own socket hears one address");
            };
            tokio::select! {
                () = running => {}
                () = within(30, "the whole", watching) => {}
            }
        });
    });
    thread.join().unwrap();
}

/// Two ends of a cable. The gateway's has the address that answers come from, and would have none in a real plant.
fn lay_cable() {
    let commands = [
        "link add dev0 type veth peer name gw0".to_owned(),
        "link set dev0 addrgenmode none up".to_owned(),
        "link set gw0 addrgenmode none up".to_owned(),
        "addr add fe80::1/64 dev dev0 nodad".to_owned(),
        format!("addr add {ANSWERS_FROM}/64 dev gw0 nodad"),
    ];
    for words in commands {
        #[expect(clippy::disallowed_methods, reason = "only tests start programs")]
        let made = Command::new("ip").args(words.split(' ')).output().unwrap();
        assert!(made.status.success(), "{words}: {}", String::from_utf8_lossy(&made.stderr));
    }
}

/// Whose sockets take what anybody sends, in this namespace: TCP that listens, UDP that is not connected (proc(5)).
fn listening() -> Vec<&'static str> {
    let mut found = Vec::new();
    for (table, open) in [("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")] {
        let text = std::fs::read_to_string(format!("/proc/thread-self/net/{table}")).unwrap();
        for line in text.lines().skip(1) {
            let words: Vec<_> = line.split_whitespace().collect();
            if words[3] == open {
                let is_gateway = words[1].ends_with(&format!(":{PORT:04X}"));
                found.push(if is_gateway { "gateway" } else { "device" });
            }
        }
    }
    found
}

/// The gateway's end: hears the group, and lets the system choose the only address there is.
#[derive(Debug)]
pub(super) struct Answering(UdpSocket);

impl Answering {
    fn open(interface: &str) -> Arc<Self> {
        let socket = Socket::new(Domain::IPV6, Type::DGRAM.nonblocking(), None).unwrap();
        socket.bind(&SocketAddr::from(SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, PORT, 0, 0)).into()).unwrap();
        let index = nix::net::if_::if_nametoindex(interface).unwrap();
        socket.join_multicast_v6(&GROUP, index).unwrap();
        Arc::new(Self(UdpSocket::from_std(socket.into()).unwrap()))
    }
}

impl AsyncUdpSocket for Answering {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(Writable(self))
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.0.try_send_to(transmit.contents, transmit.destination).map(drop)
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let mut room = ReadBuf::new(&mut buffers[0]);
        let addr = ready!(self.0.poll_recv_from(cx, &mut room))?;
        let len = room.filled().len();
        meta[0] = RecvMeta { addr, len, stride: len, ecn: None, dst_ip: None };
        Poll::Ready(Ok(1))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

#[derive(Debug)]
struct Writable(Arc<Answering>);

impl UdpPoller for Writable {
    fn poll_writable(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.0.poll_send_ready(cx)
    }
}
