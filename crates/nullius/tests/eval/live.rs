//! Listening on a real interface: two devices, a switch that mirrors, and a sensor nobody hears.
//!
//! Needs root and `ip` (Debian: iproute2), and fails without them.

use crate::program::{Ran, ran};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const CONTROLLER: &str = "10.9.0.1";
const PANEL: &str = "10.9.0.2";

#[test]
fn devices_that_speak_are_reported_and_the_sensor_sends_nothing() {
    let lab = Lab::new("speak");
    let nullius = lab.listen(&["--for", "3s", "--learn", "400ms"]);
    lab.speak();
    let report = ran(nullius.wait_with_output().unwrap());
    assert_speaks(&report);
    assert!(report.out.contains("Learned on the first 400 ms"), "{}", report.out);
    assert_eq!(lab.sent_by_sensor(), 0);
}

#[test]
fn an_interrupt_ends_it_early_with_a_report() {
    let lab = Lab::new("interrupt");
    let nullius = lab.listen(&["--for", "10m"]);
    lab.speak();
    run("sh", &["-c", &format!("kill -INT {}", nullius.id())]);
    assert_speaks(&ran(nullius.wait_with_output().unwrap()));
    assert_eq!(lab.sent_by_sensor(), 0);
}

fn assert_speaks(report: &Ran) {
    assert_eq!((report.code, report.err.as_str()), (Some(0), ""));
    assert!(report.out.starts_with("nullius eval  interface sensor0\n"), "{}", report.out);
    assert!(report.out.contains("frames received, none dropped, none sent"), "{}", report.out);
    assert!(report.out.contains("── 2 devices ──"), "{}", report.out);
    for device in [CONTROLLER, PANEL] {
        assert!(report.out.contains(&format!("\n  {device} ")), "{}", report.out);
    }
    assert!(report.out.contains("udp/9"), "{}", report.out);
}

/// Three namespaces on a bridge that learns nothing, so that every port hears every frame, as on a mirror port.
struct Lab {
    name: String,
}

impl Lab {
    fn new(name: &str) -> Self {
        let lab = Self { name: format!("nullius-eval-{name}-{}", std::process::id()) };
        for part in ["switch", "controller", "panel", "sensor"] {
            ip(&format!("netns add {}", lab.part(part)));
            quieten(&lab.part(part));
        }
        let switch = lab.part("switch");
        ip(&format!("-n {switch} link add bridge0 type bridge ageing_time 0 mcast_snooping 0"));
        ip(&format!("-n {switch} link set bridge0 up"));
        for part in ["controller", "panel", "sensor"] {
            let there = lab.part(part);
            ip(&format!("-n {switch} link add to-{part} type veth peer name {part}0 netns {there}"));
            ip(&format!("-n {switch} link set to-{part} master bridge0 up"));
        }
        for (part, address) in [("controller", CONTROLLER), ("panel", PANEL)] {
            let there = lab.part(part);
            ip(&format!("-n {there} address add {address}/24 dev {part}0"));
            ip(&format!("-n {there} link set {part}0 up"));
        }
        ip(&format!("-n {} link set sensor0 arp off up", lab.part("sensor")));
        lab
    }

    fn part(&self, part: &str) -> String {
        format!("{}-{part}", self.name)
    }

    /// Starts the program on the sensor, and waits until the kernel has its packet socket.
    fn listen(&self, arguments: &[&str]) -> Child {
        let sensor = self.part("sensor");
        let program = env!("CARGO_BIN_EXE_nullius");
        let child = Command::new("ip")
            .args(["netns", "exec", &sensor, program, "eval", "--iface", "sensor0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        for _ in 0..200 {
            let sockets = run("ip", &["netns", "exec", &sensor, "cat", "/proc/net/packet"]);
            if sockets.lines().count() > 1 {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        child
    }

    /// The panel asks the controller, which answers that nothing listens there; ARP comes first.
    fn speak(&self) {
        let script =
            format!("for i in 1 2 3 4 5 6 7 8; do echo $i > /dev/udp/{CONTROLLER}/9; sleep 0.1; done");
        run("ip", &["netns", "exec", &self.part("panel"), "bash", "-c", &script]);
    }

    fn sent_by_sensor(&self) -> u64 {
        let counter = "/sys/class/net/sensor0/statistics/tx_packets";
        run("ip", &["netns", "exec", &self.part("sensor"), "cat", counter]).trim().parse().unwrap()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for part in ["switch", "controller", "panel", "sensor"] {
            let _ = Command::new("ip").args(["netns", "del", &self.part(part)]).status();
        }
    }
}

/// IPv6 would look for neighbours and routers by itself.
fn quieten(namespace: &str) {
    for which in ["all", "default"] {
        let file = format!("/proc/sys/net/ipv6/conf/{which}/disable_ipv6");
        run("ip", &["netns", "exec", namespace, "sh", "-c", &format!("echo 1 > {file}")]);
    }
}

fn ip(arguments: &str) {
    run("ip", &arguments.split_whitespace().collect::<Vec<_>>());
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {}: {complaint}", arguments.join(" "));
    String::from_utf8(output.stdout).unwrap()
}
