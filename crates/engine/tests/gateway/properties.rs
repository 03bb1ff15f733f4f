//! What holds whatever happens, in whatever order.

use crate::plant::{
    DEVICES, HELD, OPEN, POLICIES, Plant, RESCUE, WATCHED, actor, address, at, mac, name, of, port, port_of,
    proof, service, settings,
};
use nullius_engine::{
    Command, ConduitName, EmergencyScope, GrantRequest, KeyHash, Lifecycle, Ordered, Proof, Protection,
    StageScope,
};
use nullius_model::{Mode, PortName, Rule, RuleSet, SmolStr, Stage, Uptime, Verdict};
use nullius_policy::Verbs;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;

/// Something that happens to a gateway. Devices and ports are given by number, round the plant's.
#[derive(Clone, Debug)]
enum Event {
    Seen { port: usize, device: usize, address: Option<usize> },
    Link { port: usize, up: bool },
    Proven { device: usize, key: usize, place: usize, hard: bool, secs: u64 },
    Unproven(usize),
    KeyRevoked(usize),
    Command(Act),
    Policy { without: usize },
    Elapse { secs: u64 },
    Restart,
}

#[derive(Clone, Debug)]
enum Act {
    Revoke(usize),
    Restore(usize),
    Approve(usize, usize),
    Forget(usize),
    Settle(usize),
    Grant(usize, usize, u64),
    EndGrant(u64),
    Stage(usize, Stage),
    StageConduit(Stage),
    StageDefault(Stage),
    Mode(Option<usize>, Mode),
    ClearMode(usize),
    Emergency(usize, bool),
    Arm(usize),
    EndEmergency(usize),
    Assess(usize, Option<bool>, Option<u8>, Option<bool>),
    Vouch(usize, u64),
}

impl Event {
    /// Nobody decided it: it may take access away, and bind what is to be bound.
    const fn is_automatic(&self) -> bool {
        matches!(self, Self::Elapse { .. } | Self::Restart)
    }
}

fn device(number: usize) -> &'static str {
    DEVICES[number % DEVICES.len()].0
}

fn a_port(number: usize) -> PortName {
    let others = [OPEN, HELD, WATCHED];
    match number % (DEVICES.len() + others.len()) {
        number if number < DEVICES.len() => port_of(device(number)),
        number => port(others[number - DEVICES.len()]),
    }
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let act = prop_oneof![
        3 => (0..8_usize).prop_map(Act::Revoke),
        3 => (0..8_usize).prop_map(Act::Restore),
        2 => (0..8_usize, 0..11_usize).prop_map(|(device, port)| Act::Approve(device, port)),
        1 => (0..8_usize).prop_map(Act::Forget),
        2 => (0..8_usize).prop_map(Act::Settle),
        4 => (0..8_usize, 0..8_usize, 1..200_u64).prop_map(|(a, b, secs)| Act::Grant(a, b, secs)),
        2 => (0..8_u64).prop_map(Act::EndGrant),
        2 => (0..8_usize, stage()).prop_map(|(device, stage)| Act::Stage(device, stage)),
        2 => stage().prop_map(Act::StageConduit),
        1 => stage().prop_map(Act::StageDefault),
        3 => (proptest::option::of(0..4_usize), prop_oneof![Just(Mode::Normal), Just(Mode::Maintenance)])
            .prop_map(|(zone, mode)| Act::Mode(zone, mode)),
        1 => (0..4_usize).prop_map(Act::ClearMode),
        3 => (0..2_usize, any::<bool>()).prop_map(|(profile, alone)| Act::Emergency(profile, alone)),
        2 => (0..2_usize).prop_map(Act::Arm),
        1 => (0..2_usize).prop_map(Act::EndEmergency),
        4 => (0..8_usize, any::<Option<bool>>(), proptest::option::of(0..5_u8), any::<Option<bool>>())
            .prop_map(|(device, posture, risk, conforms)| Act::Assess(device, posture, risk, conforms)),
        3 => (one_of_few(), 1..200_u64).prop_map(|(device, secs)| Act::Vouch(device, secs)),
    ];
    let event = prop_oneof![
        6 => (0..11_usize, 0..8_usize, proptest::option::of(0..8_usize))
            .prop_map(|(port, device, address)| Event::Seen { port, device, address }),
        4 => (0..11_usize, any::<bool>()).prop_map(|(port, up)| Event::Link { port, up }),
        8 => act.prop_map(Event::Command),
        8 => (one_of_few(), 0..9_usize, 0..9_usize, any::<bool>(), 1..400_u64).prop_map(proven),
        1 => one_of_few().prop_map(Event::Unproven),
        1 => (0..8_usize).prop_map(Event::KeyRevoked),
        1 => (0..12_usize).prop_map(|without| Event::Policy { without }),
        4 => (1..120_u64).prop_map(|secs| Event::Elapse { secs }),
        1 => Just(Event::Restart),
    ];
    proptest::collection::vec(event, 1..40)
}

