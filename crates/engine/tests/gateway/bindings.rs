//! Who is where: doubles, strangers, unplugged cables, revocation.

use crate::plant::{HELD, OPEN, Plant, address, at, first, mac, name, port, port_of, settings};
use nullius_engine::{Alarm, Command, Gateway, Lifecycle, Refusal, Standing};
use nullius_model::{Assurance, Mac, Rule, SmolStr, Terms};
use std::net::IpAddr;

const SHELL: u16 = 22;
const MODBUS: u16 = 502;

fn revoke(device: &str) -> Command {
    Command::Revoke { device: name(device), reason: SmolStr::new("stolen") }
}

fn lifecycle(plant: &Plant, device: &str) -> Lifecycle {
    plant.gateway.device(&name(device)).unwrap().lifecycle
}

#[test]
fn a_declared_device_is_bound_before_it_sends_anything() {
    let plant = Plant::new();
    let hmi = plant.gateway.device(&name("hmi")).unwrap();
    assert_eq!((hmi.lifecycle, hmi.assurance), (Lifecycle::Active, Assurance::Ia2));
    assert_eq!(plant.access("hmi", "plc1", SHELL), Some(Terms::ACCEPT));
    assert_eq!(plant.access("hmi", "plc1", MODBUS), Some(Terms::DIVERT));
    assert_eq!(plant.access("plc1", "hmi", SHELL), None);
    let (low, high) = (address("hmi"), address("plc1"));
    assert!(plant.kernel.contains_key(&Rule::Neighbours(low, high)));
    assert!(!plant.kernel.contains_key(&Rule::Neighbours(low, address("vendor"))));
}

#[test]
fn a_station_that_a_policy_makes_a_device_is_a_stranger_no_longer() {
    let mut gateway = Gateway::new(settings("boot-1"), Standing::default(), at(0));
    gateway.handle_station(&port_of("hmi"), mac("hmi"), Some(address("hmi")), at(1));
    gateway.handle_station(&port(OPEN), mac("cam2"), Some(address("cam2")), at(1));
    assert_eq!(gateway.status().strangers, 2);
    gateway.handle_policy(first(), at(2));
    // the other one is tied to no port: where it is seen next
    let strangers: Vec<Mac> = gateway.strangers().map(|stranger| stranger.mac).collect();
    assert_eq!(strangers, [mac("cam2")]);
    assert_eq!(gateway.device(&name("cam2")).unwrap().lifecycle, Lifecycle::Onboarding);
    gateway.handle_station(&port(OPEN), mac("cam2"), Some(address("cam2")), at(3));
    assert_eq!(gateway.status().strangers, 0);
}

#[test]
fn a_double_on_another_port_moves_nothing_and_names_its_port() {
    let mut plant = Plant::new();
    let before = plant.kernel.clone();
    plant.see(&port(OPEN), mac("hist"), Some(address("hist")), 1);
    let alarm =
        Alarm::Double { device: name("hist"), bound: port_of("hist"), seen: port(OPEN), mac: mac("hist") };
    assert_eq!(plant.alarms, [alarm]);
    assert_eq!(lifecycle(&plant, "hist"), Lifecycle::Conflict);
    assert_eq!(plant.gateway.device(&name("hist")).unwrap().assurance, Assurance::Ia1);
    assert_eq!(plant.gateway.strangers().count(), 0);
    // bindings and the reading of controllers stay; nothing is added
    assert!(plant.kernel.keys().all(|rule| before.contains_key(rule)));
    assert_eq!(plant.access("hist", "plc1", MODBUS), Some(Terms::DIVERT));
    plant.tell(Command::Settle { device: name("hist"), reason: SmolStr::new("found") }, 2).unwrap();
    assert_eq!(plant.kernel, before);
}

#[test]
fn a_double_that_only_borrows_the_address_is_a_double_too() {
    let mut plant = Plant::new();
    plant.see(&port(OPEN), Mac::new([2, 9, 9, 9, 9, 9]), Some(address("hmi")), 1);
    assert_eq!(lifecycle(&plant, "hmi"), Lifecycle::Conflict);
    // the zone that runs the process is not cut off by somebody else's frame
    assert_eq!(plant.access("hmi", "plc1", SHELL), Some(Terms::ACCEPT));
}

#[test]
fn a_conflict_ends_with_the_link_of_the_double_and_not_by_time() {
    let mut plant = Plant::new();
    plant.see(&port(OPEN), mac("hmi"), None, 1);
    plant.pass(100_000);
    assert_eq!(lifecycle(&plant, "hmi"), Lifecycle::Conflict);
    plant.link(&port(OPEN), false, 100_001);
    assert_eq!(lifecycle(&plant, "hmi"), Lifecycle::Active);
}

#[test]
fn a_clone_of_an_unplugged_device_is_a_stranger_until_the_device_is_back() {
    let mut plant = Plant::new();
    let before = plant.kernel.clone();
    plant.link(&port_of("plc1"), false, 1);
    assert_eq!(lifecycle(&plant, "plc1"), Lifecycle::Absent);
    let named = |plant: &Plant| {
        plant.kernel.keys().filter(|rule| format!("{rule:?}").contains(&address("plc1").to_string())).count()
    };
    assert_eq!(named(&plant), 0);
    assert!(!plant.kernel.contains_key(&Rule::Known(mac("plc1"))));
    plant.see(&port(OPEN), mac("plc1"), Some(address("plc1")), 2);
    assert_eq!(named(&plant), 0);
    let stranger = plant.gateway.strangers().next().unwrap();
    assert_eq!((stranger.mac, &stranger.port), (mac("plc1"), &port(OPEN)));
    plant.link(&port_of("plc1"), true, 3);
    assert_eq!(plant.kernel, before);
    plant.see(&port(OPEN), mac("plc1"), Some(address("plc1")), 4);
    assert_eq!(lifecycle(&plant, "plc1"), Lifecycle::Conflict);
}

