//! What changes by itself: modes, windows and emergencies.

use serde::{Deserialize, Serialize};

/// What every zone is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Modes {
    /// What people said of the whole site.
    pub site: String,
    /// The zones.
    pub zones: Vec<ZoneMode>,
    /// The windows.
    pub windows: Vec<Window>,
}

/// What a zone is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZoneMode {
    /// The zone.
    pub zone: String,
    /// What.
    pub mode: String,
    /// Why: `site`, `set`, `window NAME`, `emergency NAME`.
    pub because: String,
    /// In how many seconds it does something else by itself, and what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<(u64, String)>,
}

/// A window of the inventory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Its name.
    pub name: String,
    /// Its zones.
    pub zones: Vec<String>,
    /// What they do meanwhile.
    pub mode: String,
    /// It is open.
    pub open: bool,
    /// When it opens, or opened (RFC 3339); nothing where it never opens again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens: Option<String>,
    /// When it closes then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<String>,
}

/// An emergency profile of the inventory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Emergency {
    /// Its name.
    pub name: String,
    /// Its zones.
    pub zones: Vec<String>,
    /// How long it lasts, in seconds.
    pub seconds: u64,
    /// How many people it takes.
    pub people: u8,
    /// It can be set off.
    pub armed: bool,
    /// Seconds until it ends, where it is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<u64>,
    /// Who set it off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
}