/// A proof of a device's own key at its own place, but for one in nine each.
fn proven((device, key, place, hard, secs): (usize, usize, usize, bool, u64)) -> Event {
    let (key, place) = (if key == 8 { 0 } else { device }, if place == 8 { 0 } else { device });
    Event::Proven { device, key, place, hard, secs }
}

/// Mostly the camera, which may do something for what it proves.
fn one_of_few() -> impl Strategy<Value = usize> {
    prop_oneof![3 => Just(4_usize), 1 => 0..8_usize]
}

fn stage() -> impl Strategy<Value = Stage> {
    prop_oneof![Just(Stage::Observe), Just(Stage::Shadow), Just(Stage::Enforce)]
}

fn command(act: Act) -> Command {
    let reason = SmolStr::new("because");
    let staged = |scope, stage| Command::Stage { scope, stage, despite: Some(SmolStr::new("because")) };
    match act {
        Act::Revoke(number) => Command::Revoke { device: name(device(number)), reason },
        Act::Restore(number) => Command::Restore { device: name(device(number)), reason },
        Act::Approve(number, place) => {
            Command::Approve { device: name(device(number)), port: Some(a_port(place)), mac: None }
        }
        Act::Forget(number) => Command::Forget { device: name(device(number)) },
        Act::Settle(number) => Command::Settle { device: name(device(number)), reason },
        Act::Grant(subject, object, secs) => Command::Grant(GrantRequest {
            subject: name(device(subject)),
            object: service(device(object), "ssh"),
            verbs: Verbs::All,
            duration: Duration::from_secs(secs),
            reason,
            work_order: None,
            approvers: BTreeSet::new(),
        }),
        Act::EndGrant(number) => Command::EndGrant { grant: nullius_engine::GrantId(number), reason },
        Act::Stage(number, stage) => staged(StageScope::Device(name(device(number))), stage),
        Act::StageConduit(stage) => {
            let conduit = ConduitName::between(SmolStr::new("ops"), SmolStr::new("cell"));
            staged(StageScope::Conduit(conduit), stage)
        }
        Act::StageDefault(stage) => staged(StageScope::Default, stage),
        Act::Mode(zone, mode) => Command::Mode { mode, zone: zone.map(a_zone), reason },
        Act::ClearMode(zone) => Command::ClearMode { zone: a_zone(zone), reason },
        Act::Emergency(profile, alone) => {
            let approvers = if alone { BTreeSet::new() } else { BTreeSet::from([SmolStr::new("bert")]) };
            Command::Emergency { profile: a_profile(profile), made: None, approvers, reason }
        }
        Act::Arm(profile) => Command::ArmEmergency { profile: a_profile(profile), reason },
        Act::EndEmergency(profile) => {
            Command::EndEmergency { scope: EmergencyScope::Profile(a_profile(profile)), reason }
        }
        Act::Vouch(number, secs) => {
            Command::Vouch { device: name(device(number)), duration: Duration::from_secs(secs), reason }
        }
        Act::Assess(number, posture, risk, conforms) => {
            Command::Assess { device: name(device(number)), posture, risk, conforms }
        }
    }
}

