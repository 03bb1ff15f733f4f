//! What the controller says of itself in numbers, for Prometheus (OpenMetrics text).
//!
//! INVARIANT: no label comes from outside. Routes are their templates, never the paths that were asked for; receivers,
//! sites and gateways are names that an administrator gave. So nobody can fill the memory with series, and no secret
//! or process value gets here.

mod scrape;
#[cfg(test)]
mod tests;

pub(crate) use scrape::text;

use super::telemetry::TARGET;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::time::Duration;
use tokio::time::Instant;
use tracing::Instrument as _;

/// What the text is (<https://prometheus.io/docs/specs/om/open_metrics_spec/>).
pub(crate) const CONTENT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Buckets of durations in seconds: a lookup in memory to a policy that is compiled.
const SECONDS: [f64; 10] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];

type Routes = Family<Route, Histogram, fn() -> Histogram>;

/// All numbers.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    request_seconds: Routes,
    store_seconds: Family<Access, Histogram, fn() -> Histogram>,
    gauges: Gauges,
}

/// What is read when somebody asks.
#[derive(Clone, Debug, Default)]
struct Gauges {
    links: Gauge,
    records: Gauge,
    memory: Gauge,
    behind: Family<Receiver, Gauge>,
    failing: Family<Receiver, Gauge>,
    epochs: Family<Gateway, Gauge>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: &'static str,
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Access {
    access: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Receiver {
    kind: &'static str,
    name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Gateway {
    site: String,
    gateway: String,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("nullius");
        let requests = Family::default();
        let request_seconds: Routes = Family::new_with_constructor(seconds);
        let store_seconds = Family::new_with_constructor(seconds as fn() -> Histogram);
        registry.register("http_requests", "Requests that were answered", requests.clone());
        let help = "Time from the head of a request to the head of its answer";
        registry.register_with_unit("http_request", help, Unit::Seconds, request_seconds.clone());
        let help = "Time of a transaction, waiting for its turn included";
        registry.register_with_unit("store", help, Unit::Seconds, store_seconds.clone());
        let gauges = Gauges::default();
        gauges.register(&mut registry);
        Self { registry, requests, request_seconds, store_seconds, gauges }
    }

    /// The store was asked.
    pub(crate) fn store(&self, access: &'static str, took: Duration) {
        self.store_seconds.get_or_create(&Access { access }).observe(took.as_secs_f64());
    }
}

impl Gauges {
    fn register(&self, registry: &mut Registry) {
        registry.register("link_sessions", "Gateways connected here", self.links.clone());
        registry.register("audit_records", "Records of the log", self.records.clone());
        let help = "Memory that the process holds";
        registry.register_with_unit("resident_memory", help, Unit::Bytes, self.memory.clone());
        let help = "Records a sink, or records a witness has not seen signed";
        registry.register("receiver_records_behind", help, self.behind.clone());
        registry.register("receiver_failing", "1 where a receiver takes nothing", self.failing.clone());
        let help = "Epochs given out that a gateway has not taken, superseded ones included";
        registry.register("gateway_epochs_behind", help, self.epochs.clone());
    }
}

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

/// Counts a request and times it. The template of its route, or `none`.
pub(crate) async fn measure(State(app): State<crate::App>, request: Request, next: Next) -> Response {
    let method = method(request.method());
    let path = request.extensions().get::<MatchedPath>();
    let route = path.map_or("none", MatchedPath::as_str).to_owned();
    let started = Instant::now();
    let span = tracing::info_span!(
        target: TARGET,
        "request",
        method,
        route = route.as_str(),
        status = tracing::field::Empty
    );
    let response = next.run(request).instrument(span.clone()).await;
    span.record("status", u64::from(response.status().as_u16()));
    let metrics = app.metrics();
    let labels = Route { method, route: route.clone() };
    metrics.request_seconds.get_or_create(&labels).observe(started.elapsed().as_secs_f64());
    metrics.requests.get_or_create(&Answered { method, route, status: response.status().as_u16() }).inc();
    response
}

/// One of those that we serve: a caller may invent methods.
fn method(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| method.as_str() == *known).unwrap_or("other")
}
