//! What changes by itself: modes, windows, emergencies, and what was done under a grant.

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

/// What was done under a grant: the "what changed" of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The grant's number.
    pub grant: u64,
    /// Who had it.
    pub subject: String,
    /// For what.
    pub object: String,
    /// When it began (RFC 3339).
    pub began: String,
    /// When it ended; it is in force where nothing is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What was done, in the order it was done first.
    pub effects: Vec<Effect>,
    /// What nobody could see, in words; the receipt is whole where nothing is given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unseen: Vec<String>,
    /// SHA-256 over what was done, as the record of the grant's end holds it, as hexadecimal digits.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
}

/// One kind of message, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effect {
    /// The verb of the protocol.
    pub verb: String,
    /// Its class.
    pub class: String,
    /// What it was done to: `unit 1 holding-registers 100..103`.
    pub target: String,
    /// How often it was asked.
    pub asked: u64,
    /// How often the other end did it.
    pub done: u64,
    /// How often the other end refused it.
    pub refused: u64,
    /// How often the packet path denied it.
    pub denied: u64,
    /// Bytes there and back, of a connection.
    pub bytes: [u64; 2],
    /// When it was seen first (RFC 3339).
    pub first: String,
    /// When it was seen last (RFC 3339).
    pub last: String,
    /// The items that were written, where the protocol shows them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

/// An item that was written: a process value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Which.
    pub item: u32,
    /// As it was seen last before; nobody read it where nothing is given.
    pub before: Option<i64>,
    /// As it was written or seen last.
    pub after: Option<i64>,
}
