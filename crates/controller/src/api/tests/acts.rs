//! Acts upon devices and standing: who is told, and who must agree first.

use super::desk::{Desk, SITE};
use crate::access::Role;
use axum::http::Method;
use nullius_store::audit;
use serde_json::{Value, json};
use std::sync::Arc;

async fn tag(desk: &Desk, device: &str) -> String {
    desk.get(&format!("/devices/{device}")).await.headers["etag"].to_str().unwrap().to_owned()
}

async fn event(desk: &Desk, who: &str, (device, path): (&str, &str), event: Value) -> super::desk::Answered {
    let tag = tag(desk, device).await;
    let path = format!("/v1/sites/{SITE}/devices/{device}/{path}");
    let body = json!({ "event": event, "reason": "because" });
    desk.call_seen(who, Role::Admin, (Method::POST, &path, Some(&tag)), body).await
}

async fn approve(desk: &Desk, who: &str, asked: &super::desk::Answered) -> super::desk::Answered {
    let path = format!("/proposals/{}/approval", asked.at("/proposal"));
    desk.post(who, &path, json!({ "digest": asked.at("/digest") })).await
}

/// Devices that one person declared and another may put to work.
async fn enrolled(desk: &Desk, count: usize) -> String {
    let rows: Vec<Value> = (0..count)
        .map(|number| json!({ "name": format!("cam{number}"), "declaration": { "zone": "cell-a" } }))
        .collect();
    let taken = desk.post("anna", "/device-list", Value::from(rows)).await;
    assert_eq!(taken.status, 200, "{}", taken.text);
    tag(desk, "cam0").await
}

#[tokio::test]
async fn revoke_beats_approve_a_thousand_times() {
    for (desk, times) in Desk::both().await.into_iter().zip([1_000, 100]) {
        let desk = Arc::new(desk);
        let seen = enrolled(&desk, times).await;
        for round in 0..times {
            let path = format!("/v1/sites/{SITE}/devices/cam{round}");
            let (one, other, of, seen) = (Arc::clone(&desk), Arc::clone(&desk), path.clone(), seen.clone());
            let approval = tokio::spawn(async move {
                let body = json!({ "event": { "kind": "activate" }, "reason": "known" });
                let path = format!("{of}/approval");
                one.call_seen("ben", Role::Engineer, (Method::POST, &path, Some(&seen)), body).await
            });
            let revocation = tokio::spawn(async move {
                let body = json!({ "event": { "kind": "revoke" }, "reason": "not ours" });
                other.call("carl", Role::Operator, Method::POST, &format!("{path}/restriction"), body).await
            });
            let (approved, revoked) = (approval.await.unwrap(), revocation.await.unwrap());
            assert_eq!(revoked.status, 200, "{}", revoked.text);
            assert!(matches!(approved.status, 200 | 409 | 412), "{}", approved.text);
        }
        let devices = desk.get("/devices?limit=1000").await.json();
        let states: Vec<&str> =
            devices["items"].as_array().unwrap().iter().filter_map(|item| item["state"].as_str()).collect();
        assert_eq!(states.len(), times);
        assert!(states.iter().all(|state| matches!(*state, "blocked" | "suspended")), "{states:?}");
        let told = desk.get("/standing").await.text;
        assert_eq!(told.matches("\"value\":\"revoked\"").count(), times, "each is an order to the gateways");
    }
}

#[tokio::test]
async fn giving_access_back_takes_a_second_person_and_the_digest_of_what_was_shown() {
    for desk in Desk::both().await {
        desk.in_force().await;
        let revoked = event(&desk, "anna", ("cam1", "restriction"), json!({ "kind": "revoke" })).await;
        assert_eq!(revoked.status, 200, "{}", revoked.text);
        let asked = event(&desk, "anna", ("cam1", "restoration"), json!({ "kind": "resume" })).await;
        assert_eq!(asked.status, 202, "{}", asked.text);
        assert_eq!(desk.get("/devices/cam1").await.at("/state"), "suspended");
        let own = approve(&desk, "anna", &asked).await;
        assert_eq!((own.status, own.at("/code").as_str()), (403, "own-proposal"));
        let path = format!("/proposals/{}/approval", asked.at("/proposal"));
        let other = desk.post("ben", &path, json!({ "digest": "0".repeat(64) })).await;
        assert_eq!((other.status, other.at("/code").as_str()), (409, "other-digest"));
        let done = approve(&desk, "ben", &asked).await;
        assert_eq!((done.status, done.at("/proposal/state").as_str()), (200, "done"), "{}", done.text);
        assert_eq!(desk.get("/devices/cam1").await.at("/state"), "active");
        assert_eq!(approve(&desk, "carl", &asked).await.status, 409);
        let log = desk.app.read(|tx| audit::leaves(tx, 0, 1_000)).await.unwrap();
        let attempts = log.iter().filter(|leaf| leaf.record.contains("\"refused\":")).count();
        assert_eq!(attempts, 3, "who tried is in the log");
    }
}

