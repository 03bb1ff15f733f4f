//! Numbers that are there, and text that is not.

use crate::out::tests::Site;
use nullius_store::StoreError;
use nullius_store::sinks::{self, Hold, Kind};
use std::collections::BTreeSet;
use tower::ServiceExt as _;

const CANARY: &str = "canary-6c1d0f";

async fn ask(site: &Site, method: &str, path: &str) -> u16 {
    let request = axum::http::Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {CANARY}"))
        .header("cookie", format!("nullius_session={CANARY}"))
        .body(axum::body::Body::from(format!("{{\"password\":\"{CANARY}\"}}")))
        .expect("a request");
    crate::router(&site.app).oneshot(request).await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn every_number_is_there() {
    let site = Site::new("metrics");
    site.happen(7).await;
    let hold = Hold { holder: "this".to_owned(), now: 1, until: 2 };
    let claimed: Result<_, StoreError> = site
        .app
        .write(move |tx| {
            sinks::claim(tx, Kind::Sink, "siem", &hold)?;
            sinks::advance(tx, Kind::Sink, "siem", 3, &hold)?;
            sinks::fail(tx, Kind::Sink, "siem", "away", &hold)
        })
        .await;
    claimed.unwrap();
    assert_eq!(ask(&site, "GET", "/v1/info").await, 200);
    let text = super::text(&site.app).await.unwrap();
    for line in [
        "nullius_audit_records 7",
        "nullius_link_sessions 0",
        "nullius_receiver_records_behind{kind=\"sink\",name=\"siem\"} 4",
        "nullius_receiver_failing{kind=\"sink\",name=\"siem\"} 1",
        "nullius_http_requests_total{method=\"GET\",route=\"/v1/info\",status=\"200\"} 1",
        "nullius_http_request_seconds_count{method=\"GET\",route=\"/v1/info\"} 1",
        "nullius_store_seconds_count{access=\"write\"} ",
        "nullius_resident_memory_bytes ",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(text.ends_with("# EOF\n"));
}

/// A stranger asks for a thousand addresses: there are no more series afterwards, and nothing that was sent is in them.
#[tokio::test]
async fn what_strangers_send_makes_no_series() {
    let site = Site::new("series");
    for number in 0..300 {
        ask(&site, "GET", &format!("/v1/sites/{CANARY}{number}/devices?token={CANARY}")).await;
        ask(&site, &format!("BREW{number}"), &format!("/{CANARY}/{number}")).await;
    }
    ask(&site, "POST", "/v1/session").await;
    let text = super::text(&site.app).await.unwrap();
    assert!(!text.contains(CANARY), "{text}");
    let series: BTreeSet<&str> =
        text.lines().filter(|line| line.starts_with("nullius_http_requests_total{")).collect();
    assert!(series.len() < 12, "{series:?}");
}
