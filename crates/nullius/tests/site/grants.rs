//! A grant ends when it was said to end, whoever is still alive to see it.

use crate::gateway::Gateway;
use crate::net::{Segment, ipv4};
use crate::pair::{CLIENT, PORTS, SERVER, closed};
use crate::peers::modbus_server;
use crate::streams::Streams;
use crate::tap::wall;
use std::time::Duration;

#[test]
fn a_grant_of_120_seconds_ends_on_time_with_every_process_of_ours_killed() {
    let segment = Segment::new(3);
    let mut gateway = Gateway::start(&segment, "grants", "hold");
    gateway.apply(&closed());
    segment.address(CLIENT);
    segment.address(SERVER);
    let asked = wall();
    gateway.run(&["grant", "client", "server/tcp-5201", "--for", "120s", "--reason", "test"]);
    let given = wall();
    let streams = Streams::start(&segment, &PORTS[..1]);
    gateway.kill();
    std::thread::sleep(Duration::from_secs(124));
    let last = streams.stop().last().unwrap().at;
    // it was made between the two: a busy machine takes its time to start a command
    let (early, late) = (last.since(given), last.since(asked));
    assert!(early <= Duration::from_secs(121), "ended {early:?} after it was given");
    assert!(late >= Duration::from_secs(119), "ended {late:?} after it was asked for");
}

/// Registers 5 and 6, as people count them, are read, set, and tried after the end.
#[test]
fn the_receipt_of_a_grant_that_ended_with_us_dead_says_what_was_read_and_written() {
    let segment = Segment::new(3);
    let mut gateway = Gateway::start(&segment, "receipts", "hold");
    gateway.apply(&closed());
    segment.address(CLIENT);
    segment.address(SERVER);
    let _server = modbus_server(segment.station(SERVER), SERVER);
    let master = |arguments: &str| {
        let line = format!("timeout 5 mbpoll -m tcp -a 1 -t 4 -r 5 {} {arguments}", ipv4(SERVER));
        segment.station(CLIENT).command("sh").args(["-c", &line]).output().unwrap().status.success()
    };
    assert!(!master("-c 2 -1"), "nothing passes without a grant");
    let given = wall();
    gateway.run(&["grant", "client", "server/modbus", "--for", "120s", "--reason", "test"]);
    // who listens has to open its ring first
    std::thread::sleep(Duration::from_secs(1));
    assert!(master("-c 2 -1") && master("20 21") && master("-c 2 -1"));
    // what was heard is on the disk within a second
    std::thread::sleep(Duration::from_secs(3));
    assert!(gateway.run(&["grant", "show", "1"]).contains("it is in force"));
    gateway.kill();
    let left = Duration::from_secs(120).saturating_sub(wall().since(given));
    std::thread::sleep(left.saturating_sub(Duration::from_secs(2)));
    assert!(master("-c 2 -1"), "in force until its end with every process of ours killed");
    std::thread::sleep(Duration::from_secs(3));
    assert!(!master("-c 2 -1"), "cut at its end");
    gateway.start_again(&segment);
    std::thread::sleep(Duration::from_secs(6));
    let receipt = gateway.run(&["grant", "show", "1"]);
    let line = |words: &str| receipt.lines().find(|line| line.contains(words)).unwrap_or(&receipt).to_owned();
    assert!(line("holding_register[4]").ends_with("20"), "{receipt}");
    assert!(line("holding_register[5]").ends_with("21"), "{receipt}");
    assert!(line("read_holding_registers").contains("holding_register[4..6]"), "{receipt}");
    assert!(line("write_multiple_registers").contains("holding_register[4..6]"), "{receipt}");
    assert!(
        receipt.contains("its time was over") && receipt.contains("not seen: the gateway was started anew")
    );
}
