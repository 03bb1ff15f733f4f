//! One enforced site at work: revocation to the last byte, punctuality of polls under policy changes, and what a change
//! costs beside a hundred thousand rules.
//!
//! `cargo xtask bench` runs this; the gates are those of docs/performance.md. Needs root, for network namespaces.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a bench that cannot run must say so at once")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is what it is for")]
#![expect(clippy::disallowed_methods, reason = "the bench starts programs and times them")]
#![expect(dead_code, reason = "the tests of a site use more of these modules")]

mod fleet;
#[path = "../../tests/site/gateway.rs"]
mod gateway;
#[path = "../../tests/site/net.rs"]
mod net;
#[path = "../../tests/site/pair.rs"]
mod pair;
#[path = "../../tests/site/peers.rs"]
mod peers;
#[path = "../../tests/site/plant.rs"]
mod plant;
#[path = "../../tests/site/polls.rs"]
mod polls;
#[path = "../../tests/site/probes.rs"]
mod probes;
#[path = "../../tests/site/revoke.rs"]
mod revoke;
#[path = "../../tests/site/streams.rs"]
mod streams;
#[path = "../../tests/site/tap.rs"]
mod tap;
mod times;

use gateway::Gateway;
use net::Segment;
use polls::Polling;
use std::time::{Duration, Instant};
use times::{p95, print, sorted};

/// Revocations of a device with four running streams.
const REVOCATIONS: usize = 50;
const GATE_LAST_BYTE: Duration = Duration::from_millis(100);
/// Turns in which masters poll first unfiltered and then under policy changes.
const TURNS: usize = 3;
const TURN: Duration = Duration::from_secs(20);
/// Late polls may be this much more of all than unfiltered.
const GATE_LATE: f64 = 0.001;
/// Changes of one device among two thousand.
const CHANGES: usize = 200;
const GATE_CHANGE: Duration = Duration::from_millis(15);
/// Peak resident memory of the gateway, KiB.
const GATE_MEMORY: u64 = 128 << 10;

fn main() {
    let mut missed = Vec::new();
    let mut gate = |name: &'static str, held: bool| {
        if !held {
            missed.push(name);
        }
    };
    gate("revocation to last byte", p95(revocations()) <= GATE_LAST_BYTE);
    gate("late polls", late() <= GATE_LATE);
    let (changes, memory) = changes();
    gate("one change to the kernel", p95(changes) <= GATE_CHANGE);
    gate("memory of the gateway", memory <= GATE_MEMORY);
    assert!(missed.is_empty(), "gates missed: {missed:?}");
}

/// From the command to the last byte that arrived, in order of length.
fn revocations() -> Vec<Duration> {
    let (segment, gateway) = revoke::open_pair();
    let taken = sorted((0..REVOCATIONS).map(|_| revoke::revoke_to_last_byte(&segment, &gateway)));
    print("revocation to last byte, four streams", &taken);
    taken
}

/// How much larger the share of late polls is under policy changes than with nothing enforced, turn by turn.
fn late() -> f64 {
    let mut shares = [0.0, 0.0];
    for _ in 0..TURNS {
        for (share, enforced) in shares.iter_mut().zip([false, true]) {
            *share += share_of_late(enforced) / TURNS as f64;
        }
    }
    let [without, with] = shares;
    println!("late polls: {:.3} % unfiltered, {:.3} % under policy changes", without * 100.0, with * 100.0);
    with - without
}

fn share_of_late(enforced: bool) -> f64 {
    let segment = Segment::new(plant::DEVICES);
    let gateway = enforced.then(|| Gateway::start(&segment, "punctual", "hold"));
    if let Some(gateway) = &gateway {
        gateway.apply(&plant::repository(false));
    }
    let polling = Polling::start(&segment);
    let end = Instant::now() + TURN;
    for round in 0_usize.. {
        match &gateway {
            Some(gateway) => {
                drop(gateway.run(&["stage", "d18", if round % 2 == 0 { "shadow" } else { "enforce" }]))
            }
            None => std::thread::sleep(Duration::from_millis(50)),
        }
        if Instant::now() > end {
            break;
        }
    }
    polling.stop().late()
}

/// From the call to the answer, which comes when the kernel has it; and the gateway's peak memory in KiB.
fn changes() -> (Vec<Duration>, u64) {
    let segment = Segment::new(1);
    let gateway = Gateway::start(&segment, "fleet", "hold");
    let start = Instant::now();
    gateway.apply(&fleet::repository());
    println!(
        "a policy of {} devices applied: {:.2} s, from the shell",
        fleet::DEVICES,
        start.elapsed().as_secs_f64()
    );
    let mut api = gateway.api();
    let taken = sorted((0..CHANGES).map(|round| {
        let risk = if round % 2 == 0 { 4 } else { 0 };
        let start = Instant::now();
        let answer = api.ask(&format!(r#"{{"command":{{"assess":{{"device":"d7","risk":{risk}}}}}}}"#));
        let taken = start.elapsed();
        assert!(answer.contains("done"), "{answer}");
        taken
    }));
    print("one device's change to the kernel", &taken);
    let memory = gateway.peak_memory();
    println!("memory of the gateway: {} MB at its peak", memory >> 10);
    (taken, memory)
}
