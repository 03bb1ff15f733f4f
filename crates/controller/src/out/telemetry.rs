//! Traces and numbers to an OpenTelemetry collector (OTLP over HTTP, JSON encoding). Off unless configured.
//!
//! ```toml
//! [telemetry]
//! to = "http://127.0.0.1:4318"     # or https:// with `ca`, and `token_file` where it asks who we are
//! ```
//!
//! A collector is not a place for secrets, and those who read traces are not those who may read a plant's policy. So
//! only spans of ours leave, with fields of a short list, whose values are made here and not sent in: methods, route
//! templates, answers' numbers. What a caller or a device wrote is in none of them (R-87).
//!
//! INVARIANT: a collector that is slow or away costs [`QUEUE`] spans of memory and nothing else; what does not fit is
//! dropped and counted. The audit log is what may not lose anything; this is for looking at how the program is doing.

mod metrics;
mod spans;
#[cfg(test)]
mod tests;

pub use spans::Spans;
pub(crate) use spans::TARGET;

use super::destination::Destination;
use super::sink::{Trouble, http};
use super::{metrics as numbers, trust};
use crate::{App, Clock};
use reqwest::{Client, Url, header};
use serde::Deserialize;
use serde_json::{Value, json};
use spans::Span;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

/// Spans that wait to be sent.
const QUEUE: usize = 4_096;

/// Spans of one request.
const BATCH: usize = 512;

/// Longest time that a span waits for others.
const LINGER: Duration = Duration::from_secs(5);

/// How often numbers are sent.
const NUMBERS: Duration = Duration::from_secs(60);

/// A collector, as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    to: String,
    ca: Option<PathBuf>,
    token_file: Option<PathBuf>,
}

/// Where traces and numbers go.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Telemetry(Destination);

impl TryFrom<Written> for Telemetry {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        Destination::http(&written.to, written.ca, written.token_file).map(Self)
    }
}

/// What is sent to a collector, until it is dropped.
#[derive(Debug)]
pub struct Exporter {
    telemetry: Telemetry,
    clock: Arc<dyn Clock>,
    spans: mpsc::Receiver<Span>,
}

/// The layer that takes spans from the program, and what sends them.
pub fn telemetry(telemetry: Telemetry, clock: Arc<dyn Clock>) -> (Spans, Exporter) {
    let (sender, spans) = mpsc::channel(QUEUE);
    (Spans::new(sender, Arc::clone(&clock)), Exporter { telemetry, clock, spans })
}

impl Exporter {
    /// Sends until the program ends. What cannot be sent is dropped: the next numbers say how things are by then.
    pub(crate) async fn run(mut self, app: App) {
        let collector = match Collector::new(&self.telemetry.0) {
            Ok(collector) => collector,
            Err(trouble) => {
                tracing::warn!(%trouble, "no telemetry is sent");
                return;
            }
        };
        let started = self.clock.now().as_nanos();
        let mut ticks = interval(NUMBERS);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                batch = batch(&mut self.spans) => match batch {
                    Some(batch) => collector.post("traces", &spans::body(&batch)).await,
                    None => return,
                },
                _ = ticks.tick() => {
                    if let Ok(text) = numbers::text(&app).await {
                        let now = self.clock.now().as_nanos();
                        collector.post("metrics", &metrics::body(&text, started, now)).await;
                    }
                }
            }
        }
    }
}

/// The next spans; nothing once nobody makes any.
async fn batch(spans: &mut mpsc::Receiver<Span>) -> Option<Vec<Span>> {
    let mut batch = vec![spans.recv().await?];
    let due = Instant::now() + LINGER;
    while batch.len() < BATCH {
        tokio::select! {
            span = spans.recv() => match span {
                Some(span) => batch.push(span),
                None => break,
            },
            () = sleep_until(due) => break,
        }
    }
    Some(batch)
}

struct Collector {
    client: Client,
    prefix: Url,
    token: Option<String>,
}

impl Collector {
    fn new(to: &Destination) -> Result<Self, Trouble> {
        let Destination::Http { url, ca, token_file } = to else {
            return Err(Trouble::new("a collector is asked by HTTP"));
        };
        let tls = ca.as_deref().map(trust::authorities).transpose()?;
        let token = token_file.as_deref().map(trust::token).transpose()?;
        Ok(Self { client: http::client(tls)?, prefix: url.clone(), token })
    }

    async fn post(&self, signal: &str, body: &Value) {
        let mut url = self.prefix.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["v1", signal]);
        }
        let mut request = self.client.post(url).header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        match request.body(body.to_string()).send().await {
            Ok(answer) if answer.status().is_success() => drop(http::read(answer).await),
            Ok(answer) => tracing::debug!(status = %answer.status(), "the collector takes no {signal}"),
            Err(error) => tracing::debug!(error = http::chain(&error), "the collector takes no {signal}"),
        }
    }
}

/// Who says it (OpenTelemetry's semantic conventions for resources).
fn resource() -> Value {
    json!({"attributes": [
        {"key": "service.name", "value": {"stringValue": "nullius-controller"}},
        {"key": "service.version", "value": {"stringValue": env!("CARGO_PKG_VERSION")}},
    ]})
}

fn scope() -> Value {
    json!({"name": "nullius", "version": env!("CARGO_PKG_VERSION")})
}
