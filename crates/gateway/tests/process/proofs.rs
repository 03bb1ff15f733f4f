//! What devices prove, over the link's socket: in the kernel before it is answered, and kept by another process.

use crate::plant::{Plant, error, is_ok, policy, services};
use nullius_protocol::bundle::{Body, Bundle};
use nullius_protocol::link::Hash;
use nullius_protocol::local::{self, Answer, Body as Reply, Command, Device, Protection, Request, Trust};
use std::io::{BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// A gateway with a link's socket, whose policy lets the panel in for its key alone.
fn keyed(name: &str) -> Plant {
    let mut plant = Plant::new(name);
    plant.belongs_to(&["https://127.0.0.1:9".to_owned()]);
    plant.start();
    let Body::Policy(mut files) = policy(1, 1001).body else { panic!("a policy") };
    for (file, from, to) in [
        ("policies/main.cedar", ");\n", ") when { context.ia >= 4 };\n"),
        ("tests/main.toml", "verb =", "inputs = { ia = 4 }\nverb ="),
    ] {
        let text = files.get_mut(file).unwrap();
        *text = text.replace(from, to);
    }
    let bundle = Bundle { body: Body::Policy(files), ..policy(1, 1001) };
    let applied = plant.ask(Command::PolicyApply { bundle: bundle.sign(&plant.key()).unwrap() });
    assert!(is_ok(Some(&applied)), "{applied:?}");
    plant
}

fn proven(seconds: u32) -> Command {
    proven_since(0, seconds)
}

/// One that was asked for when the link of its port was known to have come at that time.
fn proven_since(plugged: u64, seconds: u32) -> Command {
    Command::Proven {
        device: "hmi".into(),
        key: Hash([7; 32]),
        serial: "0a".into(),
        protection: Protection::Software,
        port: "p1".into(),
        mac: "02:00:00:00:00:01".into(),
        addresses: vec!["fe80::1".parse().unwrap()],
        seconds,
        plugged,
    }
}

fn at_the_link(plant: &Plant, command: Command) -> Answer {
    plant.try_ask_at("link-socket", command).expect("the gateway answers")
}

fn leased(plant: &Plant, seconds: u32) -> u32 {
    let Answer::Ok(body) = at_the_link(plant, proven(seconds)) else { panic!("no lease") };
    let Reply::Leased { seconds } = *body else { panic!("no lease") };
    seconds
}

fn hmi(plant: &Plant) -> Device {
    let Answer::Ok(body) = plant.ask(Command::Device { device: "hmi".into() }) else { panic!("no device") };
    let Reply::Device(device) = *body else { panic!("no device") };
    device
}

#[test]
fn a_lease_survives_the_process_and_ends_when_it_should() {
    let mut plant = keyed("lease");
    assert_eq!((services(&plant.installed()), hmi(&plant).assurance.as_str()), (vec![], "IA2"));
    assert_eq!(leased(&plant, 300), 300);
    // a shorter one takes its place: only the newest proof counts
    assert_eq!(leased(&plant, 6), 6);
    let installed = plant.installed();
    assert_eq!(services(&installed), [1001]);
    assert!(installed.rules.values().any(|terms| terms.ends.is_some()), "the kernel has the end");
    plant.kill();
    assert_eq!(services(&plant.installed()), [1001], "what is in the kernel outlives the process");
    plant.start();
    let device = hmi(&plant);
    assert_eq!((services(&plant.installed()), device.assurance.as_str()), (vec![1001], "IA4"));
    let key = device.evidence.iter().find(|evidence| evidence.kind == "key").unwrap();
    assert!(key.left.is_some_and(|left| left <= 6), "{key:?}");
    plant.wait_until("the lease ends", |plant| services(&plant.installed()).is_empty());
    plant.wait_until("that is written down", |plant| plant.audit().contains("it was not renewed"));
    // another boot of the machine: what was proved before counts no more
    assert_eq!(leased(&plant, 300), 300);
    plant.kill();
    plant.boot.0 = "second".to_owned();
    plant.start();
    assert_eq!((services(&plant.installed()), hmi(&plant).assurance.as_str()), (vec![], "IA2"));
}

#[test]
fn an_unplugged_cable_ends_what_was_proved_behind_it() {
    let plant = keyed("unplugged");
    assert_eq!(leased(&plant, 300), 300);
    crate::plant::run("ip", &["link", "set", "d1", "down"]);
    plant.wait_until("the rules are gone", |plant| services(&plant.installed()).is_empty());
    crate::plant::run("ip", &["link", "set", "d1", "up"]);
    plant.wait_until("the panel is back", |plant| hmi(plant).assurance == "IA2");
    assert!(services(&plant.installed()).is_empty());
    // what was asked for before the cable was in again may be answered by another device
    let Answer::Ok(body) = at_the_link(&plant, proven(300)) else { panic!("refused") };
    assert_eq!(*body, Reply::Anew);
    let at = Watch::begin(&plant).next().plugged["p1"];
    let Answer::Ok(body) = at_the_link(&plant, proven_since(at, 300)) else { panic!("refused") };
    assert_eq!(*body, Reply::Leased { seconds: 300 });
    assert_eq!(services(&plant.installed()), [1001]);
    let goodbye = Command::Unproven { device: "hmi".into(), key: Hash([7; 32]), reason: "goodbye".into() };
    assert!(is_ok(Some(&at_the_link(&plant, goodbye))));
    assert!(services(&plant.installed()).is_empty());
}

#[test]
fn a_cable_that_was_out_for_a_blink_ends_what_was_proved_all_the_same() {
    let plant = keyed("blink");
    let mut watch = Watch::begin(&plant);
    assert_eq!(watch.next(), Trust::default());
    // the kernel announces the first change of a link at once, and what follows within a second together
    let mut known = 0;
    for round in 0..3 {
        let Answer::Ok(body) = at_the_link(&plant, proven_since(known, 300)) else { panic!("refused") };
        assert_eq!(
            (*body, services(&plant.installed())),
            (Reply::Leased { seconds: 300 }, vec![1001]),
            "{round}"
        );
        crate::plant::run("ip", &["link", "set", "d1", "down"]);
        crate::plant::run("ip", &["link", "set", "d1", "up"]);
        let told = watch.next();
        assert_eq!((told.epoch, told.plugged.len()), (0, 1));
        assert!(told.plugged["p1"] > known, "{told:?}");
        known = told.plugged["p1"];
        assert_eq!(
            (services(&plant.installed()), hmi(&plant).assurance.as_str()),
            (vec![], "IA2"),
            "{round}"
        );
    }
    assert_eq!(plant.audit().matches("its port lost the link").count(), 3);
}

/// What the door is told, change by change.
struct Watch(BufReader<UnixStream>);

impl Watch {
    fn begin(plant: &Plant) -> Self {
        let mut stream = UnixStream::connect(plant.path("link-socket")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let request = Request { id: None, command: Command::WatchTrust };
        stream.write_all(&local::encode(&request).unwrap()).unwrap();
        Self(BufReader::new(stream))
    }

    fn next(&mut self) -> Trust {
        let line = local::read_line(&mut self.0).unwrap().unwrap();
        let Answer::Ok(body) = local::decode::<local::Reply>(&line).unwrap().answer else {
            panic!("refused")
        };
        let Reply::Trust(trust) = *body else { panic!("no trust") };
        trust
    }
}

#[test]
fn the_door_is_told_of_each_revocation_at_once_and_nobody_else_may_ask_or_prove() {
    let mut plant = keyed("watch");
    let mut watch = Watch::begin(&plant);
    assert_eq!(watch.next(), Trust::default());
    assert_eq!(leased(&plant, 300), 300);
    let revoke = Command::Revoke { device: "hmi".into(), reason: "stolen".into() };
    assert!(is_ok(Some(&plant.ask(revoke))));
    let told = watch.next();
    assert_eq!((told.epoch, told.revoked), (1, vec!["hmi".to_owned()]));
    assert!(error(at_the_link(&plant, proven(300))).contains("`hmi` is revoked"));
    let restore = Command::Restore { device: "hmi".into(), reason: "found".into() };
    assert!(is_ok(Some(&plant.ask(restore))));
    assert_eq!((watch.next().epoch, services(&plant.installed())), (2, vec![]));
    for command in [proven(300), Command::Trust, Command::WatchTrust] {
        assert!(error(plant.ask(command)).contains("not for whoever comes in at this socket"));
    }
    plant.kill();
    plant.start();
    let Answer::Ok(body) = at_the_link(&plant, Command::Trust) else { panic!("no trust") };
    assert!(matches!(*body, Reply::Trust(Trust { epoch: 2, .. })), "{body:?}");
}
