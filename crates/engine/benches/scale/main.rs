//! What a change costs at the size a gateway is built for: 2,000 devices, 1,000 policies, 100,000 rules.
//!
//! `cargo bench -p nullius-engine` prints one table and fails where a gate of docs/performance.md is missed. Times are of
//! the verb alone, from the input to the queued difference; what the kernel takes for it is measured elsewhere.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a bench that cannot run must say so at once")]
#![expect(clippy::print_stdout, reason = "the table is what it is for")]
#![expect(clippy::disallowed_methods, reason = "timing is what this file is for")]

mod site;

use nullius_engine::{Actor, Command, Gateway, GrantRequest, Now, Order, Output, Standing};
use nullius_model::{DeviceName, PortName, SmolStr, Timestamp, Uptime};
use nullius_policy::{ServiceId, Verbs};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// A change of a device with up to a hundred accesses, the middle of many.
const GATE_CHANGE: Duration = Duration::from_millis(5);
/// A change of a device that may use something of every other.
const GATE_CENTRE: Duration = Duration::from_millis(50);
/// All of a new policy, compiled already.
const GATE_POLICY: Duration = Duration::from_secs(2);
/// Everything the process ever held, compiler of policies included.
const GATE_MEMORY: u64 = 128 << 20;
/// How often each change is made.
const ROUNDS: usize = 200;

fn main() {
    let (first, compile) = timed(|| site::version(1));
    println!("compile: {} policies over {} devices, {compile:.1?}", site::POLICIES, site::DEVICES);
    println!("         {} MB resident", memory("VmRSS:") >> 20);
    let mut gateway = Gateway::new(site::settings(), Standing::default(), now(0));
    let ((), load) = timed(|| gateway.handle_policy(first, now(0)));
    drain(&mut gateway);
    println!("policy:  {} rules from nothing, {load:.1?}", gateway.rules().len());
    let (next, _) = timed(|| site::version(2));
    let ((), policy) = timed(|| gateway.handle_policy(next, now(1)));
    println!("         {} rules change with the next, {policy:.1?}", drain(&mut gateway));
    let slowest = changes(&mut gateway);
    let centre = centre(&mut gateway);
    let (resident, peak) = (memory("VmRSS:"), memory("VmHWM:"));
    println!("memory:  {} MB resident, {} MB at most", resident >> 20, peak >> 20);
    assert!(load.max(policy) <= GATE_POLICY, "a policy takes {load:?} and {policy:?}");
    assert!(slowest <= GATE_CHANGE, "one device's change takes {slowest:?}");
    assert!(centre <= GATE_CENTRE, "a centre's change takes {centre:?}");
    assert!(peak <= GATE_MEMORY, "{peak} bytes of peak memory");
}

/// One device's changes of every kind; the slowest kind's median.
fn changes(gateway: &mut Gateway) -> Duration {
    let device = |name: &str| DeviceName::new(name).expect("a name");
    let (master, machine) = (device("master-7-1"), device("machine-7-1"));
    let reason = SmolStr::new("bench");
    let (revoke, restore) = (
        Command::Revoke { device: machine.clone(), reason: reason.clone() },
        Command::Restore { device: machine, reason: reason.clone() },
    );
    let grant = |round: usize| {
        Command::Grant(GrantRequest {
            subject: device(&format!("machine-{}-2", round % 50)),
            object: ServiceId { device: master.clone(), service: SmolStr::new("ssh") },
            verbs: Verbs::All,
            duration: Duration::from_secs(600),
            reason: reason.clone(),
            work_order: None,
            approvers: BTreeSet::new(),
        })
    };
    let port = PortName::new("p7-11").expect("a port");
    let proof = site::proof();
    let renewed = measure("key proved again", gateway, |gateway, _| {
        gateway.handle_proof(proof.clone(), now(2)).expect("a lease");
        0
    });
    let results = [
        renewed,
        measure("posture of a master", gateway, |gateway, round| tell(gateway, assess(&master, round))),
        measure("machine revoked, restored", gateway, |gateway, round| {
            tell(gateway, if round.is_multiple_of(2) { revoke.clone() } else { restore.clone() })
        }),
        measure("grant", gateway, |gateway, round| tell(gateway, grant(round))),
        measure("link down, up", gateway, |gateway, round| {
            gateway.handle_link(&port, !round.is_multiple_of(2), now(2));
            0
        }),
    ];
    results.into_iter().max().unwrap_or_default()
}

/// The worst there is: a device that talks to everybody.
fn centre(gateway: &mut Gateway) -> Duration {
    let centre = DeviceName::new("centre-1").expect("a name");
    measure("posture of a centre", gateway, |gateway, round| tell(gateway, assess(&centre, round)))
}

fn assess(device: &DeviceName, round: usize) -> Command {
    let posture = Some(round.is_multiple_of(2));
    Command::Assess { device: device.clone(), posture, risk: None, conforms: None }
}

fn tell(gateway: &mut Gateway, command: Command) -> usize {
    let by = Actor(SmolStr::new("bench"));
    gateway.handle_command(command, &by, now(2)).expect("carried out").judged
}

/// The median over [`ROUNDS`] of one kind of change, printed with what it led to.
fn measure(
    what: &str,
    gateway: &mut Gateway,
    mut change: impl FnMut(&mut Gateway, usize) -> usize,
) -> Duration {
    let (mut times, mut judged, mut rules) = (Vec::with_capacity(ROUNDS), 0, 0);
    for round in 0..ROUNDS {
        let (count, time) = timed(|| change(gateway, round));
        times.push(time);
        judged = judged.max(count);
        rules = drain(gateway).max(rules);
    }
    times.sort_unstable();
    let at = |share: usize| *times.get(ROUNDS * share / 100).expect("a time");
    println!("{what:>26}: {judged:>5} judged {rules:>5} rules  p50 {:>9.1?}  p95 {:>9.1?}", at(50), at(95));
    at(50)
}

/// Takes what the gateway wants, and says how many rules it changes.
fn drain(gateway: &mut Gateway) -> usize {
    let outputs = std::iter::from_fn(|| gateway.poll_output());
    let changed = outputs.map(|output| match output {
        Output::Enforce { order: Order::Change(change), .. } => change.remove.len().max(change.add.len()),
        Output::Enforce { order: Order::Replace, .. }
        | Output::Save
        | Output::Leased(_)
        | Output::Transcribed(_)
        | Output::Receipt(..)
        | Output::Audit(_)
        | Output::Alarm(_) => 0,
    });
    changed.sum()
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let result = work();
    (result, began.elapsed())
}

fn now(secs: u64) -> Now {
    Now { uptime: Uptime::from_millis(secs * 1000), wall: Timestamp::from_secs(1_795_305_600 + secs) }
}

/// A line of `/proc/self/status`, in bytes.
fn memory(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let found = status.lines().find_map(|text| text.strip_prefix(line)).unwrap();
    let kilobytes: u64 = found.trim().trim_end_matches(" kB").parse().unwrap();
    kilobytes * 1024
}
