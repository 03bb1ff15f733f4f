//! Spans of ours, taken from the program and written as OTLP wants them.

use crate::Clock;
use nullius_model::Timestamp;
use nullius_protocol::to_hex;
use serde_json::{Value, json};
use std::fmt::Debug;
use std::sync::Arc;
use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// Under which target spans are made that leave the program. Those of libraries have others.
pub(crate) const TARGET: &str = "nullius::trace";

/// Fields that leave the program, and what they are called outside (OpenTelemetry's semantic conventions).
const FIELDS: &[(&str, &str)] = &[
    ("access", "db.operation.name"),
    ("method", "http.request.method"),
    ("route", "http.route"),
    ("status", "http.response.status_code"),
];

/// A span that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    name: &'static str,
    mark: Mark,
    parent: Option<[u8; 8]>,
    begun: Timestamp,
    ended: Timestamp,
    fields: Vec<(&'static str, String)>,
}

/// Which trace, and which span of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    trace: [u8; 16],
    span: [u8; 8],
}

/// A span that has not ended.
struct Open {
    mark: Mark,
    parent: Option<[u8; 8]>,
    begun: Timestamp,
    fields: Fields,
}

/// Takes spans from the program.
#[derive(Debug)]
pub struct Spans {
    sender: mpsc::Sender<Span>,
    clock: Arc<dyn Clock>,
}

impl Spans {
    pub(super) fn new(sender: mpsc::Sender<Span>, clock: Arc<dyn Clock>) -> Self {
        Self { sender, clock }
    }
}

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id).filter(|span| span.metadata().target() == TARGET) else { return };
        let above =
            span.scope().skip(1).find_map(|span| span.extensions().get::<Open>().map(|open| open.mark));
        let mark = Mark { trace: above.map_or_else(random, |mark| mark.trace), span: random() };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let parent = above.map(|mark| mark.span);
        span.extensions_mut().insert(Open { mark, parent, begun: self.clock.now(), fields });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(open) = span.extensions_mut().get_mut::<Open>() {
            values.record(&mut open.fields);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(open) = span.extensions_mut().remove::<Open>() else { return };
        let Open { mark, parent, begun, fields: Fields(fields) } = open;
        let ended =
            Span { name: span.metadata().name(), mark, parent, begun, ended: self.clock.now(), fields };
        // a collector that does not keep up loses spans, not we our time
        let _ = self.sender.try_send(ended);
    }
}

/// Fields of the list, and no others.
#[derive(Debug, Default)]
struct Fields(Vec<(&'static str, String)>);

impl Fields {
    fn put(&mut self, field: &Field, value: impl ToString) {
        if let Some((_, outside)) = FIELDS.iter().find(|(name, _)| *name == field.name()) {
            self.0.push((outside, value.to_string()));
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    /// How something looks to its programmer is nobody else's business.
    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

/// An id that nobody else has. Where there is no randomness ids are zero, which collectors drop.
fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    match aws_lc_rs::rand::fill(&mut bytes) {
        Ok(()) => bytes,
        Err(_) => [0; N],
    }
}

/// The body of a request for traces.
pub(super) fn body(spans: &[Span]) -> Value {
    let spans: Vec<Value> = spans.iter().map(written).collect();
    json!({"resourceSpans": [{
        "resource": super::resource(),
        "scopeSpans": [{"scope": super::scope(), "spans": spans}],
    }]})
}

fn written(span: &Span) -> Value {
    let attributes: Vec<Value> = span
        .fields
        .iter()
        .map(|(name, value)| json!({"key": name, "value": {"stringValue": value}}))
        .collect();
    // SPAN_KIND_SERVER for what somebody asked, SPAN_KIND_INTERNAL for what that led to
    let kind = if span.name == "request" { 2 } else { 1 };
    json!({
        "traceId": to_hex(&span.mark.trace),
        "spanId": to_hex(&span.mark.span),
        "parentSpanId": span.parent.map(|parent| to_hex(&parent)).unwrap_or_default(),
        "name": span.name,
        "kind": kind,
        "startTimeUnixNano": span.begun.as_nanos().to_string(),
        "endTimeUnixNano": span.ended.as_nanos().to_string(),
        "attributes": attributes,
        "status": {},
    })
}
