//! What is denied only on paper yet, and what the packet log tells of it.

use crate::frames::{SYN, address, arp, mac, tcp};
use crate::lab::{Lab, port};
use nullius_enforce::Denials;
use nullius_model::{DenialReason, Mac, Rule, Terms, Transport};
use std::net::IpAddr;
use std::time::Duration;

fn probe() -> Vec<u8> {
    tcp(4, 1, 2, [40_000, 502], SYN)
}

/// What is said of the two ends of [`probe`].
type Stages = Vec<Rule>;

fn ends(source: fn(IpAddr) -> Rule, destination: fn(IpAddr) -> Rule) -> Stages {
    vec![source(address(4, 1)), destination(address(4, 2))]
}

fn staged(stages: Stages) -> Lab {
    let mut lab = Lab::new();
    lab.meet();
    lab.add(stages.into_iter().map(|rule| (rule, Terms::default())));
    lab
}

#[test]
fn in_shadow_a_denied_packet_passes_and_is_counted() {
    for stages in [
        ends(Rule::Shadow, Rule::Shadow),
        ends(Rule::Shadow, Rule::Observe),
        ends(Rule::Observe, Rule::Shadow),
        vec![Rule::ShadowPair(address(4, 1), address(4, 2))],
    ] {
        let mut lab = staged(stages);
        lab.passes(1, 2, &probe());
        assert_eq!(lab.would_deny(DenialReason::Policy), 1);
        lab.passes(1, 2, &arp(1, [Mac::BROADCAST, mac(1)], (mac(1), address(4, 1)), address(4, 2)));
        assert_eq!(lab.denied(DenialReason::Policy), 0);
    }
}

#[test]
fn in_observe_a_denied_packet_passes_and_is_not_counted() {
    for stages in [ends(Rule::Observe, Rule::Observe), vec![Rule::ObservePair(address(4, 1), address(4, 2))]]
    {
        let mut lab = staged(stages);
        lab.passes(1, 2, &probe());
        assert_eq!((lab.would_deny(DenialReason::Policy), lab.denied(DenialReason::Policy)), (0, 0));
        lab.denies(3, DenialReason::Policy, &tcp(4, 3, 1, [40_000, 502], SYN));
    }
}

#[test]
fn an_early_stage_is_no_way_into_or_out_of_what_is_enforced() {
    let alone: [fn(IpAddr) -> Rule; 2] = [Rule::Observe, Rule::Shadow];
    for (rule, end) in alone.into_iter().flat_map(|rule| [(rule, 1), (rule, 2)]) {
        let mut lab = staged(vec![rule(address(4, end))]);
        lab.denies(1, DenialReason::Policy, &probe());
    }
}

#[test]
fn no_stage_lets_a_double_through() {
    let mut lab = Lab::new();
    lab.meet();
    lab.add([
        (Rule::Observe(address(4, 1)), Terms::default()),
        (Rule::Shadow(address(4, 2)), Terms::default()),
    ]);
    lab.denies(3, DenialReason::Spoof, &probe());
}

#[test]
fn a_denial_is_told_with_both_ends_and_the_port() {
    let mut lab = Lab::new();
    lab.meet();
    let mut denials = lab.gateway.run(|| Denials::open(5).unwrap());
    lab.denies(1, DenialReason::Policy, &probe());
    let told = lab.gateway.run(move || {
        std::thread::sleep(Duration::from_millis(50));
        let first = denials.next().unwrap();
        (first, denials.next().unwrap())
    });
    let ((denial, packets), rest) = (told.0.unwrap(), told.1);
    assert_eq!((packets, rest), (1, None));
    assert_eq!(
        (denial.reason, denial.only_counted, denial.transport),
        (DenialReason::Policy, false, Transport::Tcp)
    );
    assert_eq!(denial.port, Some(port(1)));
    assert_eq!((denial.source.mac, denial.destination.mac), (mac(1), mac(2)));
    assert_eq!(denial.source.to_string(), "10.0.0.1:40000");
    assert_eq!(denial.destination.to_string(), "10.0.0.2:502");
}

#[test]
fn a_flood_on_one_port_leaves_room_for_anothers_denials() {
    let mut lab = Lab::new();
    lab.meet();
    let mut denials = lab.gateway.run(|| Denials::open(5).unwrap());
    for _ in 0..2_000 {
        lab.send_blindly(3, &tcp(4, 3, 1, [40_000, 502], SYN));
    }
    lab.denies(1, DenialReason::Policy, &probe());
    assert_eq!(lab.denied(DenialReason::Policy), 2_001);
    let told = std::iter::from_fn(|| denials.next().unwrap());
    let ports: Vec<_> = told.map(|(denial, _)| denial.source.mac).collect();
    assert!(ports.len() < 1_000, "{}", ports.len());
    assert!(ports.contains(&mac(1)));
}
