//! What a controller tells: in order, once, and before the policy that knows the names.

use crate::plant::{Plant, actor, at, first, name, service, settings};
use nullius_engine::{
    Command, Gateway, GrantRequest, KeyHash, Ordered, Refusal, Reply, StageScope, Standing, Trust,
};
use nullius_model::{Epoch, SmolStr, Stage, Timestamp};
use nullius_policy::Verbs;
use std::collections::BTreeSet;
use std::time::Duration;

const SHELL: u16 = 22;

fn epoch(counter: u64) -> Epoch {
    Epoch { term: 1, counter }
}

fn order(plant: &mut Plant, order: Ordered, counter: u64, secs: u64) -> Result<Reply, Refusal> {
    let reply = plant.gateway.handle_order(order, epoch(counter), &actor(), at(secs));
    plant.drain(at(secs));
    reply
}

/// Two minutes from second 10 on.
fn grant(id: &str) -> Ordered {
    let request = GrantRequest {
        subject: name("vendor"),
        object: service("plc1", "ssh"),
        verbs: Verbs::All,
        duration: Duration::from_secs(120),
        reason: SmolStr::new("pump 3 trips"),
        work_order: None,
        approvers: BTreeSet::from([SmolStr::new("anna"), SmolStr::new("ben")]),
    };
    Ordered::Grant { id: id.into(), over: Timestamp::from_secs(at(10).wall.as_secs() + 120), request }
}

fn revoke(device: &str) -> Ordered {
    Ordered::Act(Command::Revoke { device: name(device), reason: "stolen".into() })
}

#[test]
fn a_grant_lasts_no_longer_than_it_was_meant_to_however_late_it_comes() {
    for (comes, ends) in [(10, 130), (70, 130), (129, 130)] {
        let mut plant = Plant::new();
        let reply = order(&mut plant, grant("a"), 1, comes).unwrap();
        assert_eq!(reply.granted.unwrap().1, at(ends).uptime, "{comes}");
        let (_, granted) = plant.gateway.grants().next().unwrap();
        assert_eq!(
            granted.approvers,
            BTreeSet::from(["anna".into(), "ben".into()]),
            "nobody else approved it"
        );
    }
    let mut plant = Plant::new();
    assert_eq!(order(&mut plant, grant("a"), 1, 130), Err(Refusal::TooLate));
    assert_eq!(plant.gateway.standing().orders.taken, epoch(1), "it is taken all the same");
}

#[test]
fn a_grant_that_was_opened_or_ended_once_never_opens_again() {
    let mut plant = Plant::new();
    order(&mut plant, grant("a"), 1, 10).unwrap();
    order(&mut plant, Ordered::EndGrant { id: "a".into(), reason: "done".into() }, 2, 20).unwrap();
    order(&mut plant, Ordered::EndGrant { id: "b".into(), reason: "never mind".into() }, 3, 20).unwrap();
    assert_eq!(plant.access("vendor", "plc1", SHELL), None);
    for (id, counter) in [("a", 4), ("b", 5)] {
        assert_eq!(order(&mut plant, grant(id), counter, 30), Err(Refusal::OpenedBefore(id.into())));
    }
    // nor after a restart, nor after a reboot
    let standing = plant.gateway.standing().clone();
    let mut plant = Plant::restarted(settings("another boot"), standing, at(40));
    assert_eq!(order(&mut plant, grant("a"), 6, 40), Err(Refusal::OpenedBefore("a".into())));
    assert_eq!(plant.access("vendor", "plc1", SHELL), None);
}

#[test]
fn what_was_forgotten_for_want_of_room_does_not_open_again_whatever_the_clock_says() {
    let mut plant = Plant::new();
    for number in 0..4_100_u64 {
        order(&mut plant, grant(&format!("g{number}")), number + 1, 10).unwrap();
        let end = Ordered::EndGrant { id: format!("g{number}").into(), reason: "done".into() };
        order(&mut plant, end, number + 1, 10).unwrap();
        if number == 4_095 {
            assert_eq!(order(&mut plant, grant("more"), 9_000, 10), Err(Refusal::TooManyGrants(4_096)));
            break;
        }
    }
    // time goes on, room is made, and then the clock is set back
    let request = |id| {
        let Ordered::Grant { id, request, .. } = grant(id) else { return grant(id) };
        Ordered::Grant { id, request, over: Timestamp::from_secs(at(1_000).wall.as_secs()) }
    };
    order(&mut plant, request("new"), 9_001, 500).unwrap();
    let forgotten = (0..4_096).map(|number| format!("g{number}"));
    let gone = forgotten.filter(|id| !plant.gateway.standing().orders.grants.contains_key(id.as_str()));
    let gone: Vec<String> = gone.collect();
    assert_eq!(gone.len(), 1);
    assert_eq!(order(&mut plant, grant(&gone[0]), 9_002, 11), Err(Refusal::TooLate));
}

#[test]
fn orders_before_the_first_policy_hold_under_it() {
    let now = at(1);
    let mut gateway = Gateway::new(settings("boot"), Standing::default(), now);
    let scope = StageScope::Device(name("plc1"));
    let stage = Ordered::Act(Command::Stage { scope, stage: Stage::Shadow, despite: None });
    for (counter, order) in [revoke("hmi"), revoke("nobody"), stage].into_iter().enumerate() {
        gateway.handle_order(order, epoch(u64::try_from(counter).unwrap() + 1), &actor(), now).unwrap();
    }
    let early = grant("a");
    assert_eq!(gateway.handle_order(early, epoch(9), &actor(), now), Err(Refusal::NoPolicy));
    gateway.handle_policy(first(), now);
    assert!(gateway.device(&name("hmi")).is_some_and(|view| view.lifecycle.name() == "revoked"));
    assert_eq!(gateway.device(&name("plc1")).unwrap().stage, Stage::Shadow);
    assert!(gateway.standing().revoked.contains_key(&name("nobody")));
    let restore = Ordered::Act(Command::Restore { device: name("cam9"), reason: "never was".into() });
    assert!(gateway.handle_order(restore, epoch(10), &actor(), now).is_ok());
}

#[test]
fn what_may_widen_is_told_from_what_may_not() {
    let stage = |stage| Ordered::Act(Command::Stage { scope: StageScope::Default, stage, despite: None });
    let end = Ordered::EndGrant { id: "a".into(), reason: "x".into() };
    let key = Ordered::RevokeKey { device: name("hmi"), key: KeyHash([1; 32]), reason: "x".into() };
    let distrust = Ordered::Trust(Trust { distrusted: [KeyHash([2; 32])].into(), ..Trust::default() });
    for tightens in [revoke("hmi"), stage(Stage::Enforce), end, key, distrust] {
        assert!(!tightens.may_widen(&Trust::default()), "{tightens:?}");
    }
    let restore = Ordered::Act(Command::Restore { device: name("hmi"), reason: "x".into() });
    let anchor = Ordered::Trust(Trust { anchors: vec![vec![1]], ..Trust::default() });
    for widens in [anchor, restore, stage(Stage::Shadow), stage(Stage::Observe), grant("a")] {
        assert!(widens.may_widen(&Trust::default()), "{widens:?}");
    }
}
