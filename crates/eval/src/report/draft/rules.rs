//! One rule a conversation: who may say what about which objects, with what that rests on.

use super::FORMAT;
use super::document::{Basis, End, Moment, Refusal, Rule, RulesFile, Support, Target, Verb, What};
use super::suspicion;
use super::zones::Zones;
use crate::focus::lowest_address;
use crate::report::summary::Summary;
use crate::run::Evaluation;
use nullius_device::behaviour::symbol::SymbolRecord;
use nullius_device::{ConversationView, Party, Picture};
use nullius_model::{Direction, Object, Protocol, Seen, SizeClass, Symbol};
use std::collections::BTreeMap;

type Letter = (Direction, Symbol, SymbolRecord);

pub(super) fn propose(evaluation: &Evaluation, zones: &Zones) -> RulesFile {
    let picture = &evaluation.picture;
    let mut file =
        RulesFile { format: FORMAT, basis: basis(evaluation), allow: Vec::new(), not_suggested: Vec::new() };
    for view in &picture.conversations {
        let names = Names { picture, zones, view };
        let why = suspicion::reasons(picture, view);
        if !why.is_empty() {
            file.not_suggested.push(names.refusal(Vec::new(), why));
            continue;
        }
        let (governing, ordinary): (Vec<&Letter>, Vec<&Letter>) =
            view.alphabet.iter().partition(|(_, symbol, _)| suspicion::governs(view.protocol, symbol));
        if !governing.is_empty() {
            let why = "governs the device: granted for a piece of work, not for good".to_owned();
            file.not_suggested.push(names.refusal(verb_names(&governing), vec![why]));
        }
        if governing.is_empty() || !ordinary.is_empty() {
            let id = format!("rule-{}", file.allow.len() + 1);
            file.allow.push(names.rule(id, &ordinary));
        }
    }
    file
}

fn basis(evaluation: &Evaluation) -> Basis {
    let picture = &evaluation.picture;
    Basis {
        first: picture.first.map(|first| first.at.to_string()),
        last: picture.last.at.to_string(),
        learned_until: evaluation.learn_until.map(|until| until.to_string()),
        frames: picture.frames,
        partial: Summary::of(evaluation).partial,
        scope: evaluation.scope.clone(),
    }
}

/// What a conversation's parts are called.
struct Names<'a> {
    picture: &'a Picture,
    zones: &'a Zones,
    view: &'a ConversationView,
}

impl Names<'_> {
    fn rule(&self, id: String, letters: &[&Letter]) -> Rule {
        let view = self.view;
        let count = view.channel.as_ref().map_or(0, |channel| channel.flows);
        let support = match &view.tally {
            Some(_) => whole_support(letters, view),
            None => Support { count, learned: 0, first: moment(view.first), last: moment(view.last) },
        };
        let (unit, port) = self.place();
        Rule {
            id,
            subject: self.end(view.client),
            object: self.end(view.server),
            protocol: view.protocol.to_string(),
            unit,
            port,
            verbs: verbs(letters),
            support,
            ready: view.readiness.is_ready(),
            doubts: view.readiness.doubts.iter().map(ToString::to_string).collect(),
            needs_seal: letters.iter().any(|(_, symbol, _)| symbol.class.needs_seal()),
        }
    }

    fn refusal(&self, verbs: Vec<&'static str>, why: Vec<String>) -> Refusal {
        let view = self.view;
        let (unit, port) = self.place();
        Refusal {
            subject: self.end(view.client),
            object: self.end(view.server),
            protocol: view.protocol.to_string(),
            unit,
            port,
            verbs,
            why,
            first: moment(view.first),
        }
    }

    /// Unit and port: of a stream nobody reads, the picture keeps the port in the unit's place.
    const fn place(&self) -> (Option<u32>, Option<u32>) {
        let number = self.view.unit.0;
        if matches!(self.view.protocol, Protocol::Tcp | Protocol::Udp) {
            (None, number)
        } else {
            (number, None)
        }
    }

    fn end(&self, party: Party) -> End {
        let (kind, zone) = match party {
            Party::Device(index) => ("device", self.zones.of(index).map(ToOwned::to_owned)),
            Party::Internet(_) => ("internet", None),
            Party::Group(_) => ("group", None),
            Party::Silent(_) => ("silent", None),
        };
        let name = match party {
            Party::Device(index) => self.picture.devices.get(index).map_or_else(String::new, lowest_address),
            Party::Internet(ip) => ip.to_string(),
            Party::Group(key) | Party::Silent(key) => {
                key.ip().map_or_else(|| key.mac().to_string(), |ip| ip.to_string())
            }
        };
        End { kind, name, zone }
    }
}

/// Each verb once, with everything it was used on.
fn verbs(letters: &[&Letter]) -> Vec<Verb> {
    let mut verbs: BTreeMap<_, Verb> = BTreeMap::new();
    for (direction, symbol, record) in letters {
        let sender = match direction {
            Direction::FromClient => "subject",
            Direction::FromServer => "object",
        };
        let verb = verbs.entry((*direction, symbol.class, symbol.verb)).or_insert_with(|| Verb {
            verb: symbol.verb,
            class: symbol.class.name(),
            sender,
            needs_seal: symbol.class.needs_seal(),
            objects: Vec::new(),
        });
        verb.objects.push(target(symbol, record));
    }
    verbs.into_values().collect()
}

fn verb_names(letters: &[&Letter]) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = letters.iter().map(|(_, symbol, _)| symbol.verb).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn target(symbol: &Symbol, record: &SymbolRecord) -> Target {
    let what = match &symbol.object {
        Object::Peer => What::Peer {},
        Object::Range { space, first, count } => {
            What::Range { space: space.name, number: space.number, first: *first, count: *count }
        }
        Object::Name(name) => What::Name { name: name.to_string() },
        Object::Code(code) => What::Code { code: *code },
    };
    let max_bytes = match symbol.size {
        SizeClass::Fixed => None,
        SizeClass::UpTo(exponent) => Some(1_u64 << (2 * u32::from(exponent).min(31))),
    };
    let period = record.gaps.period().filter(nullius_device::behaviour::period::Period::is_regular);
    Target {
        what,
        max_bytes,
        support: support(record),
        period_ms: period.map(|period| period.median.as_micros() as f64 / 1e3),
        values: record
            .envelopes
            .iter()
            .map(|(least, most)| [*least as f64 / 1e3, *most as f64 / 1e3])
            .collect(),
    }
}

fn support(record: &SymbolRecord) -> Support {
    Support {
        count: record.count,
        learned: record.learned,
        first: moment(record.first),
        last: moment(record.last),
    }
}

/// Of all the letters a rule allows.
fn whole_support(letters: &[&Letter], view: &ConversationView) -> Support {
    let sum = |of: fn(&SymbolRecord) -> u64| letters.iter().map(|(_, _, record)| of(record)).sum();
    let first = letters.iter().map(|(_, _, record)| record.first).min().unwrap_or(view.first);
    let last = letters.iter().map(|(_, _, record)| record.last).max().unwrap_or(view.last);
    Support {
        count: sum(|record| record.count),
        learned: sum(|record| record.learned),
        first: moment(first),
        last: moment(last),
    }
}

fn moment(seen: Seen) -> Moment {
    Moment { frame: seen.frame.0, at: seen.at.to_string() }
}
