//! Proofs of keys: leases that live on them alone, and what happens to whoever cannot prove, or proves in two places.

use crate::plant::{
    OPEN, Plant, actor, address, at, first, mac, name, number, port, port_of, proof, settings,
};
use nullius_engine::{
    Act, Alarm, Command, Ground, IdentityAct, KeyHash, LeaseEnd, Lifecycle, NoLease, Ordered, Proof,
    Protection, Refusal, Trust,
};
use nullius_model::{Assurance, Epoch, Mac, SmolStr, Terms};
use std::collections::BTreeSet;
use std::time::Duration;

const SHELL: u16 = 22;

fn soft(device: &str) -> Proof {
    proof(device, Protection::Software, 300)
}

fn assurance(plant: &Plant, device: &str) -> Assurance {
    plant.gateway.device(&name(device)).unwrap().assurance
}

fn vouch(device: &str, secs: u64) -> Command {
    Command::Vouch { device: name(device), duration: Duration::from_secs(secs), reason: "I see it".into() }
}

fn order(plant: &mut Plant, order: Ordered, counter: u64, secs: u64) -> Result<(), Refusal> {
    let reply = plant.gateway.handle_order(order, Epoch { term: 1, counter }, &actor(), at(secs));
    plant.drain(at(secs));
    reply.map(drop)
}

fn lapses(plant: &Plant) -> Vec<LeaseEnd> {
    let lapsed = plant.records.iter().filter_map(|record| {
        let Act::Identity { act: IdentityAct::Lapsed(why), .. } = &record.act else { return None };
        Some(why.clone())
    });
    lapsed.collect()
}

#[test]
fn what_policy_gives_for_a_proof_alone_ends_with_it_and_the_rest_does_not() {
    let mut plant = Plant::new();
    let before = plant.kernel.clone();
    assert_eq!((plant.access("cam1", "plc1", SHELL), assurance(&plant, "cam1")), (None, Assurance::Ia2));
    let ends = plant.prove(soft("cam1"), 10).unwrap();
    assert_eq!((ends, assurance(&plant, "cam1")), (at(310).uptime, Assurance::Ia4));
    assert_eq!(plant.access("cam1", "plc1", SHELL), Some(Terms::ACCEPT.until(ends)));
    assert_eq!(plant.access("cam1", "hist", SHELL), None, "that takes a key in hardware");
    // a device that proves what its access does not need has the same rules as before
    let changes = plant.changes;
    plant.prove(soft("hmi"), 10).unwrap();
    assert_eq!((plant.changes, plant.access("hmi", "plc1", SHELL)), (changes, Some(Terms::ACCEPT)));
    plant.pass(309);
    assert!(plant.access("cam1", "plc1", SHELL).is_some());
    plant.pass(310);
    assert_eq!((&plant.kernel, assurance(&plant, "cam1")), (&before, Assurance::Ia2));
    assert_eq!(lapses(&plant), [LeaseEnd::Expired, LeaseEnd::Expired]);
}

#[test]
fn a_renewal_moves_the_end_in_one_step_judges_the_uses_alone_and_is_no_record() {
    let mut plant = Plant::new();
    plant.prove(soft("cam1"), 0).unwrap();
    let (changes, records, judged) = (plant.changes, plant.records.len(), plant.gateway.status().judged);
    for round in 1..=10 {
        plant.pass(round * 150);
        let ends = plant.prove(soft("cam1"), round * 150).unwrap();
        assert_eq!(plant.access("cam1", "plc1", SHELL), Some(Terms::ACCEPT.until(ends)));
    }
    assert_eq!(plant.changes, changes + 10);
    assert_eq!(plant.records.get(records..), Some([].as_slice()));
    // what a camera may use: the shells of two controllers, of the historian and of the panel
    assert_eq!(plant.gateway.status().judged - judged, 10 * 4);
    assert!(plant.alarms.is_empty());
    let lease = &plant.gateway.standing().leases[&name("cam1")];
    assert_eq!((lease.since, lease.renewed), (at(0).uptime, at(1500).uptime));
}

#[test]
fn a_device_that_proves_its_key_has_what_it_may_for_a_day_without_a_gap() {
    let mut plant = Plant::new();
    plant.prove(soft("cam1"), 0).unwrap();
    for second in 1..=86_400 {
        plant.pass(second);
        if second % 150 == 0 {
            plant.prove(soft("cam1"), second).unwrap();
        }
        assert!(plant.access("cam1", "plc1", SHELL).is_some(), "{second}");
    }
    assert_eq!((lapses(&plant), plant.alarms.len()), (vec![], 0));
}

