//! Devices: declared, imported, observed, found again.

use super::desk::{Answered, Desk, SITE};
use crate::access::Role;
use axum::body::Body;
use axum::http::{Method, Request};
use proptest::prelude::*;
use serde_json::{Value, json};

async fn list(desk: &Desk, kind: &str, text: impl Into<Body>) -> Answered {
    let request =
        Request::post(format!("/v1/sites/{SITE}/device-list?origin=cmms")).header("content-type", kind);
    desk.send(Desk::caller("anna", Role::Engineer), request.body(text.into()).unwrap()).await
}

fn names(page: &Answered) -> Vec<String> {
    let items = page.json()["items"].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_list_is_taken_whole_and_what_it_says_stands_beside_what_others_say() {
    for desk in Desk::both().await {
        let text = "\u{feff}Name;Zone;MAC;Addresses;Services;Serial;Firmware\r\n\
            plc1;cell;02-00-00-00-00-01;10.0.0.1 fd00::1;modbus=modbus@tcp/502;A1;2.1\r\n\
            \"cam1\";things;;10.0.0.2;;;\"=HYPERLINK(\"\"http://evil\"\";1)\"\r\n";
        let done = list(&desk, "text/csv", text).await;
        assert_eq!((done.status, done.at("/changed").as_str()), (200, "2"), "{}", done.text);
        let plc = desk.get("/devices/plc1").await;
        assert_eq!(plc.at("/declaration/mac"), "02:00:00:00:00:01");
        assert_eq!(plc.at("/attributes/firmware/value"), "2.1");
        assert_eq!(
            desk.get("/devices/cam1").await.at("/attributes/firmware/value"),
            "=HYPERLINK(\"http://evil\";1)"
        );
        let path = format!("/v1/sites/{SITE}/devices/plc1/attributes/firmware");
        let found = json!({ "value": "2.3", "confidence": 90 });
        let believed = desk.call("ben", Role::Engineer, Method::PUT, &path, found).await;
        assert_eq!((believed.status, believed.at("/conflict").as_str()), (200, "true"), "{}", believed.text);
        assert_eq!(believed.json()["said"].as_array().unwrap().len(), 2);
        let again = list(&desk, "text/csv", text).await;
        assert_eq!((again.status, again.at("/changed").as_str()), (200, "0"), "nothing changed");
    }
}

#[tokio::test]
async fn a_list_with_mistakes_tells_each_with_its_row_and_changes_nothing() {
    let desk = Desk::new().await;
    assert_eq!(list(&desk, "text/csv", "name,zone,addresses\nold,cell,10.0.0.9\n").await.status, 200);
    let mut text = b"name,zone,mac,addresses,serial,services\n".to_vec();
    for row in [
        &b"ok,cell,02:00:00:00:00:01,10.0.0.1,S1,"[..],
        b"bad name,cell,,,,",
        b"twin,cell,,,S1,",
        b"ok,cell,,,S2,",
        b"wrong,cell,nonsense,,,",
        b"wrong2,cell,,10.0.0.1,,",
        b"taken,cell,,10.0.0.9,,",
        b"latin,cell,K\xfcche,,,",
        b"short,cell",
        b"svc,cell,,,,modbus",
        b",cell,,,,",
    ] {
        text.extend_from_slice(row);
        text.push(b'\n');
    }
    let refused = list(&desk, "text/csv", text).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    let mut rows: Vec<u64> = refused.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["row"].as_u64().unwrap())
        .collect();
    rows.sort_unstable();
    rows.dedup();
    assert_eq!(rows, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11], "{}", refused.text);
    assert_eq!(names(&desk.get("/devices").await), ["old"]);
    for (kind, text) in [
        ("text/csv", "name,zone,colour\na,b,c\n"),
        ("text/csv", "name,name\na,b\n"),
        ("application/json", "[{\"name\": \"a\", \"colour\": 1}]"),
        ("application/json", "[{\"name\": \"a\""),
        ("application/x-ndjson", "{\"name\": \"a\", \"declaration\": {\"zone\": \"z\"}}\nnonsense\n"),
    ] {
        let refused = list(&desk, kind, text).await;
        assert_eq!(refused.status, 422, "{text}: {}", refused.text);
    }
    assert_eq!(list(&desk, "text/plain", "name\n").await.status, 415);
}

#[tokio::test]
async fn a_list_in_json_is_an_array_or_a_line_each() {
    let desk = Desk::new().await;
    let one = |name: &str| json!({ "name": name, "declaration": { "zone": "z" }, "attributes": { "serial": name } });
    let array = list(&desk, "application/json", json!([one("a"), one("b")]).to_string()).await;
    assert_eq!((array.status, array.at("/rows").as_str()), (200, "2"), "{}", array.text);
    let lines = list(&desk, "application/x-ndjson", format!("{}\n\n{}\n", one("c"), one("d"))).await;
    assert_eq!((lines.status, lines.at("/rows").as_str()), (200, "2"), "{}", lines.text);
    assert_eq!(names(&desk.get("/devices").await), ["a", "b", "c", "d"]);
    let sheet = desk.get("/device-list").await;
    assert!(sheet.text.starts_with("name,zone,") && sheet.text.lines().count() == 5, "{}", sheet.text);
}

