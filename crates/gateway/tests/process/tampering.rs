//! Somebody with root changes the kernel behind the gateway's back: repaired and told within five seconds.

use crate::plant::{Plant, is_ok, run, services};

#[test]
fn a_table_that_was_deleted_is_back_and_an_alarm_says_so() {
    let mut plant = Plant::new("deleted");
    plant.start();
    run("nft", &["delete", "table", "bridge", "nullius"]);
    plant.wait_until("everything is denied again", |plant| plant.installed().skeleton_intact);
    assert!(is_ok(plant.apply(1, 1001).as_ref()));
    run("nft", &["delete", "table", "bridge", "nullius"]);
    plant.wait_until("the rules are back", |plant| services(&plant.installed()) == [1001]);
    plant.wait_until("it is told", |plant| plant.audit().contains("\"repaired\""));
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

#[test]
fn a_filter_that_leads_past_the_rules_is_told() {
    let mut plant = Plant::new("bypass");
    plant.start();
    assert!(is_ok(plant.apply(1, 1001).as_ref()));
    run("tc", &["qdisc", "add", "dev", "p1", "clsact"]);
    let redirect =
        "filter add dev p1 ingress protocol all u32 match u32 0 0 action mirred egress redirect dev p2";
    run("tc", &redirect.split(' ').collect::<Vec<_>>());
    plant.wait_until("it is told", |plant| plant.audit().contains("bypassed by"));
}