#[test]
fn a_key_that_is_frozen_is_told_at_half_of_the_lease_and_ends_with_it() {
    let mut plant = Plant::new();
    plant.prove(soft("cam1"), 0).unwrap();
    plant.pass(151);
    assert!(plant.alarms.is_empty());
    plant.pass(152);
    assert_eq!(plant.alarms, [Alarm::ProofLate { device: name("cam1"), ends: at(300).uptime }]);
    plant.pass(299);
    assert!(plant.access("cam1", "plc1", SHELL).is_some());
    plant.pass(300);
    assert_eq!(plant.access("cam1", "plc1", SHELL), None);
    assert_eq!((plant.alarms.len(), lapses(&plant)), (1, vec![LeaseEnd::Expired]));
    // and once it proves itself again, all is as it was
    plant.prove(soft("cam1"), 400).unwrap();
    assert!(plant.access("cam1", "plc1", SHELL).is_some());
}

#[test]
fn hardware_earns_more_and_falls_back_to_what_the_next_proof_shows() {
    let mut plant = Plant::new();
    plant.prove(proof("cam1", Protection::Hardware, 300), 0).unwrap();
    assert_eq!(assurance(&plant, "cam1"), Assurance::Ia5);
    assert_eq!(plant.access("cam1", "hist", SHELL), Some(Terms::ACCEPT.until(at(300).uptime)));
    plant.prove(soft("cam1"), 10).unwrap();
    assert_eq!((assurance(&plant, "cam1"), plant.access("cam1", "hist", SHELL)), (Assurance::Ia4, None));
}

#[test]
fn what_a_person_vouches_for_is_ia3_until_its_end_its_link_or_a_double() {
    let over: [fn(&mut Plant); 3] = [
        |plant| plant.pass(600),
        |plant| {
            plant.link(&port_of("cam1"), false, 5);
            plant.link(&port_of("cam1"), true, 6);
        },
        |plant| plant.see(&port(OPEN), mac("cam1"), None, 5),
    ];
    for (number, ends) in over.into_iter().enumerate() {
        let mut plant = Plant::new();
        plant.tell(vouch("cam1", 600), 0).unwrap();
        assert_eq!(assurance(&plant, "cam1"), Assurance::Ia3);
        assert_eq!(plant.access("cam1", "hmi", SHELL), Some(Terms::ACCEPT.until(at(600).uptime)));
        assert_eq!(plant.access("cam1", "plc1", SHELL), None);
        ends(&mut plant);
        assert_eq!(plant.access("cam1", "hmi", SHELL), None, "{number}");
        assert!(plant.gateway.standing().vouched.is_empty(), "{number}");
    }
}

#[test]
fn a_vouch_is_a_shift_at_most_and_for_what_is_there_alone() {
    let mut plant = Plant::new();
    for (secs, refusal) in
        [(0, Refusal::VouchTooShort), (8 * 3600 + 1, Refusal::VouchTooLong(Duration::from_secs(8 * 3600)))]
    {
        assert_eq!(plant.tell(vouch("cam1", secs), 1), Err(refusal));
    }
    assert_eq!(plant.tell(vouch("cam2", 60), 1), Err(Refusal::NothingToVouchFor(name("cam2"))));
    plant.see(&port(OPEN), mac("cam1"), None, 2);
    assert_eq!(plant.tell(vouch("cam1", 60), 3), Err(Refusal::NothingToVouchFor(name("cam1"))));
}

#[test]
fn an_access_that_a_proof_and_a_vouch_give_ends_with_the_later_of_them() {
    for (proven, vouched, ends) in [(300, 600, 600), (600, 300, 600)] {
        let mut plant = Plant::new();
        plant.prove(proof("cam1", Protection::Software, proven), 0).unwrap();
        plant.tell(vouch("cam1", vouched), 0).unwrap();
        let terms = plant.access("cam1", "hmi", SHELL).unwrap();
        assert_eq!(terms.ends, Some(at(ends).uptime), "{proven} {vouched}");
        assert_eq!(plant.access("cam1", "plc1", SHELL).unwrap().ends, Some(at(proven).uptime));
        plant.pass(300);
        assert_eq!(plant.access("cam1", "hmi", SHELL), Some(terms));
        plant.pass(600);
        assert_eq!(plant.access("cam1", "hmi", SHELL), None);
    }
}