#[tokio::test]
async fn a_million_rows_are_refused_without_being_kept() {
    let desk = Desk::new().await;
    let mut text = String::from("name,zone\n");
    (0..1_000_000).for_each(|number| text.push_str(&format!("d{number},z\n")));
    let refused = list(&desk, "text/csv", text).await;
    assert_eq!((refused.status, refused.at("/rows").as_str()), (422, "1000000"));
    assert_eq!(refused.at("/wrong"), "900000");
    assert_eq!(refused.json()["errors"].as_array().unwrap().len(), 1_000);
}

#[tokio::test]
async fn devices_are_found_by_page_zone_state_and_text() {
    for desk in Desk::both().await {
        desk.in_force().await;
        let all = names(&desk.get("/devices").await);
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = desk.get(&format!("/devices?limit=3{cursor}")).await;
            paged.extend(names(&page));
            match page.at("/next").as_str() {
                "null" => break,
                next => cursor = format!("&cursor={next}"),
            }
        }
        assert_eq!(paged, all);
        assert_eq!(names(&desk.get("/devices?zone=cell-a").await), ["plc1", "plc2", "plc3"]);
        assert_eq!(names(&desk.get("/devices?q=10.77.1.21").await), ["hmi"]);
        assert_eq!(names(&desk.get("/devices?q=HISTOR&state=active").await), ["historian"]);
        assert_eq!(names(&desk.get("/devices?q=%25").await), [""; 0], "a percent sign is one");
        assert_eq!(names(&desk.get("/devices?ia=6").await), [""; 0]);
        for wrong in ["limit=0", "limit=1001", "cursor=%25", "colour=1", "q=%00", "zone=%00", "ia=x"] {
            assert_eq!(desk.get(&format!("/devices?{wrong}")).await.status, 400, "{wrong}");
        }
        for wrong in ["/devices/%00", "/devices/a%2Fb", "/devices/nobody"] {
            assert_eq!(desk.get(wrong).await.status, 404, "{wrong}");
        }
    }
}

#[tokio::test]
async fn nobody_overwrites_what_they_have_not_seen() {
    let desk = Desk::new().await;
    let path = format!("/v1/sites/{SITE}/devices/cam1");
    let put = async |seen: Option<&str>, zone: &str| {
        let body = json!({ "zone": zone });
        desk.call_seen("anna", Role::Engineer, (Method::PUT, &path, seen), body).await.status
    };
    assert_eq!(put(Some("\"1\""), "a").await, 412);
    assert_eq!(put(None, "a").await, 201);
    assert_eq!(put(None, "b").await, 412);
    let tag = desk.get("/devices/cam1").await.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(put(Some(&tag), "b").await, 200);
    assert_eq!(put(Some(&tag), "c").await, 412);
    assert_eq!(put(Some("*"), "c").await, 412);
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z]{1,9}",
        Just("\u{0}\u{1b}[2J\u{202e}\u{feff}'; DROP TABLE device; --".to_owned()),
        Just("\u{1f480}".repeat(3_000)),
        Just("x".repeat(70_000)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_a_device_or_a_person_is_called_breaks_anything(
        name in texts(), zone in texts(), vendor in texts(), address in texts(), reason in texts(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let desk = Desk::new().await;
            let encoded: String = name.bytes().take(200).map(|byte| format!("%{byte:02X}")).collect();
            let path = format!("/v1/sites/{SITE}/devices/{encoded}x");
            let declared = json!({ "zone": zone, "vendor": vendor, "addresses": [address], "tags": [name] });
            let events = json!({ "event": { "kind": "claim", "owner": vendor }, "reason": reason });
            let grant = json!({ "subject": name, "object": address, "seconds": 1, "reason": reason });
            let row = json!({ "name": name, "declaration": declared, "attributes": { "serial": vendor } });
            let import = list(&desk, "application/json", json!([row]).to_string()).await;
            let mut answers = vec![import];
            for (method, path, body) in [
                (Method::PUT, path.clone(), declared),
                (Method::POST, format!("{path}/restriction"), events),
                (Method::POST, format!("/v1/sites/{SITE}/grants"), grant),
                (Method::GET, path, Value::Null),
                (Method::GET, format!("/v1/sites/{SITE}/devices?q={encoded}"), Value::Null),
                (Method::GET, format!("/v1/sites/{SITE}/why?subject={encoded}&object=a&service=b"), Value::Null),
                (Method::GET, format!("/v1/sites/{SITE}/device-list"), Value::Null),
                (Method::GET, format!("/v1/sites/{SITE}/export"), Value::Null),
            ] {
                answers.push(desk.call("anna", Role::Admin, method, &path, body).await);
            }
            for (number, answer) in answers.into_iter().enumerate() {
                assert!(answer.status < 500, "operation {number}: {}", answer.text);
                assert!(!answer.text.contains('\u{1b}') && !answer.text.contains('\u{202e}'), "{}", answer.text);
            }
        });
    }
}
