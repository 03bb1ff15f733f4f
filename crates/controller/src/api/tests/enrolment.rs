//! Tokens for devices, and what a device was given, over the API.

use crate::access::{ALL_SITES, Role};
use crate::pki;
use crate::testing::{Ask, Stage};
use nullius_protocol::enrol::EnrolToken;
use nullius_store::credentials::{self, Credential, Status};
use nullius_store::gateways;
use serde_json::json;

/// A site with a device, a gateway, and somebody who may everything.
async fn stage() -> (Stage, String) {
    let stage = Stage::new();
    let app = stage.app.clone();
    tokio::task::spawn_blocking(move || pki::begin::begin(&app)).await.unwrap().unwrap();
    let anna = stage.person("anna", &[(ALL_SITES, Role::Admin)]);
    stage.site("lab");
    stage.write(|tx| gateways::join(tx, "lab", "gw1", 1));
    let cookie = stage.session(&anna);
    let put = Ask::new("PUT", "/v1/sites/lab/devices/cam1").session(&cookie);
    assert_eq!(stage.send(&put.json(json!({ "zone": "cell" }))).await.status, 201);
    (stage, cookie)
}

#[tokio::test]
async fn a_token_is_made_shown_once_and_taken_back() {
    let (stage, cookie) = stage().await;
    let ask = |method: &str, path: &str| Ask::new(method, &format!("/v1/sites/lab{path}")).session(&cookie);
    let made =
        stage.send(&ask("POST", "/enrol-tokens").json(json!({ "device": "cam1", "hardware": true }))).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let token = EnrolToken::parse(made.text("/token")).unwrap();
    assert_eq!(token.user(), made.text("/id"));
    let list = stage.send(&ask("GET", "/enrol-tokens")).await;
    assert_eq!(list.body["items"][0]["device"], "cam1");
    assert_eq!(list.body["items"][0]["hardware"], true);
    assert!(!list.body.to_string().contains(&token.password()));
    let path = format!("/enrol-tokens/{}", token.user());
    assert_eq!(stage.send(&ask("DELETE", &path)).await.status, 204);
    assert_eq!(stage.send(&ask("DELETE", &path)).await.status, 404);
    assert_eq!(stage.send(&ask("GET", "/enrol-tokens")).await.body["items"], json!([]));
    for (body, status) in [
        (json!({ "device": "nobody" }), 404),
        (json!({ "device": "cam1", "seconds": 0 }), 422),
        (json!({ "device": "cam1", "seconds": 1_209_601 }), 422),
    ] {
        assert_eq!(stage.send(&ask("POST", "/enrol-tokens").json(body)).await.status, status);
    }
}

#[tokio::test]
async fn a_revoked_credential_names_the_gateways_that_have_not_applied_it() {
    let (stage, cookie) = stage().await;
    let ask = |method: &str, path: &str| Ask::new(method, &format!("/v1/sites/lab{path}")).session(&cookie);
    let row = Credential {
        serial: vec![0x41; 16],
        site: "lab".into(),
        device: "cam1".into(),
        key: vec![7; 32],
        issuer: vec![8; 32],
        protection: "software".into(),
        means: "token".into(),
        generation: 1,
        begins: 1,
        ends: u64::MAX >> 1,
        status: Status::Current,
        changed: 1,
        reason: String::new(),
        certificate: vec![0x30],
    };
    stage.write(|tx| credentials::add(tx, &row));
    let path = format!("/devices/cam1/credentials/{}/revoke", "41".repeat(16));
    let revoke = ask("POST", &path).with("idempotency-key", "one").json(json!({ "reason": "stolen" }));
    let told = stage.send(&revoke).await;
    assert_eq!((told.status, told.text("/status")), (200, "revoked"), "{}", told.body);
    assert_eq!(stage.send(&revoke).await.status, 200, "the same key, the same answer");
    let shown = stage.send(&ask("GET", "/devices/cam1/credentials")).await;
    assert_eq!(shown.body["items"][0]["reason"], "stolen");
    assert_eq!(shown.body["items"][0]["not_yet_enforced_at"][0]["gateway"], "gw1");
    assert_eq!(shown.body["items"][0]["not_yet_enforced_at"][0]["state"], "waiting");
    let restrict = ask("POST", "/devices/cam1/restriction").with("idempotency-key", "two");
    let body = json!({ "event": { "kind": "revoke" }, "reason": "gone" });
    assert_eq!(stage.send(&restrict.json(body)).await.status, 200);
    let device = stage.send(&ask("GET", "/devices/cam1")).await;
    assert_eq!(device.body["not_yet_enforced_at"][0]["gateway"], "gw1");
}

#[tokio::test]
async fn a_manifest_that_is_refused_is_in_the_log() {
    let (stage, cookie) = stage().await;
    let body = json!({ "manufacturer": "acme", "zone": "cell", "manifest": "{}", "signature": "" });
    let told = stage.send(&Ask::new("POST", "/v1/sites/lab/manifests").session(&cookie).json(body)).await;
    assert_eq!(told.status, 404, "{}", told.body);
    assert!(
        stage.log().iter().any(|line| line.contains("manifest.import manufacturer/acme")),
        "{:?}",
        stage.log()
    );
    let put = Ask::new("PUT", "/v1/manufacturers/acme").session(&cookie).json(json!({ "anchors": "none" }));
    assert_eq!(stage.send(&put).await.text("/code"), "no-anchors");
    assert_eq!(
        stage.send(&Ask::new("GET", "/v1/manufacturers").session(&cookie)).await.body["items"],
        json!([])
    );
}
