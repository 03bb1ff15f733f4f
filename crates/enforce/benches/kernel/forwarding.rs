//! What each packet costs on its way through a bridge: the same packets by turns through gateways that judge more and
//! more of them, on one core.
//!
//! Two costs are told apart from the way itself: sending, to a device that throws packets away; and arriving, at a port
//! that is on no bridge, where the gateway throws them away. What is left of the unfiltered way is the bridge, and one
//! crossing of a wire to whoever receives: as much as taking a packet off one port and putting it on another.

use crate::node::Node;
use crate::rules::{address, hardware, pair, services};
use crate::{Outcome, percentile};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::socket::{LinkAddr, MsgFlags, sendto};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::Pid;
use nullius_enforce::{Kernel, Layout};
use nullius_model::{Marker, Uptime};
use socket2::{Domain, Socket, Type};
use std::error::Error;
use std::net::IpAddr;
use std::os::fd::AsRawFd as _;
use std::time::Duration;

const ROUNDS: u32 = 300;
const PACKETS: u32 = 1_000;
/// Of a hundred rounds, those that count.
const QUICK: usize = 10;
/// Cost of a packet under all rules, of what it costs under none: from wire to wire, and without the arriving.
const PATH_GATE: f64 = 2.0;
const BRIDGE_GATE: f64 = 2.5;

/// What a gateway does with the packets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Judgement {
    /// To a device that throws it away: what sending costs.
    Unsent,
    /// The port is on no bridge: what sending and arriving costs.
    Nowhere,
    Unfiltered,
    /// Sender bound, then let through.
    Sender,
    /// Receiver bound too, then let through.
    Receiver,
    /// All of it, two devices.
    Policy,
    /// All of it, beside 100 000 services of others.
    ManyRules,
}

struct Path {
    judgement: Judgement,
    _nodes: [Node; 3],
    _kernel: Option<Kernel>,
    socket: Socket,
    link: LinkAddr,
}

#[expect(clippy::print_stdout, reason = "a bench prints its figures")]
pub(crate) fn bench() -> Outcome {
    let mut core = CpuSet::new();
    core.set(0)?;
    sched_setaffinity(Pid::from_raw(0), &core)?;
    use Judgement::{ManyRules, Nowhere, Policy, Receiver, Sender, Unfiltered, Unsent};
    let judgements = [Unsent, Nowhere, Unfiltered, Sender, Receiver, Policy, ManyRules];
    let paths = judgements.into_iter().map(Path::new).collect::<Result<Vec<_>, _>>()?;
    let mut missed = Vec::new();
    for (name, frame) in [("TCP", tcp()), ("TCP, an answer", tcp_answer()), ("UDP", udp())] {
        let costs = measure(&paths, &frame)?;
        let [unsent, nowhere, unfiltered, sender, receiver, policy, many] = costs[..] else { continue };
        println!("\n{name}: sending {unsent:.0} ns a packet, arriving {:.0} ns, then:", nowhere - unsent);
        let bridge = |cost: f64| (cost - nowhere) / (unfiltered - nowhere);
        let path = |cost: f64| (cost - unsent) / (unfiltered - unsent);
        for (what, cost) in [
            ("unfiltered", unfiltered),
            ("sender bound", sender),
            ("and receiver", receiver),
            ("and policy", policy),
            ("and 100 000 services", many),
        ] {
            let [bridge, path] = [bridge(cost), path(cost)];
            println!("  {what:<22} {:>6.0} ns  {bridge:.2} times, {path:.2} with arriving", cost - nowhere);
        }
        for (of, ratio, gate) in [("bridge", bridge(many), BRIDGE_GATE), ("path", path(many), PATH_GATE)] {
            if ratio > gate {
                missed.push(format!("{name} costs {ratio:.2} times the unfiltered {of}"));
            }
        }
    }
    Ok(missed)
}

/// Nanoseconds a packet on each path, taken by turns; each packet has to arrive.
fn measure(paths: &[Path], frame: &[u8]) -> Result<Vec<f64>, Box<dyn Error>> {
    let before = paths.iter().map(Path::arrived).collect::<Result<Vec<_>, _>>()?;
    let mut taken = vec![Vec::new(); paths.len()];
    for _ in 0..ROUNDS {
        for (path, taken) in paths.iter().zip(&mut taken) {
            taken.push(path.send(frame)?);
        }
    }
    for (path, before) in paths.iter().zip(before).filter(|(path, _)| path.judgement.forwards()) {
        let arrived = path.arrived()?.saturating_sub(before);
        if arrived < u64::from(ROUNDS * PACKETS) {
            return Err(format!("only {arrived} of {} packets arrived", ROUNDS * PACKETS).into());
        }
    }
    // a round that another program disturbed says nothing about packets
    Ok(taken.iter_mut().map(|taken| percentile(taken, QUICK)).collect())
}

impl Judgement {
    const fn forwards(self) -> bool {
        !matches!(self, Self::Unsent | Self::Nowhere)
    }
}

