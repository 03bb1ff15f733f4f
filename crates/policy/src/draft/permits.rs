//! The policies a draft implies: one permit for each verb of a conversation, on exactly what it was used on.

use super::document::{Rule, RulesFile, Target, Verb};
use super::inventory::{Site, put};
use super::services::{self, Implied};
use crate::verbs;
use nullius_model::{DeviceName, Protocol};

/// Most alternatives of one permit; more make a further permit, so that none becomes too long to read.
const MAX_ALTERNATIVES: usize = 64;

pub(super) fn write(site: &Site, rules: &RulesFile) -> String {
    let mut text = String::from("// What was learned, and nothing beside it.\n");
    let everything = rules.basis.learned_until.is_none();
    for rule in &rules.allow {
        match parts(site, rule) {
            Some((client, server, service)) => {
                Conversation { client, server, service: &service, rule, everything }.put(&mut text);
            }
            None => {
                let Rule { id, subject, object, protocol, .. } = rule;
                let [from, to, protocol] =
                    [&subject.name, &object.name, protocol].map(|text| text.escape_debug());
                let id = id.escape_debug();
                put(
                    &mut text,
                    format_args!(
                        "\n// {id}: {from} to {to} in {protocol} is no service between two devices.\n"
                    ),
                );
            }
        }
    }
    text
}

fn parts<'a>(site: &'a Site, rule: &Rule) -> Option<(&'a DeviceName, &'a DeviceName, Implied)> {
    Some((site.device(&rule.subject)?, site.device(&rule.object)?, services::of(rule)?))
}

struct Conversation<'a> {
    client: &'a DeviceName,
    server: &'a DeviceName,
    service: &'a Implied,
    rule: &'a Rule,
    /// The draft learned to its end.
    everything: bool,
}

impl Conversation<'_> {
    fn put(&self, text: &mut String) {
        let known = verbs(self.service.protocol);
        let mut seen = self.rule.verbs.iter().filter(|verb| verb.sender == "subject").peekable();
        if known.iter().all(|verb| verb.name == "connect") || seen.peek().is_none() {
            if self.everything || self.rule.support.learned > 0 || seen.peek().is_some() {
                self.put_permit(text, "", "action == Action::\"connect\"", None);
            }
            return;
        }
        for verb in seen {
            if known.iter().any(|known| known.name == verb.verb) {
                self.put_verb(text, verb);
            } else {
                put(
                    text,
                    format_args!(
                        "\n// {} is no verb of {}.\n",
                        verb.verb.escape_debug(),
                        self.service.protocol
                    ),
                );
            }
        }
    }

    fn put_verb(&self, text: &mut String, verb: &Verb) {
        let learned: Vec<&Target> =
            verb.objects.iter().filter(|target| self.everything || target.support.learned > 0).collect();
        let action = format!("action == {}::Action::\"{}\"", namespace(self.service.protocol), verb.verb);
        for (number, targets) in learned.chunks(MAX_ALTERNATIVES).enumerate() {
            let suffix = match number {
                0 => format!("/{}", verb.verb),
                more => format!("/{}/{}", verb.verb, more + 1),
            };
            let mut alternatives: Vec<String> =
                targets.iter().map(|target| self.alternative(target)).collect();
            alternatives.sort();
            alternatives.dedup();
            self.put_permit(text, &suffix, &action, condition(&alternatives, self.rule.unit));
        }
    }

    fn put_permit(&self, text: &mut String, suffix: &str, action: &str, condition: Option<String>) {
        let Self { client, server, service, rule, .. } = self;
        let id: String = rule
            .id
            .chars()
            .filter(|character| character.is_ascii_alphanumeric() || *character == '-')
            .collect();
        put(text, format_args!("\n@id(\"{id}{suffix}\")\n@reason(\"seen {} times\")\n", rule.support.count));
        put(text, format_args!("permit (\n  principal == Device::\"{client}\",\n  {action},\n"));
        put(text, format_args!("  resource == Service::\"{server}/{}\"\n)", service.name));
        match condition {
            Some(condition) => put(text, format_args!("\nwhen {{\n  {condition}\n}};\n")),
            None => text.push_str(";\n"),
        }
    }

    /// What a message must say to be about this target.
    fn alternative(&self, target: &Target) -> String {
        let mut all = Vec::new();
        if let (Some(first), Some(count)) = (target.first, target.count) {
            all.push(equal("address", first));
            all.push(equal("quantity", count));
        }
        if let Some(name) = &target.name {
            let field = if self.service.protocol == Protocol::Mqtt { "topic" } else { "path" };
            all.push(format!(
                "context.message has {field} && context.message.{field} == {}",
                cedar_text(name)
            ));
        }
        if let Some(bytes) = target.max_bytes.filter(|_| target.name.is_some()) {
            all.push(format!("context.message has size && context.message.size <= {bytes}"));
        }
        if all.is_empty() { "true".to_owned() } else { all.join(" && ") }
    }
}

fn condition(alternatives: &[String], unit: Option<u32>) -> Option<String> {
    let any = alternatives.iter().map(|one| format!("({one})")).collect::<Vec<_>>().join("\n    || ");
    let open = alternatives.iter().any(|one| one == "true");
    match (unit, open) {
        (None, true) => None,
        (Some(unit), true) => Some(equal("unit", unit)),
        (None, false) => Some(any),
        (Some(unit), false) => Some(format!("{}\n  && ({any})", equal("unit", unit))),
    }
}

fn equal(field: &str, number: u32) -> String {
    format!("context.message has {field} && context.message.{field} == {number}")
}

/// A Cedar text: the escapes of Rust's own are Cedar's.
fn cedar_text(text: &str) -> String {
    format!("\"{}\"", text.escape_debug())
}

/// Where a protocol's own verbs stand in the schema.
fn namespace(protocol: Protocol) -> String {
    let mut name = protocol.name().to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    name
}
