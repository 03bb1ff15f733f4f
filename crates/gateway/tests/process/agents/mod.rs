//! Agents of devices at the door of a gateway that has no address.

mod core;
mod device;
mod flood;
mod site;

use self::core::Core;
use crate::plant::{Plant, run};
use device::{Credential, Device};
use nullius_identity::{Profile, Validity};
use nullius_protocol::agent::{FromAgent, ToAgent};
use nullius_protocol::link::{Blob, Hash};
use nullius_protocol::local::Command;
use quinn::ConnectionError;
use site::{LONG, Site, device as of};
use std::fs;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;

/// A device is cut within so long.
const CUT: Duration = Duration::from_millis(100);

struct Door {
    plant: Plant,
    core: Core,
    site: Site,
}

/// A gateway whose door is open, on a bridge without an address; `d1` and `d2` are at its ports.
fn door(name: &str, lease: u32) -> Door {
    let mut plant = Plant::new(name);
    for quiet in ["br0", "p1", "p2"] {
        fs::write(format!("/proc/sys/net/ipv6/conf/{quiet}/disable_ipv6"), "1").unwrap();
    }
    // both have the same hardware address
    run("ip", &["link", "set", "d2", "address", "02:00:00:00:00:01"]);
    for (interface, address) in [("d1", "fe80::1/64"), ("d2", "fe80::2/64")] {
        run("ip", &["addr", "add", address, "dev", interface, "nodad"]);
    }
    plant.belongs_to(&["https://127.0.0.1:9".to_owned()]);
    let mut config = fs::read_to_string(plant.path("gateway.toml")).unwrap();
    config.push_str(&format!("[agents]\nlease = {lease}\n"));
    fs::write(plant.path("gateway.toml"), config).unwrap();
    let site = Site::new("test.example");
    site.write_identity(&plant.path("identity"));
    let core = Core::start(&plant.path("link-socket"));
    plant.start_link();
    Door { plant, core, site }
}

fn run_here<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(test)
}

/// What the gateway closed the connection with.
fn reason(error: &ConnectionError) -> String {
    if let ConnectionError::ApplicationClosed(close) = error {
        return String::from_utf8_lossy(&close.reason).into_owned();
    }
    error.to_string()
}

fn places(core: &Core) -> Vec<(String, String, Vec<String>)> {
    core.with(|heard| {
        let place = |command: &Command| {
            let Command::Proven { port, mac, addresses, .. } = command else { panic!("{command:?}") };
            (port.clone(), mac.clone(), addresses.iter().map(ToString::to_string).collect())
        };
        heard.proven.iter().map(place).collect()
    })
}

#[test]
fn a_device_is_leased_at_its_place_and_told_from_its_double_at_another() {
    let door = door("agents-lease", 6);
    let credential = door.site.device("plc");
    run_here(async {
        let original = Device::new(&door.site, "d1", "fe80::1", Some(&credential));
        let double = Device::new(&door.site, "d2", "fe80::2", Some(&credential));
        let (mut talk, seconds) = original.prove().await.unwrap();
        assert_eq!(seconds, 6);
        let _other = double.prove().await.unwrap();
        let mac = "02:00:00:00:00:01".to_owned();
        let at = |port: &str, address: &str| (port.to_owned(), mac.clone(), vec![address.to_owned()]);
        assert_eq!(places(&door.core), [at("p1", "fe80::1"), at("p2", "fe80::2")]);
        let asked = Instant::now();
        let nonce = talk.challenge().await.unwrap();
        let waited = asked.elapsed();
        assert!(waited > Duration::from_secs(2) && waited < Duration::from_secs(4), "{waited:?}");
        let proof = talk.proof(nonce);
        talk.say(&proof).await;
        assert_eq!(talk.hear().await.unwrap(), ToAgent::Leased { seconds: 6 });
        talk.say(&FromAgent::Ping).await;
        assert_eq!(talk.hear().await.unwrap(), ToAgent::Pong);
    });
    let device = door.core.with(|heard| heard.proven[0].clone());
    let Command::Proven { device, key, seconds, .. } = device else { panic!() };
    let hash = Hash(door.site.key_hash(&credential));
    assert_eq!((device.as_str(), key, seconds), ("plc", hash, 6));
}