impl Path {
    fn new(judgement: Judgement) -> Result<Self, Box<dyn Error>> {
        let nodes = [Node::new(), Node::new(), Node::new()];
        let [gateway, one, two] = &nodes;
        gateway.shell("sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1");
        gateway.shell("ip link add br0 type bridge mcast_snooping 0");
        gateway.shell("ip link set br0 up");
        for (number, device) in [(1, one), (2, two)] {
            let mac = hardware(number);
            device.shell("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
            gateway.shell(&format!(
                "ip link add p{number} type veth peer name eth0 address {mac} netns {}",
                device.id
            ));
            gateway.shell(&format!("ip link set p{number} up"));
            device.shell("ip link set eth0 arp off up");
            if judgement.forwards() {
                gateway.shell(&format!("ip link set p{number} master br0"));
                gateway.shell(&format!("bridge fdb replace {mac} dev p{number} master static"));
            }
        }
        gateway.shell("sysctl -qw net.bridge.bridge-nf-call-iptables=0");
        let kernel = rules(gateway, judgement)?;
        if judgement == Judgement::Unsent {
            // a bridge without ports
            one.shell("ip link delete eth0");
            one.shell("ip link add eth0 type bridge mcast_snooping 0");
            one.shell("ip link set eth0 arp off up");
        }
        let (socket, link) = one.run(sender)?;
        Ok(Self { judgement, _nodes: nodes, _kernel: kernel, socket, link })
    }

    /// Nanoseconds of this thread a packet, the kernel's work for the gateway and the receiver included: it is done
    /// before `sendto` returns.
    fn send(&self, frame: &[u8]) -> Result<f64, Box<dyn Error>> {
        let start = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?;
        for _ in 0..PACKETS {
            sendto(self.socket.as_raw_fd(), frame, &self.link, MsgFlags::empty())?;
        }
        let taken = Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)? - start);
        Ok(taken.as_secs_f64() * 1e9 / f64::from(PACKETS))
    }

    /// Counted at the receiver's end of the wire.
    fn arrived(&self) -> Result<u64, Box<dyn Error>> {
        let [_, _, receiver] = &self._nodes;
        let statistics = receiver.shell("ip -s link show eth0");
        let mut lines = statistics.lines().skip_while(|line| !line.trim_start().starts_with("RX:"));
        let packets = lines.nth(1).and_then(|line| line.split_whitespace().nth(1));
        Ok(packets.ok_or("no statistics")?.parse()?)
    }
}

fn rules(gateway: &Node, judgement: Judgement) -> Result<Option<Kernel>, Box<dyn Error>> {
    if !judgement.forwards() || judgement == Judgement::Unfiltered {
        return Ok(None);
    }
    let mut rules = pair()?;
    if judgement == Judgement::ManyRules {
        rules.extend(services());
    }
    let mut kernel = gateway.run(|| Kernel::open(Layout::default()))?;
    kernel.replace(&rules, Marker::default(), Uptime::default())?;
    // a short way out, so that the cost of each stage shows
    match judgement {
        Judgement::Sender => drop(gateway.shell("nft insert rule bridge nullius forward accept")),
        Judgement::Receiver => {
            let chain = gateway.shell("nft -a list chain bridge nullius forward");
            let bound = chain.lines().find(|line| line.contains("@address4")).ok_or("no such rule")?;
            let (_, handle) = bound.rsplit_once(' ').ok_or("no handle")?;
            gateway.shell(&format!("nft add rule bridge nullius forward handle {handle} accept"));
        }
        Judgement::Unsent
        | Judgement::Nowhere
        | Judgement::Unfiltered
        | Judgement::Policy
        | Judgement::ManyRules => {}
    }
    Ok(Some(kernel))
}

fn sender() -> Result<(Socket, LinkAddr), std::io::Error> {
    let socket = Socket::new(Domain::PACKET, Type::RAW, None)?;
    let mut all = nix::ifaddrs::getifaddrs()?.filter(|found| found.interface_name == "eth0");
    let link = all.find_map(|found| found.address.and_then(|address| address.as_link_addr().copied()));
    Ok((socket, link.ok_or_else(|| std::io::Error::other("no eth0"))?))
}

fn tcp() -> Vec<u8> {
    packet(6, &[0x9c, 0x40, 0x01, 0xf6, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 0xff, 0xff, 0, 0, 0, 0])
}

fn tcp_answer() -> Vec<u8> {
    packet(6, &[0, 102, 0x9c, 0x40, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 0xff, 0xff, 0, 0, 0, 0])
}

fn udp() -> Vec<u8> {
    packet(17, &[0x9c, 0x40, 0x16, 0x33, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
}

/// Twenty bytes on IPv4, from device 1 to device 2.
fn packet(protocol: u8, payload: &[u8; 20]) -> Vec<u8> {
    let mut frame = [&hardware(2).octets()[..], &hardware(1).octets(), &[0x08, 0]].concat();
    frame.extend_from_slice(&[0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, protocol, 0, 0]);
    for number in [1, 2] {
        if let IpAddr::V4(ip) = address(number) {
            frame.extend_from_slice(&ip.octets());
        }
    }
    frame.extend_from_slice(payload);
    frame
}
