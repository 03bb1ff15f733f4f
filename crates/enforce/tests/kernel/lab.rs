//! A gateway with a bridge, and three devices on its ports.

use crate::frames::{address, mac};
use crate::node::Node;
use nix::ifaddrs::getifaddrs;
use nix::sys::socket::{LinkAddr, MsgFlags, sendto};
use nullius_enforce::{Kernel, Layout};
use nullius_model::{
    Channel, DenialReason, Mac, Marker, Path, PortName, Rule, RuleChange, RuleSet, Terms, Uptime,
};
use socket2::{Domain, Protocol, Socket, Type};
use std::io::Read as _;
use std::net::IpAddr;
use std::os::fd::AsRawFd as _;
use std::time::Duration;

/// Longest wait for a frame that should arrive.
const PATIENCE: Duration = Duration::from_secs(3);
const STEP: Duration = Duration::from_millis(2);
const ALL_FRAMES: i32 = 0x0003;

/// Device 1 asks, device 2 serves, device 3 has no business with either.
pub(crate) struct Lab {
    pub(crate) gateway: Node,
    devices: Vec<Device>,
    pub(crate) kernel: Kernel,
    pub(crate) rules: RuleSet,
}

struct Device {
    /// Keeps the namespace.
    _node: Node,
    socket: Socket,
    link: LinkAddr,
}

pub(crate) fn port(number: u8) -> PortName {
    PortName::new(&format!("p{number}")).unwrap()
}

/// What binds device `number` to its port, for IPv4 and IPv6.
pub(crate) fn bound(number: u8) -> Vec<(Rule, Terms)> {
    let at = |address| Rule::Address { port: port(number), mac: mac(number), address };
    let rules = [Rule::Known(mac(number)), at(address(4, number)), at(address(6, number))];
    rules.map(|rule| (rule, Terms::default())).into()
}

/// Device 1 may use a service of device 2.
pub(crate) fn service(version: u8, channel: Channel) -> Rule {
    between(address(version, 1), address(version, 2), channel)
}

pub(crate) fn between(client: IpAddr, server: IpAddr, channel: Channel) -> Rule {
    Rule::Service { client, server, channel, path: Path::Bridged }
}

impl Lab {
    /// All three devices bound, nothing allowed.
    pub(crate) fn new() -> Self {
        let gateway = Node::new();
        gateway.run(|| {
            quiet("all");
            plain_bridge();
        });
        gateway.shell("ip link add br0 type bridge mcast_snooping 0");
        gateway.shell("ip link set br0 arp off up");
        let devices = (1..=3).map(|number| Device::new(&gateway, number)).collect();
        (1..=3).for_each(|number| drop(gateway.shell(&format!("ip link set p{number} master br0"))));
        Self::with(gateway, devices, Layout::default())
    }

    /// The same devices, each in a network of its own behind one router.
    pub(crate) fn routed(router: Mac) -> Self {
        let gateway = Node::new();
        gateway.run(|| quiet("all"));
        let devices: Vec<_> = (1..=3).map(|number| Device::new(&gateway, number)).collect();
        for number in 1..=3 {
            let (device, hardware) = (address(4, number), mac(number));
            gateway.shell(&format!("ip link set p{number} address {router}"));
            gateway.shell(&format!("ip route add {device}/32 dev p{number}"));
            gateway.shell(&format!("ip neigh replace {device} lladdr {hardware} dev p{number}"));
        }
        gateway.run(|| {
            for (setting, value) in [("ip_forward", "1"), ("conf/all/rp_filter", "0")] {
                std::fs::write(format!("/proc/sys/net/ipv4/{setting}"), value).unwrap();
            }
        });
        Self::with(gateway, devices, Layout { routed: (1..=3).map(port).collect(), ..Layout::default() })
    }

    fn with(gateway: Node, devices: Vec<Device>, layout: Layout) -> Self {
        let kernel = gateway.run(|| Kernel::open(layout).unwrap());
        let rules = (1..=3).flat_map(bound).collect();
        let mut lab = Self { gateway, devices, kernel, rules };
        lab.kernel.replace(&lab.rules, Marker::default(), Uptime::default()).unwrap();
        lab
    }

    /// As if the bridge had seen every device: it sends each frame to one port only.
    pub(crate) fn meet(&self) {
        for number in 1..=3 {
            self.gateway.shell(&format!("bridge fdb replace {} dev p{number} master static", mac(number)));
        }
    }

    pub(crate) fn add(&mut self, added: impl IntoIterator<Item = (Rule, Terms)>) {
        let add: Vec<_> = added.into_iter().collect();
        self.rules.extend(add.iter().cloned());
        self.change(RuleChange { remove: Vec::new(), add });
    }

    pub(crate) fn allow(&mut self, rule: Rule) {
        self.add([(rule, Terms::ACCEPT)]);
    }

    pub(crate) fn take_away(&mut self, rule: Rule) {
        self.rules.remove(&rule);
        self.change(RuleChange { remove: vec![rule], add: Vec::new() });
    }

    fn change(&mut self, change: RuleChange) {
        self.kernel.change(&change, Marker::default(), Uptime::default()).unwrap();
    }