#[tokio::test]
async fn what_was_agreed_to_is_void_when_it_changed_meanwhile() {
    let desk = Desk::new().await;
    desk.in_force().await;
    event(&desk, "anna", ("cam1", "restriction"), json!({ "kind": "revoke" })).await;
    let asked = event(&desk, "anna", ("cam1", "restoration"), json!({ "kind": "resume" })).await;
    event(&desk, "carl", ("cam1", "restriction"), json!({ "kind": "revoke" })).await;
    let late = approve(&desk, "ben", &asked).await;
    assert_eq!(late.status, 412, "{}", late.text);
    assert_eq!(desk.get("/devices/cam1").await.at("/state"), "suspended");
}

#[tokio::test]
async fn nobody_puts_to_work_what_they_alone_vouched_for() {
    let desk = Desk::new().await;
    desk.in_force().await;
    let path = format!("/v1/sites/{SITE}/devices/plc9");
    let put = desk.call("anna", Role::Engineer, Method::PUT, &path, json!({ "zone": "cell-a" })).await;
    assert_eq!(put.at("/state"), "enrolled", "{}", put.text);
    let own = event(&desk, "anna", ("plc9", "approval"), json!({ "kind": "activate" })).await;
    assert_eq!(own.status, 202, "{}", own.text);
    let other = event(&desk, "ben", ("plc9", "approval"), json!({ "kind": "activate" })).await;
    assert_eq!(other.status, 200, "{}", other.text);
    let office = format!("/v1/sites/{SITE}/devices/printer");
    let put = desk.call("anna", Role::Engineer, Method::PUT, &office, json!({ "zone": "office" })).await;
    assert_eq!(put.at("/state"), "active", "a printer waits for nobody");
}

#[tokio::test]
async fn to_enforce_less_in_an_essential_zone_takes_a_second_person() {
    let desk = Desk::new().await;
    desk.in_force().await;
    let set = async |who: &str, target: Value, stage: &str| {
        desk.post(who, "/stages", json!({ "target": target, "stage": stage, "reason": "roll-out" })).await
    };
    let (plc, office) = (json!({ "device": "plc1" }), json!({ "device": "cam1" }));
    assert_eq!(set("anna", plc.clone(), "enforce").await.status, 200);
    assert_eq!(set("anna", office.clone(), "enforce").await.status, 200);
    assert_eq!(set("anna", office, "observe").await.status, 200);
    let asked = set("anna", plc, "shadow").await;
    assert_eq!(asked.status, 202, "{}", asked.text);
    assert!(desk.get("/standing").await.text.contains("\"enforce\""));
    assert_eq!(approve(&desk, "ben", &asked).await.status, 200);
    assert_eq!(set("anna", json!({ "device": "nobody" }), "enforce").await.status, 404);
    assert_eq!(set("anna", json!("default"), "off").await.status, 422);
    // with something essential enforced, a policy takes two
    set("anna", json!("default"), "enforce").await;
    let apply = desk.post("anna", "/policy/revisions/1/apply", json!({ "reason": "again" })).await;
    assert_eq!(apply.status, 202, "{}", apply.text);
    let applied = approve(&desk, "ben", &apply).await;
    assert!(applied.at("/done/epoch").starts_with("1."), "{}", applied.text);
}

#[tokio::test]
async fn the_rule_of_two_people_is_ended_by_two() {
    let desk = Desk::new().await;
    desk.in_force().await;
    let off = desk.post("anna", "/two-person", json!({ "on": false, "reason": "alone here" })).await;
    assert_eq!(off.status, 202, "{}", off.text);
    assert_eq!(approve(&desk, "ben", &off).await.status, 200);
    event(&desk, "anna", ("cam1", "restriction"), json!({ "kind": "revoke" })).await;
    let back = event(&desk, "anna", ("cam1", "restoration"), json!({ "kind": "resume" })).await;
    assert_eq!(back.status, 200, "{}", back.text);
}

#[tokio::test]
async fn a_proposal_that_nobody_agreed_to_ends() {
    let desk = Desk::new().await;
    desk.in_force().await;
    event(&desk, "anna", ("cam1", "restriction"), json!({ "kind": "revoke" })).await;
    let asked = event(&desk, "anna", ("cam1", "restoration"), json!({ "kind": "resume" })).await;
    desk.pass(8 * 86_400);
    assert_eq!(approve(&desk, "ben", &asked).await.status, 409);
    assert_eq!(crate::background::proposals::sweep(&desk.app).await.unwrap(), 1);
    assert_eq!(desk.get("/proposals?state=expired").await.json()["items"].as_array().unwrap().len(), 1);
    let asked = event(&desk, "anna", ("cam1", "restoration"), json!({ "kind": "resume" })).await;
    let path = format!("/proposals/{}/refusal", asked.at("/proposal"));
    let refused = desk.post("anna", &path, json!({ "reason": "not yet" })).await;
    assert_eq!((refused.status, refused.at("/state").as_str()), (200, "withdrawn"), "{}", refused.text);
}
