//! Windows, modes of zones, and emergencies: opened, closed and set off with nobody to ask.

use crate::plant::{Plant, at, calendar, inventory_with_calendar, name, settings, with_calendar};
use nullius_engine::{
    Act, Actor, Alarm, Command, EmergencyAct, EmergencyEnd, EmergencyScope, ModeCause, Now, Refusal,
    Settings, Standing, WindowAct, WindowEnd,
};
use nullius_model::{Mode, SmolStr, Terms, Timestamp};
use nullius_policy::calendar::Schedule;
use nullius_policy::inventory::{Window, ZoneClass};
use std::collections::BTreeSet;
use std::time::Duration;

const SHELL: u16 = 22;

fn minute(minute: u64) -> u64 {
    minute * 60
}

fn mode(mode: Mode, zone: &str) -> Command {
    let zone = Some(SmolStr::new(zone)).filter(|zone| !zone.is_empty());
    Command::Mode { mode, zone, reason: SmolStr::new("shift") }
}

fn trigger(profile: &str) -> Command {
    Command::Emergency {
        profile: SmolStr::new(profile),
        made: None,
        approvers: BTreeSet::new(),
        reason: SmolStr::new("smoke"),
    }
}

fn arm(profile: &str) -> Command {
    Command::ArmEmergency { profile: SmolStr::new(profile), reason: SmolStr::new("drill is over") }
}

fn mode_of(plant: &Plant, zone: &str) -> (Mode, ModeCause) {
    let found = plant.gateway.zones().find(|view| view.name == zone).unwrap();
    (found.mode.mode, found.mode.cause)
}

fn works(plant: &Plant) -> Option<Terms> {
    plant.access("hist", "plc1", SHELL)
}

fn rescues(plant: &Plant) -> Option<Terms> {
    plant.access("vendor", "plc1", SHELL)
}

#[test]
fn a_window_opens_and_closes_on_its_instant_and_the_packet_path_knows_its_end() {
    let mut plant = Plant::with_calendar(0);
    plant.pass(minute(5) - 1);
    assert_eq!(works(&plant), None);
    plant.pass(minute(5));
    // the inner window ends the mode at 00:08, so the packet path is told that
    assert_eq!(works(&plant), Some(Terms::ACCEPT.until(at(minute(8)).uptime)));
    assert_eq!(mode_of(&plant, "cell"), (Mode::Maintenance, ModeCause::Window(SmolStr::new("service"))));
    assert_eq!(mode_of(&plant, "ops").0, Mode::Normal, "the window is that of one zone");
    plant.pass(minute(8));
    assert_eq!(works(&plant), None, "the window that opened last counts");
    plant.pass(minute(12));
    assert_eq!(works(&plant), Some(Terms::ACCEPT.until(at(minute(15)).uptime)));
    plant.pass(minute(15));
    assert_eq!(works(&plant), None);
    assert_eq!(mode_of(&plant, "cell"), (Mode::Normal, ModeCause::Site));
    plant.pass(minute(24 * 60 + 5));
    assert!(works(&plant).is_some(), "and again the next day");
}

#[test]
fn a_change_of_mode_judges_only_pairs_whose_policies_look_at_it() {
    let mut plant = Plant::with_calendar(0);
    let all = plant.gateway.status().judged;
    let reply = plant.tell(mode(Mode::Maintenance, "cell"), 1).unwrap();
    assert!(reply.judged > 0 && reply.judged <= 8, "{} of {all}", reply.judged);
    let reply = plant.tell(mode(Mode::Maintenance, "iot"), 1).unwrap();
    assert_eq!(reply.judged, 0, "no policy looks at the mode there");
}

#[test]
fn nothing_is_evaluated_between_two_changes_of_the_calendar() {
    let mut plant = Plant::with_calendar(0);
    plant.pass(minute(5));
    let before = plant.records.len();
    for second in 1..60 {
        plant.pass(minute(5) + second);
    }
    assert_eq!(plant.records.len(), before);
}

