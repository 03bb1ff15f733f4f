//! How often what was told of a capture.

use crate::capture;
use nullius_model::{FlowInfo, MessageKind, Observation, Protocol, Seen, Sink};
use std::collections::BTreeMap;

/// Something told, and how often.
pub(crate) type Count<'a> = (&'a str, u64);

/// What was told of one capture.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    asked: BTreeMap<(Protocol, &'static str), u64>,
    answered: BTreeMap<(Protocol, &'static str), u64>,
    lines: BTreeMap<String, u64>,
}

impl Counts {
    /// Reads a capture named from the folder of all.
    pub(crate) fn of(capture: &str) -> Self {
        let mut counts = Self::default();
        capture::read(&capture::folder().join(capture), usize::MAX, &mut counts);
        counts
    }

    /// Requests by verb.
    pub(crate) fn asked(&self, protocol: Protocol) -> Vec<Count<'static>> {
        of_protocol(&self.asked, protocol)
    }

    /// Answers by verb, with or without a request that was seen.
    pub(crate) fn answered(&self, protocol: Protocol) -> Vec<Count<'static>> {
        of_protocol(&self.answered, protocol)
    }

    /// Requests by verb of whatever industrial protocols there are.
    pub(crate) fn asked_of_industry(&self) -> Vec<Count<'static>> {
        let mut verbs = BTreeMap::new();
        for ((_, verb), count) in self.asked.iter().filter(|((protocol, _), _)| protocol.is_industrial()) {
            *verbs.entry(*verb).or_default() += count;
        }
        verbs.into_iter().collect()
    }

    /// Lines that begin with `what`: `request`, `response` or `orphan` with verb and object, `malformed` with protocol
    /// and reason, `fact` with attribute and value, `cleartext` with its scheme, `damage` with its name, `client hello`,
    /// `server hello`, `certificate`.
    pub(crate) fn told(&self, what: &str) -> u64 {
        self.lines.iter().filter(|(line, _)| line.starts_with(what)).map(|(_, count)| count).sum()
    }
}

/// Each expected count is that of the lines that begin so (see [`Counts::told`]).
pub(crate) fn check_told(capture: &str, expected: &[Count<'_>]) {
    let counts = Counts::of(capture);
    for (what, count) in expected {
        assert_eq!(counts.told(what), *count, "{capture}: {what}\n{:#?}", counts.lines);
    }
}

impl Sink for Counts {
    fn observe(&mut self, _: Seen, _: Option<&FlowInfo>, observation: Observation<'_>) {
        if let Observation::Message(message) = &observation {
            let counted = match message.kind {
                MessageKind::Request => &mut self.asked,
                MessageKind::Response { .. } | MessageKind::Orphan { .. } => &mut self.answered,
            };
            *counted.entry((message.protocol, message.symbol.verb)).or_default() += 1;
        }
        if let Some(line) = line(&observation) {
            *self.lines.entry(line).or_default() += 1;
        }
    }
}

fn of_protocol(counted: &BTreeMap<(Protocol, &'static str), u64>, protocol: Protocol) -> Vec<Count<'static>> {
    counted.iter().filter(|((of, _), _)| *of == protocol).map(|((_, verb), count)| (*verb, *count)).collect()
}

fn line(observation: &Observation<'_>) -> Option<String> {
    Some(match observation {
        Observation::Message(message) => {
            let kind = match message.kind {
                MessageKind::Request => "request",
                MessageKind::Response { .. } => "response",
                MessageKind::Orphan { .. } => "orphan",
            };
            format!("{kind} {} {}", message.symbol.verb, message.symbol.object)
        }
        Observation::Fact(fact) => format!("fact {} {}", fact.attribute, fact.value),
        Observation::Malformed { protocol, why } => format!("malformed {protocol} {why}"),
        Observation::CleartextLogin(scheme) => format!("cleartext {}", scheme.name()),
        Observation::Damage(damage) => format!("damage {}", damage.name()),
        Observation::TlsClient(_) => "client hello".to_owned(),
        Observation::TlsServer(_) => "server hello".to_owned(),
        Observation::Certificate(_) => "certificate".to_owned(),
        _ => return None,
    })
}
