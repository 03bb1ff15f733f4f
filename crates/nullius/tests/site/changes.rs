//! Policy changes under load: nobody's poll is lost, and nothing forbidden slips through between two policies.

use crate::gateway::Gateway;
use crate::net::{Segment, ipv4};
use crate::plant::repository;
use crate::polls::{Polling, intrude};
use std::time::Duration;

const CHANGES: usize = 1_000;
const INTRUDER: usize = 20;

/// One of every twenty changes is a whole new policy, the rest are what operators do in between.
fn change(gateway: &Gateway, round: usize) {
    match round % 20 {
        0 => drop(gateway.apply(&repository(round.is_multiple_of(40)))),
        even if even.is_multiple_of(2) => drop(gateway.run(&["stage", "d18", "shadow"])),
        _ => drop(gateway.run(&["stage", "d18", "enforce"])),
    }
}

#[test]
fn a_thousand_changes_lose_no_poll_and_let_no_forbidden_packet_through() {
    let segment = Segment::new(20);
    let gateway = Gateway::start(&segment, "changes", "hold");
    gateway.apply(&repository(false));
    let polling = Polling::start(&segment);
    let intruder = intrude(&segment, INTRUDER);
    (0..CHANGES).for_each(|round| change(&gateway, round));
    let knocks = intruder.printed();
    drop(intruder);
    let seen = polling.stop();
    assert_eq!(seen.failures, Vec::<String>::new());
    assert!(seen.gaps.len() > CHANGES, "{} polls", seen.gaps.len());
    assert!(seen.gaps.last() < Some(&Duration::from_secs(1)), "{:?} without a poll", seen.gaps.last());
    let intruder: std::net::Ipv4Addr = ipv4(INTRUDER).parse().unwrap();
    assert_eq!(seen.senders.get(&intruder), None, "{knocks}");
}
