//! Access that ends by itself, whoever is alive and whatever the clocks say.

use crate::plant::{POLICIES, Plant, actor, address, at, mac, name, port_of, service, settings, version};
use nullius_engine::{Act, Command, GrantEnd, GrantId, GrantRequest, Now, Refusal};
use nullius_model::{SmolStr, Terms, Timestamp, Uptime};
use nullius_policy::{PolicyId, Verbs};
use std::collections::BTreeSet;
use std::time::Duration;

const SHELL: u16 = 22;

fn request(secs: u64) -> GrantRequest {
    GrantRequest {
        subject: name("vendor"),
        object: service("plc1", "ssh"),
        verbs: Verbs::All,
        duration: Duration::from_secs(secs),
        reason: SmolStr::new("pump 3 trips"),
        work_order: Some(SmolStr::new("WO-7")),
        approvers: BTreeSet::from([SmolStr::new("berta")]),
    }
}

fn grant(secs: u64) -> Command {
    Command::Grant(request(secs))
}

fn until(secs: u64) -> Option<Terms> {
    Some(Terms::ACCEPT.until(at(secs).uptime))
}

fn ends(plant: &Plant) -> Vec<&GrantEnd> {
    let records = plant.records.iter();
    records
        .filter_map(|record| if let Act::GrantEnded { why, .. } = &record.act { Some(why) } else { None })
        .collect()
}

#[test]
fn a_grant_carries_its_end_into_the_packet_path() {
    let mut plant = Plant::new();
    let before = plant.kernel.clone();
    let reply = plant.tell(grant(120), 10).unwrap();
    assert_eq!(reply.granted, Some((GrantId(1), at(130).uptime)));
    assert_eq!(plant.access("vendor", "plc1", SHELL), until(130));
    plant.pass(129);
    assert_eq!(plant.access("vendor", "plc1", SHELL), until(130));
    plant.pass(130);
    assert_eq!(plant.kernel, before);
    assert_eq!(ends(&plant), [&GrantEnd::Expired]);
}

#[test]
fn of_two_grants_that_overlap_the_packet_path_knows_the_later_end() {
    let mut plant = Plant::new();
    plant.tell(grant(118), 0).unwrap();
    plant.tell(grant(88), 31).unwrap();
    assert_eq!(plant.access("vendor", "plc1", SHELL), until(119));
    plant.pass(118);
    assert_eq!(plant.access("vendor", "plc1", SHELL), until(119));
    plant.pass(119);
    assert_eq!(plant.access("vendor", "plc1", SHELL), None);
}

#[test]
fn grants_are_numbered_from_one_and_no_number_comes_twice() {
    let mut plant = Plant::new();
    for expected in 1..4 {
        let (id, _) = plant.tell(grant(120), expected).unwrap().granted.unwrap();
        assert_eq!(id, GrantId(expected));
        plant.tell(Command::EndGrant { grant: id, reason: SmolStr::new("done") }, expected).unwrap();
    }
}

#[test]
fn no_clock_that_somebody_can_set_moves_an_end() {
    let mut plant = Plant::new();
    plant.tell(grant(120), 10).unwrap();
    for wall in [0, 1_795_305_600 - 3_600, u64::MAX / 2_000_000_000] {
        let now = Now { uptime: Uptime::from_millis(60_000), wall: Timestamp::from_secs(wall) };
        plant.gateway.handle_timeout(now);
        plant.drain(now);
        assert_eq!(plant.access("vendor", "plc1", SHELL), until(130));
    }
    assert!(plant.alarms.iter().all(|alarm| matches!(alarm, nullius_engine::Alarm::ClockStepped { .. })));
}

#[test]
fn a_restart_of_the_program_keeps_a_grant_and_one_of_the_machine_ends_it() {
    let mut plant = Plant::new();
    plant.tell(grant(120), 10).unwrap();
    let again = Plant::restarted(settings("boot-1"), plant.saved.clone(), at(60));
    assert_eq!(again.kernel, plant.kernel);
    let rebooted = Plant::restarted(settings("boot-2"), plant.saved.clone(), at(1));
    assert_eq!(rebooted.access("vendor", "plc1", SHELL), None);
    assert_eq!(ends(&rebooted), [&GrantEnd::Rebooted]);
    assert_eq!(rebooted.saved.next_grant, 2);
}

#[test]
fn an_extension_is_another_grant_and_the_chain_has_an_end() {
    let mut plant = Plant::new();
    let hours = |hours: u64| hours * 3_600;
    assert_eq!(plant.tell(grant(hours(9)), 0), Err(Refusal::TooLong(Duration::from_secs(hours(8)))));
    plant.tell(grant(hours(8)), 0).unwrap();
    plant.tell(grant(hours(8)), hours(7)).unwrap();
    // the second takes over when the first ends, with or without us
    assert_eq!(plant.access("vendor", "plc1", SHELL), until(hours(15)));
    plant.pass(hours(8) + 1);
    assert_eq!(plant.access("vendor", "plc1", SHELL), until(hours(15)));
    plant.tell(grant(hours(8)), hours(14)).unwrap();
    plant.pass(hours(21));
    let limit = Duration::from_secs(hours(24));
    assert_eq!(plant.tell(grant(hours(8)), hours(21)), Err(Refusal::ChainTooLong(limit)));
    plant.tell(grant(hours(2)), hours(21)).unwrap();
}

