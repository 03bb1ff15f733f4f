//! A segment of network namespaces: a gateway with a bridge, and stations that each hold the other end of a cable.
//!
//! A namespace lives as long as the process that holds it. Nothing has a name outside, so nothing is left behind.

use std::io::Write as _;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// A network namespace, held by a sleeping process.
#[derive(Debug)]
pub(crate) struct Namespace {
    holder: Child,
}

impl Namespace {
    pub(crate) fn new() -> Self {
        let mut command = Command::new("unshare");
        command.args(["--net", "--kill-child", "--", "sleep", "3600"]);
        let namespace = Self { holder: command.stdin(Stdio::null()).spawn().expect("util-linux is there") };
        namespace.wait_until_apart();
        // link-local chatter of the hosts would be counted with the probes
        namespace.shell("echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6; ip link set lo up");
        namespace
    }

    /// The holder's own network namespace exists once its link differs from ours.
    fn wait_until_apart(&self) {
        let ours = std::fs::read_link("/proc/self/ns/net").unwrap();
        let theirs = || std::fs::read_link(format!("/proc/{}/ns/net", self.pid()));
        until("a namespace of its own", Duration::from_secs(5), || theirs().is_ok_and(|link| link != ours));
    }

    pub(crate) fn pid(&self) -> u32 {
        self.holder.id()
    }

    /// `program`, to be run inside.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--net", "--target", &self.pid().to_string(), "--", program]);
        command
    }

    /// Runs a line of shell inside and returns what it printed.
    pub(crate) fn shell(&self, line: &str) -> String {
        succeeded(self.command("sh").args(["-c", line]).output().unwrap(), line)
    }

    /// Many `ip` commands in one process.
    pub(crate) fn ip(&self, lines: &str) {
        let mut child = self.command("ip").args(["-batch", "-"]).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success(), "ip -batch:\n{lines}");
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// A gateway's namespace with a bridge `br0`, and stations on its ports `p1`, `p2` …
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) gateway: Namespace,
    pub(crate) stations: Vec<Namespace>,
}

impl Segment {
    /// `count` stations, numbered from 1, without addresses: see [`Segment::address`].
    pub(crate) fn new(count: usize) -> Self {
        let gateway = Namespace::new();
        let stations: Vec<_> = (0..count).map(|_| Namespace::new()).collect();
        let mut lines = String::from(
            "link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0\nlink set br0 up\n",
        );
        for (index, station) in stations.iter().enumerate() {
            let (number, pid) = (index + 1, station.pid());
            let mac = mac(number);
            lines += &format!("link add p{number} type veth peer name eth0 address {mac} netns {pid}\n");
            lines += &format!("link set p{number} master br0 up\n");
        }
        gateway.ip(&lines);
        for station in &stations {
            station.ip("link set eth0 up\n");
        }
        Self { gateway, stations }
    }

    /// Station `number`, from 1.
    pub(crate) fn station(&self, number: usize) -> &Namespace {
        self.stations.get(number - 1).expect("a station of this number")
    }

    /// Gives a station its two addresses; until then its host neither answers nor asks.
    pub(crate) fn address(&self, number: usize) {
        let station = self.station(number);
        station.shell("echo 0 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6; echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad");
        station.ip(&format!(
            "addr add {}/24 dev eth0\naddr add {}/64 dev eth0 nodad\n",
            ipv4(number),
            ipv6(number)
        ));
    }
}

/// Hardware address of a station.
pub(crate) fn mac(number: usize) -> String {
    format!("02:00:00:00:00:{number:02x}")
}

pub(crate) fn ipv4(number: usize) -> String {
    format!("10.9.0.{number}")
}

pub(crate) fn ipv6(number: usize) -> String {
    format!("fd09::{number:x}")
}

/// Waits for a condition, and fails with its name when it does not come.
pub(crate) fn until(what: &str, limit: Duration, mut holds: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !holds() {
        assert!(start.elapsed() < limit, "waited {limit:?} in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What a program printed, if it succeeded.
pub(crate) fn succeeded(output: Output, what: &str) -> String {
    let Output { status, stdout, stderr } = output;
    let [stdout, stderr] = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(status.success(), "{what}: {status}\n{stdout}{stderr}");
    stdout
}
