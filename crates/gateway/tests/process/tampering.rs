//! Somebody with root changes the kernel behind the gateway's back: repaired and told within five seconds.

use crate::plant::{Plant, is_ok, run, services};
use nullius_gateway::{Clock as _, SystemClock};
use nullius_model::Uptime;
use nullius_protocol::local::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long tampering may last.
const WITHIN: Duration = Duration::from_secs(5);

fn now() -> Uptime {
    SystemClock.now().uptime
}

/// Does what root can do with `nft` or `tc`, and waits until the audit has a line more with `word` in it.
fn tamper(plant: &Plant, word: &str, program: &str, arguments: &str) {
    let told = |plant: &Plant| plant.audit().lines().filter(|line| line.contains(word)).count();
    let before = told(plant);
    run(program, &arguments.split(' ').collect::<Vec<_>>());
    let start = now();
    plant.wait_until("it is told", |plant| told(plant) > before);
    let took = now().since(start);
    assert!(took <= WITHIN, "{arguments}: {took:?}");
}

#[test]
fn whatever_was_taken_away_is_back_within_five_seconds() {
    let mut plant = Plant::new("deleted");
    plant.start();
    tamper(&plant, "alarm-drift", "nft", "delete table bridge nullius");
    assert!(plant.installed().skeleton_intact, "everything is denied again");
    assert!(is_ok(plant.apply(1, 1001).as_ref()));
    for change in [
        "delete table bridge nullius",
        "delete element bridge nullius known4 { 10.0.0.1 }",
        "flush set bridge nullius service4",
        "add element bridge nullius known4 { 10.0.0.9 }",
        "flush chain bridge nullius forward",
    ] {
        tamper(&plant, "\"repaired\"", "nft", change);
        let installed = plant.installed();
        assert!(installed.skeleton_intact && services(&installed) == [1001], "{change}: {installed:?}");
    }
}

#[test]
fn what_leads_past_the_rules_is_told_within_five_seconds() {
    let mut plant = Plant::new("bypass");
    plant.start();
    assert!(is_ok(plant.apply(1, 1001).as_ref()));
    run("nft", &["add", "table", "bridge", "earlier"]);
    let chain = "add chain bridge earlier forward { type filter hook forward priority -300; }";
    tamper(&plant, "chain forward of table bridge earlier", "nft", chain);
    run("tc", &["qdisc", "add", "dev", "p1", "clsact"]);
    let redirect =
        "filter add dev p1 ingress protocol all u32 match u32 0 0 action mirred egress redirect dev p2";
    tamper(&plant, "a tc filter", "tc", redirect);
}

#[test]
fn changes_of_our_own_that_never_cease_hide_nothing() {
    let mut plant = Plant::new("restless");
    plant.start();
    assert!(is_ok(plant.apply(1, 1001).as_ref()));
    let (ends, plant) = (AtomicBool::new(false), &plant);
    std::thread::scope(|scope| {
        let changes = scope.spawn(|| {
            let mut changes = 0_u64;
            while !ends.load(Ordering::Relaxed) && changes < 400 {
                assert!(is_ok(plant.try_ask(grant()).as_ref()));
                changes += 1;
                std::thread::sleep(Duration::from_millis(50));
            }
            changes
        });
        for change in [
            "delete element bridge nullius known4 { 10.0.0.1 }",
            "delete element bridge nullius known4 { 10.0.0.2 }",
        ] {
            tamper(plant, "\"repaired\"", "nft", change);
        }
        tamper(plant, "drift", "nft", "delete table bridge nullius");
        ends.store(true, Ordering::Relaxed);
        assert!(changes.join().unwrap() > 10);
    });
    assert!(repairs(plant) >= 2, "{}", plant.audit());
}

/// The other way round than the policy has it, for a second.
fn grant() -> Command {
    Command::GrantCreate {
        subject: "plc".into(),
        object: "hmi/page".into(),
        verbs: Vec::new(),
        seconds: 1,
        work_order: None,
        approvers: Vec::new(),
        reason: "a test".into(),
    }
}

fn repairs(plant: &Plant) -> usize {
    plant.audit().lines().filter(|line| line.contains("\"repaired\"")).count()
}

#[test]
fn what_nobody_changed_raises_no_alarm() {
    let mut plant = Plant::new("untouched");
    plant.start();
    assert!(is_ok(plant.apply(1, 1001).as_ref()));
    assert!(is_ok(plant.apply(2, 1002).as_ref()));
    // everything is read back within four seconds
    std::thread::sleep(std::time::Duration::from_secs(6));
    assert!(!plant.audit().contains("repaired"), "{}", plant.audit());
}
