//! Observations as lines of text.

use nullius_model::{
    FlowInfo, Message, MessageKind, Observation, Outcome, Seen, Sink, Timestamp, Unit, Usage, Values,
};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Collects lines: all of them with frame and time, and how often each kind came.
#[derive(Debug, Default)]
pub(crate) struct Dump {
    lines: String,
    counts: BTreeMap<String, u64>,
    start: Option<Timestamp>,
}

impl Dump {
    /// The lines, or the counts where the lines are longer than `max` bytes.
    pub(crate) fn into_text(self, max: usize) -> String {
        if self.lines.len() <= max {
            return self.lines;
        }
        self.counts.iter().fold(String::new(), |mut text, (line, count)| {
            writeln!(text, "{count:>7} {line}").unwrap();
            text
        })
    }
}

impl Sink for Dump {
    fn observe(&mut self, seen: Seen, flow: Option<&FlowInfo>, observation: Observation<'_>) {
        let start = *self.start.get_or_insert(seen.at);
        let Some(what) = describe(flow, &observation) else { return };
        let ends = flow.map_or(String::new(), |flow| format!("{} -> {} ", flow.client, flow.server));
        let offset = seen.at.since(start).as_micros();
        writeln!(self.lines, "{} +{}.{:06} {ends}{what}", seen.frame, offset / 1_000_000, offset % 1_000_000)
            .unwrap();
        *self.counts.entry(counted(&ends, &observation, what)).or_default() += 1;
    }
}

/// What of a line is the same each time: no latencies, no numbers of bytes, no client port.
fn counted(ends: &str, observation: &Observation<'_>, what: String) -> String {
    match observation {
        Observation::FlowUsage(usage) => format!("usage {}", usage.protocol),
        Observation::Message(message) => {
            let kind = match message.kind {
                MessageKind::Request => "request".to_owned(),
                MessageKind::Response { outcome, .. } => format!("response {}", outcome_text(outcome)),
                MessageKind::Orphan { outcome } => format!("orphan {}", outcome_text(outcome)),
            };
            let server = ends.split(" -> ").nth(1).unwrap_or("").trim();
            format!(
                "{server} {} unit {} {kind} {} [{}]",
                message.protocol, message.unit, message.symbol, message.symbol.class
            )
        }
        _ => what,
    }
}

fn describe(_flow: Option<&FlowInfo>, observation: &Observation<'_>) -> Option<String> {
    let text = match observation {
        Observation::Frame { .. } => return None,
        Observation::Binding(binding) => {
            format!("binding {} is {} by {}", binding.mac, binding.ip, binding.source.name())
        }
        Observation::Fact(fact) => {
            let about = fact.ip.map_or_else(|| fact.mac.to_string(), |ip| ip.to_string());
            format!("fact {about} {} = {:?} by {}", fact.attribute, fact.value, fact.source)
        }
        Observation::Message(message) => message_text(message),
        Observation::CleartextLogin(scheme) => format!("cleartext {}", scheme.name()),
        Observation::Malformed { protocol, why } => format!("malformed {protocol}: {why}"),
        Observation::Damage(damage) => format!("damage {damage:?}"),
        Observation::FlowUsage(usage) => format!(
            "usage {} up {} down {}{}{}{}",
            usage.protocol,
            usage_text(usage.from_client),
            usage_text(usage.from_server),
            if usage.answered { " answered" } else { "" },
            if usage.refused { " refused" } else { "" },
            if usage.ended { " ended" } else { "" },
        ),
        other => format!("{other:?}"),
    };
    Some(text)
}

fn message_text(message: &Message<'_>) -> String {
    let Message { protocol, unit, direction, kind, symbol, values } = message;
    let kind = match kind {
        MessageKind::Request => "request".to_owned(),
        MessageKind::Response { outcome, latency } => {
            format!("response after {} us {}", latency.as_micros(), outcome_text(*outcome))
        }
        MessageKind::Orphan { outcome } => format!("orphan {}", outcome_text(*outcome)),
    };
    let unit = if *unit == Unit::NONE { String::new() } else { format!(" unit {unit}") };
    let values = match values {
        Values::None => String::new(),
        Values::Words(bytes) => format!(" words {}", bytes.len() / 2),
        Values::Bits(bytes) => format!(" bits in {} bytes", bytes.len()),
        Values::Milli(value) => format!(" value {value}/1000"),
    };
    format!("{direction:?} {protocol}{unit} {kind} {symbol} [{}]{values}", symbol.class)
}

fn outcome_text(outcome: Outcome) -> String {
    match outcome {
        Outcome::Done => "done".to_owned(),
        Outcome::Refused(code) => format!("refused {code}"),
    }
}

fn usage_text(usage: Usage) -> String {
    format!("{}/{}/{}", usage.frames, usage.bytes, usage.payload)
}