#[test]
fn a_window_that_began_while_nobody_was_there_opens_if_it_is_not_over() {
    let plant = Plant::with_calendar(minute(6));
    assert!(works(&plant).is_some());
    let opened = plant.records.iter().find_map(|record| {
        let Act::Window { act: WindowAct::Opened { opened, .. }, .. } = &record.act else { return None };
        Some(*opened)
    });
    assert_eq!(opened, Some(at(minute(5)).wall), "the record says when it should have opened");
    let late = Plant::with_calendar(minute(15));
    assert_eq!(works(&late), None);
    // another boot, and still in time
    let standing = Plant::with_calendar(minute(6)).saved;
    let again = Plant::under(with_calendar(), settings("boot-2"), standing, at(minute(7)));
    assert!(works(&again).is_some());
}

#[test]
fn a_wall_clock_that_is_set_back_neither_reopens_a_window_nor_keeps_one_open() {
    let mut plant = Plant::with_calendar(minute(13));
    assert!(works(&plant).is_some());
    let back = |uptime: u64, wall: u64| Now { uptime: at(uptime).uptime, wall: at(wall).wall };
    // an hour back while it is open: the two minutes it had are two minutes
    for uptime in [minute(13) + 1, minute(14), minute(15) - 1] {
        plant.gateway.handle_timeout(back(uptime, uptime - minute(10)));
        plant.drain(back(uptime, uptime - minute(10)));
        assert!(works(&plant).is_some(), "{uptime}");
    }
    for uptime in [minute(15), minute(16), minute(17)] {
        let now = back(uptime, uptime - minute(10));
        plant.gateway.handle_timeout(now);
        plant.drain(now);
        assert_eq!(works(&plant), None, "{uptime}");
    }
    // and no restart brings it back, neither in this boot nor in the next
    for boot in ["boot-1", "boot-2"] {
        let now = back(minute(18), minute(6));
        let again = Plant::under(with_calendar(), settings(boot), plant.saved.clone(), now);
        assert_eq!(works(&again), None, "{boot}");
    }
}

#[test]
fn a_policy_that_no_longer_declares_the_window_closes_it() {
    let mut plant = Plant::with_calendar(minute(6));
    let mut inventory = inventory_with_calendar();
    inventory.windows.clear();
    plant.gateway.handle_policy(calendar(2, inventory), at(minute(7)));
    plant.drain(at(minute(7)));
    assert_eq!(works(&plant), None);
    let changed = |act: &Act| matches!(act, Act::Window { act: WindowAct::Closed(WindowEnd::Changed), .. });
    assert!(plant.records.iter().any(|record| changed(&record.act)));
}

#[test]
fn the_night_the_clock_goes_back_the_window_is_open_for_its_minutes() {
    let mut inventory = inventory_with_calendar();
    let hour = Duration::from_secs(3_600);
    let schedule =
        Schedule::new("2026-01-04T02:30", "Europe/Berlin", Some("FREQ=WEEKLY;BYDAY=SU"), hour).unwrap();
    let zones = BTreeSet::from([SmolStr::new("cell")]);
    let window = Window { zones, schedule, mode: Mode::Maintenance };
    inventory.windows = [(SmolStr::new("night"), window)].into();
    let version = calendar(1, inventory);
    // 2026-10-25T00:29:59Z is 02:29:59 in Berlin, for the first time
    let before: u64 = 1_792_888_199;
    let now = |secs: u64| Now { uptime: at(100 + secs).uptime, wall: Timestamp::from_secs(before + secs) };
    let mut plant = Plant::under(version, settings("boot-1"), Standing::default(), now(0));
    for (secs, open) in [(0, false), (1, true), (3_600, true), (3_601, false), (7_201, false)] {
        plant.gateway.handle_timeout(now(secs));
        plant.drain(now(secs));
        assert_eq!(works(&plant).is_some(), open, "{secs}");
    }
}

