//! A collector, and what it must never get.

use super::*;
use crate::out::tests::Site;
use axum::extract::{Path, State};
use std::sync::Mutex;
use tower::ServiceExt as _;
use tracing::instrument::WithSubscriber as _;
use tracing_subscriber::layer::SubscriberExt as _;

const CANARY: &str = "canary-6c1d0f";

type Got = Arc<Mutex<Vec<(String, Value)>>>;

async fn take(State(got): State<Got>, Path(signal): Path<String>, body: String) {
    got.lock().expect("a lock").push((signal, serde_json::from_str(&body).expect("JSON")));
}

async fn collector() -> (Telemetry, Got) {
    let got = Got::default();
    let router = axum::Router::new().route("/v1/{signal}", axum::routing::post(take)).with_state(got.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (toml::from_str(&format!("to = 'http://127.0.0.1:{port}'")).expect("a collector"), got)
}

async fn ask(app: &App, path: &str) {
    let request = axum::http::Request::builder()
        .method("POST")
        .uri(path)
        .header("authorization", format!("Bearer {CANARY}"))
        .header("content-type", "application/json")
        .body(axum::body::Body::from(format!("{{\"name\":\"{CANARY}\",\"password\":\"{CANARY}\"}}")))
        .expect("a request");
    crate::router(app).oneshot(request).await.expect("an answer");
}

/// Everything that the program says of itself while somebody sends it secrets: logs of every level, traces, numbers.
#[tokio::test]
async fn no_secret_and_no_payload_leaves_in_logs_traces_or_numbers() {
    let site = Site::new("telemetry");
    let (telemetry, got) = collector().await;
    let (spans, exporter) = super::telemetry(telemetry, site.hand.clone());
    let logged = Arc::new(Mutex::new(Vec::new()));
    let writer = {
        let logged = Arc::clone(&logged);
        move || Log(Arc::clone(&logged))
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let told = tracing::Dispatch::new(tracing_subscriber::registry().with(spans).with(lines));
    tokio::spawn(exporter.run(site.app.clone()));
    let both = |got: &[(String, Value)]| {
        ["traces", "metrics"].iter().all(|signal| got.iter().any(|(of, _)| of == signal))
    };
    let paths = ["/v1/session", "/v1/users", "/v1/tokens", &format!("/{CANARY}"), &format!("/v1/x?{CANARY}")];
    while !both(&got.lock().unwrap()) {
        // another test that listens to nothing may have been asked about a span first
        tracing::callsite::rebuild_interest_cache();
        for path in paths {
            ask(&site.app, path).with_subscriber(told.clone()).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let sent = format!("{:?}", got.lock().unwrap());
    let logged = String::from_utf8(logged.lock().unwrap().clone()).unwrap();
    assert!(sent.contains("http.route") && sent.contains("nullius_http_requests"), "{sent}");
    assert!(!sent.contains(CANARY) && !logged.contains(CANARY), "{sent}\n{logged}");
}

struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_span_says_what_it_belongs_to_and_only_fields_of_the_list() {
    let (telemetry, _) = collector().await;
    let site = Site::new("span");
    let (spans, mut exporter) = super::telemetry(telemetry, site.hand.clone());
    let subscriber = tracing_subscriber::registry().with(spans);
    tracing::subscriber::with_default(subscriber, || {
        let outer = tracing::info_span!(target: spans::TARGET, "request", method = "GET", body = CANARY);
        outer.in_scope(|| {
            drop(tracing::info_span!(target: spans::TARGET, "store", access = "read", sql = CANARY));
            drop(tracing::info_span!(target: "somebody::else", "stream", method = CANARY));
        });
    });
    let inner = exporter.spans.try_recv().unwrap();
    let outer = exporter.spans.try_recv().unwrap();
    assert!(exporter.spans.try_recv().is_err());
    let body = spans::body(&[outer, inner]);
    let spans = &body["resourceSpans"][0]["scopeSpans"][0]["spans"];
    assert_eq!(spans[0]["spanId"], spans[1]["parentSpanId"]);
    assert_eq!(spans[0]["traceId"], spans[1]["traceId"]);
    assert_eq!(spans[0]["traceId"].as_str().unwrap().len(), 32);
    assert!(!body.to_string().contains(CANARY), "{body}");
}

#[test]
fn numbers_are_the_same_in_both_forms() {
    let text = "# HELP a b\n# TYPE a counter\na_total{x=\"y\"} 3\n# TYPE g gauge\ng 5\n# TYPE h histogram\n\
        h_sum{r=\"s\"} 1.5\nh_count{r=\"s\"} 4\nh_bucket{le=\"0.1\",r=\"s\"} 1\nh_bucket{le=\"+Inf\",r=\"s\"} 4\n# EOF\n";
    let body = metrics::body(text, 1, 2);
    let metrics = &body["resourceMetrics"][0]["scopeMetrics"][0]["metrics"];
    assert_eq!(metrics[0]["sum"]["dataPoints"][0]["asDouble"], 3.0);
    assert_eq!(metrics[0]["sum"]["dataPoints"][0]["attributes"][0]["key"], "x");
    assert_eq!(metrics[1]["gauge"]["dataPoints"][0]["asDouble"], 5.0);
    let point = &metrics[2]["histogram"]["dataPoints"][0];
    assert_eq!(point["bucketCounts"], json!(["1", "3"]));
    assert_eq!(
        (&point["explicitBounds"], &point["count"], &point["sum"]),
        (&json!([0.1]), &json!("4"), &json!(1.5))
    );
}
