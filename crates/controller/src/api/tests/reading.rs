//! What is read: the log, gateways, reasons.

use super::desk::{Desk, SITE};
use crate::access::Role;
use axum::http::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn one_screen_says_what_is_affected_and_who_decided_so() {
    for desk in Desk::both().await {
        desk.in_force().await;
        let revoke = json!({ "event": { "kind": "revoke" }, "reason": "it scans" });
        desk.post("omar", "/devices/cam1/restriction", revoke).await;
        let status = desk.get("/status").await;
        assert_eq!(status.status, 200, "{}", status.text);
        assert_eq!(status.at("/restricted/0/device"), "cam1");
        assert_eq!(status.at("/restricted/0/zone"), "things");
        assert_eq!(status.at("/restricted/0/by"), "user:omar");
        assert_eq!(status.at("/devices/suspended"), "1");
        assert!(status.at("/policy").starts_with("revision 1 as 1."), "{}", status.text);
        assert_eq!(status.at("/decided/0/what"), "device.revoke");
    }
}

#[tokio::test]
async fn why_is_answered_from_the_record_where_no_gateway_can_be_asked() {
    let desk = Desk::new().await;
    assert_eq!(desk.get("/why?subject=hmi&object=plc1&service=modbus").await.status, 409);
    desk.in_force().await;
    let why = desk.get("/why?subject=hmi&object=plc1&service=modbus&verb=write").await;
    assert_eq!((why.at("/allowed").as_str(), why.at("/source").as_str()), ("true", "record"), "{}", why.text);
    assert_eq!(why.at("/policies/0"), "panel-operates-controllers");
    let why = desk.get("/why?subject=cam1&object=plc1&service=502").await;
    assert_eq!(why.at("/allowed"), "false", "{}", why.text);
    assert_eq!(desk.get("/why?subject=nobody&object=plc1&service=502").await.status, 422);
    assert_eq!(desk.get("/why?subject=hmi&object=plc1&service=9").await.status, 422);
    assert_eq!(desk.get("/denials").await.json(), json!({ "items": [], "next": null }));
    assert_eq!(desk.get("/alarms").await.status, 200);
}

#[tokio::test]
async fn a_gateway_is_invited_once_and_seen_in_the_list() {
    let desk = Desk::new().await;
    let app = desk.app.clone();
    tokio::task::spawn_blocking(move || crate::pki::begin::begin(&app)).await.unwrap().unwrap();
    let invited = desk.post("anna", "/gateways", json!({ "gateway": "gw1" })).await;
    assert_eq!((invited.status, invited.at("/token").starts_with("nlj1-")), (201, true), "{}", invited.text);
    assert_eq!(desk.get("/gateways").await.json()["items"], json!([]), "it has not joined yet");
    assert_eq!(desk.post("anna", "/gateways", json!({ "gateway": "a b" })).await.status, 422);
    let revoked = desk.post("anna", "/gateways/gw1/revocation", json!({ "reason": "stolen" })).await;
    assert_eq!(revoked.status, 404);
}

#[tokio::test]
async fn the_log_is_read_by_number_site_and_tile() {
    let desk = Desk::new().await;
    desk.site("plant").await;
    desk.in_force().await;
    let get = async |path: &str| desk.call("amir", Role::Auditor, Method::GET, path, Value::Null).await;
    let entries = get("/v1/audit/entries?limit=2").await;
    assert_eq!((entries.json()["items"].as_array().unwrap().len(), entries.at("/next").as_str()), (2, "2"));
    let plant = get("/v1/audit/entries?site=plant").await;
    assert_eq!(plant.json()["items"].as_array().unwrap().len(), 1, "{}", plant.text);
    let object = get("/v1/audit/entries?object=policy/1").await;
    assert_eq!(object.at("/items/0/record/what"), "revision.write", "{}", object.text);
    assert!(get("/v1/audit/checkpoint").await.text.starts_with("nullius/audit/"));
    assert!(get("/v1/audit/key").await.text.contains('+'));
    let size = get("/v1/audit/checkpoint").await.text.lines().nth(1).unwrap().to_owned();
    assert_eq!(get(&format!("/v1/audit/tile/0/000.p/{size}")).await.status, 200);
    assert_eq!(get(&format!("/v1/audit/tile/entries/000.p/{size}")).await.status, 200);
    for wrong in
        ["tile/0/000", "tile/9/x", "tile/../checkpoint", "entries?from=-1", "entries?limit=201", "nothing"]
    {
        let answer = get(&format!("/v1/audit/{wrong}")).await;
        assert!(matches!(answer.status, 400 | 404), "{wrong}: {}", answer.status);
    }
}

#[tokio::test]
async fn a_site_that_is_not_there_has_nothing() {
    let desk = Desk::new().await;
    for path in [
        "devices",
        "status",
        "standing",
        "policy/revisions",
        "grants",
        "proposals",
        "gateways",
        "orders",
        "export",
    ] {
        let path = format!("/v1/sites/nowhere/{path}");
        let answer = desk.call("anna", Role::Admin, Method::GET, &path, Value::Null).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text);
    }
    let made = desk.call("anna", Role::Admin, Method::POST, "/v1/sites", json!({ "name": "north" })).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let again = desk.call("anna", Role::Admin, Method::POST, "/v1/sites", json!({ "name": "north" })).await;
    assert_eq!(again.status, 409);
    let listed = desk.call("anna", Role::Admin, Method::GET, "/v1/sites", Value::Null).await;
    assert_eq!(listed.json()["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_emergency_is_declared_and_ended_by_one_person() {
    let desk = Desk::new().await;
    desk.in_force().await;
    let declared =
        desk.post("omar", "/emergencies", json!({ "profile": "keep-running", "reason": "fire" })).await;
    assert_eq!(declared.status, 200, "{}", declared.text);
    let ended = desk.post("omar", "/zones/cell-a/emergency-end", json!({ "reason": "over" })).await;
    assert_eq!(ended.status, 200, "{}", ended.text);
    assert_eq!(
        desk.post("omar", "/zones/nowhere/emergency-end", json!({ "reason": "over" })).await.status,
        404
    );
    let bound = desk.post("anna", "/devices/hmi/binding", json!({ "port": "p-hmi", "reason": "seen" })).await;
    assert_eq!(bound.status, 200, "{}", bound.text);
    let bad = desk.post("anna", "/devices/hmi/binding", json!({ "port": "a/b", "reason": "seen" })).await;
    assert_eq!(bad.status, 422, "{}", bad.text);
    let assessed =
        desk.post("anna", "/devices/hmi/assessment", json!({ "risk": 2, "reason": "report 7" })).await;
    assert_eq!(
        (assessed.status, assessed.at("/outcome").as_str()),
        (200, "hmi: risk 2"),
        "{}",
        assessed.text
    );
    assert!(desk.get("/standing").await.text.contains(&format!("assessment/{}", "hmi")), "{SITE}");
}
