//! A device with a key in a plant with a controller: revoked, to the last byte at its victim; and trusted, for ten minutes of
//! short leases.
//!
//! `cargo xtask bench` runs this, and builds the agent before; the gates are those of docs/performance.md. Needs root, for
//! network namespaces. `STEADY_SECONDS` shortens the ten minutes, for trying it out.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a bench that cannot run must say so at once")]
#![expect(clippy::print_stdout, reason = "the table is what it is for")]
#![expect(clippy::disallowed_methods, reason = "the bench starts programs and times them")]
#![expect(dead_code, reason = "the tests of the lab and of a site use more of these modules")]

#[path = "../../tests/lab/agent.rs"]
mod agent;
#[path = "../../tests/lab/controlled.rs"]
mod controlled;
mod keyed;
#[path = "../../tests/site/net.rs"]
mod net;
#[path = "../../tests/site/probes.rs"]
mod probes;
#[path = "../../tests/lab/running.rs"]
mod running;
mod steady;
mod stream;
#[path = "../../tests/site/tap.rs"]
mod tap;
#[path = "../site/times.rs"]
mod times;

use controlled::Controlled;
use keyed::{Keyed, LEASE};
use net::{succeeded, until};
use std::time::Duration;
use steady::Steady;
use stream::DEVICE;
use tap::wall;
use times::{p95, print, sorted};

/// Revocations of each kind.
const REVOCATIONS: usize = 50;
/// At the gateway itself, and from the controller's API by way of its link.
const GATE_AT_GATEWAY: Duration = Duration::from_millis(100);
const GATE_FROM_CONTROLLER: Duration = Duration::from_secs(1);
/// How long is looked for more after the command was carried out: longer than the longer gate.
const LOOK_ON: Duration = Duration::from_millis(1_500);
/// The stream ran until the command: nothing else had ended it.
const JUST_BEFORE: Duration = Duration::from_millis(500);

/// How long a device proves its key again and again; `STEADY_SECONDS` says otherwise.
const STEADY: Duration = Duration::from_secs(600);
const GATE_GAP: Duration = Duration::from_millis(250);

fn main() {
    let site = Controlled::up();
    let mut keyed = Keyed::begin(&site);
    let mut missed = Vec::new();
    let mut gate = |name: &'static str, held: bool| {
        if !held {
            missed.push(name);
        }
    };
    let taken = revocations("revoked at the gateway", &mut keyed, |site| {
        let revoke = ["device", "revoke", DEVICE, "--reason", "bench"];
        succeeded(site.lab.gateway(&revoke).output().unwrap(), "device revoke");
    });
    gate("revocation at the gateway to last byte", p95(taken) <= GATE_AT_GATEWAY);
    let taken = revocations("revoked by the controller's API", &mut keyed, |site| {
        let revoke = r#"{"event": {"kind": "revoke"}, "reason": "bench"}"#;
        let answer = site.post(&format!("/v1/sites/lab/devices/{DEVICE}/restriction"), revoke);
        assert!(answer.contains(&format!("{DEVICE} is")), "{answer}");
    });
    gate("revocation by the controller to last byte", p95(taken) <= GATE_FROM_CONTROLLER);
    let Steady { stream, lapsed, .. } = steady(&keyed);
    gate("no gap while a key is proved", stream.delay <= GATE_GAP && stream.lost == 0);
    gate("no lease that ends while its key is proved", lapsed == 0);
    assert!(missed.is_empty(), "gates missed: {missed:?}");
}

/// From giving the command to the last byte that arrived, in order of length.
fn revocations(what: &str, keyed: &mut Keyed<'_>, revoke: impl Fn(&Controlled)) -> Vec<Duration> {
    let taken = sorted((0..REVOCATIONS).map(|_| {
        let taken = to_last_byte(keyed, &revoke);
        keyed.bring_back();
        taken
    }));
    print(what, &taken);
    taken
}

fn to_last_byte(keyed: &Keyed<'_>, revoke: impl Fn(&Controlled)) -> Duration {
    let tap = keyed.arrives();
    let given = wall();
    revoke(keyed.site);
    std::thread::sleep(LOOK_ON);
    let last = tap.stop().last().expect("a stream").at;
    assert!(given.since(last) < JUST_BEFORE, "the stream ended {:?} before", given.since(last));
    until("the agent's connection to be closed", Duration::from_secs(1), || keyed.is_cut());
    last.since(given)
}

fn steady(keyed: &Keyed<'_>) -> Steady {
    let seconds = std::env::var("STEADY_SECONDS").ok().and_then(|text| text.parse().ok());
    let length = seconds.map_or(STEADY, Duration::from_secs);
    let steady = steady::watch(keyed, length);
    let Steady { stream, renewals, late, lapsed } = &steady;
    let [gap, delay] = [stream.gap, stream.delay].map(|time| time.as_secs_f64() * 1e3);
    println!(
        "a stream on leases of {LEASE} s for {} s: {} datagrams, {} lost, {gap:.1} ms the longest gap, {delay:.1} ms the \
         longest that the sender did not make; {renewals} renewals, {late} told late, {lapsed} missed",
        length.as_secs(),
        stream.arrived,
        stream.lost
    );
    steady
}