#[test]
fn a_device_without_a_port_is_bound_where_it_is_first_seen() {
    let mut plant = Plant::new();
    assert_eq!(lifecycle(&plant, "cam2"), Lifecycle::Unknown);
    plant.see(&port(OPEN), mac("cam2"), Some(address("cam2")), 1);
    let cam = plant.gateway.device(&name("cam2")).unwrap();
    assert_eq!((cam.lifecycle, cam.assurance), (Lifecycle::Active, Assurance::Ia1));
    assert_eq!(plant.access("hmi", "cam2", SHELL), Some(Terms::ACCEPT));
    // and stays there while it is unplugged
    plant.link(&port(OPEN), false, 2);
    plant.see(&port_of("cam2"), mac("cam2"), Some(address("cam2")), 3);
    assert_eq!(lifecycle(&plant, "cam2"), Lifecycle::Absent);
    assert_eq!(plant.access("hmi", "cam2", SHELL), None);
}

#[test]
fn a_port_that_holds_strangers_waits_for_a_person() {
    let mut plant = Plant::new();
    let (approve, place) = (Command::Approve { device: name("guest"), port: None, mac: None }, port(HELD));
    assert_eq!(plant.tell(approve.clone(), 0), Err(Refusal::Unseen(name("guest"))));
    plant.see(&place, mac("guest"), Some(address("guest")), 1);
    assert_eq!(lifecycle(&plant, "guest"), Lifecycle::Onboarding);
    assert_eq!(plant.access("hmi", "guest", SHELL), None);
    plant.tell(approve, 2).unwrap();
    assert_eq!(plant.gateway.device(&name("guest")).unwrap().place.unwrap().port, place);
    assert_eq!(plant.access("hmi", "guest", SHELL), Some(Terms::ACCEPT));
    assert_eq!(plant.gateway.strangers().count(), 0);
}

#[test]
fn an_address_of_another_device_is_never_learned() {
    let mut plant = Plant::new();
    plant.see(&port(OPEN), mac("cam2"), Some(address("plc1")), 1);
    plant.see(&port(OPEN), mac("cam2"), Some(address("plc1")), 2);
    assert!(plant.gateway.device(&name("cam2")).unwrap().place.unwrap().addresses.is_empty());
    assert_eq!(lifecycle(&plant, "plc1"), Lifecycle::Conflict);
    for last in 100..200 {
        plant.see(&port(OPEN), mac("cam2"), Some(IpAddr::from([10, 0, 1, last])), 3);
    }
    assert_eq!(plant.gateway.device(&name("cam2")).unwrap().place.unwrap().addresses.len(), 8);
}

#[test]
fn a_revocation_cuts_both_directions_and_beats_approval() {
    let mut plant = Plant::new();
    plant.see(&port(OPEN), mac("cam2"), Some(address("cam2")), 1);
    let before = plant.kernel.clone();
    for device in ["cam2", "plc1"] {
        plant.tell(revoke(device), 2).unwrap();
        assert!(plant.kernel.contains_key(&Rule::Known(mac(device))));
        let named =
            plant.kernel.keys().filter(|rule| format!("{rule:?}").contains(&address(device).to_string()));
        assert_eq!(named.count(), 0);
    }
    let approve = Command::Approve { device: name("cam2"), port: Some(port(HELD)), mac: None };
    assert_eq!(plant.tell(approve, 3), Err(Refusal::Revoked(name("cam2"))));
    plant.see(&port(OPEN), mac("cam2"), Some(address("cam2")), 4);
    assert!(plant.alarms.contains(&Alarm::RevokedSeen { device: name("cam2"), port: port(OPEN) }));
    // it survives a restart, of the program and of the machine
    for boot in ["boot-1", "boot-2"] {
        let again = Plant::restarted(crate::plant::settings(boot), plant.saved.clone(), at(5));
        assert_eq!(again.kernel, plant.kernel);
    }
    for device in ["cam2", "plc1"] {
        plant.tell(Command::Restore { device: name(device), reason: SmolStr::new("found") }, 6).unwrap();
    }
    assert_eq!(plant.kernel, before);
}

#[test]
fn a_flood_of_strangers_leaves_devices_alone_and_says_how_many_were_let_go() {
    let mut plant = Plant::new();
    let before = plant.kernel.clone();
    for n in 0..10_000_u32 {
        let [_, b, c, d] = n.to_be_bytes();
        plant.gateway.handle_station(&port(OPEN), Mac::new([6, 6, 6, b, c, d]), None, at(1));
    }
    plant.drain(at(1));
    assert_eq!(plant.kernel, before);
    let status = plant.gateway.status();
    assert_eq!((status.strangers, status.strangers_let_go[&port(OPEN)]), (256, 10_000 - 256));
    assert_eq!(plant.alarms.len(), 8);
    plant.pass(1_000);
    assert_eq!(plant.gateway.status().strangers, 0);
}
