//! A network of our own to capture on.
//!
//! The sensor's side is brought up as a sensor's should be: no address, no ARP, no IPv6, so that the kernel has nothing
//! to send on it either.

use nix::ifaddrs::getifaddrs;
use nix::sched::{CloneFlags, setns};
use nix::sys::socket::{LinkAddr, MsgFlags, sendto};
use nullius_capture::{Ring, RingOptions};
use socket2::{Domain, Socket, Type};
use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::process::Command;

/// Two namespaces with a cable between them: the plant sends, the sensor listens.
pub(crate) struct Lab {
    plant: Namespace,
    pub(crate) sensor: Namespace,
    plant_socket: Socket,
    plant_interface: LinkAddr,
}

impl Lab {
    pub(crate) fn new(name: &str) -> Self {
        let plant = Namespace::new(&format!("nullius-{name}-plant"));
        let sensor = Namespace::new(&format!("nullius-{name}-sensor"));
        let to_sensor = format!("peer name nullius0 netns {}", sensor.0);
        ip(&format!("-n {} link add plant0 type veth {to_sensor}", plant.0));
        sensor.ip("link set nullius0 arp off up");
        plant.ip("link set plant0 arp off up");
        plant.enter();
        let plant_socket = Socket::new(Domain::PACKET, Type::RAW, None).unwrap();
        Self { plant_interface: link_address("plant0"), plant, sensor, plant_socket }
    }

    pub(crate) fn ring(&self, options: RingOptions) -> Ring {
        self.sensor.enter();
        Ring::open("nullius0", options).unwrap()
    }

    /// Sends from the plant to the sensor, whichever namespace the thread is in: a socket stays where it was made.
    pub(crate) fn send(&self, frame: &[u8]) {
        let socket = self.plant_socket.as_raw_fd();
        let sent = sendto(socket, frame, &self.plant_interface, MsgFlags::empty()).unwrap();
        assert_eq!(sent, frame.len(), "{}", self.plant.0);
    }

    pub(crate) fn send_from_sensor(&self, frame: &[u8]) {
        self.sensor.enter();
        let socket = Socket::new(Domain::PACKET, Type::RAW, None).unwrap();
        sendto(socket.as_raw_fd(), frame, &link_address("nullius0"), MsgFlags::empty()).unwrap();
    }

    pub(crate) fn sent_by_sensor(&self) -> u64 {
        let counter = "/sys/class/net/nullius0/statistics/tx_packets";
        ip(&format!("netns exec {} cat {counter}", self.sensor.0)).trim().parse().unwrap()
    }
}

/// A network namespace without IPv6, gone when dropped.
pub(crate) struct Namespace(String);

impl Namespace {
    pub(crate) fn new(name: &str) -> Self {
        let namespace = Self(format!("{name}-{}", std::process::id()));
        ip(&format!("netns add {}", namespace.0));
        namespace.enter();
        for which in ["all", "default"] {
            std::fs::write(format!("/proc/sys/net/ipv6/conf/{which}/disable_ipv6"), "1").unwrap();
        }
        namespace
    }

    /// Moves this test's thread in.
    pub(crate) fn enter(&self) {
        let file = File::open(format!("/run/netns/{}", self.0)).unwrap();
        setns(file, CloneFlags::CLONE_NEWNET).unwrap();
    }

    pub(crate) fn ip(&self, arguments: &str) {
        ip(&format!("-n {} {arguments}", self.0));
    }
}

impl Drop for Namespace {
    #[expect(clippy::disallowed_methods, reason = "a test takes its network down with the system's own tool")]
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.0]).status();
    }
}

#[expect(clippy::disallowed_methods, reason = "a test sets up its network with the system's own tool")]
fn ip(arguments: &str) -> String {
    let output = Command::new("ip").args(arguments.split_whitespace()).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {arguments}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

fn link_address(interface: &str) -> LinkAddr {
    let mut all = getifaddrs().unwrap().filter(|found| found.interface_name == interface);
    *all.find_map(|found| found.address).unwrap().as_link_addr().unwrap()
}
