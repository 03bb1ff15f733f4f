//! A grant ends when it was said to end, whoever is still alive to see it.

use crate::gateway::Gateway;
use crate::net::Segment;
use crate::pair::{CLIENT, PORTS, SERVER, closed};
use crate::revoke::wall;
use crate::streams::Streams;
use std::time::Duration;

#[test]
fn a_grant_of_120_seconds_ends_on_time_with_every_process_of_ours_killed() {
    let segment = Segment::new(3);
    let mut gateway = Gateway::start(&segment, "grants", "hold");
    gateway.apply(&closed());
    segment.address(CLIENT);
    segment.address(SERVER);
    let given = wall();
    gateway.run(&["grant", "client", "server/tcp-5201", "--for", "120s", "--reason", "test"]);
    let streams = Streams::start(&segment, &PORTS[..1]);
    gateway.kill();
    std::thread::sleep(Duration::from_secs(124));
    let ended = streams.stop().last().unwrap().at.since(given);
    assert!(ended.abs_diff(Duration::from_secs(120)) <= Duration::from_secs(1), "ended after {ended:?}");
}
