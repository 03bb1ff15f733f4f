//! Rules that change under traffic, tables that somebody else changed, and what is read back of them.

use crate::frames::{ACK, SYN, address, mac, tcp};
use crate::lab::{Lab, bound, port, service};
use crate::node::Node;
use nullius_enforce::{Error, Kernel, Layout};
use nullius_model::{Channel, Epoch, Mac, Marker, Path, PortName, Rule, RuleChange, RuleSet, Terms, Uptime};
use proptest::prelude::*;
use std::net::IpAddr;

const MARKER: Marker = Marker { epoch: Epoch { term: 3, counter: 41 }, digest: [0xa5; 16] };
const NOW: Uptime = Uptime::from_millis(1_000_000);

#[test]
fn what_was_installed_is_read_back_with_its_marker() {
    let mut lab = Lab::new();
    lab.allow(service(4, Channel::Tcp(502)));
    lab.kernel.replace(&lab.rules, MARKER, NOW).unwrap();
    let found = lab.kernel.read_back(NOW).unwrap();
    assert_eq!(found.marker, Some(MARKER));
    assert_eq!(found.rules, lab.rules);
    assert!(found.skeleton_intact && found.bypasses.is_empty(), "{found:?}");
}

#[test]
fn a_change_needs_to_know_what_is_there() {
    let node = Node::new();
    let mut kernel = node.run(|| Kernel::open(Layout::default()).unwrap());
    let change = RuleChange::default();
    assert_eq!(kernel.change(&change, MARKER, NOW), Err(Error::NotRead));
    kernel.replace(&RuleSet::new(), MARKER, NOW).unwrap();
    let mut another = node.run(|| Kernel::open(Layout::default()).unwrap());
    assert!(another.read_back(NOW).unwrap().skeleton_intact);
    another.change(&change, Marker::default(), NOW).unwrap();
    assert_eq!(kernel.read_back(NOW).unwrap().marker, Some(Marker::default()));
}

#[test]
fn what_somebody_did_by_hand_shows_and_is_mended() {
    let tampering = [
        "delete element bridge nullius known4 { 10.0.0.1 }",
        "add element bridge nullius known4 { 10.9.9.9 }",
        "flush chain bridge nullius forward",
        "insert rule bridge nullius forward accept",
        "add rule bridge nullius tcp4 accept",
        "add chain bridge nullius extra",
        "add chain bridge nullius forward { policy accept; }",
        "add table bridge nullius { flags dormant; }",
        "flush ruleset",
        "delete table bridge nullius",
    ];
    let mut lab = Lab::new();
    for line in tampering {
        lab.gateway.shell(&format!("nft {line}"));
        let found = lab.kernel.read_back(NOW).unwrap();
        assert!(!found.skeleton_intact, "{line}");
        lab.kernel.replace(&lab.rules, MARKER, NOW).unwrap();
        let found = lab.kernel.read_back(NOW).unwrap();
        assert!(found.skeleton_intact && found.rules == lab.rules, "{line}: {found:?}");
    }
}

#[test]
fn a_rule_somebody_added_or_deleted_by_hand_shows_among_the_rules() {
    let mut lab = Lab::new();
    lab.allow(service(4, Channel::Tcp(502)));
    lab.gateway.shell("nft add element bridge nullius service4 { 10.0.0.3 . 10.0.0.2 . tcp . 502 }");
    lab.gateway.shell("nft delete element bridge nullius service4 { 10.0.0.1 . 10.0.0.2 . tcp . 502 }");
    let found = lab.kernel.read_back(NOW).unwrap();
    let change = RuleChange::between(&found.rules, &lab.rules);
    assert_eq!((change.remove.len(), change.add.len()), (1, 1));
    lab.kernel.change(&change, MARKER, NOW).unwrap();
    assert_eq!(lab.kernel.read_back(NOW).unwrap().rules, lab.rules);
}