fn a_zone(number: usize) -> SmolStr {
    SmolStr::new(["cell", "ops", "iot", "remote"][number % 4])
}

fn a_profile(number: usize) -> SmolStr {
    SmolStr::new(["fire", "leak"][number % 2])
}

/// The plant's policies, one of its devices or none being gone. Compiled once each.
fn policy(without: usize, calendar: bool, counter: u64) -> nullius_engine::PolicyVersion {
    static VERSIONS: [OnceLock<nullius_engine::PolicyVersion>; 24] = [const { OnceLock::new() }; 24];
    let place = without + 12 * usize::from(calendar);
    let mut version = VERSIONS[place].get_or_init(|| compiled(without, calendar)).clone();
    version.marker.epoch.counter = counter;
    version
}

fn compiled(without: usize, calendar: bool) -> nullius_engine::PolicyVersion {
    let mut inventory =
        if calendar { crate::plant::inventory_with_calendar() } else { crate::plant::inventory() };
    if let Some((gone, ..)) = DEVICES.get(without) {
        inventory.devices.remove(&name(gone));
        inventory.onboarding.retain(|service| service.device != name(gone));
    }
    let named =
        |policy: &&str| !DEVICES.get(without).is_some_and(|(gone, ..)| policy.contains(&format!("\"{gone}")));
    let all = [POLICIES, if calendar { RESCUE } else { "" }].concat();
    let policies: Vec<&str> = all.split_inclusive(';').filter(named).collect();
    of(0, inventory, &policies.concat())
}

#[derive(Debug)]
struct Run {
    calendar: bool,
    plant: Plant,
    secs: u64,
    version: nullius_engine::PolicyVersion,
    ends: BTreeMap<nullius_engine::GrantId, Uptime>,
}

