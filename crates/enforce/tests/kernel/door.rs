//! What agents say to the gateway itself, which hears it at the port.

use crate::frames::{address, ethernet, ip, mac};
use crate::lab::{Lab, bound, port};
use nullius_enforce::AGENT_GROUP;
use nullius_model::{DenialReason, Mac, Rule, Terms};
use std::net::{IpAddr, Ipv6Addr};

const LINK_LOCAL: [&str; 2] = ["fe80::1", "fd00::1"];

/// Ethernet address, group, port and protocol of what is said.
type To = (Mac, Ipv6Addr, u16, u8);

/// One thing that is changed.
type Change = fn(&mut To);

/// A datagram of device 1 to the gateway's door, with one thing changed.
fn said(from: IpAddr, change: impl Fn(&mut To)) -> Vec<u8> {
    let (ethernet_group, group, port) = AGENT_GROUP;
    let mut to = (Mac::new(ethernet_group), Ipv6Addr::from(group), port, 17);
    change(&mut to);
    let (destination, group, port, protocol) = to;
    let [high, low] = port.to_be_bytes();
    let datagram = [0x9c, 0x40, high, low, 0, 12, 0, 0, 1, 2, 3, 4];
    ethernet(destination, mac(1), 0x86dd, &ip(from, group.into(), protocol, &datagram))
}

fn all_denied(lab: &mut Lab) -> u64 {
    lab.kernel.counters().unwrap().denied.values().map(|count| count.packets).sum()
}

#[test]
fn what_agents_say_leaves_by_no_port_and_is_no_denial() {
    let mut lab = Lab::new();
    let link_local: IpAddr = LINK_LOCAL[0].parse().unwrap();
    let watched = Rule::WatchedPort(port(3));
    lab.add([(watched, Terms::default())]);
    let at = Rule::Address { port: port(1), mac: mac(1), address: link_local };
    for learned in [false, true] {
        if learned {
            lab.add([(at.clone(), Terms::default())]);
        }
        for (sender, from) in [(1, link_local), (1, address(6, 1)), (2, link_local), (3, link_local)] {
            let before = all_denied(&mut lab);
            assert_eq!(lab.send(sender, &said(from, |_| {})), [0_u8; 0], "from {from} at port {sender}");
            std::thread::sleep(std::time::Duration::from_millis(20));
            assert_eq!(all_denied(&mut lab), before, "from {from} at port {sender}");
        }
    }
}

#[test]
fn what_differs_in_one_field_is_judged_like_anything_else() {
    let mut lab = Lab::new();
    let from = address(6, 1);
    assert_eq!(bound(1).len(), 3, "the sender is bound by its global address");
    let changes: [(&str, Change); 5] = [
        ("another port", |to| to.2 += 1),
        ("another group", |to| to.1 = "ff12::6e75:6c6d".parse().unwrap()),
        ("another scope", |to| to.1 = "ff15::6e75:6c6c".parse().unwrap()),
        ("another protocol", |to| to.3 = 6),
        ("another Ethernet address", |to| to.0 = mac(2)),
    ];
    for (what, change) in changes {
        let before = all_denied(&mut lab);
        assert_eq!(lab.send(1, &said(from, change)), [0_u8; 0], "{what}");
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert!(all_denied(&mut lab) > before, "{what}");
    }
    assert_eq!(lab.denied(DenialReason::Spoof), 0);
}
