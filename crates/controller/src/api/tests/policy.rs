//! Revisions: written, planned, put in force, taken back.

use super::desk::{Desk, LAB, SITE};
use crate::access::Role;
use crate::record::policy;
use axum::http::Method;
use nullius_policy::{Files, Repository};
use serde_json::{Value, json};

async fn rendered(desk: &Desk) -> Files {
    let answer = desk.get("/policy/rendered").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    serde_json::from_str(&answer.text).unwrap()
}

#[tokio::test]
async fn what_gateways_get_means_what_was_authored() {
    for desk in Desk::both().await {
        desk.in_force().await;
        let files = rendered(&desk).await;
        assert!(!files["inventory.toml"].contains("[[device]]"));
        assert!(files["inventory.toml"].starts_with("# The plant of `nullius lab`"));
        let authored: Files =
            LAB.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        let [authored, got] = [&authored, &files].map(|files| Repository::parse(files).unwrap());
        assert_eq!(got.inventory(), authored.inventory());
    }
}

#[tokio::test]
async fn a_change_of_one_device_changes_one_file_and_is_told_to_gateways() {
    let desk = Desk::new().await;
    desk.in_force().await;
    let before = rendered(&desk).await;
    let device = desk.get("/devices/cam1").await;
    let mut declaration = device.json()["declaration"].clone();
    declaration["tags"] = json!(["loading-bay"]);
    let path = format!("/v1/sites/{SITE}/devices/cam1");
    let tag = device.headers["etag"].to_str().unwrap();
    let put = desk.call_seen("anna", Role::Engineer, (Method::PUT, &path, Some(tag)), declaration).await;
    assert_eq!(put.status, 200, "{}", put.text);
    let after = rendered(&desk).await;
    let changed: Vec<&String> = after.keys().filter(|path| before.get(*path) != after.get(*path)).collect();
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert_eq!(before.len(), after.len());
    let orders = desk.get("/orders").await.json();
    assert_eq!(
        orders["items"].as_array().unwrap().iter().filter(|order| order["key"] == "policy").count(),
        1
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_revision_is_told_at_its_line_and_nothing_is_kept() {
    let desk = Desk::new().await;
    let inventory = LAB[0].1.replace("zone = \"services\"", "zone = \"servises\"");
    let line = 1 + inventory.lines().position(|line| line.contains("servises")).unwrap();
    let draft = json!({ "files": { "inventory.toml": inventory }, "message": "a slip" });
    let answer = desk.post("anna", "/policy/revisions", draft).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert_eq!(answer.at("/errors/0/at"), format!("inventory.toml:{line}:8"));
    assert_eq!(desk.get("/policy/revisions").await.json()["items"], json!([]));
    let mine = json!({ "files": { "inventory.toml": LAB[0].1, "inventory/x.toml": "" }, "message": "x" });
    assert_eq!(desk.post("anna", "/policy/revisions", mine).await.status, 422);
}

#[tokio::test]
async fn going_back_is_a_new_epoch_and_leaves_devices_as_they_are() {
    let desk = Desk::new().await;
    desk.in_force().await;
    let mut files: serde_json::Map<String, Value> =
        LAB.iter().map(|(path, text)| ((*path).to_owned(), Value::from(*text))).collect();
    files.remove("tests/plant.toml");
    files.insert("policies/things.cedar".to_owned(), Value::from(""));
    let second = desk.post("ben", "/policy/revisions", json!({ "files": files, "message": "less" })).await;
    assert_eq!(second.at("/number"), "2", "{}", second.text);
    let plan = desk.post("ben", "/policy/revisions/2/plan", json!({})).await;
    assert_eq!(plan.status, 200, "{}", plan.text);
    assert!(plan.json()["conversations"]["lost"].as_u64().unwrap() > 0, "{}", plan.text);
    let gone = ["~ policies/things.cedar", "- tests/plant.toml"];
    assert!(gone.iter().all(|line| plan.text.contains(line)), "{}", plan.text);
    let mut epochs = Vec::new();
    for revision in [2, 1] {
        let path = format!("/policy/revisions/{revision}/apply");
        let applied = desk.post("ben", &path, json!({ "reason": "try" })).await;
        assert_eq!(applied.status, 200, "{}", applied.text);
        epochs.push(nullius_protocol::parse_epoch(&applied.at("/epoch")).unwrap());
    }
    assert!(epochs.is_sorted(), "{epochs:?}");
    assert!(rendered(&desk).await.contains_key("tests/plant.toml"));
    assert_eq!(desk.get("/status").await.at("/policy"), format!("revision 1 as {}", epochs[1]));
}

#[tokio::test]
async fn a_policy_that_names_a_device_keeps_it_from_vanishing() {
    let desk = Desk::new().await;
    desk.in_force().await;
    let device = desk.get("/devices/hmi").await;
    let tag = device.headers["etag"].to_str().unwrap().to_owned();
    let path = format!("/v1/sites/{SITE}/devices/hmi/custody");
    let retire = json!({ "event": { "kind": "retire" }, "reason": "sold" });
    let retired = desk.call_seen("anna", Role::Engineer, (Method::POST, &path, Some(&tag)), retire).await;
    assert_eq!(retired.status, 200, "{}", retired.text);
    assert!(desk.get("/devices/hmi").await.text.contains("sold"), "a retired device is revoked");
    let tag = desk.get("/devices/hmi").await.headers["etag"].to_str().unwrap().to_owned();
    let destroy = json!({ "event": { "kind": "destroy" }, "reason": "scrapped" });
    let refused = desk.call_seen("anna", Role::Engineer, (Method::POST, &path, Some(&tag)), destroy).await;
    assert_eq!((refused.status, refused.at("/code").as_str()), (409, "policy-names-it"), "{}", refused.text);
}

#[tokio::test]
async fn a_policy_in_force_is_the_one_that_was_signed() {
    let desk = Desk::new().await;
    desk.in_force().await;
    let files = rendered(&desk).await;
    let signed = desk.app.read(|tx| {
        Ok::<_, crate::http::Problem>(nullius_store::bundles::of_key(tx, SITE, "policy")?.unwrap().bytes)
    });
    let bundle = nullius_protocol::bundle::decode_unverified(&signed.await.unwrap()).unwrap();
    assert_eq!(bundle.body, nullius_protocol::bundle::Body::Policy(files.clone()));
    policy::accept(&files).unwrap();
}
