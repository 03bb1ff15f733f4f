//! A gateway and its controller, with the link between them cut, lied to, and held back.

use crate::controller::Controller;
use crate::plant::{Plant, damage, epoch, error, is_ok, policy, services};
use nullius_protocol::bundle::{Body, Bundle, PolicyDelta, SigningKey};
use nullius_protocol::link::Outcome;
use nullius_protocol::local::Command;
use nullius_protocol::order::Order;
use std::collections::BTreeMap;
use std::fs;

/// Seconds of a day.
const DAY: u64 = 86_400;

/// A gateway that has joined, with its link, and a controller.
fn joined(name: &str) -> (Plant, Controller) {
    let mut plant = Plant::new(name);
    let controller = Controller::start(DAY);
    // the first address is nobody's
    plant.belongs_to(&["https://127.0.0.1:9".to_owned(), controller.url()]);
    plant.start();
    controller.join(&plant);
    plant.start_link();
    (plant, controller)
}

fn order(counter: u64, key: &str, order: Order) -> Bundle {
    Bundle { body: Body::Order { key: key.to_owned(), order }, ..policy(counter, 0) }
}

fn revoke(counter: u64, device: &str) -> Bundle {
    let key = format!("revocation/{device}");
    order(counter, &key, Order::Revoke { device: device.into(), reason: "stolen".into() })
}

fn restore(counter: u64, device: &str) -> Bundle {
    let key = format!("revocation/{device}");
    order(counter, &key, Order::Restore { device: device.into(), reason: "found".into() })
}

/// The other way round than the policy has it.
fn grant(counter: u64, id: &str, made: u64, seconds: u64) -> Bundle {
    let key = format!("grant/{id}");
    let order_ = Order::Grant {
        id: id.into(),
        subject: "plc".into(),
        object: "hmi/page".into(),
        verbs: Vec::new(),
        made,
        seconds,
        reason: "a test".into(),
        work_order: None,
        approvers: vec!["ben".into()],
    };
    order(counter, &key, order_)
}

fn delta(base: &Bundle, counter: u64, port: u16) -> Bundle {
    let (Body::Policy(from), Body::Policy(to)) = (&base.body, policy(counter, port).body) else { panic!() };
    let delta = PolicyDelta::between(base.epoch, from, &to).unwrap();
    Bundle { body: Body::PolicyDelta(delta), ..policy(counter, port) }
}

fn now() -> u64 {
    nullius_gateway::Clock::now(&nullius_gateway::SystemClock).wall.as_secs()
}

fn applied(controller: &Controller, counter: u64) -> bool {
    let acks = controller.outcomes(epoch(counter));
    acks.last().is_some_and(|ack| matches!(ack.result, Outcome::Applied { .. }))
}

fn refused(controller: &Controller, counter: u64) -> Option<String> {
    match controller.outcomes(epoch(counter)).pop()?.result {
        Outcome::Refused { reason } => Some(reason),
        Outcome::Applied { .. } | Outcome::Held { .. } => None,
    }
}

/// Sends, and waits until it is applied.
fn sent(plant: &Plant, controller: &Controller, bundle: &Bundle) {
    controller.send(bundle);
    plant.wait_until("a bundle is applied", |_| applied(controller, bundle.epoch.counter));
}

/// Every record there ever was, by its number.
fn written(plant: &Plant) -> BTreeMap<u64, String> {
    let files = fs::read_dir(plant.path("state")).unwrap().map(|entry| entry.unwrap().path());
    let audits = files.filter(|path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with("audit.") && name.ends_with(".jsonl")
    });
    let text: String = audits.map(|path| fs::read_to_string(path).unwrap()).collect();
    let number = |line: &str| -> u64 {
        let rest = line.strip_prefix("{\"seq\":").unwrap();
        rest.split(',').next().unwrap().parse().unwrap()
    };
    text.lines().map(|line| (number(line), line.to_owned())).collect()
}