#[test]
fn a_change_that_does_not_fit_what_is_there_changes_nothing() {
    let mut lab = Lab::new();
    lab.allow(service(4, Channel::Tcp(502)));
    lab.gateway.shell("nft delete element bridge nullius service4 { 10.0.0.1 . 10.0.0.2 . tcp . 502 }");
    let change = RuleChange {
        remove: vec![service(4, Channel::Tcp(502))],
        add: vec![(service(4, Channel::Tcp(503)), Terms::ACCEPT)],
    };
    assert!(matches!(lab.kernel.change(&change, MARKER, NOW), Err(Error::OutOfStep { .. })));
    let found = lab.kernel.read_back(NOW).unwrap();
    assert_eq!(found.marker, Some(Marker::default()));
    assert!(found.rules.keys().all(|rule| !matches!(rule, Rule::Service { .. })));
}

#[test]
fn a_way_round_the_rules_is_told() {
    let mut lab = Lab::new();
    lab.gateway.shell("tc qdisc add dev p1 clsact");
    assert!(lab.kernel.read_back(NOW).unwrap().bypasses.is_empty());
    lab.gateway.shell(
        "tc filter add dev p1 ingress protocol all u32 match u32 0 0 action mirred egress redirect dev p2",
    );
    lab.gateway.shell("nft add table netdev other");
    lab.gateway.shell("nft add chain netdev other way { type filter hook ingress device p2 priority 0; }");
    let found = lab.kernel.read_back(NOW).unwrap().bypasses;
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("p1") && found[1].contains("netdev other"), "{found:?}");
}

#[test]
fn a_replacement_keeps_the_counts_and_lets_what_was_allowed_go_on() {
    let mut lab = Lab::new();
    lab.allow(service(4, Channel::Tcp(502)));
    lab.passes(1, 2, &tcp(4, 1, 2, [40_000, 502], SYN));
    for _ in 0..20 {
        lab.kernel.replace(&lab.rules, MARKER, NOW).unwrap();
        lab.passes(1, 2, &tcp(4, 1, 2, [40_000, 502], ACK));
    }
    assert_eq!(lab.kernel.counters().unwrap().allowed.packets, 21);
}

#[test]
fn tables_taken_away_leave_nothing() {
    let mut lab = Lab::new();
    lab.kernel.remove().unwrap();
    assert_eq!(lab.gateway.shell("nft list ruleset"), "");
    lab.kernel.remove().unwrap();
}

#[test]
fn a_rule_too_many_is_refused_with_the_set_that_is_full() {
    let node = Node::new();
    let mut kernel = node.run(|| Kernel::open(Layout::default()).unwrap());
    let few = RuleSet::from_iter(bound(1));
    kernel.replace(&few, MARKER, NOW).unwrap();
    let many: RuleSet = (0..2_000_u32)
        .map(|number| (Rule::OnboardingPort(PortName::new(&format!("x{number}")).unwrap()), Terms::default()))
        .collect();
    let refusal = kernel.replace(&many, MARKER, NOW);
    assert!(matches!(&refusal, Err(Error::Full { what }) if what.contains("onboarding_port")), "{refusal:?}");
    assert_eq!(kernel.read_back(NOW).unwrap().rules, few);
}

fn any_ip() -> impl Strategy<Value = IpAddr> {
    (0..4_u8, any::<bool>()).prop_map(|(number, four)| address(if four { 4 } else { 6 }, number))
}

fn any_channel() -> impl Strategy<Value = Channel> {
    prop_oneof![(0..3_u16).prop_map(Channel::Tcp), (0..3_u16).prop_map(Channel::Udp), Just(Channel::Echo)]
}

fn any_pair() -> impl Strategy<Value = (IpAddr, IpAddr)> {
    (0..4_u8, 0..4_u8, prop_oneof![Just(4_u8), Just(6)]).prop_map(|(one, other, version)| {
        (address(version, one.min(other)), address(version, one.max(other)))
    })
}

