//! Events are judged by the framework's own schema, and by what receivers stumble over.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// As a gateway words it.
const DENIED: &str = "2026-11-22T20:16:20.000001Z epoch 1.7: denied plc1 -> 10.0.0.7 tcp/502 (policy), 7 packets on \
    port p1: sender IA2 bound by the inventory; no policy permits it";

/// Every kind of act, by every kind of actor, in every phase, upon every kind of thing, with and without data.
fn leaves() -> Vec<Vec<u8>> {
    let data = [
        json!({}),
        json!({"seq": 7, "at": "2026-11-22T20:16:20.000001Z", "by": "gateway", "text": DENIED, "good": false}),
        json!({"subject": 7, "object": [], "mac": "none", "count": "many", "address": "10.0.0.7"}),
    ];
    let objects =
        ["device/cam1", "user/anna", "policy/7", "grant/01J", "zone/cell", "gateway/gw1", "odd", ""];
    let mut leaves = Vec::new();
    for (number, act) in kinds::samples().enumerate() {
        for (turn, who) in ["user:anna", "token:ci", "gateway:gw1", "system", ""].into_iter().enumerate() {
            for phase in ["decided", "applied", "failed", "observed"] {
                let object = objects[(number + turn) % objects.len()];
                let data = &data[(number + turn) % data.len()];
                let leaf = json!({"v": 1, "at": "2026-11-22T20:16:26.123Z", "site": "lab", "who": who, "what": act,
                    "object": object, "why": "pump replaced", "epoch": "1.42", "inputs": null, "phase": phase,
                    "of": (phase == "applied").then_some(3), "data": data});
                leaves.push(leaf.to_string().into_bytes());
            }
        }
    }
    leaves.push(b"{".to_vec());
    leaves.push(vec![0xff, 0, b'\n']);
    leaves
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the judge is a program that others wrote")]
fn every_event_is_what_the_frameworks_schema_asks_for() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python = root.join("target/tools/python/bin/python");
    assert!(
        python.exists(),
        "pydantic-ocsf and jsonschema from PyPI are missing: `cargo xtask test` installs them"
    );
    let judge = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/out/ocsf/judge.py");
    let mut judge =
        Command::new(python).arg(judge).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let leaves = leaves();
    let mut events: Vec<String> =
        leaves.iter().enumerate().map(|(index, leaf)| line(index as u64, leaf).json + "\n").collect();
    // what the judge must find
    events.push(events[0].replacen("\"severity_id\":", "\"severity_idea\":", 1));
    let events = events.concat();
    let mut stdin = judge.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(events.as_bytes()));
    let said = judge.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    assert_eq!(said.lines().last().unwrap(), format!("{} judged, 2 wrong", leaves.len() + 1), "{said}");
    assert!(said.contains("'severity_id' is a required property"), "{said}");
}

#[test]
fn an_event_carries_its_leaf_and_its_place() {
    let leaf = br#"{"v":1,"at":"2026-11-22T20:16:26.123Z","site":"lab","who":"user:anna","what":"device.revoke","object":"device/cam1","why":"stolen","phase":"decided","of":null,"data":{}}"#;
    let line = line(41, leaf);
    let event: Value = serde_json::from_str(&line.json).unwrap();
    assert_eq!(event["raw_data"].as_str().unwrap().as_bytes(), leaf);
    assert_eq!(event["metadata"]["sequence"], 41);
    assert_eq!(event["time"], 1_795_378_586_123_i64);
    assert_eq!(event["type_uid"], 700_401);
    assert_eq!(event["message"], "user:anna: device.revoke device/cam1: stolen");
    assert_eq!((line.what.as_str(), line.severity), ("device.revoke", 3));
}

#[test]
fn a_denial_says_who_whom_and_when_it_was() {
    let leaf = json!({"at": "2026-11-23T09:00:00.000Z", "who": "gateway:gw1", "what": "denied", "object": "gateway/gw1",
        "data": {"at": "2026-11-22T20:16:20.000001Z", "text": DENIED}});
    let event: Value = serde_json::from_str(&line(0, leaf.to_string().as_bytes()).json).unwrap();
    assert_eq!(event["time"], 1_795_378_580_000_i64);
    assert_eq!(event["src_endpoint"], json!({"name": "plc1", "interface_name": "p1"}));
    assert_eq!(event["dst_endpoint"], json!({"name": "10.0.0.7", "ip": "10.0.0.7"}));
    assert_eq!(event["connection_info"]["protocol_name"], "tcp/502");
    assert_eq!((&event["action"], &event["count"]), (&json!("Denied"), &json!(7)));
    let known = &event["enrichments"][0];
    assert_eq!((&known["name"], &known["value"]), (&json!("src_endpoint.name"), &json!("plc1")));
    assert_eq!(known["data"], json!({"level": "IA2", "by": "bound by the inventory"}));
}

#[test]
fn the_id_is_that_of_the_leaf_and_no_other() {
    let id = |sequence, leaf: &[u8]| {
        let event: Value = serde_json::from_str(&line(sequence, leaf).json).unwrap();
        event["metadata"]["uid"].as_str().unwrap().to_owned()
    };
    assert_eq!(id(1, b"{}"), id(1, b"{}"));
    assert_ne!(id(1, b"{}"), id(2, b"{}"));
    assert_ne!(id(1, b"{}"), id(1, b"{ }"));
}

proptest! {
    #[test]
    fn any_leaf_gives_one_line_of_printable_ascii(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let json = line(0, &bytes).json;
        prop_assert!(json.bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
        prop_assert!(serde_json::from_str::<Value>(&json).is_ok());
    }

    #[test]
    fn no_text_in_a_leaf_splits_a_record(who in any::<String>(), what in any::<String>(), object in any::<String>(),
            why in any::<String>(), subject in any::<String>(), mac in any::<String>()) {
        let leaf = json!({"who": who, "what": what, "object": object, "why": why,
            "data": {"subject": subject, "object": "\n\0", "mac": mac, "text": why}}).to_string();
        let json = line(0, leaf.as_bytes()).json;
        prop_assert!(json.bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
        let event: Value = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(event["raw_data"].as_str().unwrap(), leaf);
    }
}
