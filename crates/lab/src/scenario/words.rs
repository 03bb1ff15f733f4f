//! Rules as a person reads them.

use nullius_model::{Path, Rule, RuleChange, Terms, Verdict};
use std::collections::BTreeMap;

/// Rules of one change that are shown one by one; more are counted.
const MAX_SHOWN: usize = 12;

/// A change, one rule a line, or counted by kind where it is long.
pub(super) fn change(change: &RuleChange) -> Vec<String> {
    let gone = change.remove.iter().map(|rule| format!("- {}", self::rule(rule, None)));
    let come = change.add.iter().map(|(rule, terms)| format!("+ {}", self::rule(rule, Some(terms))));
    let lines: Vec<_> = gone.chain(come).collect();
    if lines.len() <= MAX_SHOWN {
        return lines;
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for line in &lines {
        let kind = line.split(' ').take(2).collect::<Vec<_>>().join(" ");
        *counts.entry(kind).or_default() += 1;
    }
    counts.iter().map(|(kind, count)| format!("{kind} ×{count}")).collect()
}

/// One rule; the first word is its kind.
pub(super) fn rule(rule: &Rule, terms: Option<&Terms>) -> String {
    let text = match rule {
        Rule::Known(mac) => format!("known {mac}"),
        Rule::Address { port, mac, address } => format!("address {address} {mac} on {port}"),
        Rule::Service { client, server, channel, path } => {
            let path = if *path == Path::Routed { " routed" } else { "" };
            format!("service {client} -> {server} {channel}{path}")
        }
        Rule::Neighbours(one, other) => format!("neighbours {one} {other}"),
        Rule::Frame { port, source, destination, ethertype, application } => {
            format!("frame {source} on {port} -> {destination} {ethertype:#06x} {application:#06x}")
        }
        Rule::Shadow(address) => format!("shadow {address}"),
        Rule::ShadowPair(one, other) => format!("shadow-pair {one} {other}"),
        Rule::Observe(address) => format!("observe {address}"),
        Rule::ObservePair(one, other) => format!("observe-pair {one} {other}"),
        Rule::OnboardingPort(port) => format!("onboarding-port {port}"),
        Rule::WatchedPort(port) => format!("watched-port {port}"),
        Rule::Onboarding { server, channel } => format!("onboarding {server} {channel}"),
    };
    match (rule, terms) {
        (Rule::Service { .. }, Some(terms)) => format!("{text}: {}", self::terms(terms)),
        _ => text,
    }
}

/// What happens to a packet, and until when.
pub(super) fn terms(terms: &Terms) -> String {
    let verdict = match terms.verdict {
        Verdict::Deny => "deny",
        Verdict::Divert => "divert",
        Verdict::Accept => "accept",
    };
    match terms.ends {
        Some(end) => format!("{verdict} until {end}"),
        None => verdict.to_owned(),
    }
}