#[test]
fn what_people_say_of_a_zone_wins_over_its_window_until_they_take_it_back() {
    let mut plant = Plant::with_calendar(minute(6));
    plant.tell(mode(Mode::Normal, "cell"), minute(6)).unwrap();
    assert_eq!(works(&plant), None);
    let clear = |zone| Command::ClearMode { zone: SmolStr::new(zone), reason: SmolStr::new("done") };
    assert_eq!(plant.tell(clear("ops"), minute(6)), Err(Refusal::NoMode(SmolStr::new("ops"))));
    let told = plant.tell(clear("cell"), minute(6) + 4);
    assert_eq!(told, Err(Refusal::ModeJustSet(Duration::from_secs(6))));
    plant.tell(clear("cell"), minute(6) + 10).unwrap();
    assert!(works(&plant).is_some());
    assert_eq!(
        plant.tell(mode(Mode::Normal, "office"), 999),
        Err(Refusal::UnknownZone(SmolStr::new("office")))
    );
    assert_eq!(plant.tell(mode(Mode::Emergency, ""), 999), Err(Refusal::EmergencyIsSetOff));
}

#[test]
fn an_emergency_is_in_force_at_once_ends_alone_and_must_be_armed_again() {
    let mut plant = Plant::with_calendar(0);
    plant.tell(trigger("fire"), 10).unwrap();
    assert_eq!(rescues(&plant), Some(Terms::ACCEPT.until(at(130).uptime)));
    assert!(matches!(plant.alarms.as_slice(), [Alarm::Emergency { seconds: 120, .. }]), "{:?}", plant.alarms);
    // the button is held down
    for secs in 11..130 {
        plant.pass(secs);
        assert_eq!(plant.tell(trigger("fire"), secs), Err(Refusal::EmergencyOn(SmolStr::new("fire"))));
    }
    let told = plant.alarms.iter().filter(|alarm| matches!(alarm, Alarm::EmergencyRefused { .. })).count();
    assert_eq!(told, 12, "once in ten seconds");
    plant.pass(130);
    assert_eq!(rescues(&plant), None);
    assert!(matches!(plant.alarms.last(), Some(Alarm::EmergencyEnded { .. })), "{:?}", plant.alarms);
    assert_eq!(plant.tell(trigger("fire"), 131), Err(Refusal::NotArmed(SmolStr::new("fire"))));
    let resting = Refusal::Resting { profile: SmolStr::new("fire"), left: Duration::from_secs(28) };
    assert_eq!(plant.tell(arm("fire"), 132), Err(resting));
    plant.tell(arm("fire"), 160).unwrap();
    assert_eq!(plant.tell(arm("fire"), 161), Err(Refusal::Armed(SmolStr::new("fire"))));
    plant.tell(trigger("fire"), 162).unwrap();
    assert!(rescues(&plant).is_some());
}

#[test]
fn an_emergency_survives_a_restart_with_what_it_has_left_and_no_reboot() {
    let mut plant = Plant::with_calendar(0);
    plant.tell(trigger("fire"), 10).unwrap();
    let mut again = Plant::under(with_calendar(), settings("boot-1"), plant.saved.clone(), at(100));
    assert_eq!(rescues(&again), Some(Terms::ACCEPT.until(at(130).uptime)));
    again.pass(130);
    assert_eq!(rescues(&again), None);
    let mut other = Plant::under(with_calendar(), settings("boot-2"), plant.saved, at(20));
    assert_eq!(rescues(&other), None);
    let rebooted =
        |act: &Act| matches!(act, Act::Emergency { act: EmergencyAct::Ended(EmergencyEnd::Rebooted), .. });
    assert!(other.records.iter().any(|record| rebooted(&record.act)));
    assert_eq!(other.tell(trigger("fire"), 21), Err(Refusal::NotArmed(SmolStr::new("fire"))));
    assert!(matches!(other.tell(arm("fire"), 22), Err(Refusal::Resting { .. })));
}

