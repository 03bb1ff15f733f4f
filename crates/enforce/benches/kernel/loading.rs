//! All rules at once, and one at a time, beside `nft -f` with the same elements.

use crate::node::Node;
use crate::rules::{SERVICES, service, services};
use crate::{Outcome, median, percentile};
use nullius_enforce::{Kernel, Layout};
use nullius_model::{Marker, Rule, RuleChange, RuleSet, Terms, Uptime};
use std::error::Error;
use std::fmt::Write as _;
use std::time::Instant;

const ROUNDS: usize = 5;
const CHANGES: u32 = 1_000;
/// `nft -f` takes at least this many times as long.
const LOAD_GATE: f64 = 3.0;
/// Seconds that the quickest of the rounds may take; the others had company on the machine.
const LOAD_SECONDS: f64 = 0.5;

#[expect(clippy::print_stdout, reason = "a bench prints its figures")]
pub(crate) fn bench() -> Outcome {
    let rules = services();
    let node = Node::new();
    let mut kernel = node.run(|| Kernel::open(Layout::default()))?;
    let text = std::env::temp_dir().join(format!("nullius-bench-{}.nft", std::process::id()));
    std::fs::write(&text, as_text(&rules)?)?;
    let [mut ours, mut again, mut theirs] = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        kernel.remove()?;
        ours.push(replace(&mut kernel, &rules)?);
        again.push(replace(&mut kernel, &rules)?);
        let line = format!("nft -f {}", text.display());
        theirs.push(timed(|| node.shell(&line)).0);
        node.shell("nft delete table bridge peer");
    }
    std::fs::remove_file(&text)?;
    let quickest = percentile(&mut ours, 0);
    let [ours, again, theirs] = [ours, again, theirs].map(median);
    println!("load {SERVICES} services into a new table: {ours:.3} s, at best {quickest:.3} s");
    println!("the same in place of as many: {again:.3} s");
    println!("`nft -f` with the same elements: {theirs:.3} s ({:.1} times ours)", theirs / ours);
    let mut changes = changes(&mut kernel)?;
    println!(
        "one change: p50 {:.0} µs, p95 {:.0} µs",
        percentile(&mut changes, 50),
        percentile(&mut changes, 95)
    );
    println!("read back: {:.3} s", timed(|| kernel.read_back(Uptime::default())).0);
    println!("peak memory: {}", peak_memory()?);
    let times = theirs / ours;
    let mut missed = Vec::new();
    if times < LOAD_GATE {
        missed.push(format!("nft takes only {times:.1} times as long"));
    }
    if quickest > LOAD_SECONDS {
        missed.push(format!("loading took {quickest:.3} s"));
    }
    Ok(missed)
}

fn replace(kernel: &mut Kernel, rules: &RuleSet) -> Result<f64, Box<dyn Error>> {
    let (seconds, applied) = timed(|| kernel.replace(rules, Marker::default(), Uptime::default()));
    applied?;
    Ok(seconds)
}

/// Microseconds of single services coming and going.
fn changes(kernel: &mut Kernel) -> Result<Vec<f64>, Box<dyn Error>> {
    let mut taken = Vec::new();
    for number in SERVICES..SERVICES + CHANGES {
        let add = RuleChange { remove: Vec::new(), add: vec![(service(number), Terms::ACCEPT)] };
        let remove = RuleChange { remove: vec![service(number)], add: Vec::new() };
        for change in [add, remove] {
            let (seconds, applied) = timed(|| kernel.change(&change, Marker::default(), Uptime::default()));
            applied?;
            taken.push(seconds * 1e6);
        }
    }
    Ok(taken)
}

#[expect(clippy::disallowed_methods, reason = "a bench measures")]
fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let done = work();
    (start.elapsed().as_secs_f64(), done)
}

/// The services alone, as `nft` reads them.
fn as_text(rules: &RuleSet) -> Result<String, std::fmt::Error> {
    let mut text = "table bridge peer { set service4 { \
        type ipv4_addr . ipv4_addr . inet_proto . inet_service; size 262144; elements = {"
        .to_owned();
    for rule in rules.keys() {
        let Rule::Service { client, server, channel: nullius_model::Channel::Tcp(port), .. } = rule else {
            continue;
        };
        write!(text, "{client} . {server} . tcp . {port}, ")?;
    }
    text.push_str("}\n}\n}\n");
    Ok(text)
}

fn peak_memory() -> Result<String, std::io::Error> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(peak.unwrap_or("unknown").trim().to_owned())
}
