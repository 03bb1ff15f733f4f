//! The policies a draft implies: one permit for each verb of a conversation, on exactly what it was used on.

use super::document::{Rule, RulesFile, Target, Verb};
use super::inventory::{Site, put};
use super::services::{self, Implied};
use crate::entity::{Kind, Uid};
use crate::reading::words;
use crate::vocabulary::Language;
use nullius_model::{DeviceName, Protocol};
use std::collections::{BTreeMap, BTreeSet};

/// Most alternatives of one permit; more make a further permit, so that none has more operators than a policy may have.
const MAX_ALTERNATIVES: usize = 24;

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
        let language = Language::of(self.service.protocol);
        if language == Language::Opaque {
            let learned = self.everything || self.rule.support.learned > 0 || !self.rule.verbs.is_empty();
            if learned {
                self.put_permit(text, "", &action(language, "connect"), None);
            }
            return;
        }
        for verb in self.rule.verbs.iter().filter(|verb| verb.sender == "subject") {
            let known = words::verb_class(&verb.class).and_then(|class| language.find(class, &verb.verb));
            match known {
                Some((_, known)) => self.put_verb(text, verb, &action(language, known.action)),
                None => put(text, format_args!("\n// {} is no verb to grant.\n", verb.verb.escape_debug())),
            }
        }
    }

    fn put_verb(&self, text: &mut String, verb: &Verb, action: &str) {
        let mut shapes: BTreeMap<Vec<&str>, BTreeSet<String>> = BTreeMap::new();
        let learned = verb.objects.iter().filter(|target| self.everything || target.support.learned > 0);
        for target in learned {
            let said = self.said(target);
            let fields = said.iter().map(|(field, _)| *field).collect();
            let alternative: Vec<&str> = said.iter().map(|(_, what)| what.as_str()).collect();
            shapes.entry(fields).or_default().insert(alternative.join(" && "));
        }
        let mut permits = 0;
        for (fields, alternatives) in &shapes {
            let alternatives: Vec<&str> = alternatives.iter().map(String::as_str).collect();
            for alternatives in alternatives.chunks(MAX_ALTERNATIVES) {
                permits += 1;
                let number = if permits > 1 { format!("/{permits}") } else { String::new() };
                let suffix = format!("/{} {}{number}", verb.class, verb.verb);
                self.put_permit(text, &suffix, action, condition(fields, alternatives, self.rule.unit));
            }
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

    /// What a message must say to be about this target: fields, and what is asked of each.
    fn said(&self, target: &Target) -> Vec<(&'static str, String)> {
        let mut said = Vec::new();
        if let (Some(first), Some(count)) = (target.first, target.count) {
            said.push(("address", format!("context.message.address == {first}")));
            said.push(("quantity", format!("context.message.quantity == {count}")));
        }
        if let Some(name) = &target.name {
            let field = if self.service.protocol == Protocol::Mqtt { "topic" } else { "path" };
            said.push((field, format!("context.message.{field} == {}", cedar_text(name))));
            let size = |bytes| ("size", format!("context.message.size <= {bytes}"));
            said.extend(target.max_bytes.map(size));
        }
        said
    }
}

/// Nothing where every message fits.
fn condition(fields: &[&str], alternatives: &[&str], unit: Option<u32>) -> Option<String> {
    let unit = unit.map(|unit| format!("context.message has unit && context.message.unit == {unit}"));
    let known = fields.iter().map(|field| format!("context.message has {field}"));
    let any: Vec<String> = alternatives.iter().map(|one| format!("({one})")).collect();
    let any = (!fields.is_empty()).then(|| format!("({})", any.join("\n    || ")));
    let all: Vec<String> = unit.into_iter().chain(known).chain(any).collect();
    (!all.is_empty()).then(|| all.join("\n  && "))
}

/// A Cedar text: the escapes of Rust's own are Cedar's.
fn cedar_text(text: &str) -> String {
    format!("\"{}\"", text.escape_debug())
}

fn action(language: Language, name: &str) -> String {
    format!("action == {}", Uid::new(Kind::Action(language), name))
}