#[test]
fn a_key_in_two_places_puts_both_in_doubt_and_what_runs_the_process_goes_on() {
    let mut plant = Plant::new();
    plant.prove(soft("cam1"), 0).unwrap();
    plant.prove(proof("cam1", Protection::Hardware, 300), 1).unwrap();
    assert!(plant.access("cam1", "hist", SHELL).is_some());
    // the clone runs on what is plugged in as the vendor's laptop
    let clone = Proof { port: port_of("vendor"), mac: mac("vendor"), ..soft("cam1") };
    let elsewhere = NoLease::Elsewhere { device: name("cam1"), port: port_of("cam1") };
    assert_eq!(plant.prove(clone.clone(), 2), Err(elsewhere.clone()));
    for device in ["cam1", "vendor"] {
        let view = plant.gateway.device(&name(device)).unwrap();
        assert_eq!((view.lifecycle, view.assurance), (Lifecycle::Conflict, Assurance::Ia1), "{device}");
        assert!(view.grounds.iter().any(|ground| matches!(ground, Ground::Clone { .. })), "{device}");
    }
    // controllers are essential, the historian is not
    assert!(plant.access("cam1", "plc1", SHELL).is_some());
    assert_eq!(plant.access("cam1", "hist", SHELL), None);
    // the original goes on proving itself; the clone is told of once, and again within the budget of its port
    plant.prove(proof("cam1", Protection::Hardware, 300), 150).unwrap();
    assert!(plant.access("cam1", "plc1", SHELL).is_some());
    let told = |plant: &Plant| {
        let flagged = plant
            .records
            .iter()
            .filter(|record| matches!(&record.act, Act::Identity { act: IdentityAct::Cloned { .. }, .. }));
        flagged.count()
    };
    for _ in 0..100 {
        assert_eq!(plant.prove(clone.clone(), 151), Err(elsewhere.clone()));
    }
    assert_eq!(told(&plant), 2);
    assert!(plant.alarms.len() <= 10, "{}", plant.alarms.len());
    // unplugging the clone takes nothing back: the key is out
    plant.link(&port_of("vendor"), false, 152);
    assert_eq!(assurance(&plant, "cam1"), Assurance::Ia1);
    plant.tell(Command::Settle { device: name("cam1"), reason: "found it".into() }, 153).unwrap();
    assert_eq!(assurance(&plant, "cam1"), Assurance::Ia5);
}

#[test]
fn the_same_key_under_two_names_is_a_clone_as_well() {
    let mut plant = Plant::new();
    plant.prove(soft("cam1"), 0).unwrap();
    let other = Proof { key: soft("cam1").key, ..soft("vendor") };
    assert_eq!(plant.prove(other, 1), Err(NoLease::Cloned(name("cam1"))));
    assert_eq!((assurance(&plant, "cam1"), assurance(&plant, "vendor")), (Assurance::Ia1, Assurance::Ia1));
    // the key is revoked, and the camera gets another one
    let key = soft("cam1").key;
    order(&mut plant, Ordered::RevokeKey { device: name("cam1"), key, reason: "out".into() }, 2, 2).unwrap();
    assert_eq!((assurance(&plant, "cam1"), assurance(&plant, "vendor")), (Assurance::Ia2, Assurance::Ia2));
    assert_eq!(plant.prove(soft("cam1"), 3), Err(NoLease::KeyRevoked(name("cam1"))));
    plant.prove(Proof { key: KeyHash([99; 32]), ..soft("cam1") }, 4).unwrap();
    assert_eq!(assurance(&plant, "cam1"), Assurance::Ia4);
}

#[test]
fn what_is_plugged_in_anew_proves_itself_anew() {
    let mut plant = Plant::new();
    plant.prove(soft("cam1"), 0).unwrap();
    plant.link(&port_of("cam1"), false, 10);
    assert_eq!(plant.prove(soft("cam1"), 11), Err(NoLease::NotBound(name("cam1"))));
    plant.link(&port_of("cam1"), true, 12);
    // it uses the camera's addresses, and is not believed for it
    plant.see(&port_of("cam1"), mac("cam1"), Some(address("cam1")), 12);
    assert_eq!((assurance(&plant, "cam1"), plant.access("cam1", "plc1", SHELL)), (Assurance::Ia2, None));
    assert_eq!(lapses(&plant), [LeaseEnd::Unplugged]);
    plant.prove(soft("cam1"), 13).unwrap();
    assert!(plant.access("cam1", "plc1", SHELL).is_some());
}