/// Proves its key as soon as the door has heard that it may again.
async fn proven(device: &Device) -> device::Talk {
    for _ in 0..100 {
        match device.prove().await {
            Ok((talk, _)) => return talk,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    device.prove().await.unwrap().0
}

#[test]
fn whoever_is_behind_a_link_that_came_proves_itself_at_once_and_nobody_else_does() {
    let door = door("agents-plugged", 300);
    let [plc, hmi] = ["plc", "hmi"].map(|name| door.site.device(name));
    run_here(async {
        let first = Device::new(&door.site, "d1", "fe80::1", Some(&plc));
        let second = Device::new(&door.site, "d2", "fe80::2", Some(&hmi));
        let (mut talk, _) = first.prove().await.unwrap();
        let (mut other, _) = second.prove().await.unwrap();
        door.core.plug("p1", 7_000);
        let asked = Instant::now();
        let before = talk.challenge().await.unwrap();
        assert!(asked.elapsed() < Duration::from_secs(1), "a lease is half over after minutes");
        // once more, before it has answered
        door.core.plug("p1", 8_000);
        let now = talk.challenge().await.unwrap();
        for nonce in [before, now] {
            let proof = talk.proof(nonce);
            talk.say(&proof).await;
        }
        assert_eq!(talk.hear().await.unwrap(), ToAgent::Leased { seconds: 300 });
        other.say(&FromAgent::Ping).await;
        assert_eq!(other.hear().await.unwrap(), ToAgent::Pong, "that of the other port is asked nothing");
    });
    let known = door.core.with(|heard| {
        let known = |command: &Command| {
            let Command::Proven { port, plugged, .. } = command else { panic!("{command:?}") };
            (port.clone(), *plugged)
        };
        heard.proven.iter().map(known).collect::<Vec<_>>()
    });
    assert_eq!(known, [("p1".to_owned(), 0), ("p2".to_owned(), 0), ("p1".to_owned(), 8_000)]);
}

#[test]
fn whoever_is_revoked_is_cut_at_once_and_nobody_else() {
    let door = door("agents-revoked", 300);
    let [plc, hmi] = ["plc", "hmi"].map(|name| door.site.device(name));
    let cuts: [&dyn Fn(&mut nullius_protocol::local::Trust); 2] =
        [&|trust| trust.revoked.push("plc".into()), &|trust| {
            trust.revoked_keys.push(Hash(door.site.key_hash(&plc)))
        }];
    run_here(async {
        let first = Device::new(&door.site, "d1", "fe80::1", Some(&plc));
        let second = Device::new(&door.site, "d2", "fe80::2", Some(&hmi));
        let (mut other, _) = second.prove().await.unwrap();
        for (cut, why) in cuts.into_iter().zip(["the device is revoked", "the key is revoked"]) {
            let talk = proven(&first).await;
            let at = Instant::now();
            door.core.trust(cut);
            let closed = talk.connection.closed().await;
            let took = at.elapsed();
            assert_eq!(reason(&closed), why);
            assert!(took < CUT, "{took:?}");
            assert_eq!(reason(&first.greet().await.err().unwrap()), why, "and comes back by no way");
            tokio::time::sleep(Duration::from_millis(100)).await;
            let told = door.core.with(|heard| heard.unproven.pop()).unwrap();
            assert_eq!((told.0.as_str(), told.2.as_str()), ("plc", why));
            door.core.trust(|trust| trust.revoked.clear());
        }
        other.say(&FromAgent::Ping).await;
        assert_eq!(other.hear().await.unwrap(), ToAgent::Pong);
        let root = Blob(door.site.root().to_vec());
        door.core.trust(|trust| trust.anchors.push(root.clone()));
        let told = ToAgent::Anchors { anchors: vec![root], cross: vec![], distrusted: vec![] };
        assert_eq!(other.hear().await.unwrap(), told, "who stays hears of new anchors");
        let stranger = Site::new("test.example");
        door.core.trust(|trust| trust.anchors = vec![Blob(stranger.root().to_vec())]);
        let closed = reason(&other.connection.closed().await);
        assert!(closed.contains("leads to no authority"), "{closed}");
    });
}

#[test]
fn who_is_no_device_of_this_site_is_refused_with_the_reason() {
    let door = door("agents-strangers", 300);
    let past = Validity { from: 1_600_000_000, until: 1_600_000_100 };
    let gateway = Profile::Gateway { site: "lab".into(), name: "gw2".into() };
    let elsewhere = Site::new("other.example");
    let cases: [(&str, Option<Credential>, &str); 5] = [
        ("another trust domain", Some(elsewhere.device("plc")), "UnknownIssuer"),
        ("a gateway", Some(door.site.issue(&gateway, LONG)), "Name"),
        ("another site", Some(door.site.issue(&of("annex", "plc"), LONG)), "Name"),
        ("run out", Some(door.site.issue(&of("lab", "plc"), past)), "Expired"),
        ("no certificate", None, "a device shows a certificate"),
    ];
    run_here(async {
        for (what, credential, why) in cases {
            let device = Device::new(&door.site, "d1", "fe80::1", credential.as_ref());
            let refused = reason(&device.greet().await.err().expect(what));
            assert!(refused.contains(why), "{what}: {refused}");
        }
    });
    assert!(places(&door.core).is_empty());
}

#[test]
fn what_is_no_proof_ends_the_connection_and_leases_nothing() {
    let door = door("agents-proofs", 5);
    let credential = door.site.device("plc");
    run_here(async {
        let device = Device::new(&door.site, "d1", "fe80::1", Some(&credential));
        for (what, why) in [
            ("forged", "the signature is not by"),
            ("unasked", "a proof that nobody asked for"),
            ("none", "no proof came in time"),
            ("of another connection", "the signature is not by"),
        ] {
            let mut talk = device.greet().await.unwrap();
            let nonce = talk.challenge().await.unwrap();
            let proof = match what {
                "forged" => Some(FromAgent::Proof { nonce, signature: Blob(vec![0x30; 70]) }),
                "unasked" => Some(talk.proof(Hash([9; 32]))),
                "of another connection" => Some(device.greet().await.unwrap().proof(nonce)),
                _ => None,
            };
            if let Some(proof) = proof {
                talk.say(&proof).await;
            }
            let ToAgent::Bye { reason, .. } = talk.hear().await.unwrap() else { panic!("{what}") };
            assert!(reason.contains(why), "{what}: {reason}");
        }
        assert!(places(&door.core).is_empty());
        let (mut talk, _) = device.prove().await.unwrap();
        // the same once more
        let nonce = Hash([0; 32]);
        let replayed = talk.proof(nonce);
        talk.say(&replayed).await;
        assert!(matches!(talk.hear().await.unwrap(), ToAgent::Bye { .. }));
        assert_eq!(places(&door.core).len(), 1);
        door.core.with(|heard| heard.refusal = Some("no such device".into()));
        let mut talk = device.greet().await.unwrap();
        let nonce = talk.challenge().await.unwrap();
        let proof = talk.proof(nonce);
        talk.say(&proof).await;
        let ToAgent::Bye { reason, .. } = talk.hear().await.unwrap() else { panic!() };
        assert!(reason.contains("no such device"), "{reason}");
    });
}

#[test]
fn nothing_is_resumed_across_a_change_of_trust() {
    let door = door("agents-tickets", 300);
    let credential = door.site.device("plc");
    run_here(async {
        let device = Device::new(&door.site, "d1", "fe80::1", Some(&credential));
        let full = || device.full.load(Ordering::SeqCst);
        let again = async || {
            let (talk, _) = device.prove().await.unwrap();
            talk.connection.close(0_u32.into(), b"");
        };
        again().await;
        assert_eq!(full(), 1);
        again().await;
        assert_eq!(full(), 1, "nothing changed: the session goes on");
        door.core.trust(|trust| trust.revoked.push("camera".into()));
        tokio::time::sleep(Duration::from_millis(200)).await;
        again().await;
        assert_eq!(full(), 2, "a ticket from before the change is worth nothing");
        door.core.trust(|trust| trust.revoked.push("plc".into()));
        let refused = device.greet().await.err().unwrap();
        assert_eq!(reason(&refused), "the device is revoked");
    });
}
