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

/// Runs of which the quickest counts.
const ROUNDS: usize = 15;
/// Decisions of a round.
const QUESTIONS: usize = 1_000;
/// Of them, timed together.
const TOGETHER: usize = 50;
/// A decision among 10,000 policies takes at most this many times longer than the same among 10.
const GATE_GROWTH: f64 = 2.0;
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
    let site = Site::new(1_000, 2_000);
    let ([ten, thousand, many], [_, spread, many_spread]) = growth();
    println!("a decision among       10 policies: {ten:>9.2?}");
    println!("the same among      1,000 policies: {thousand:>9.2?}, all over the site {spread:.2?}");
    println!("the same among     10,000 policies: {many:>9.2?}, all over the site {many_spread:.2?}");
    let (kept, theirs) = (cached(&site), cedar(&site));
    println!("a decision that is kept:            {kept:>9.2?}");
    println!("cedar among         1,000 policies: {theirs:>9.2?}");
    let (compile, pairs, all) = whole_site(&site);
    println!("1,000 policies validated and compiled: {compile:.2?}");
    println!("2,000 devices, {pairs} pairs:          {all:.2?}");
    let device = one_device(&site);
    println!("one device that changes:               {device:.2?}");
    at_most("of 10,000 to 10 policies, the same requests", ratio(many, ten), GATE_GROWTH);
    at_least("of Cedar to a decision that is not kept", ratio(theirs, spread), GATE_UNCACHED);
    at_least("of Cedar to one not kept among 10,000", ratio(theirs, many_spread), GATE_MANY);
    at_least("of Cedar to one that is kept", ratio(theirs, kept), GATE_CACHED);
    assert!(all <= GATE_SITE, "{GATE_SITE:?} allowed");
    assert!(device <= GATE_DEVICE, "{GATE_DEVICE:?} allowed");
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

fn at_least(what: &str, ratio: f64, gate: f64) {
    println!("ratio {what}: {ratio:.1}");
    assert!(ratio >= gate, "{what}: at least {gate} wanted");
}

fn at_most(what: &str, ratio: f64, gate: f64) {
    println!("ratio {what}: {ratio:.2}");
    assert!(ratio <= gate, "{what}: at most {gate} allowed");
}

/// The quickest of several runs, for one of `count` things done in each: what else runs only adds to it.
fn quickest(count: usize, mut run: impl FnMut()) -> Duration {
    let times = (0..ROUNDS).map(|_| timed(&mut run));
    times.min().unwrap() / u32::try_from(count).unwrap()
}

fn timed(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

/// A decision that is not kept among 10, 1,000 and 10,000 policies of a site of 20,000 devices: the same requests to each,
/// and requests all over it.
fn growth() -> ([Duration; 3], [Duration; 3]) {
    let sites = [10, 1_000, 10_000].map(|policies| Site::new(policies, 20_000));
    let line = sites.each_ref().map(|site| uncached(site, &site.requests_of_a_line(QUESTIONS)));
    let whole = sites.each_ref().map(|site| uncached(site, &site.requests(QUESTIONS)));
    (line, whole)
}

/// The mean over all requests. Few are timed together, so that some round of each few is interrupted by nothing.
fn uncached(site: &Site, requests: &[Request]) -> Duration {
    let mut best = vec![Duration::MAX; requests.len().div_ceil(TOGETHER)];
    for _ in 0..ROUNDS {
        for (best, few) in best.iter_mut().zip(requests.chunks(TOGETHER)) {
            *best = timed(|| decide(site, few)).min(*best);
        }
    }
    best.iter().sum::<Duration>() / u32::try_from(requests.len()).unwrap()
}

fn decide(site: &Site, requests: &[Request]) {
    for request in requests {
        black_box(site.policies.decide(&site.directory, request, &INPUTS, &Moment::default(), &[]));
    }
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
    quickest(requests.len() * 100, || {
        for request in requests.iter().cycle().take(requests.len() * 100) {
            black_box(cache.decide(1, request, basis));
        }
    })
}

fn cedar(site: &Site) -> Duration {
    let cedar = cedar::Cedar::new(&site.text);
    let requests: Vec<_> = site.requests(50).iter().map(|request| cedar::question(site, request)).collect();
    quickest(requests.len(), || {
        for (request, entities) in &requests {
            black_box(cedar.ask(request, entities));
        }
    })
}

/// Compiling, and judging every pair a policy could connect.
fn whole_site(site: &Site) -> (Duration, usize, Duration) {
    let compile = quickest(1, || {
        black_box(Policies::compile(&site.repository).unwrap_or_default());
    });
    let mut pairs = 0;
    let whole = quickest(1, || {
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
    quickest(devices.len(), || {
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
