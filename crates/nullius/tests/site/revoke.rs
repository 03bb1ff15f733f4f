//! A revoked device's running sessions end.

use crate::gateway::Gateway;
use crate::net::Segment;
use crate::pair::{CLIENT, PORTS, SERVER, open};
use crate::streams::Streams;
use crate::tap::wall;
use std::time::Duration;

/// Revokes the client in the middle of four streams; the time from giving the command to the last byte that arrived.
pub(crate) fn revoke_to_last_byte(segment: &Segment, gateway: &Gateway) -> Duration {
    let streams = Streams::start(segment, &PORTS);
    let given = wall();
    gateway.run(&["device", "revoke", "client", "--reason", "test"]);
    // long enough for what is still under way, and for TCP to try again
    std::thread::sleep(Duration::from_millis(700));
    let last = streams.stop().last().unwrap().at;
    gateway.run(&["device", "restore", "client", "--reason", "test"]);
    last.since(given)
}

/// A segment with the pair on it and everything open between the two.
pub(crate) fn open_pair() -> (Segment, Gateway) {
    let segment = Segment::new(3);
    let gateway = Gateway::start(&segment, "revoke", "hold");
    gateway.apply(&open());
    segment.address(CLIENT);
    segment.address(SERVER);
    (segment, gateway)
}

#[test]
fn revoking_a_device_ends_its_running_sessions_and_restoring_it_lets_it_begin_anew() {
    let (segment, gateway) = open_pair();
    for _ in 0..3 {
        let took = revoke_to_last_byte(&segment, &gateway);
        assert!(took < Duration::from_millis(600), "bytes arrived {took:?} after the command");
    }
}
