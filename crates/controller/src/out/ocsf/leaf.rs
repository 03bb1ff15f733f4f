//! A leaf as far as an event needs it.
//!
//! It is read generously: a field that is missing or of another kind is empty, because a leaf that an older or newer
//! program wrote must still be told. What it really says travels beside, word for word.

use serde::Deserialize;
use serde_json::{Map, Value};

/// What is read of a leaf.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Leaf {
    pub(super) at: String,
    pub(super) site: Option<String>,
    pub(super) who: String,
    pub(super) what: String,
    pub(super) object: String,
    pub(super) why: String,
    pub(super) phase: Phase,
    pub(super) of: Option<u64>,
    pub(super) data: Map<String, Value>,
}

/// How far a thing is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Phase {
    Decided,
    Applied,
    Failed,
    #[default]
    Observed,
}

impl Leaf {
    /// From its bytes.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let Ok(Value::Object(mut fields)) = serde_json::from_slice(bytes) else {
            return Self { what: "unreadable".to_owned(), ..Self::default() };
        };
        let phase = fields.remove("phase").and_then(|phase| Phase::deserialize(phase).ok());
        let of = fields.get("of").and_then(Value::as_u64);
        let mut text = |name: &str| match fields.remove(name) {
            Some(Value::String(text)) => Some(text),
            Some(_) | None => None,
        };
        let [at, who, what, object, why] =
            ["at", "who", "what", "object", "why"].map(|name| text(name).unwrap_or_default());
        let site = text("site");
        let data = match fields.remove("data") {
            Some(Value::Object(data)) => data,
            Some(_) | None => Map::new(),
        };
        Self { at, site, who, what, object, why, phase: phase.unwrap_or_default(), of, data }
    }

    /// A text of the leaf's own data.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.data.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// What the object is, and which: `device/cam1` is the device `cam1`.
    pub(super) fn object(&self) -> (&str, &str) {
        self.object.split_once('/').unwrap_or(("", &self.object))
    }

    /// What kind of actor, and which: `user:anna` is the user `anna`.
    pub(super) fn actor(&self) -> (&str, &str) {
        self.who.split_once(':').unwrap_or((&self.who, ""))
    }

    /// When it happened: a gateway says so, and its records may arrive much later.
    pub(super) fn happened(&self) -> &str {
        self.text("at").unwrap_or(&self.at)
    }
}