fn any_rule() -> impl Strategy<Value = Rule> {
    let place = || (0..3_u8, 0..3_u8).prop_map(|(at, who)| (port(at), mac(who)));
    prop_oneof![
        (0..5_u8).prop_map(|number| Rule::Known(mac(number))),
        (place(), any_ip()).prop_map(|((port, mac), address)| Rule::Address { port, mac, address }),
        (any_pair(), any::<bool>(), any_channel(), any::<bool>()).prop_map(
            |((one, other), turned, channel, routed)| {
                let (client, server) = if turned { (other, one) } else { (one, other) };
                Rule::Service {
                    client,
                    server,
                    channel,
                    path: if routed { Path::Routed } else { Path::Bridged },
                }
            }
        ),
        any_pair().prop_map(|(one, other)| Rule::Neighbours(one, other)),
        (place(), any::<u16>(), any::<u16>()).prop_map(|((port, source), ethertype, application)| {
            Rule::Frame { port, source, destination: Mac::BROADCAST, ethertype, application }
        }),
        any_ip().prop_map(Rule::Shadow),
        any_ip().prop_map(Rule::Observe),
        any_pair().prop_map(|(one, other)| Rule::ShadowPair(one, other)),
        any_pair().prop_map(|(one, other)| Rule::ObservePair(one, other)),
        (0..3_u8).prop_map(|number| Rule::OnboardingPort(port(number))),
        (0..3_u8).prop_map(|number| Rule::WatchedPort(port(number))),
        (any_ip(), any_channel()).prop_map(|(server, channel)| Rule::Onboarding { server, channel }),
    ]
}

/// With the terms that the kernel keeps for such a rule.
fn any_entry() -> impl Strategy<Value = (Rule, Terms)> {
    let end = proptest::option::of(
        (1..9_u64).prop_map(|minutes| Uptime::from_millis(1_000_000 + minutes * 60_000)),
    );
    (any_rule(), any::<bool>(), end).prop_map(|(rule, divert, end)| {
        let terms = match &rule {
            Rule::Service { .. } if divert => Terms { ends: end, ..Terms::DIVERT },
            Rule::Service { .. } => Terms { ends: end, ..Terms::ACCEPT },
            Rule::Neighbours(..) | Rule::Frame { .. } => Terms { ends: end, ..Terms::default() },
            Rule::Known(_)
            | Rule::Address { .. }
            | Rule::Shadow(_)
            | Rule::ShadowPair(..)
            | Rule::Observe(_)
            | Rule::ObservePair(..)
            | Rule::OnboardingPort(_)
            | Rule::WatchedPort(_)
            | Rule::Onboarding { .. } => Terms::default(),
        };
        (rule, terms)
    })
}

fn any_rules() -> impl Strategy<Value = RuleSet> {
    proptest::collection::vec(any_entry(), 0..40).prop_map(RuleSet::from_iter)
}

#[test]
fn any_step_from_any_rules_to_any_others_is_read_back_as_it_was_meant() {
    let node = Node::new();
    let layout = Layout {
        routed: vec![PortName::new("eth1").unwrap()],
        bridges: vec![PortName::new("br0").unwrap()],
        ..Layout::default()
    };
    let mut kernel = node.run(move || Kernel::open(layout).unwrap());
    kernel.replace(&RuleSet::new(), MARKER, NOW).unwrap();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(24)
    });
    let kernel = std::cell::RefCell::new(kernel);
    let steps = (any_rules(), any_rules());
    let outcome = runner.run(&steps, |(first, second)| {
        let mut kernel = kernel.borrow_mut();
        kernel.replace(&first, MARKER, NOW).unwrap();
        let found = kernel.read_back(NOW).unwrap();
        prop_assert_eq!(&found.rules, &first);
        prop_assert!(found.skeleton_intact);
        kernel.change(&RuleChange::between(&first, &second), MARKER, NOW).unwrap();
        let found = kernel.read_back(NOW).unwrap();
        prop_assert_eq!(&found.rules, &second);
        prop_assert!(found.skeleton_intact);
        Ok(())
    });
    outcome.unwrap();
}