#[test]
fn whatever_is_wrong_with_a_proof_has_its_own_refusal_and_gives_nothing() {
    let mut plant = Plant::new();
    let (before, elsewhere) = (plant.kernel.clone(), mac("hist"));
    let revoke = Command::Revoke { device: name("vendor"), reason: "stolen".into() };
    plant.tell(revoke, 0).unwrap();
    for (proof, refusal) in [
        (Proof { device: name("nobody"), ..soft("cam1") }, NoLease::UnknownDevice(name("nobody"))),
        (soft("vendor"), NoLease::Revoked(name("vendor"))),
        (soft("guest"), NoLease::NotBound(name("guest"))),
        (
            Proof { mac: elsewhere, ..soft("cam1") },
            NoLease::Elsewhere { device: name("cam1"), port: port_of("cam1") },
        ),
        (Proof { addresses: [address("hist")].into(), ..soft("cam1") }, NoLease::Address(address("hist"))),
        (Proof { addresses: ["2001:db8::1".parse().unwrap()].into(), ..soft("cam1") }, {
            NoLease::Address("2001:db8::1".parse().unwrap())
        }),
        (proof("cam1", Protection::Software, 0), NoLease::TooShort),
    ] {
        assert_eq!(plant.prove(proof, 1), Err(refusal));
    }
    assert!(plant.gateway.standing().leases.is_empty() && plant.gateway.standing().clones.is_empty());
    assert_eq!(plant.access("cam1", "plc1", SHELL), before.get(&rule("cam1", "plc1")).copied());
    let misplaced = Alarm::Misplaced { device: name("cam1"), seen: port_of("cam1"), mac: elsewhere };
    assert_eq!(plant.alarms, [misplaced]);
    // an agent speaks from a link-local address that nobody declares
    plant.prove(Proof { addresses: ["fe80::1".parse().unwrap()].into(), ..soft("cam1") }, 2).unwrap();
}

fn rule(client: &str, server: &str) -> nullius_model::Rule {
    let (client, server) = (address(client), address(server));
    let (channel, path) = (nullius_model::Channel::Tcp(SHELL), nullius_model::Path::Bridged);
    nullius_model::Rule::Service { client, server, channel, path }
}

#[test]
fn a_revoked_device_or_key_loses_what_it_proved_at_once_and_the_door_is_told() {
    let mut plant = Plant::new();
    plant.prove(soft("cam1"), 0).unwrap();
    let epoch = |plant: &Plant| plant.gateway.standing().trust_epoch;
    assert_eq!(epoch(&plant), 0);
    let key = soft("cam1").key;
    order(&mut plant, Ordered::RevokeKey { device: name("cam1"), key, reason: "out".into() }, 2, 1).unwrap();
    assert_eq!((plant.access("cam1", "plc1", SHELL), epoch(&plant)), (None, 1));
    plant.prove(Proof { key: KeyHash([99; 32]), ..soft("cam1") }, 2).unwrap();
    let others = plant.access("hmi", "plc1", SHELL);
    plant.tell(Command::Revoke { device: name("cam1"), reason: "stolen".into() }, 3).unwrap();
    assert_eq!((plant.access("cam1", "plc1", SHELL), epoch(&plant)), (None, 2));
    assert_eq!(plant.access("hmi", "plc1", SHELL), others);
    assert_eq!(lapses(&plant), [LeaseEnd::KeyRevoked, LeaseEnd::Revoked]);
    plant.tell(Command::Restore { device: name("cam1"), reason: "found".into() }, 4).unwrap();
    assert_eq!((assurance(&plant, "cam1"), epoch(&plant)), (Assurance::Ia2, 3));
    let trust = Trust { anchors: vec![vec![1]], ..Trust::default() };
    order(&mut plant, Ordered::Trust(trust.clone()), 3, 5).unwrap();
    order(&mut plant, Ordered::Trust(trust), 4, 6).unwrap();
    assert_eq!(epoch(&plant), 4, "what was known already changes nothing");
    plant.gateway.distrust(&BTreeSet::from([KeyHash([7; 32])]), &actor(), at(7));
    plant.drain(at(7));
    assert_eq!(epoch(&plant), 5);
}

