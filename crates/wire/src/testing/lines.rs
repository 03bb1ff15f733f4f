//! Observations as lines of text, one each.
//!
//! - `> read unit 9 read_coils coil[0..9]`: a request with its class, unit, symbol and values;
//! - `< read unit 9 read_coils coil[0..9] refused 2`: an answer to one; `?` where its request was not seen;
//! - `fact server vendor: ACME`: a claim about an end of the flow, else about a hardware or network address;
//! - `malformed: …`, `login: …`, `binding …`, `certificate 0: …`, and what else there is as it is debugged.

use nullius_model::{
    Binding, Fact, FlowInfo, Mac, Message, MessageKind, Observation, Outcome, Seen, Sink, Values,
};

/// Writes down observations.
#[derive(Debug, Default)]
pub(super) struct Lines(Vec<String>);

impl Lines {
    pub(super) fn push(&mut self, line: &str) {
        self.0.push(line.to_owned());
    }

    pub(super) fn ended_by(mut self, line: &str) -> Vec<String> {
        self.push(line);
        self.0
    }

    pub(super) fn into_lines(self) -> Vec<String> {
        self.0
    }
}

impl Sink for Lines {
    fn observe(&mut self, _: Seen, flow: Option<&FlowInfo>, observation: Observation<'_>) {
        self.0.push(line(flow, &observation));
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "what has no words of its own is debugged")]
fn line(flow: Option<&FlowInfo>, observation: &Observation<'_>) -> String {
    match observation {
        Observation::Message(message) => message_line(message),
        Observation::Fact(fact) => format!("fact {} {}: {}", subject(flow, fact), fact.attribute, fact.value),
        Observation::Binding(Binding { mac, ip, source }) => {
            format!("binding {} {ip} {}", station(flow, *mac), source.name())
        }
        Observation::Malformed { why, .. } => format!("malformed: {why}"),
        Observation::CleartextLogin(scheme) => format!("login: {}", scheme.name()),
        Observation::Certificate(seen) => format!("certificate {}: {}", seen.depth, seen.subject),
        other => format!("{other:?}"),
    }
}

fn message_line(message: &Message<'_>) -> String {
    let Message { kind, symbol, unit, values, .. } = message;
    let (mark, outcome) = match kind {
        MessageKind::Request => ('>', Outcome::Done),
        MessageKind::Response { outcome, .. } => ('<', *outcome),
        MessageKind::Orphan { outcome } => ('?', *outcome),
    };
    let unit = unit.0.map(|unit| format!(" unit {unit}")).unwrap_or_default();
    let refused = match outcome {
        Outcome::Done => String::new(),
        Outcome::Refused(code) => format!(" refused {code}"),
    };
    let values = match values {
        Values::None => String::new(),
        Values::Words(bytes) => format!(" = words {bytes:?}"),
        Values::Bits(bytes) => format!(" = bits {bytes:?}"),
        Values::Milli(value) => format!(" = {value}"),
    };
    format!("{mark} {}{unit} {symbol}{refused}{values}", symbol.class)
}

fn subject(flow: Option<&FlowInfo>, fact: &Fact<'_>) -> String {
    match (fact.mac.is_none(), fact.ip) {
        (false, _) => station(flow, fact.mac),
        (true, Some(ip)) => ip.to_string(),
        (true, None) => "nobody".to_owned(),
    }
}

fn station(flow: Option<&FlowInfo>, mac: Mac) -> String {
    match flow {
        Some(flow) if flow.client.mac == mac => "client".to_owned(),
        Some(flow) if flow.server.mac == mac => "server".to_owned(),
        _ => mac.to_string(),
    }
}
