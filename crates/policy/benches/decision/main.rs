//! What a decision costs, beside Cedar's own authoriser over the same policies, and what a whole site costs.
//!
//! `cargo xtask bench` runs this. It prints one table and fails where a gate of docs/performance.md is missed. The machine
//! is noisy, so gates on single decisions are on ratios; those on a whole site have room.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a bench that cannot run must say so at once")]
#![expect(clippy::print_stdout, reason = "the table is what it is for")]
#![expect(clippy::disallowed_methods, reason = "time is what is measured")]

mod cedar;
mod site;

use nullius_model::{Assurance, DeviceName, Seed};
use nullius_policy::{Basis, DecisionCache, Directory, Inputs, Moment, Policies, Request};
use site::Site;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Runs of which the middle one counts.
const ROUNDS: usize = 9;
/// Cedar over 1,000 policies takes at least this many times longer than a decision that is not kept.
const GATE_UNCACHED: f64 = 50.0;
/// And than one that is.
const GATE_CACHED: f64 = 1000.0;
/// And than one that is not kept among 10,000.
const GATE_MANY: f64 = 50.0;
/// Every pair of 2,000 devices that any of 1,000 policies could connect.
const GATE_SITE: Duration = Duration::from_secs(2);
/// One device that changes: its own pairs, and those of its clients.
const GATE_DEVICE: Duration = Duration::from_millis(5);

const INPUTS: Inputs =
    Inputs { assurance: Assurance::Ia3, posture: None, risk: Some(1), conforms: Some(true) };

fn main() {
    let few = uncached(&Site::new(10, 100));
    let many = uncached(&Site::new(10_000, 20_000));
    let site = Site::new(1_000, 2_000);
    let (ours, kept, theirs) = (uncached(&site), cached(&site), cedar(&site));
    println!("a decision among {:>6} policies: {few:>12.2?}", 10);
    println!("a decision among {:>6} policies: {ours:>12.2?}", 1_000);
    println!("a decision among {:>6} policies: {many:>12.2?}", 10_000);
    println!("a decision that is kept:          {kept:>12.2?}");
    println!("cedar among       1000 policies: {theirs:>12.2?}");
    let (compile, pairs, whole) = whole_site(&site);
    println!("1,000 policies validated and compiled: {compile:.2?}");
    println!("2,000 devices, {pairs} pairs:          {whole:.2?}");
    let device = one_device(&site);
    println!("one device that changes:               {device:.2?}");
    let ratio = |one: Duration, other: Duration| one.as_secs_f64() / other.as_secs_f64();
    println!(
        "cedar : not kept {:.0}, cedar : kept {:.0}, cedar : not kept among 10,000 {:.0}",
        ratio(theirs, ours),
        ratio(theirs, kept),
        ratio(theirs, many)
    );
    assert!(ratio(theirs, ours) >= GATE_UNCACHED, "at least {GATE_UNCACHED} times wanted");
    assert!(ratio(theirs, kept) >= GATE_CACHED, "at least {GATE_CACHED} times wanted");
    assert!(ratio(theirs, many) >= GATE_MANY, "at least {GATE_MANY} times wanted");
    assert!(whole <= GATE_SITE, "{GATE_SITE:?} allowed");
    assert!(device <= GATE_DEVICE, "{GATE_DEVICE:?} allowed");
}

/// The middle of several runs, for one of `count` things done in each.
fn middle(count: usize, mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    *times.get(ROUNDS / 2).unwrap() / u32::try_from(count).unwrap()
}

fn uncached(site: &Site) -> Duration {
    let requests = site.requests(1_000);
    middle(requests.len(), || {
        for request in &requests {
            let moment = Moment::default();
            black_box(site.policies.decide(&site.directory, request, &INPUTS, &moment, &[]));
        }
    })
}

fn cached(site: &Site) -> Duration {
    let moment = Moment::default();
    let basis = Basis {
        policies: &site.policies,
        directory: &site.directory,
        inputs: &INPUTS,
        moment: &moment,
        permits: &[],
    };
    let lasting = |request: &Request| {
        let mut cache = DecisionCache::new(Seed::new(7));
        let first = cache.decide(1, request, basis);
        std::sync::Arc::ptr_eq(&first, &cache.decide(1, request, basis))
    };
    let requests: Vec<Request> = site.requests(4_000).into_iter().filter(lasting).take(1_000).collect();
    let mut cache = DecisionCache::new(Seed::new(7));
    middle(requests.len() * 100, || {
        for request in requests.iter().cycle().take(requests.len() * 100) {
            black_box(cache.decide(1, request, basis));
        }
    })
}

fn cedar(site: &Site) -> Duration {
    let cedar = cedar::Cedar::new(&site.text);
    let requests: Vec<_> = site.requests(50).iter().map(|request| cedar::question(site, request)).collect();
    middle(requests.len(), || {
        for (request, entities) in &requests {
            black_box(cedar.ask(request, entities));
        }
    })
}

/// Compiling, and judging every pair a policy could connect.
fn whole_site(site: &Site) -> (Duration, usize, Duration) {
    let compile = middle(1, || {
        black_box(Policies::compile(&site.repository).unwrap_or_default());
    });
    let mut pairs = 0;
    let whole = middle(1, || {
        let directory = Directory::from_inventory(site.repository.inventory());
        pairs = directory.devices().map(|device| own_pairs(site, &directory, device)).sum();
    });
    (compile, pairs, whole)
}

fn own_pairs(site: &Site, directory: &Directory, device: &DeviceName) -> usize {
    let services = site.policies.services_of(directory, device);
    for service in &services {
        black_box(site.policies.connection(directory, device, service, &INPUTS, &Moment::default(), &[]));
    }
    services.len()
}

fn one_device(site: &Site) -> Duration {
    let mut directory = site.directory.clone();
    let devices: Vec<_> = site.repository.inventory().devices.values().step_by(20).collect();
    middle(devices.len(), || {
        for device in &devices {
            directory.upsert(device);
            own_pairs(site, &directory, &device.name);
            for (client, service) in site.policies.clients_of(&directory, &device.name) {
                black_box(site.policies.connection(
                    &directory,
                    &client,
                    &service,
                    &INPUTS,
                    &Moment::default(),
                    &[],
                ));
            }
        }
    })
}
