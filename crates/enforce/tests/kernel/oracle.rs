//! What `nft` says of what we wrote.

use nix::sched::{CloneFlags, unshare};
use nullius_enforce::{Kernel, Layout};
use nullius_model::*;

#[test]
fn the_tables_print_as_people_write_them() {
    std::thread::spawn(|| {
        unshare(CloneFlags::CLONE_NEWNET).unwrap();
        let mut kernel = Kernel::open(Layout {
            routed: true,
            bridges: vec![PortName::new("br0").unwrap()],
            ..Layout::default()
        })
        .unwrap();
        let rules = RuleSet::from([
            (Rule::Known(Mac::new([2, 0, 0, 0, 0, 1])), Terms::default()),
            (
                Rule::Address {
                    port: PortName::new("p1").unwrap(),
                    mac: Mac::new([2, 0, 0, 0, 0, 1]),
                    address: "10.0.0.1".parse().unwrap(),
                },
                Terms::default(),
            ),
            (
                Rule::Frame {
                    port: PortName::new("p1").unwrap(),
                    source: Mac::new([2, 0, 0, 0, 0, 1]),
                    destination: Mac::new([1, 0, 0, 0, 0, 1]),
                    ethertype: 0x88b8,
                    application: 3,
                },
                Terms::default(),
            ),
            (
                Rule::Service {
                    client: "10.0.0.1".parse().unwrap(),
                    server: "10.0.0.2".parse().unwrap(),
                    channel: Channel::Tcp(502),
                    path: Path::Bridged,
                },
                Terms::ACCEPT,
            ),
            (
                Rule::Service {
                    client: "10.0.0.1".parse().unwrap(),
                    server: "10.0.0.2".parse().unwrap(),
                    channel: Channel::Tcp(503),
                    path: Path::Bridged,
                },
                Terms::ACCEPT.until(Uptime::from_millis(100_000)),
            ),
        ]);
        let applied = kernel.replace(&rules, Marker::default(), Uptime::default());
        println!("{applied:?}");
        let out = std::process::Command::new("nft").args(["list", "ruleset"]).output().unwrap();
        println!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        applied.unwrap();
        let found = kernel.read_back(Uptime::default()).unwrap();
        assert_eq!(found.rules, rules);
        assert!(found.skeleton_intact, "{found:?}");
        println!("{:?}", kernel.replace(&rules, Marker::default(), Uptime::default()).unwrap());
        assert!(kernel.read_back(Uptime::default()).unwrap().skeleton_intact);
        println!("{:?}", kernel.counters().unwrap());
    })
    .join()
    .unwrap();
}
