//! Bundles that must not be taken: the old policy stays, and an alarm says why.

use crate::plant::{Plant, error, is_ok, policy, services};
use nullius_protocol::bundle::{Body, Bundle, SigningKey};
use nullius_protocol::local::{Answer, Command};

fn apply(plant: &Plant, bundle: Vec<u8>) -> String {
    error(plant.ask(Command::PolicyApply { bundle }))
}

/// The policy with one file replaced.
fn with(path: &str, change: impl Fn(&str) -> String) -> Bundle {
    let mut bundle = policy(9, 1009);
    if let Body::Policy(files) = &mut bundle.body {
        let text = files.get(path).map(|text| change(text)).unwrap_or_default();
        files.insert(path.to_owned(), text);
    }
    bundle
}

#[test]
fn a_bad_bundle_is_refused_the_old_policy_stays_and_an_alarm_says_why() {
    let mut plant = Plant::new("bad");
    plant.start();
    assert!(is_ok(plant.apply(5, 1005).as_ref()));
    let key = plant.key();
    let cycle = with("inventory.toml", |text| {
        format!("{text}[[group]]\nname = 'a'\nin = ['b']\n[[group]]\nname = 'b'\nin = ['a']\n")
    });
    let unknown = with("inventory.toml", |text| text.replace("class =", "colour = 'red'\nclass ="));
    let failing = with("tests/main.toml", |text| text.replace("\"allow\"", "\"deny\""));
    let cases = [
        ("another key", policy(9, 1009).sign(&SigningKey::generate().unwrap()).unwrap(), "signature"),
        ("the same epoch", policy(5, 1009).sign(&key).unwrap(), "epoch 1.5 is not above 1.5"),
        ("an older epoch", policy(4, 1009).sign(&key).unwrap(), "epoch 1.4 is not above 1.5"),
        ("half a bundle", policy(9, 1009).sign(&key).unwrap().split_off(40), "no signed bundle"),
        ("cyclic groups", cycle.sign(&key).unwrap(), "inventory.toml:"),
        ("an unknown field", unknown.sign(&key).unwrap(), "inventory.toml:"),
        ("a failing test", failing.sign(&key).unwrap(), "fails its own tests"),
    ];
    for (what, bundle, words) in cases {
        let error = apply(&plant, bundle);
        assert!(error.contains(words), "{what}: {error}");
        assert_eq!(services(&plant.installed()), [1005], "{what}");
    }
    let refusals = plant.audit().lines().filter(|line| line.contains("alarm-bundle-refused")).count();
    assert_eq!(refusals, 7);
}

#[test]
fn fifty_megabytes_are_refused_the_old_policy_stays_and_an_alarm_says_why() {
    let mut plant = Plant::new("large");
    plant.start();
    assert!(is_ok(plant.apply(1, 1001).as_ref()));
    let told = apply(&plant, vec![0; 50 << 20]);
    assert!(told.contains("a line has at most"), "{told}");
    let told = apply(&plant, vec![0; (8 << 20) + 1]);
    assert!(told.contains("a bundle has at most"), "{told}");
    let refusals = plant.audit();
    let refusals: Vec<&str> = refusals.lines().filter(|line| line.contains("alarm-bundle-refused")).collect();
    assert_eq!(refusals.len(), 2, "{refusals:?}");
    assert!(refusals[0].contains("a line has at most"), "{refusals:?}");
    assert_eq!(services(&plant.installed()), [1001]);
    assert!(is_ok(plant.apply(2, 1002).as_ref()));
}

#[test]
fn a_handover_is_signed_by_the_old_key_and_makes_it_worthless() {
    let mut plant = Plant::new("handover");
    plant.start();
    assert!(is_ok(plant.apply(1, 1001).as_ref()));
    let (old, new) = (plant.key(), SigningKey::generate().unwrap());
    let handover = |by: &SigningKey| {
        let bundle = Bundle { body: Body::Handover(new.public()), ..policy(2, 0) };
        Command::Handover { bundle: bundle.sign(by).unwrap() }
    };
    assert!(error(plant.ask(handover(&new))).contains("signature"));
    assert!(is_ok(Some(&plant.ask(handover(&old)))));
    assert!(apply(&plant, policy(3, 1003).sign(&old).unwrap()).contains("signature"));
    plant.kill();
    plant.start();
    assert_eq!(services(&plant.installed()), [1001], "the policy in force was signed by the old key");
    let answer: Answer = plant.ask(Command::PolicyApply { bundle: policy(3, 1003).sign(&new).unwrap() });
    assert!(is_ok(Some(&answer)));
    assert_eq!(services(&plant.installed()), [1003]);
}
