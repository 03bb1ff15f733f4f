//! What `nft`, whose authors did not read our encoder, says of what we wrote.

use crate::frames::{address, mac};
use crate::lab::{bound, port, service};
use crate::node::Node;
use nullius_enforce::{Kernel, Layout};
use nullius_model::{Channel, Epoch, Mac, Marker, Path, PortName, Rule, RuleSet, Terms, Uptime};
use serde_json::{Value, json};

const NOW: Uptime = Uptime::from_millis(5_000);

/// A namespace with some of everything installed, and its kernel.
fn installed() -> (Node, Kernel) {
    let node = Node::new();
    let layout = Layout {
        routed: vec![PortName::new("eth1").unwrap()],
        bridges: vec![PortName::new("br0").unwrap()],
        ..Layout::default()
    };
    let mut kernel = node.run(move || Kernel::open(layout).unwrap());
    let mut rules: RuleSet = (1..=2).flat_map(bound).collect();
    let [client, server] = [1, 2].map(|number| address(4, number));
    rules.extend([
        (service(4, Channel::Tcp(502)), Terms::ACCEPT),
        (service(6, Channel::Udp(5683)), Terms::ACCEPT),
        (service(4, Channel::Tcp(503)), Terms::ACCEPT.until(NOW.after(std::time::Duration::from_secs(100)))),
        (service(4, Channel::Tcp(504)), Terms::DIVERT),
        (Rule::Service { client, server, channel: Channel::Tcp(505), path: Path::Routed }, Terms::ACCEPT),
        (Rule::Neighbours(client, server), Terms::default()),
        (
            Rule::Frame {
                port: port(1),
                source: mac(1),
                destination: Mac::BROADCAST,
                ethertype: 0x88b8,
                application: 3,
            },
            Terms::default(),
        ),
    ]);
    let marker = Marker { epoch: Epoch { term: 3, counter: 41 }, digest: [0xa5; 16] };
    kernel.replace(&rules, marker, NOW).unwrap();
    (node, kernel)
}

#[test]
fn the_chains_print_as_people_write_them() {
    let (node, _kernel) = installed();
    let printed = node.shell("nft list table bridge nullius");
    for line in [
        "type filter hook prerouting priority dstnat - 10; policy drop;",
        "type filter hook forward priority 0; policy drop;",
        "iifname . @ll,48,64 . @nh,96,32 @sender4 accept comment \"bound: port, hardware address, ethertype, IPv4 address\"",
        "iifname . @ll,48,64 . ip6 saddr @sender6 meta mark set 0x00000103 accept",
        "iifname . ether saddr . arp saddr ip @address4 iifname . arp saddr ether . arp saddr ip @address4 meta mark set 0x00000104 accept",
        "@nh,48,16 & 0x3fff != 0x0 goto denied_fragment4",
        "@nh,0,8 != 0x45 goto denied_options4",
        "oifname . ether daddr . @nh,128,32 != @address4 goto elsewhere4",
        "oifname . ether daddr . ip6 daddr != @address6 goto elsewhere6",
        "@nh,72,8 0x6 @nh,96,32 . @nh,128,32 . @nh,72,8 . th dport @service4 counter name \"allowed\" accept comment \"TCP: client, server, protocol, service\"",
        "ip protocol tcp ip saddr . ip daddr . ip protocol . tcp dport @lease4 goto allowed",
        "ip protocol tcp tcp flags != syn / fin,syn,rst,ack ip daddr . ip saddr . ip protocol . tcp sport @lease4 goto allowed",
        "ip protocol udp update @udp_reply4 { ip daddr . ip saddr . udp dport . udp sport timeout 30s }",
        "\"p1\" . 02:00:00:00:00:01 . 10.0.0.1,",
        "update @log_budget { iifname timeout 1m limit rate 50/second burst 100 packets } log prefix \"spoof\" group 5 snaplen 128 queue-threshold 1",
        "elements = { 0x01000000 comment \"policy 3.41 a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5\" }",
    ] {
        assert!(printed.contains(line), "{line}\n{printed}");
    }
    let routed = node.shell("nft list table inet nullius");
    assert!(routed.contains("oifname . ip daddr @located4 goto packets4"), "{routed}");
}

#[test]
fn the_elements_are_what_the_rules_say() {
    let (node, _kernel) = installed();
    let listing: Value = serde_json::from_str(&node.shell("nft -j list ruleset")).unwrap();
    let elements = |family: &str, name: &str| {
        let all = listing["nftables"].as_array().unwrap().iter().map(|item| &item["set"]);
        let set = all.into_iter().find(|set| set["family"] == family && set["name"] == name).unwrap();
        set["elem"].clone()
    };
    let key = |port: u16| json!({"concat": ["10.0.0.1", "10.0.0.2", "tcp", port]});
    assert_eq!(elements("bridge", "service4"), json!([key(502)]));
    assert_eq!(elements("bridge", "divert4"), json!([key(504)]));
    assert_eq!(elements("inet", "service4"), json!([key(505)]));
    let lease = &elements("bridge", "lease4")[0]["elem"];
    assert_eq!((&lease["val"], &lease["timeout"]), (&key(503), &json!(100)));
    assert_eq!(lease["comment"], "ends at uptime 105000 ms");
    let service6 = json!([{"concat": ["fd00::1", "fd00::2", "udp", 5683]}]);
    assert_eq!(elements("bridge", "service6"), service6);
    assert_eq!(elements("bridge", "neighbours4").as_array().unwrap().len(), 2);
    let frame = json!([{"concat": ["p1", "02:00:00:00:00:01", "ff:ff:ff:ff:ff:ff", 0x88b8, 3]}]);
    assert_eq!(elements("bridge", "frame"), frame);
}
