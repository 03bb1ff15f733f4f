//! A gateway goes into a plant that runs, step by step, and out again, and nobody's poll is lost.

use crate::gateway::{Gateway, load};
use crate::matrix::DOORS;
use crate::net::Segment;
use crate::plant::repository;
use crate::polls::Polling;
use crate::probes::knock;
use std::time::Duration;

/// Long enough for a lost poll to show.
const WHILE: Duration = Duration::from_secs(2);

#[test]
fn going_in_watching_observing_enforcing_and_going_out_lose_no_poll() {
    let segment = Segment::new(20);
    let polling = Polling::start(&segment);
    std::thread::sleep(WHILE);
    let mut gateway = Gateway::start(&segment, "insertion", "watch");
    std::thread::sleep(WHILE);
    gateway.run(&["stage", "default", "observe"]);
    gateway.apply(&repository(false));
    std::thread::sleep(WHILE);
    gateway.run(&["stage", "default", "shadow"]);
    std::thread::sleep(WHILE);
    gateway.run(&["stage", "default", "enforce"]);
    std::thread::sleep(WHILE);
    gateway.kill();
    std::thread::sleep(WHILE);
    segment.gateway.shell("nft delete table bridge nullius");
    std::thread::sleep(WHILE);
    let seen = polling.stop();
    assert_eq!(seen.failures, Vec::<String>::new());
    assert!(seen.gaps.last() < Some(&Duration::from_secs(1)), "{:?} without a poll", seen.gaps.last());
}

#[test]
fn a_boot_with_a_configuration_that_cannot_be_read_opens_nothing() {
    let segment = Segment::new(3);
    let output = load(&segment, "bridge = 'br0'\nstrangers = 7\n");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let arrived =
        knock(&segment, &DOORS, &[(1, 2)], false).into_iter().filter(|probe| !probe.arrived.is_empty());
    assert_eq!(arrived.count(), 0);
}
