//! `nullius policy`: folders on disk, what is signed, and what a gateway makes of it.

use crate::fake::{self, Answers, Gateway};
use crate::golden;
use nullius_model::Epoch;
use nullius_protocol::bundle::{Body as Content, Bundle, PublicKey, SigningKey};
use nullius_protocol::local::{Body, Command, Policy};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A key that every test knows and no gateway has.
const SEED: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn folder(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/commands/policies").join(name);
    path.display().to_string()
}

fn key_file(name: &str, seed: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, format!("{seed}\n")).unwrap();
    path
}

fn trusted() -> PublicKey {
    SigningKey::from_seed(SEED).map(|key| key.public()).unwrap()
}

fn text(name: &str) -> String {
    std::fs::read_to_string(Path::new(&folder("old")).join(name)).unwrap()
}

/// The folder `old`, signed as 1.1 and as 1.2.
fn signed(epoch: Epoch) -> Vec<u8> {
    let names = ["inventory.toml", "policies/cell.cedar", "tests/cell.toml"];
    let files: BTreeMap<_, _> = names.iter().map(|name| ((*name).to_owned(), text(name))).collect();
    let bundle = Bundle { epoch, made: 0, by: "anna".into(), body: Content::Policy(files) };
    let key = SigningKey::from_seed(SEED).unwrap();
    bundle.sign(&key).unwrap()
}

fn policy() -> Policy {
    Policy { trusted: trusted().to_string(), ..fake::policy() }
}

/// A gateway that holds `old` and takes whatever is signed.
fn enforcing(command: &Command) -> Answers {
    Ok(vec![if let Command::PolicyFetch { epoch } = command {
        Body::Bundle { bundle: signed(epoch.unwrap_or(Epoch { term: 1, counter: 2 })) }
    } else if let Command::PolicyApply { bundle } = command {
        let epoch = Bundle::open(bundle, &trusted()).unwrap().epoch;
        Body::Policy(Policy { epoch, ..policy() })
    } else {
        Body::Policy(policy())
    }])
}

/// A gateway before its first policy.
fn fresh(command: &Command) -> Answers {
    if *command == Command::PolicyStatus {
        return Ok(vec![Body::Policy(Policy { trusted: trusted().to_string(), ..Policy::default() })]);
    }
    enforcing(command)
}

#[test]
fn a_folder_is_checked_and_tested_without_a_gateway() {
    let nowhere = Path::new("nowhere.sock");
    golden("policy-check.txt", &fake::run_at(nowhere, &format!("policy check {}", folder("new"))));
    golden("policy-test.txt", &fake::run_at(nowhere, &format!("policy test {}", folder("new"))));
    golden("policy-test.json", &fake::run_at(nowhere, &format!("policy test {} --json", folder("new"))));
    golden("policy-broken.txt", &fake::run_at(nowhere, &format!("policy check {}", folder("broken"))));
    let nothing = fake::run_at(nowhere, "policy check nowhere");
    golden("policy-nowhere.txt", &nothing);
}

#[test]
fn a_folder_says_what_it_would_do() {
    let nowhere = Path::new("nowhere.sock");
    let run = |words: String| fake::run_at(nowhere, &words);
    let (old, new) = (folder("old"), folder("new"));
    golden("policy-diff.txt", &run(format!("policy diff {old} {new}")));
    golden("policy-diff.json", &run(format!("policy diff {old} {new} --json")));
    golden("policy-explain.txt", &run(format!("policy explain {new} hist1 to plc1/modbus read")));
    golden("policy-explain-no.txt", &run(format!("policy explain {old} 10.0.0.5 -> 10.0.0.11:502 write")));
    golden("policy-explain-who.txt", &run(format!("policy explain {old} cam9 to plc1/modbus read")));
    golden("policy-explain-verb.txt", &run(format!("policy explain {old} hmi1 to plc1/modbus paint")));
    golden("policy-blast.txt", &run(format!("policy blast {new} hist1")));
}

