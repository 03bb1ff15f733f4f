//! Verdicts that time changes, and how many are judged for what.

use crate::plant::{POLICIES, Plant, at, name, version};
use nullius_engine::{Alarm, Command, Now};
use nullius_model::{Mode, SmolStr, Terms, Timestamp};
use std::time::Duration;

const SHELL: u16 = 22;

fn assess(device: &str, posture: Option<bool>, risk: Option<u8>) -> Command {
    Command::Assess { device: name(device), posture, risk, conforms: None }
}

#[test]
fn a_change_of_one_device_judges_what_it_may_use_and_no_more() {
    let mut plant = Plant::new();
    let everything = plant.gateway.status().judged;
    for (device, uses) in [("hmi", 7), ("plc1", 0), ("vendor", 1)] {
        let reply = plant.tell(assess(device, Some(true), None), 1).unwrap();
        assert!(reply.judged <= uses, "{device}: {} of {everything}", reply.judged);
        assert!(uses == 0 || reply.judged > 0, "{device}");
    }
}

#[test]
fn a_posture_grows_old_and_the_packet_path_knows_when() {
    let mut plant = Plant::new();
    assert_eq!(plant.access("vendor", "cam1", SHELL), None);
    plant.tell(assess("vendor", Some(true), None), 10).unwrap();
    let first = plant.access("vendor", "cam1", SHELL).unwrap().ends.unwrap();
    assert!((at(70).uptime..=at(71).uptime).contains(&first), "{first}");
    // seen again: another end, long before the first is over
    plant.tell(assess("vendor", Some(true), None), 40).unwrap();
    let second = plant.access("vendor", "cam1", SHELL).unwrap().ends.unwrap();
    assert_eq!(second.since(first), Duration::from_secs(30));
    let changes = plant.changes;
    plant.pass(99);
    assert_eq!(plant.access("vendor", "cam1", SHELL).unwrap().ends, Some(second));
    assert_eq!(plant.changes, changes);
    plant.pass(second.since_boot().as_secs());
    assert_eq!(plant.access("vendor", "cam1", SHELL), None);
    // what is found bad helps nobody, and what is unknown neither
    for posture in [Some(false), None] {
        plant.tell(assess("vendor", posture, None), 103).unwrap();
        assert_eq!(plant.access("vendor", "cam1", SHELL), None);
    }
}

#[test]
fn office_hours_open_and_close_on_the_minute() {
    let mut plant = Plant::new();
    let minute = |minute: u64| minute * 60;
    plant.pass(minute(480) - 1);
    assert_eq!(plant.access("hist", "hmi", SHELL), None);
    plant.pass(minute(480) + 1);
    let open = plant.access("hist", "hmi", SHELL).unwrap();
    assert_eq!(open, Terms::ACCEPT.until(at(minute(1020)).uptime));
    plant.pass(minute(1020) + 1);
    assert_eq!(plant.access("hist", "hmi", SHELL), None);
}

#[test]
fn a_wall_clock_that_is_set_is_told_and_what_hangs_on_it_judged_anew() {
    let mut plant = Plant::new();
    let now = Now { uptime: at(1).uptime, wall: at(500 * 60).wall };
    plant.gateway.handle_timeout(now);
    plant.drain(now);
    assert_eq!(plant.alarms, [Alarm::ClockStepped { seconds: 500 * 60 - 1 }]);
    assert!(plant.access("hist", "hmi", SHELL).is_some());
    let back = Now { uptime: at(2).uptime, wall: Timestamp::from_secs(at(2).wall.as_secs()) };
    plant.gateway.handle_timeout(back);
    plant.drain(back);
    assert_eq!(plant.access("hist", "hmi", SHELL), None);
}

#[test]
fn a_mode_opens_what_policy_ties_to_it() {
    let mut plant = Plant::new();
    let before = plant.kernel.clone();
    let mode = |mode| Command::Mode { mode, zone: None, reason: SmolStr::new("shift") };
    plant.tell(mode(Mode::Maintenance), 1).unwrap();
    assert_eq!(plant.access("hist", "plc1", SHELL), Some(Terms::ACCEPT));
    plant.tell(mode(Mode::Normal), 2).unwrap_err();
    plant.tell(mode(Mode::Normal), 11).unwrap();
    assert_eq!(plant.kernel, before);
}

#[test]
fn a_policy_that_changes_no_rule_sends_its_marker_alone() {
    let mut plant = Plant::new();
    let (changes, before) = (plant.changes, plant.kernel.clone());
    plant.gateway.handle_policy(version(2, POLICIES), at(1));
    plant.drain(at(1));
    assert_eq!((plant.changes, &plant.kernel), (changes + 1, &before));
    plant.gateway.handle_policy(version(3, ""), at(2));
    plant.drain(at(2));
    assert_eq!(plant.changes, changes + 2);
    assert_eq!(plant.access("hmi", "plc1", SHELL), None);
}
