//! The JSON object of a record: which fields, in which order, how long, and that all of it is inert.

use super::{Entry, EntryError, MAX_ENTRY, Phase};
use crate::{Hash, at};
use nullius_model::{Epoch, inert, is_inert};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The version of the form.
const VERSION: u8 = 1;

/// Bytes of a name, verb or object at most: longer ones come from nobody who means well.
const MAX_WORD: usize = 512;

/// Bytes of a reason at most.
const MAX_REASON: usize = 4_096;

/// Bytes of the details at most; what else a record holds has room beside them even where all of it is escaped.
const MAX_DATA: usize = 45_000;

/// Objects and lists within each other at most: a reader of JSON may give up on more, and some overflow.
const MAX_DEPTH: usize = 16;

/// Fields in the order in which they are written. All of them are, and no other.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    v: u8,
    at: String,
    #[serde(deserialize_with = "Option::deserialize")]
    site: Option<String>,
    who: String,
    what: String,
    object: String,
    why: String,
    #[serde(deserialize_with = "Option::deserialize")]
    epoch: Option<String>,
    #[serde(deserialize_with = "Option::deserialize")]
    inputs: Option<String>,
    phase: Phase,
    #[serde(deserialize_with = "Option::deserialize")]
    of: Option<u64>,
    data: Map<String, Value>,
}

impl Form {
    pub(super) fn of(entry: &Entry) -> Self {
        Self {
            v: VERSION,
            at: at::text(entry.at),
            site: entry.site.as_deref().map(word),
            who: word(&entry.who),
            what: word(&entry.what),
            object: word(&entry.object),
            why: bounded(&entry.why, MAX_REASON),
            epoch: entry.epoch.map(|epoch| epoch.to_string()),
            inputs: entry.inputs.map(|inputs| inputs.to_string()),
            phase: entry.phase,
            of: entry.of,
            data: inert_map(&entry.data, MAX_DEPTH),
        }
    }

    pub(super) fn encode(mut self) -> Result<Vec<u8>, EntryError> {
        let data = json(&self.data)?;
        if data.len() > MAX_DATA {
            let digest = Hash::of(&data).to_string();
            self.data = Map::from_iter([
                ("cut_bytes".to_owned(), data.len().into()),
                ("cut_sha256".to_owned(), digest.into()),
            ]);
        }
        json(&self).and_then(|bytes| {
            if bytes.len() > MAX_ENTRY { Err(EntryError::Long(bytes.len())) } else { Ok(bytes) }
        })
    }

    pub(super) fn entry(self) -> Result<Entry, EntryError> {
        let Self { v, at, site, who, what, object, why, epoch, inputs, phase, of, data } = self;
        if v != VERSION {
            return Err(EntryError::Field("v"));
        }
        let epoch = epoch.map(|text| parse_epoch(&text).ok_or(EntryError::Field("epoch"))).transpose()?;
        let inputs =
            inputs.map(|text| Hash::from_hex(&text).ok_or(EntryError::Field("inputs"))).transpose()?;
        if !data.iter().all(|(name, value)| is_quiet(name) && is_quiet_value(value)) {
            return Err(EntryError::Field("data"));
        }
        Ok(Entry {
            at: at::parse(&at).ok_or(EntryError::Field("at"))?,
            site: site.map(|site| text("site", site, MAX_WORD)).transpose()?,
            who: text("who", who, MAX_WORD)?,
            what: text("what", what, MAX_WORD)?,
            object: text("object", object, MAX_WORD)?,
            why: text("why", why, MAX_REASON)?,
            epoch,
            inputs,
            phase,
            of,
            data,
        })
    }
}

/// A name, verb or object as a record holds it: inert, and of a bounded length.
#[must_use]
pub fn word(text: &str) -> String {
    bounded(text, MAX_WORD)
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, EntryError> {
    serde_json::to_vec(value).map_err(|error| EntryError::Form(super::told(&error)))
}

/// Inert, and no longer than it may be.
fn bounded(text: &str, limit: usize) -> String {
    // What is cut off anyway is not worth escaping.
    let mut quiet = inert(text.get(..text.floor_char_boundary(limit)).unwrap_or_default());
    quiet.truncate(quiet.floor_char_boundary(limit));
    quiet
}

/// Keys in order, whichever map the JSON library was built with: the same record has the same bytes.
fn inert_map(map: &Map<String, Value>, depth: usize) -> Map<String, Value> {
    let sorted: BTreeMap<_, _> =
        map.iter().map(|(name, value)| (inert(name), inert_value(value, depth))).collect();
    sorted.into_iter().collect()
}

fn inert_value(value: &Value, depth: usize) -> Value {
    match (value, depth.checked_sub(1)) {
        (Value::String(text), _) => Value::String(inert(text)),
        (Value::Array(values), Some(depth)) => {
            Value::Array(values.iter().map(|value| inert_value(value, depth)).collect())
        }
        (Value::Object(map), Some(depth)) => Value::Object(inert_map(map, depth)),
        (Value::Array(_) | Value::Object(_), None) => Value::String("cut: too deep".to_owned()),
        (Value::Null | Value::Bool(_) | Value::Number(_), _) => value.clone(),
    }
}

fn text(field: &'static str, value: String, limit: usize) -> Result<String, EntryError> {
    if value.len() <= limit && is_quiet(&value) { Ok(value) } else { Err(EntryError::Field(field)) }
}

fn is_quiet(text: &str) -> bool {
    text.chars().all(is_inert)
}

/// The parser has bounded the depth.
fn is_quiet_value(value: &Value) -> bool {
    match value {
        Value::String(text) => is_quiet(text),
        Value::Array(values) => values.iter().all(is_quiet_value),
        Value::Object(map) => map.iter().all(|(name, value)| is_quiet(name) && is_quiet_value(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

fn parse_epoch(text: &str) -> Option<Epoch> {
    let (term, counter) = text.split_once('.')?;
    let epoch = Epoch { term: term.parse().ok()?, counter: counter.parse().ok()? };
    (epoch.to_string() == text).then_some(epoch)
}