/// The controller has every record, once, and the same as was written.
fn all_recorded(plant: &Plant, controller: &Controller) -> bool {
    let (written, heard) = (written(plant), controller.heard());
    let same = |(seq, line): (&u64, &String)| {
        let fields = heard.records.get(seq).map(|record| record.line.trim_matches(['{', '}']).to_owned());
        fields.is_some_and(|fields| line.contains(&fields))
    };
    heard.doubled == 0 && heard.records.len() == written.len() && written.iter().all(same)
}

#[test]
fn a_day_without_the_controller_and_two_reboots_lose_nothing() {
    let (mut plant, controller) = joined("day");
    sent(&plant, &controller, &policy(2, 1002));
    sent(&plant, &controller, &grant(3, "01", now(), 3600));
    assert_eq!(services(&plant.installed()), [1002, 80]);
    controller.cut(true);
    let revoked = Command::Revoke { device: "hmi".into(), reason: "stolen".into() };
    assert!(is_ok(Some(&plant.ask(revoked))));
    assert!(services(&plant.installed()).is_empty());
    // what the controller says meanwhile
    for bundle in [restore(4, "hmi"), revoke(5, "plc"), grant(6, "02", now(), 3600), policy(7, 1007)] {
        controller.send(&bundle);
    }
    // what came later of the same key takes its place
    controller.forget(epoch(4));
    for boot in 1..=2 {
        plant.kill();
        plant.kill_link();
        plant.boot = (format!("boot {boot}"), boot * DAY / 2);
        assert!(plant.load().success());
        assert!(services(&plant.installed()).is_empty(), "boot {boot}: still revoked");
        plant.start();
        plant.start_link();
    }
    controller.cut(false);
    plant.wait_until("the policy is applied", |_| applied(&controller, 7));
    let hello = controller.heard().hellos.last().cloned().unwrap();
    assert_eq!((hello.taken, hello.policy), (epoch(3), epoch(2)));
    assert_eq!(hello.revoked[0].device, "hmi");
    assert!(applied(&controller, 5));
    assert!(refused(&controller, 6).unwrap().contains("its time was over"), "a day is longer than an hour");
    assert!(services(&plant.installed()).is_empty(), "both ends are revoked");
    assert_eq!(plant.installed().marker.unwrap().epoch, epoch(7));
    plant.wait_until("every record is there", |plant| all_recorded(plant, &controller));
}

#[test]
fn a_revocation_at_the_gateway_is_told_while_the_link_is_up() {
    let (plant, controller) = joined("told");
    sent(&plant, &controller, &policy(2, 1002));
    sent(&plant, &controller, &revoke(3, "plc"));
    let revoked = Command::Revoke { device: "hmi".into(), reason: "stolen".into() };
    assert!(is_ok(Some(&plant.ask(revoked))));
    let told = |controller: &Controller| {
        controller.heard().revoked.iter().map(|revoked| revoked.device.clone()).collect::<Vec<_>>()
    };
    plant.wait_until("it is told", |_| told(&controller).contains(&"hmi".to_owned()));
    assert_eq!(told(&controller).iter().filter(|name| *name == "hmi").count(), 1);
    assert_eq!(controller.heard().hellos.len(), 1, "over the link that was there");
}