#[test]
fn a_key_is_revoked_before_any_policy_knows_its_device_and_keys_are_bounded() {
    let mut small = settings("boot-1");
    small.limits.revoked_keys = 2;
    let mut plant = Plant::restarted(small, nullius_engine::Standing::default(), at(0));
    let revoke = |byte: u8| Ordered::RevokeKey {
        device: name("unheard-of"),
        key: KeyHash([byte; 32]),
        reason: "out".into(),
    };
    for byte in [1, 2, 1] {
        order(&mut plant, revoke(byte), u64::from(byte), 1).unwrap();
    }
    assert_eq!(order(&mut plant, revoke(3), 4, 2), Err(Refusal::TooManyKeys(2)));
    let long = Ordered::RevokeKey {
        device: name("a"),
        key: KeyHash([1; 32]),
        reason: SmolStr::new("x".repeat(1_025)),
    };
    assert_eq!(order(&mut plant, long, 5, 3), Err(Refusal::TextTooLong(1_024)));
}

#[test]
fn a_restart_of_the_process_keeps_leases_and_one_of_the_machine_does_not() {
    for (boot, kept) in [("boot-1", true), ("boot-2", false)] {
        let mut plant = Plant::new();
        plant.prove(soft("cam1"), 0).unwrap();
        plant.tell(vouch("cam1", 600), 0).unwrap();
        let rules = plant.kernel.clone();
        let mut plant = Plant::restarted(settings(boot), plant.saved.clone(), at(100));
        assert_eq!(plant.kernel == rules, kept, "{boot}");
        assert_eq!(assurance(&plant, "cam1"), if kept { Assurance::Ia4 } else { Assurance::Ia2 });
        plant.pass(600);
        assert_eq!(plant.access("cam1", "plc1", SHELL), None);
        let why = if kept { LeaseEnd::Expired } else { LeaseEnd::Rebooted };
        assert_eq!(lapses(&plant), [why]);
    }
}

#[test]
fn a_goodbye_ends_the_lease_of_that_key_and_no_other() {
    let mut plant = Plant::new();
    plant.prove(soft("cam1"), 0).unwrap();
    for (key, left) in [(KeyHash([99; 32]), 1), (KeyHash([number("cam1"); 32]), 0)] {
        plant.gateway.handle_unproven(&name("cam1"), &key, "goodbye".into(), at(1));
        plant.drain(at(1));
        assert_eq!(plant.gateway.standing().leases.len(), left);
    }
    assert_eq!(lapses(&plant), [LeaseEnd::Unproven("goodbye".into())]);
}

#[test]
fn a_device_that_is_bound_elsewhere_by_a_person_proves_itself_there() {
    let mut plant = Plant::new();
    plant.see(&port(OPEN), mac("cam2"), Some(address("cam2")), 0);
    let at_open = Proof { port: port(OPEN), ..soft("cam2") };
    plant.prove(at_open, 1).unwrap();
    let approve = Command::Approve { device: name("cam2"), port: Some(port(crate::plant::HELD)), mac: None };
    plant.tell(approve, 2).unwrap();
    assert_eq!((assurance(&plant, "cam2"), lapses(&plant)), (Assurance::Ia1, vec![LeaseEnd::Moved]));
}

#[test]
fn why_names_what_the_assurance_rests_on_and_until_when() {
    let mut plant = Plant::new();
    plant.prove(soft("cam1"), 0).unwrap();
    let question = nullius_engine::Question {
        subject: name("cam1"),
        object: name("plc1"),
        channel: nullius_model::Channel::Tcp(SHELL),
        verb: None,
        operand: None,
    };
    let why = plant.gateway.why(&question, at(1));
    let lines: Vec<String> = why.to_string().lines().map(str::to_owned).collect();
    for line in [
        "  input ia: IA4",
        "  evidence binding: bound to its port and addresses by the inventory",
        "  evidence key: proved its software key, certificate 0a, until 300.000 s after the start",
        "  the packet path accepts until 300.000 s after the start",
    ] {
        assert!(lines.iter().any(|other| other == line), "{line} in {lines:#?}");
    }
}

#[test]
fn no_policy_no_lease() {
    let settings = settings("boot-1");
    let mut gateway = nullius_engine::Gateway::new(settings, nullius_engine::Standing::default(), at(0));
    assert_eq!(gateway.handle_proof(soft("cam1"), at(1)), Err(NoLease::NoPolicy));
    gateway.handle_policy(first(), at(2));
    assert!(gateway.handle_proof(Proof { mac: Mac::new([9; 6]), ..soft("cam1") }, at(3)).is_err());
}