#[test]
fn where_it_takes_two_people_a_second_other_one_confirms_within_a_minute() {
    let mut plant = Plant::with_calendar(0);
    let mut tell = |who: &str, secs| {
        let reply = plant.gateway.handle_command(trigger("leak"), &Actor(SmolStr::new(who)), at(secs));
        plant.drain(at(secs));
        (reply, rescues(&plant).is_some())
    };
    let (asked, live) = tell("anna", 10);
    assert_eq!((asked.unwrap().awaits, live), (Some(at(70).uptime), false));
    assert_eq!(tell("anna", 20).0, Err(Refusal::TakesAnother(SmolStr::new("leak"))));
    // too late: the second is the first
    assert!(tell("bert", 71).0.unwrap().awaits.is_some());
    let (confirmed, live) = tell("anna", 80);
    assert_eq!((confirmed.unwrap().awaits, live), (None, true));
    let people = plant.records.iter().find_map(|record| {
        let Act::Emergency { act: EmergencyAct::SetOff { people, .. }, .. } = &record.act else {
            return None;
        };
        Some(people.clone())
    });
    assert_eq!(people, Some(["anna", "bert"].map(SmolStr::new).into()));
}

#[test]
fn an_order_that_travelled_has_spent_its_time_and_a_person_ends_what_is_in_force() {
    let mut plant = Plant::with_calendar(0);
    let order = |made: u64| Command::Emergency {
        profile: SmolStr::new("leak"),
        made: Some(at(made).wall),
        approvers: BTreeSet::from([SmolStr::new("bert")]),
        reason: SmolStr::new("ordered"),
    };
    assert_eq!(plant.tell(order(0), 120), Err(Refusal::EmergencyTooOld(SmolStr::new("leak"))));
    plant.tell(order(100), 150).unwrap();
    assert_eq!(rescues(&plant), Some(Terms::ACCEPT.until(at(220).uptime)));
    let end = |zone| Command::EndEmergency {
        scope: EmergencyScope::Zone(SmolStr::new(zone)),
        reason: SmolStr::new("out"),
    };
    assert_eq!(plant.tell(end("iot"), 151), Err(Refusal::NoEmergency));
    plant.tell(end("cell"), 152).unwrap();
    assert_eq!(rescues(&plant), None);
}

#[test]
fn a_zone_that_protects_people_has_no_emergency_even_where_a_profile_names_it() {
    let mut inventory = inventory_with_calendar();
    inventory.zones.get_mut("cell").unwrap().class = ZoneClass::Safety;
    let version = calendar(1, inventory);
    let mut plant = Plant::under(version, settings("boot-1"), Standing::default(), at(0));
    plant.tell(trigger("fire"), 10).unwrap();
    assert_eq!(rescues(&plant), None);
    assert_eq!(mode_of(&plant, "ops").0, Mode::Emergency);
}

#[test]
fn a_port_of_another_gateway_is_none_here() {
    let mut inventory = inventory_with_calendar();
    for device in ["plc1", "hmi"] {
        inventory.devices.get_mut(&name(device)).unwrap().gateway = Some(SmolStr::new("gw2"));
    }
    let named = |name: &str| Settings { name: SmolStr::new(name), ..settings("boot-1") };
    for (gateway, bound) in [("gw1", false), ("", false), ("gw2", true)] {
        let version = calendar(1, inventory.clone());
        let plant = Plant::under(version, named(gateway), Standing::default(), at(0));
        let place = plant.gateway.device(&name("plc1")).unwrap().place;
        assert_eq!(place.is_some(), bound, "{gateway}");
        assert!(plant.gateway.device(&name("plc2")).unwrap().place.is_some(), "{gateway}");
    }
}
