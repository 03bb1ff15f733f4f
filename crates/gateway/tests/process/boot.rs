//! Starting: before the network, after damage, after a revocation.

use crate::plant::{Plant, damage, epoch, is_ok, run, services};
use nullius_enforce::{Kernel, Layout};
use nullius_model::Rule;
use nullius_protocol::local::{Answer, Body, Command};
use std::fs;

/// A gateway that has taken two policies and is dead.
fn used(name: &str) -> Plant {
    let mut plant = Plant::new(name);
    plant.start();
    assert!(is_ok(plant.apply(1, 1001).as_ref()));
    assert!(is_ok(plant.apply(2, 1002).as_ref()));
    plant.kill();
    plant
}

#[test]
fn a_first_start_denies_everything_until_there_is_a_policy() {
    let mut plant = Plant::new("first");
    plant.start();
    let installed = plant.installed();
    let of_a_port = |rule: &Rule| matches!(rule, Rule::OnboardingPort(_) | Rule::WatchedPort(_));
    assert!(installed.skeleton_intact && installed.rules.keys().all(of_a_port), "{:?}", installed.rules);
    assert!(is_ok(plant.apply(1, 1001).as_ref()));
    let installed = plant.installed();
    assert_eq!(installed.marker.unwrap().epoch, epoch(1));
    assert_eq!(services(&installed), [1001]);
}

#[test]
fn the_last_known_good_policy_is_in_force_before_any_port_exists() {
    let used = used("boot");
    let before = used.installed();
    // another machine start: an empty kernel, no interface, the same disk
    let booted = Plant::without_ports("booted");
    fs::rename(used.path("state"), booted.path("state")).unwrap();
    assert!(!booted.installed().skeleton_intact);
    assert!(booted.load().success());
    let after = booted.installed();
    assert!(after.skeleton_intact);
    assert_eq!((after.marker, services(&after)), (before.marker, vec![1002]));
}

#[test]
fn a_damaged_bundle_gives_way_to_the_one_before_and_an_alarm() {
    let mut plant = used("damaged");
    damage(&plant.path("state/bundles/1.2.cose"));
    plant.start();
    let installed = plant.installed();
    assert_eq!((installed.marker.unwrap().epoch, services(&installed)), (epoch(1), vec![1001]));
    let Answer::Ok(body) = plant.ask(Command::Alarms) else { panic!("no alarms") };
    let Body::Alarms(alarms) = *body else { panic!("no alarms") };
    assert_eq!(alarms[0].kind, "store-damaged");
    assert!(alarms[0].text.contains("bundle 1.1 is in force instead"), "{}", alarms[0].text);
    // what is damaged was taken once, so nothing at or below it comes again
    assert!(!is_ok(plant.apply(2, 1002).as_ref()));
    assert!(is_ok(plant.apply(3, 1003).as_ref()));
}

#[test]
fn without_any_usable_bundle_everything_is_denied() {
    let mut plant = used("unusable");
    for bundle in ["state/bundles/1.1.cose", "state/bundles/1.2.cose"] {
        damage(&plant.path(bundle));
    }
    plant.start();
    let installed = plant.installed();
    assert!(installed.skeleton_intact && services(&installed).is_empty());
    assert!(plant.audit().contains("no other bundle is usable: everything is denied"));
}

#[test]
fn a_lost_pointer_is_damage_and_no_first_start() {
    let mut plant = used("pointer");
    fs::write(plant.path("state/current"), "nonsense").unwrap();
    plant.start();
    assert_eq!(services(&plant.installed()), [1002]);
    assert!(plant.audit().contains("store-damaged"));
}

#[test]
fn damaged_keys_keep_what_the_kernel_has_and_deny_after_a_boot() {
    let plant = used("keys");
    fs::write(plant.path("state/trusted.pub"), "nonsense").unwrap();
    assert!(!plant.load().success());
    assert_eq!(services(&plant.installed()), [1002]);
    let booted = Plant::without_ports("keys-booted");
    fs::rename(plant.path("state"), booted.path("state")).unwrap();
    assert!(!booted.load().success());
    let installed = booted.installed();
    let of_a_port = |rule: &Rule| matches!(rule, Rule::OnboardingPort(_) | Rule::WatchedPort(_));
    assert!(installed.skeleton_intact && installed.rules.keys().all(of_a_port), "{:?}", installed.rules);
}

#[test]
fn a_revocation_survives_a_kill_and_a_damaged_standing() {
    let mut plant = used("revoked");
    plant.start();
    let revoke = Command::Revoke { device: "hmi".into(), reason: "stolen".into() };
    assert!(is_ok(Some(&plant.ask(revoke))));
    assert!(services(&plant.installed()).is_empty());
    plant.kill();
    plant.start();
    assert!(services(&plant.installed()).is_empty());
    plant.kill();
    fs::write(plant.path("state/standing.json"), "{}").unwrap();
    plant.start();
    assert!(services(&plant.installed()).is_empty(), "the history knows who is revoked");
    plant.kill();
    // with nothing left that could say who is revoked, nothing is loaded and nothing is opened
    fs::write(plant.path("state/standing.json"), "{}").unwrap();
    fs::remove_file(plant.path("state/history.jsonl")).unwrap();
    assert!(!plant.load().success());
    assert!(services(&plant.installed()).is_empty());
}

#[test]
fn another_bridge_that_the_rules_judge_as_well_is_told_in_the_status() {
    let mut plant = Plant::new("bridges");
    plant.start();
    let troubles = |plant: &Plant| {
        let Answer::Ok(body) = plant.ask(Command::Status) else { panic!("no status") };
        let Body::Status(status) = *body else { panic!("no status") };
        status.troubles
    };
    assert!(troubles(&plant).is_empty(), "{:?}", troubles(&plant));
    run("ip", &["link", "add", "docker0", "type", "bridge"]);
    let told: Vec<String> =
        troubles(&plant).into_iter().filter(|trouble| trouble.contains("judge docker0 as well")).collect();
    let tells_apart = Kernel::open(Layout::default()).unwrap().tells_bridges_apart();
    assert_eq!(told.len(), usize::from(!tells_apart), "{told:?}");
}
