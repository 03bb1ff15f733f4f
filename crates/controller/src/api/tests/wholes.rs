//! A whole site, out of one controller and into another.

use super::desk::{Desk, SITE};
use crate::access::Role;
use axum::http::Method;
use nullius_protocol::bundle::{Body, decode_unverified};
use serde_json::{Value, json};

async fn files(desk: &Desk, site: &'static str) -> Body {
    let bytes = desk.app.read(move |tx| {
        Ok::<_, crate::http::Problem>(nullius_store::bundles::of_key(tx, site, "policy")?.unwrap().bytes)
    });
    decode_unverified(&bytes.await.unwrap()).unwrap().body
}

#[tokio::test]
async fn a_site_that_was_exported_is_the_same_on_a_fresh_controller() {
    let [one, other] = Desk::both().await;
    one.in_force().await;
    for (path, body) in [
        ("/devices/cam1/restriction", json!({ "event": { "kind": "revoke" }, "reason": "it scans" })),
        ("/devices/ews/restriction", json!({ "event": { "kind": "lose" }, "reason": "stolen" })),
        ("/stages", json!({ "target": { "device": "hmi" }, "stage": "shadow", "reason": "slowly" })),
        ("/mode", json!({ "mode": "maintenance", "zone": "cell-a", "reason": "valves" })),
    ] {
        let done = one.post("anna", path, body).await;
        assert_eq!(done.status, 200, "{}", done.text);
    }
    let said = json!({ "value": "2.3", "confidence": 70 });
    let path = format!("/v1/sites/{SITE}/devices/plc1/attributes/firmware");
    assert_eq!(one.call("anna", Role::Engineer, Method::PUT, &path, said).await.status, 200);
    let exported = one.get("/export").await;
    assert_eq!(exported.status, 200, "{}", exported.text);
    let imported = other.post("ben", "/import", exported.json()).await;
    assert_eq!(imported.status, 200, "{}", imported.text);
    assert_eq!(files(&one, SITE).await, files(&other, SITE).await);
    assert_eq!(other.get("/export").await.text, exported.text);
    assert_eq!(other.get("/devices/ews").await.at("/state"), "lost");
    let keys = |text: Value| -> Vec<String> {
        text["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|order| order["key"].as_str().unwrap().to_owned())
            .collect()
    };
    let told = keys(other.get("/orders").await.json());
    for key in ["revocation/cam1", "revocation/ews", "stage/device/hmi", "mode/zone/cell-a", "policy"] {
        assert!(told.iter().any(|told| told == key), "{key}: {told:?}");
    }
    let again = other.post("ben", "/import", exported.json()).await;
    assert_eq!((again.status, again.at("/code").as_str()), (409, "not-empty"));
}

#[tokio::test]
async fn what_is_no_site_changes_nothing() {
    let desk = Desk::new().await;
    desk.in_force().await;
    let good = desk.get("/export").await.json();
    for (path, wrong) in [
        ("/format", json!(2)),
        ("/devices/0/life/state", json!("awake")),
        ("/devices/0/life/credential", json!(null)),
        ("/devices/0/name", json!("\u{202e}x")),
        ("/devices/0/declaration/zone", json!("")),
        ("/devices/1/declaration/mac", good["devices"][0]["declaration"]["mac"].clone()),
        ("/devices/1/name", good["devices"][0]["name"].clone()),
        ("/policy/inventory.toml", json!("format = 1")),
        ("/standing", json!([{ "key": "stage/default", "value": "off", "reason": "x" }])),
    ] {
        let desk = Desk::new().await;
        let mut document = good.clone();
        *document.pointer_mut(path).unwrap() = wrong;
        let refused = desk.post("ben", "/import", document).await;
        assert!((400..500).contains(&refused.status), "{path}: {}", refused.text);
        assert_eq!(desk.get("/devices").await.json()["items"], json!([]), "{path}");
        assert_eq!(desk.get("/policy/revisions").await.json()["items"], json!([]), "{path}");
    }
}