#[test]
fn a_forbid_wins_over_a_grant_and_is_named() {
    let mut plant = Plant::new();
    plant
        .tell(Command::Assess { device: name("vendor"), posture: None, risk: Some(3), conforms: None }, 1)
        .unwrap();
    let before = plant.saved.clone();
    assert_eq!(plant.tell(grant(120), 2), Err(Refusal::Forbidden(vec![PolicyId(SmolStr::new("risky"))])));
    assert_eq!(plant.saved, before);
    // a risk that comes later cuts a grant in force
    plant.tell(assess_well(), 3).unwrap();
    plant.tell(grant(120), 4).unwrap();
    assert_eq!(plant.access("vendor", "plc1", SHELL), until(124));
    plant
        .tell(Command::Assess { device: name("vendor"), posture: None, risk: Some(4), conforms: None }, 5)
        .unwrap();
    assert_eq!(plant.access("vendor", "plc1", SHELL), None);
}

#[test]
fn of_what_defeats_a_grant_the_forbids_are_named_and_not_what_they_overrule() {
    let mut plant = Plant::new();
    plant
        .tell(Command::Assess { device: name("hmi"), posture: None, risk: Some(3), conforms: None }, 1)
        .unwrap();
    // `shell` permits it, and is overruled like the grant
    let request = GrantRequest { subject: name("hmi"), ..request(120) };
    let refused = plant.tell(Command::Grant(request), 2);
    assert_eq!(refused, Err(Refusal::Forbidden(vec![PolicyId(SmolStr::new("risky"))])));
}

fn assess_well() -> Command {
    Command::Assess { device: name("vendor"), posture: Some(true), risk: Some(0), conforms: Some(true) }
}

#[test]
fn a_grant_ends_early_by_a_person_or_with_its_device() {
    let mut plant = Plant::new();
    plant.tell(grant(120), 1).unwrap();
    plant.tell(Command::EndGrant { grant: GrantId(1), reason: SmolStr::new("done") }, 2).unwrap();
    assert_eq!(plant.access("vendor", "plc1", SHELL), None);
    plant.tell(grant(120), 3).unwrap();
    plant.tell(Command::Revoke { device: name("plc1"), reason: SmolStr::new("x") }, 4).unwrap();
    plant.tell(Command::Restore { device: name("plc1"), reason: SmolStr::new("x") }, 5).unwrap();
    assert_eq!(plant.access("vendor", "plc1", SHELL), None);
    assert_eq!(ends(&plant), [&GrantEnd::Ended(SmolStr::new("done")), &GrantEnd::Revoked(name("plc1"))]);
    let unknown = Command::EndGrant { grant: GrantId(2), reason: SmolStr::new("again") };
    assert_eq!(plant.tell(unknown, 6), Err(Refusal::UnknownGrant(GrantId(2))));
}

#[test]
fn a_grant_outlives_a_policy_and_not_its_limits() {
    let mut plant = Plant::new();
    plant.tell(grant(120), 1).unwrap();
    plant.gateway.handle_policy(version(2, POLICIES), at(2));
    plant.drain(at(2));
    assert_eq!(plant.access("vendor", "plc1", SHELL), until(121));
    assert_eq!(plant.tell(grant(0), 3), Err(Refusal::TooShort));
    let nothing = GrantRequest { object: service("plc1", "telnet"), ..request(10) };
    assert_eq!(
        plant.tell(Command::Grant(nothing), 3),
        Err(Refusal::UnknownService(service("plc1", "telnet")))
    );
    let long = GrantRequest { reason: SmolStr::new("x".repeat(1_025)), ..request(10) };
    assert_eq!(plant.tell(Command::Grant(long), 3), Err(Refusal::TextTooLong(1_024)));
}

#[test]
fn a_grant_is_of_the_device_that_got_it_wherever_its_address_shows_up() {
    let mut plant = Plant::new();
    plant.tell(grant(120), 1).unwrap();
    plant.link(&port_of("vendor"), false, 2);
    assert_eq!(plant.access("vendor", "plc1", SHELL), None);
    plant.see(&port_of("guest"), mac("vendor"), Some(address("vendor")), 3);
    assert_eq!(plant.access("vendor", "plc1", SHELL), None);
    plant.link(&port_of("vendor"), true, 4);
    assert_eq!(plant.access("vendor", "plc1", SHELL), until(121));
    assert_eq!(plant.records.iter().filter(|record| record.by == Some(actor())).count(), 1);
}