#[test]
fn what_is_old_foreign_or_does_not_fit_is_refused_with_an_alarm() {
    let (mut plant, controller) = joined("refused");
    let base = policy(10, 1010);
    sent(&plant, &controller, &base);
    let good = delta(&base, 20, 1020);
    let Body::PolicyDelta(change) = &good.body else { panic!() };
    let partial = PolicyDelta { put: BTreeMap::new(), ..change.clone() };
    let other_base = PolicyDelta { base: epoch(9), ..change.clone() };
    let with = |counter, delta| Bundle { body: Body::PolicyDelta(delta), ..policy(counter, 0) };
    let foreign = policy(11, 1011).sign(&SigningKey::generate().unwrap()).unwrap();
    let cases = [
        (11, foreign, "the signature is not by the key"),
        (12, with(12, partial).sign(&controller.signer).unwrap(), "the policy that was meant"),
        (
            13,
            with(13, other_base).sign(&controller.signer).unwrap(),
            "it changes policy 1.9, and 1.10 is in force",
        ),
        // an older one, in the place of a newer
        (14, policy(5, 1005).sign(&controller.signer).unwrap(), "epoch 1.5 is not above 1.10"),
    ];
    for (counter, bytes, words) in cases {
        controller.send_raw(epoch(counter), bytes);
        let acked = if counter == 14 { 5 } else { counter };
        plant.wait_until("it is refused", |_| refused(&controller, acked).is_some());
        let reason = refused(&controller, acked).unwrap();
        assert!(reason.contains(words), "{counter}: {reason}");
        assert_eq!(services(&plant.installed()), [1010], "{counter}");
    }
    assert_eq!(plant.audit().lines().filter(|line| line.contains("alarm-bundle-refused")).count(), 4);
    sent(&plant, &controller, &good);
    assert_eq!(services(&plant.installed()), [1020]);
    // both are verified anew and put together at a start
    plant.kill();
    plant.start();
    assert_eq!(
        (services(&plant.installed()), plant.installed().marker.unwrap().epoch),
        (vec![1020], epoch(20))
    );
    plant.kill();
    damage(&plant.path("state/bundles/1.20.cose"));
    plant.start();
    assert_eq!(services(&plant.installed()), [1010]);
    assert!(plant.audit().contains("store-damaged"));
}

#[test]
fn a_grant_that_comes_again_never_opens_again() {
    let (mut plant, controller) = joined("replay");
    sent(&plant, &controller, &policy(2, 1002));
    let made = now();
    let first = grant(3, "01", made, 3600).sign(&controller.signer).unwrap();
    controller.send_raw(epoch(3), first.clone());
    plant.wait_until("the grant is open", |_| applied(&controller, 3));
    assert_eq!(services(&plant.installed()), [1002, 80]);
    let end = Order::EndGrant { id: "01".into(), reason: "done".into() };
    sent(&plant, &controller, &order(4, "grant/01", end));
    assert_eq!(services(&plant.installed()), [1002]);
    plant.kill();
    plant.start();
    // the same bytes, and the same grant under a new number
    controller.send_raw(epoch(5), first);
    controller.send(&grant(6, "01", made, 3600));
    plant.wait_until("both are refused", |_| {
        refused(&controller, 3).is_some() && refused(&controller, 6).is_some()
    });
    assert!(refused(&controller, 6).unwrap().contains("was opened, or ended, before"));
    assert_eq!(services(&plant.installed()), [1002]);
}

#[test]
fn what_could_widen_waits_while_it_is_held_and_a_revocation_does_not() {
    let (mut plant, controller) = joined("hold");
    sent(&plant, &controller, &policy(2, 1002));
    sent(&plant, &controller, &revoke(3, "plc"));
    let hold = |on| Command::Hold { on, reason: "the shift is short".into() };
    assert!(is_ok(Some(&plant.ask(hold(true)))));
    for bundle in [restore(4, "plc"), policy(5, 1005), restore(6, "hmi"), revoke(7, "hmi")] {
        controller.send(&bundle);
    }
    plant.wait_until("the revocation is applied", |_| applied(&controller, 7));
    for counter in 4..=6 {
        let acks = controller.outcomes(epoch(counter));
        let held = Outcome::Held { reason: "the shift is short".into() };
        assert_eq!(acks.first().map(|ack| &ack.result), Some(&held), "{counter}");
    }
    assert_eq!((services(&plant.installed()), plant.installed().marker.unwrap().epoch), (vec![], epoch(2)));
    plant.wait_until("what was superseded is told", |_| refused(&controller, 6).is_some());
    // held over a restart
    plant.kill();
    plant.start();
    assert_eq!(plant.installed().marker.unwrap().epoch, epoch(2));
    let hello = |controller: &Controller| controller.heard().hellos.last().cloned().unwrap();
    assert!(is_ok(Some(&plant.ask(hold(false)))));
    plant.wait_until("what was held is told", |_| applied(&controller, 4) && applied(&controller, 5));
    assert!(refused(&controller, 6).unwrap().contains("took its place"));
    // whoever is started anew between two looks of its link is not missed by it: a new stream is what says hello
    plant.kill_link();
    plant.start_link();
    plant.wait_until("what was taken is told", |_| hello(&controller).taken.term == 1);
    assert!(services(&plant.installed()).is_empty(), "the hmi stays revoked");
    sent(&plant, &controller, &restore(8, "hmi"));
    assert_eq!(services(&plant.installed()), [1005]);
    assert!(fs::read_dir(plant.path("state/held")).unwrap().next().is_none());
}