impl Run {
    fn new(calendar: bool) -> Self {
        let plant = if calendar { Plant::with_calendar(0) } else { Plant::new() };
        let version = if calendar { crate::plant::with_calendar() } else { crate::plant::first() };
        Self { calendar, plant, secs: 0, version, ends: BTreeMap::new() }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Seen { port, device: sender, address: from } => {
                let from = from.map(|from| address(device(from)));
                self.plant.see(&a_port(port), mac(device(sender)), from, self.secs);
            }
            Event::Link { port, up } => self.plant.link(&a_port(port), up, self.secs),
            Event::Command(act) => {
                // a refusal changes nothing, which is looked at below like everything else
                let _refused = self.plant.tell(command(act), self.secs).is_err();
            }
            Event::Proven { device: prover, key, place, hard, secs } => {
                let protection = if hard { Protection::Hardware } else { Protection::Software };
                let own = proof(device(prover), protection, secs);
                let (key, there) =
                    (proof(device(key), protection, secs).key, proof(device(place), protection, secs));
                let proof = Proof { key, port: there.port, mac: there.mac, ..own };
                let _refused = self.plant.prove(proof, self.secs).is_err();
            }
            Event::Unproven(number) => {
                let key = KeyHash([crate::plant::number(device(number)); 32]);
                self.plant.gateway.handle_unproven(&name(device(number)), &key, "gone".into(), at(self.secs));
                self.plant.drain(at(self.secs));
            }
            Event::KeyRevoked(number) => {
                let key = KeyHash([crate::plant::number(device(number)); 32]);
                let order = Ordered::RevokeKey { device: name(device(number)), key, reason: "lost".into() };
                let epoch = self.version.marker.epoch;
                let _refused =
                    self.plant.gateway.handle_order(order, epoch, &actor(), at(self.secs)).is_err();
                self.plant.drain(at(self.secs));
            }
            Event::Policy { without } => {
                let counter = self.version.marker.epoch.counter + 1;
                self.version = policy(without, self.calendar, counter);
                self.plant.gateway.handle_policy(self.version.clone(), at(self.secs));
                self.plant.drain(at(self.secs));
            }
            Event::Elapse { secs } => {
                self.secs += secs;
                self.plant.pass(self.secs);
            }
            Event::Restart => self.restart(),
        }
    }

    fn restart(&mut self) {
        let now = at(self.secs);
        let mut gateway = nullius_engine::Gateway::new(settings("boot-1"), self.plant.saved.clone(), now);
        gateway.handle_policy(self.version.clone(), now);
        self.plant.gateway = gateway;
        self.plant.drain(now);
    }

    /// Nothing is wanted for a device that does not take part.
    fn check_perimeters(&self) {
        let mut present = BTreeMap::<IpAddr, Lifecycle>::new();
        for device in self.plant.gateway.devices() {
            let addresses = device.place.into_iter().flat_map(|place| place.addresses);
            present.extend(addresses.map(|address| (address, device.lifecycle)));
        }
        let takes_part =
            |address: &IpAddr| matches!(present.get(address), Some(Lifecycle::Active | Lifecycle::Conflict));
        for (rule, terms) in &self.plant.kernel {
            match rule {
                Rule::Service { client, server, .. } => {
                    assert!(takes_part(client) && takes_part(server), "{rule:?}");
                    assert_ne!(terms.verdict, Verdict::Deny);
                    assert!(terms.ends.is_none_or(|end| end > at(self.secs).uptime), "{rule:?} {terms:?}");
                }
                Rule::Neighbours(one, other)
                | Rule::ShadowPair(one, other)
                | Rule::ObservePair(one, other) => {
                    assert!(takes_part(one) && takes_part(other) && one < other, "{rule:?}");
                }
                Rule::Address { address, .. } | Rule::Shadow(address) | Rule::Observe(address) => {
                    assert!(takes_part(address), "{rule:?}");
                }
                Rule::Onboarding { server, .. } => assert!(takes_part(server), "{rule:?}"),
                Rule::Known(_) | Rule::Frame { .. } | Rule::OnboardingPort(_) | Rule::WatchedPort(_) => {}
            }
        }
    }

    fn check_grants(&mut self) {
        for (id, grant) in self.plant.gateway.grants() {
            let known = *self.ends.entry(id).or_insert(grant.ends);
            assert_eq!(known, grant.ends, "{id}");
        }
    }
}

/// What may be done with the rules of one set, by client, server and channel; the better of two ends.
fn widened(before: &RuleSet, after: &RuleSet) -> Option<Rule> {
    let wider = |(rule, terms): &(&Rule, &nullius_model::Terms)| match (rule, before.get(rule)) {
        (Rule::Known(_), _) => false,
        (_, None) => true,
        (_, Some(known)) => {
            let longer = match (known.ends, terms.ends) {
                (None, _) => false,
                (Some(_), None) => true,
                (Some(known), Some(now)) => now > known,
            };
            terms.verdict > known.verdict || longer
        }
    };
    after.iter().find(wider).map(|(rule, _)| rule.clone())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_happens_the_rules_are_those_of_the_state(calendar in any::<bool>(), events in events()) {
        let mut run = Run::new(calendar);
        for event in events {
            let (before, automatic) = (run.plant.kernel.clone(), event.is_automatic());
            let policies_hold_still = run.secs < 400 * 60 && !calendar;
            run.happen(event.clone());
            prop_assert_eq!(&run.plant.kernel, &run.plant.gateway.rules_from_scratch(), "{:?}", event);
            run.check_perimeters();
            run.check_grants();
            if automatic && policies_hold_still {
                prop_assert_eq!(widened(&before, &run.plant.kernel), None, "{:?}", event);
            }
        }
    }

    #[test]
    fn a_restart_at_any_point_wants_the_same(calendar in any::<bool>(), events in events()) {
        let mut run = Run::new(calendar);
        for event in events {
            run.happen(event);
            let before = run.plant.kernel.clone();
            run.restart();
            prop_assert_eq!(&before, &run.plant.kernel);
        }
    }
}
