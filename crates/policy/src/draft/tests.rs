//! Drafts become repositories and histories; texts that devices chose become neither policy nor names.

use super::{from_draft, history};
use crate::{Policies, Repository};

const ZONES: &str = r#"{"format": "nullius-draft/1", "zones": [
  {"id": "services-1", "why": "w\nx", "members": [
    {"name": "bro\"ker", "addresses": ["10.0.0.4", "fe80::4"], "macs": ["02:00:00:00:00:04"], "why": "broker"}]},
  {"id": "field-1", "why": "w", "members": [
    {"name": "temp", "addresses": ["10.0.0.7"], "macs": [], "why": "sensor"},
    {"name": "temp", "addresses": [], "macs": ["02:00:00:00:00:08"], "why": "the same name"}]}]}"#;

fn rules(learned_until: &str, name: &str) -> String {
    let moment = |hour: u8| format!(r#"{{"frame": 1, "at": "2026-01-05T{hour:02}:00:00.000000Z"}}"#);
    let support = |count: u64, learned: u64| {
        format!(
            r#"{{"count": {count}, "learned": {learned}, "first": {}, "last": {}}}"#,
            moment(1),
            moment(2)
        )
    };
    format!(
        r#"{{"format": "nullius-draft/1", "added": "later",
        "basis": {{"first": "2026-01-05T01:00:00.000000Z", "last": "2026-01-05T02:00:00.000000Z", "learned_until": {learned_until}}},
        "allow": [
          {{"id": "rule-1", "subject": {{"kind": "device", "name": "10.0.0.7", "zone": "field-1"}},
            "object": {{"kind": "device", "name": "10.0.0.4", "zone": "services-1"}}, "protocol": "mqtt", "support": {},
            "verbs": [
              {{"verb": "CONNECT", "class": "connect", "sender": "subject", "objects": [{{"support": {}}}]}},
              {{"verb": "PUBLISH qos1", "class": "publish", "sender": "subject", "objects": [
                {{"name": "{name}", "max_bytes": 16, "support": {}}},
                {{"name": "late", "max_bytes": 16, "support": {}}}]}},
              {{"verb": "PUBLISH", "class": "publish", "sender": "object", "objects": [{{"name": "x", "support": {}}}]}}]}},
          {{"id": "rule-2", "subject": {{"kind": "device", "name": "10.0.0.7"}},
            "object": {{"kind": "device", "name": "10.0.0.4"}}, "protocol": "tcp", "port": 9000, "support": {}, "verbs": []}},
          {{"id": "rule-3\n;", "subject": {{"kind": "device", "name": "10.0.0.7"}},
            "object": {{"kind": "group", "name": "224.0.0.251"}}, "protocol": "mdns", "support": {}, "verbs": []}}]}}"#,
        support(9, 5),
        support(1, 1),
        support(5, 5),
        support(3, 0),
        support(4, 4),
        support(2, 2),
        support(2, 2),
    )
}

#[test]
fn a_draft_becomes_a_repository_that_allows_what_was_learned_and_no_more() {
    let files = from_draft(ZONES, &rules("\"2026-01-05T01:30:00.000000Z\"", "plant/a/temp")).unwrap();
    let repository = Repository::parse(&files).unwrap();
    let names: Vec<&str> =
        repository.inventory().devices.keys().map(nullius_model::DeviceName::as_str).collect();
    assert_eq!(
        names,
        ["02-00-00-00-00-08", "10.0.0.4", "temp"],
        "a name that is none, or taken, gives way to an address"
    );
    assert!(Policies::compile(&repository).is_ok());
    let policies = &files["policies/learned.cedar"];
    for allowed in [
        "Mqtt::Action::\"CONNECT\"",
        "context.message.topic == \"plant/a/temp\"",
        "Service::\"10.0.0.4/tcp-9000\"",
    ] {
        assert!(policies.contains(allowed), "{policies}");
    }
    assert!(!policies.contains("late") && !policies.contains("Action::\"PUBLISH\""), "{policies}");
    let errors: Vec<String> =
        repository.accept().unwrap_err().iter().map(|problem| problem.message.clone()).collect();
    assert_eq!(
        errors,
        ["the zone `services-1` has no owner", "the zone `field-1` has no owner"],
        "nothing else is wrong"
    );
}

#[test]
fn where_all_was_learned_all_is_allowed() {
    let files = from_draft(ZONES, &rules("null", "plant/a/temp")).unwrap();
    assert!(files["policies/learned.cedar"].contains("topic == \"late\""));
}

#[test]
fn a_topic_cannot_write_policy() {
    for topic in ["x\\\"}; permit (principal, action, resource);", "a\\u0000b\\u202e\\\\", "*"] {
        let files = from_draft(ZONES, &rules("null", topic)).unwrap();
        let repository = Repository::parse(&files).unwrap_or_else(|problems| panic!("{problems:?}"));
        let ids: Vec<String> =
            Policies::compile(&repository).unwrap().ids().map(ToString::to_string).collect();
        assert_eq!(ids, ["rule-1/connect CONNECT", "rule-1/publish PUBLISH qos1", "rule-2"]);
    }
}

#[test]
fn a_draft_is_a_history_too() {
    let history = history(&rules("null", "t")).unwrap();
    assert_eq!(history.last.since(history.first).as_secs(), 3_600);
    let told: Vec<String> = history
        .conversations
        .iter()
        .flat_map(|recorded| &recorded.heard)
        .map(|heard| format!("{} {} {:?} {:?}", heard.count, heard.verb, heard.message.qos, heard.unasked))
        .collect();
    assert_eq!(
        told,
        [
            "1 CONNECT None false",
            "5 PUBLISH qos1 Some(1) false",
            "3 PUBLISH qos1 Some(1) false",
            "4 PUBLISH Some(0) true",
            "2 connect None false"
        ]
    );
}

#[test]
fn values_that_were_written_are_told_by_their_bounds() {
    let values = r#""values": [[1.5, 20], [-3, 7.2]], "max_bytes""#;
    let history = history(&rules("null", "t").replace("\"max_bytes\"", values)).unwrap();
    let heard = &history.conversations[0].heard;
    let told: Vec<_> = heard.iter().map(|heard| (heard.message.value_min, heard.message.value_max)).collect();
    assert_eq!(told[1], (None, None), "publishing changes nothing by itself");
    let written = rules("null", "t").replace("\"max_bytes\"", values).replace("\"publish\"", "\"write\"");
    let history = super::history(&written).unwrap();
    let message = &history.conversations[0].heard[1].message;
    assert_eq!((message.value_min, message.value_max), (Some(-3), Some(20)));
}

#[test]
fn what_is_no_draft_is_refused_with_its_place() {
    let told = |zones: &str, rules: &str| from_draft(zones, rules).unwrap_err()[0].to_string();
    assert!(told("{", "").starts_with("zones.json:1:1: error: no draft: EOF"), "{}", told("{", ""));
    let newer = ZONES.replace("draft/1", "draft/2");
    assert!(told(&newer, "").starts_with("zones.json: error: the format is `nullius-draft/2`"));
}