#[test]
fn orders_that_come_before_the_policy_hold_under_it() {
    let (plant, controller) = joined("before");
    controller.send(&revoke(2, "hmi"));
    controller.send(&policy(3, 1003));
    plant.wait_until("the policy is applied", |_| applied(&controller, 3));
    assert!(applied(&controller, 2));
    assert!(services(&plant.installed()).is_empty());
}

#[test]
fn a_gateway_with_a_policy_of_its_own_hands_itself_over_and_goes_back_alone() {
    let mut plant = Plant::new("handed");
    let controller = Controller::start(DAY);
    plant.belongs_to(&[controller.url()]);
    plant.start();
    assert!(is_ok(plant.apply(1, 1001).as_ref()));
    // a token that pins another controller is not even used
    let config = nullius_gateway::Config::read(&plant.path("gateway.toml")).unwrap();
    let (known, root) = controller.token().rsplit_once('-').map(|(a, b)| (a.to_owned(), b.len())).unwrap();
    let wrong = format!("{known}-{}", "0".repeat(root));
    let refused =
        nullius_gateway::link::join(&config, &plant.path("identity"), &controller.join_url(), &wrong);
    assert!(matches!(refused, Err(nullius_gateway::link::JoinError::Http(_))), "{refused:?}");
    assert!(!plant.path("identity").exists());
    controller.join(&plant);
    assert!(error(plant.apply(9, 1009).unwrap()).contains("signature"));
    plant.start_link();
    sent(&plant, &controller, &policy(3, 1003));
    assert_eq!(services(&plant.installed()), [1003]);
    let back = Command::PolicyRollback { epoch: None, reason: "it stops the line".into() };
    assert!(is_ok(Some(&plant.ask(back))));
    assert_eq!(services(&plant.installed()), [1001]);
    plant.kill();
    plant.start();
    assert_eq!(services(&plant.installed()), [1001], "and stays");
    sent(&plant, &controller, &policy(4, 1004));
    assert_eq!(services(&plant.installed()), [1004]);
}

#[test]
fn a_gateway_that_is_stopped_can_join() {
    let mut plant = Plant::new("stopped");
    let controller = Controller::start(DAY);
    plant.belongs_to(&[controller.url()]);
    controller.join(&plant);
    plant.start();
    plant.start_link();
    sent(&plant, &controller, &policy(1, 1001));
    assert_eq!(services(&plant.installed()), [1001]);
}

#[test]
fn a_token_from_before_another_root_took_over_joins() {
    let mut plant = Plant::new("rolled");
    let controller = Controller::rolled_over(DAY);
    plant.belongs_to(&[controller.url()]);
    plant.start();
    controller.join(&plant);
    let kept = fs::read_to_string(plant.path("identity/identity.json")).unwrap();
    assert!(kept.contains(&nullius_protocol::to_hex(&controller.root)), "from now on it knows the new one");
    plant.start_link();
    sent(&plant, &controller, &policy(1, 1001));
    assert_eq!(services(&plant.installed()), [1001]);
}

