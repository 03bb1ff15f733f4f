//! Grants: asked for, agreed to, ended, and what came of them.

use super::desk::{Answered, Desk};
use nullius_protocol::bundle::{Body, decode_unverified};
use nullius_protocol::order::Order;
use serde_json::{Value, json};

fn wish(object: &str) -> Value {
    json!({
        "subject": "vendor", "object": object, "verbs": ["diagnose", "read"], "seconds": 120,
        "reason": "valve 7 sticks", "work_order": "WO-8812"
    })
}

async fn agree(desk: &Desk, who: &str, asked: &Answered) -> Answered {
    let path = format!("/proposals/{}/approval", asked.at("/outcome/proposal"));
    desk.post(who, &path, json!({ "digest": asked.at("/outcome/digest") })).await
}

async fn told(desk: &Desk, id: &str) -> Order {
    let key = format!("grant/{id}");
    let bytes = desk.app.read(move |tx| {
        let bundle = nullius_store::bundles::of_key(tx, super::desk::SITE, &key)?;
        Ok::<_, crate::http::Problem>(bundle.unwrap().bytes)
    });
    match decode_unverified(&bytes.await.unwrap()).unwrap().body {
        Body::Order { order, .. } => order,
        Body::Policy(_) | Body::PolicyDelta(_) | Body::Handover(_) => panic!("no order"),
    }
}

#[tokio::test]
async fn a_grant_begins_when_others_agreed_and_ends_by_itself() {
    for desk in Desk::both().await {
        desk.in_force().await;
        let asked = desk.post("anna", "/grants", wish("plc1/modbus")).await;
        assert_eq!((asked.status, asked.at("/grant/state").as_str()), (202, "pending"), "{}", asked.text);
        desk.pass(600);
        assert_eq!(agree(&desk, "anna", &asked).await.status, 403);
        let agreed = agree(&desk, "ben", &asked).await;
        assert_eq!(agreed.status, 200, "{}", agreed.text);
        let path = format!("/grants/{}", asked.at("/grant/id"));
        let grant = desk.get(&path).await;
        assert_eq!(grant.at("/state"), "active");
        assert_eq!(grant.at("/approvals/0/who"), "user:ben");
        let Order::Grant { made, seconds, approvers, .. } = told(&desk, &asked.at("/grant/id")).await else {
            panic!("no grant")
        };
        assert_eq!((made, seconds, approvers), (1_800_000_600, 120, vec!["user:ben".to_owned()]));
        desk.pass(120);
        assert_eq!(desk.get(&path).await.at("/state"), "ended");
        assert_eq!(desk.post("anna", &format!("{path}/end"), json!({ "reason": "done" })).await.status, 409);
    }
}

#[tokio::test]
async fn more_time_is_a_new_grant_and_an_early_end_is_an_order() {
    let desk = Desk::new().await;
    desk.in_force().await;
    let first = desk.post("anna", "/grants", wish("plc1/modbus")).await;
    agree(&desk, "ben", &first).await;
    let path = format!("/grants/{}", first.at("/grant/id"));
    let more = json!({ "seconds": 60, "reason": "not done yet" });
    let second = desk.post("anna", &format!("{path}/extension"), more).await;
    assert_eq!((second.status, second.at("/grant/extends")), (202, first.at("/grant/id")), "{}", second.text);
    let ended = desk.post("carl", &format!("{path}/end"), json!({ "reason": "enough" })).await;
    assert_eq!((ended.status, ended.at("/grant/state").as_str()), (200, "ended"), "{}", ended.text);
    assert!(matches!(told(&desk, &first.at("/grant/id")).await, Order::EndGrant { .. }));
    let refusal = format!("/proposals/{}/refusal", second.at("/outcome/proposal"));
    assert_eq!(desk.post("ben", &refusal, json!({ "reason": "no" })).await.status, 200);
    let refused = desk.get(&format!("/grants/{}", second.at("/grant/id"))).await;
    assert_eq!((refused.at("/state").as_str(), refused.at("/end_reason").as_str()), ("refused", "no"));
    assert_eq!(desk.get("/grants?state=refused").await.json()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_grant_for_what_is_not_there_is_refused() {
    let desk = Desk::new().await;
    desk.in_force().await;
    for (change, value) in [
        ("subject", json!("nobody")),
        ("object", json!("plc1")),
        ("object", json!("plc1/telnet")),
        ("object", json!("\u{0}/\u{202e}")),
        ("verbs", json!(["everything"])),
        ("seconds", json!(0)),
        ("seconds", json!(1_000_000)),
        ("reason", json!("  ")),
        ("reason", json!("x".repeat(2_000))),
    ] {
        let mut wish = wish("plc1/modbus");
        wish[change] = value;
        let refused = desk.post("anna", "/grants", wish).await;
        assert_eq!(refused.status, 422, "{change}: {}", refused.text);
    }
    assert_eq!(desk.get("/grants").await.json()["items"], json!([]));
}

#[tokio::test]
async fn what_was_done_with_a_grant_is_shown_with_it() {
    let desk = Desk::new().await;
    desk.in_force().await;
    let asked = desk.post("anna", "/grants", wish("plc1/modbus")).await;
    agree(&desk, "ben", &asked).await;
    let id = asked.at("/grant/id");
    let text = "receipt of grant-7 of vendor for plc1/modbus: read 12 times; digest 00";
    let at = desk.app.now();
    let entry = nullius_audit::Entry::new(
        nullius_audit::Phase::Observed,
        at,
        "gateway:gw1",
        "receipt",
        "gateway/gw1",
    );
    let entry = entry.site(super::desk::SITE).detail("text", text);
    desk.app.write(move |tx| nullius_store::audit::append(tx, &entry)).await.unwrap();
    while crate::background::receipts::sweep(&desk.app).await.unwrap() {}
    assert!(!crate::background::receipts::sweep(&desk.app).await.unwrap());
    let grant = desk.get(&format!("/grants/{id}")).await;
    assert_eq!(
        (grant.at("/receipts/0/gateway").as_str(), grant.at("/receipts/0/text").as_str()),
        ("gw1", text)
    );
}