    /// Sends from a device and does not look where it goes.
    pub(crate) fn send_blindly(&self, from: u8, frame: &[u8]) {
        self.devices[usize::from(from) - 1].send(frame);
    }

    /// Sends from a device; the devices that the very frame arrived at.
    pub(crate) fn send(&mut self, from: u8, frame: &[u8]) -> Vec<u8> {
        self.sent(from, frame, frame)
    }

    fn sent(&mut self, from: u8, frame: &[u8], expected: &[u8]) -> Vec<u8> {
        self.devices.iter().for_each(Device::drain);
        self.devices[usize::from(from) - 1].send(frame);
        std::thread::sleep(STEP);
        let others = self.devices.iter().zip(1..).filter(|(_, number)| *number != from);
        others.filter(|(device, _)| device.has_received(expected)).map(|(_, number)| number).collect()
    }

    /// The frame arrives at one device, and at no other.
    #[track_caller]
    pub(crate) fn passes(&mut self, from: u8, to: u8, frame: &[u8]) {
        self.passes_as(from, to, frame, frame);
    }

    /// The frame arrives changed, as a router changes it.
    #[track_caller]
    pub(crate) fn passes_as(&mut self, from: u8, to: u8, frame: &[u8], expected: &[u8]) {
        let mut arrived = self.sent(from, frame, expected);
        for _ in 0..PATIENCE.as_millis() / STEP.as_millis() {
            if !arrived.is_empty() {
                break;
            }
            std::thread::sleep(STEP);
            let has_arrived = self.devices[usize::from(to) - 1].has_received(expected);
            arrived = [to].into_iter().filter(|_| has_arrived).collect();
        }
        assert_eq!(arrived, [to], "counted: {:?}", self.kernel.counters().unwrap());
    }

    /// The frame arrives nowhere, and the gateway says why.
    #[track_caller]
    pub(crate) fn denies(&mut self, from: u8, reason: DenialReason, frame: &[u8]) {
        let before = self.denied(reason);
        assert_eq!(self.send(from, frame), [0_u8; 0]);
        for _ in 0..PATIENCE.as_millis() / STEP.as_millis() {
            if self.denied(reason) > before {
                break;
            }
            std::thread::sleep(STEP);
        }
        let counters = self.kernel.counters().unwrap();
        assert!(self.denied(reason) > before, "not denied as {}: {counters:?}", reason.name());
        assert!(self.devices.iter().all(|device| !device.has_received(frame)));
    }

    pub(crate) fn denied(&mut self, reason: DenialReason) -> u64 {
        self.kernel.counters().unwrap().denied[&reason].packets
    }

    pub(crate) fn would_deny(&mut self, reason: DenialReason) -> u64 {
        self.kernel.counters().unwrap().would_deny[&reason].packets
    }
}

impl Device {
    fn new(gateway: &Node, number: u8) -> Self {
        let node = Node::new();
        node.run(|| quiet("all"));
        let hardware = mac(number);
        gateway.shell(&format!(
            "ip link add p{number} type veth peer name eth0 address {hardware} netns {}",
            node.id
        ));
        gateway.shell(&format!("ip link set p{number} arp off up"));
        node.shell("ip link set eth0 arp off up");
        let (socket, link) = node.run(|| {
            let protocol = Some(Protocol::from(ALL_FRAMES.to_be() >> 16));
            let socket = Socket::new(Domain::PACKET, Type::RAW, protocol).unwrap();
            socket.set_nonblocking(true).unwrap();
            let mut all = getifaddrs().unwrap().filter(|found| found.interface_name == "eth0");
            (socket, *all.find_map(|found| found.address).unwrap().as_link_addr().unwrap())
        });
        Self { _node: node, socket, link }
    }

    fn send(&self, frame: &[u8]) {
        let sent = sendto(self.socket.as_raw_fd(), frame, &self.link, MsgFlags::empty()).unwrap();
        assert_eq!(sent, frame.len());
    }

    fn drain(&self) {
        while self.receive().is_some() {}
    }

    /// What waits in the socket is used up to the frame sought.
    fn has_received(&self, frame: &[u8]) -> bool {
        std::iter::from_fn(|| self.receive()).any(|received| received == frame)
    }

    fn receive(&self) -> Option<Vec<u8>> {
        let mut bytes = vec![0; 2048];
        let length = (&self.socket).read(&mut bytes).ok()?;
        bytes.truncate(length);
        Some(bytes)
    }
}

/// Bridged packets do not go through the hooks of routed ones as well, where the kernel drops some by itself.
fn plain_bridge() {
    for family in ["ip", "ip6", "arp"] {
        let _ = std::fs::write(format!("/proc/sys/net/bridge/bridge-nf-call-{family}tables"), "0");
    }
}

/// No IPv6 of the kernel's own in this namespace.
fn quiet(which: &str) {
    for which in [which, "default"] {
        std::fs::write(format!("/proc/sys/net/ipv6/conf/{which}/disable_ipv6"), "1").unwrap();
    }
}

/// A stranger's hardware address.
pub(crate) const STRANGER: Mac = Mac::new([2, 0, 0, 0, 9, 9]);