#[test]
fn a_draft_becomes_a_folder_and_a_past_to_try_one_on() {
    let nowhere = Path::new("nowhere.sock");
    let run = |words: String| fake::run_at(nowhere, &words);
    let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join("made");
    let _ = std::fs::remove_dir_all(&made);
    let words = format!("policy new {} --from-draft {}", made.display(), folder("draft"));
    assert_eq!(run(words.clone()).code, 0);
    assert!(made.join("inventory.toml").is_file() && made.join("policies/learned.cedar").is_file());
    assert_eq!(run(words).code, 2, "a folder that holds something is never written over");
    golden(
        "policy-simulate.txt",
        &run(format!("policy simulate {} --past {}", folder("old"), folder("draft"))),
    );
    golden("policy-slack.txt", &run(format!("policy slack {} --past {}", folder("new"), folder("draft"))));
}

#[test]
fn a_plan_changes_nothing() {
    let gateway = Gateway::start("plan", enforcing);
    golden("policy-plan.txt", &gateway.run(&format!("policy plan {}", folder("new"))));
    let present = Some(Epoch { term: 1, counter: 2 });
    assert_eq!(gateway.asked(), [Command::PolicyStatus, Command::PolicyFetch { epoch: present }]);
    golden("policy-status.txt", &gateway.run("policy status"));
}

#[test]
fn what_is_applied_is_signed_under_the_next_number() {
    let gateway = Gateway::start("apply", enforcing);
    let key = key_file("apply.key", SEED);
    golden(
        "policy-apply.txt",
        &gateway.run(&format!("policy apply {} --key {}", folder("new"), key.display())),
    );
    let Some(Command::PolicyApply { bundle }) = gateway.asked().pop() else { panic!("nothing was applied") };
    let bundle = Bundle::open(&bundle, &trusted()).unwrap();
    assert_eq!((bundle.epoch, bundle.made), (Epoch { term: 1, counter: 3 }, fake::NOW));
    assert_eq!(bundle.by, "anna");
    let Content::Policy(files) = bundle.body else { panic!("no policy") };
    assert_eq!(
        files.into_keys().collect::<Vec<_>>(),
        ["inventory.toml", "policies/cell.cedar", "tests/cell.toml"]
    );
}

#[test]
fn the_first_policy_is_compared_with_nothing() {
    let gateway = Gateway::start("first", fresh);
    let key = key_file("first.key", SEED);
    golden(
        "policy-first.txt",
        &gateway.run(&format!("policy apply {} --key {}", folder("old"), key.display())),
    );
    let Some(Command::PolicyApply { bundle }) = gateway.asked().pop() else { panic!("nothing was applied") };
    let bundle = Bundle::open(&bundle, &trusted()).unwrap();
    assert_eq!(bundle.epoch, Epoch { term: 1, counter: 1 });
}

#[test]
fn an_earlier_policy_comes_back_under_a_new_number() {
    let gateway = Gateway::start("rollback", enforcing);
    let key = key_file("rollback.key", SEED);
    golden("policy-rollback.txt", &gateway.run(&format!("policy rollback --key {}", key.display())));
    let Some(Command::PolicyApply { bundle }) = gateway.asked().pop() else { panic!("nothing was applied") };
    let bundle = Bundle::open(&bundle, &trusted()).unwrap();
    assert_eq!(bundle.epoch, Epoch { term: 1, counter: 3 });
    golden("policy-rollback-none.txt", &gateway.run(&format!("policy rollback 1.9 --key {}", key.display())));
}

#[test]
fn nothing_that_would_be_refused_is_sent() {
    let gateway = Gateway::start("unsent", enforcing);
    let [good, other, no_key] = [("good.key", SEED), ("other.key", &*"11".repeat(32)), ("no.key", "secret")]
        .map(|(name, seed)| key_file(name, seed));
    for (name, key, code) in [("new", &other, 1), ("new", &no_key, 2), ("broken", &good, 1)] {
        let words = format!("policy apply {} --key {}", folder(name), key.display());
        let run = gateway.run(&words);
        assert_eq!(run.code, code, "{name}: {}", run.shown);
        assert!(!run.shown.contains("secret"), "{}", run.shown);
    }
    assert_eq!(gateway.run(&format!("policy apply {} --key nowhere.key", folder("new"))).code, 2);
    assert!(!gateway.asked().iter().any(|command| matches!(command, Command::PolicyApply { .. })));
}