#[test]
fn a_certificate_is_renewed_at_half_of_its_life() {
    let mut plant = Plant::new("renewed");
    let controller = Controller::start(6);
    plant.belongs_to(&[controller.url()]);
    plant.start();
    controller.join(&plant);
    let before = fs::read(plant.path("identity/identity.json")).unwrap();
    plant.start_link();
    plant.wait_until("it is renewed", |_| controller.heard().renewed > 0);
    plant.wait_until("it is kept", |plant| fs::read(plant.path("identity/identity.json")).unwrap() != before);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(plant.path("identity/identity.json")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_controller_gone_bad_costs_the_gateway_nothing() {
    let mut plant = Plant::new("hostile");
    let (stranger, controller) = (Controller::start(DAY), Controller::start(DAY));
    plant.belongs_to(&[stranger.url(), controller.url()]);
    plant.start();
    controller.join(&plant);
    plant.start_link();
    sent(&plant, &controller, &policy(2, 1002));
    let memory = plant.peak_memory_of_link();
    let giant = [&[0xff; 4][..], &[0; 1 << 20]].concat();
    let nonsense = [&[0, 0, 0, 5][..], b"hello"].concat();
    for bytes in [giant, nonsense] {
        controller.turn_hostile(bytes);
        let hellos = controller.heard().hellos.len();
        plant.wait_until("the link comes back", |_| controller.heard().hellos.len() > hellos + 1);
        assert!(is_ok(plant.try_ask(Command::Status).as_ref()));
    }
    assert!(plant.peak_memory_of_link() < memory + (8 << 10), "{} KiB", plant.peak_memory_of_link());
    // who has no certificate of the site's is told nothing
    assert!(stranger.heard().hellos.is_empty() && stranger.bytes() > 0);
    assert_eq!(services(&plant.installed()), [1002]);
}

#[test]
fn the_socket_of_the_link_is_for_the_link() {
    let (plant, controller) = joined("socket-role");
    sent(&plant, &controller, &policy(2, 1002));
    let revoke = Command::Revoke { device: "hmi".into(), reason: "no".into() };
    let answer = plant.try_ask_at("link-socket", revoke).unwrap();
    assert!(error(answer).contains("not for whoever comes in at this socket"));
    assert!(is_ok(plant.try_ask_at("link-socket", Command::Status).as_ref()));
    let acked = plant.ask(Command::SpoolAcked { through: 1 });
    assert!(error(acked).contains("not for whoever comes in at this socket"));
}

#[test]
fn an_idle_link_costs_less_than_ten_kilobytes_a_minute() {
    const SECONDS: u64 = 45;
    let (plant, controller) = joined("idle");
    sent(&plant, &controller, &policy(2, 1002));
    plant.wait_until("every record is there", |plant| all_recorded(plant, &controller));
    std::thread::sleep(std::time::Duration::from_secs(12));
    let before = controller.bytes();
    std::thread::sleep(std::time::Duration::from_secs(SECONDS));
    let cost = (controller.bytes() - before) * 60 / SECONDS;
    assert!(cost <= 10_000, "{cost} bytes a minute");
    assert!(!controller.heard().reports.is_empty());
}

#[test]
fn a_missing_list_of_signers_is_no_first_start() {
    let mut plant = Plant::new("signers");
    plant.start();
    assert!(is_ok(plant.apply(1, 1001).as_ref()));
    plant.kill();
    fs::remove_file(plant.path("state/trusted.pub")).unwrap();
    assert!(!plant.load().success());
    assert_eq!(services(&plant.installed()), [1001], "the kernel keeps what it had");
    let log = fs::read_to_string(plant.path("log")).unwrap();
    assert!(log.contains("Missing("), "{log}");
}
