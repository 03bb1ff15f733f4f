//! What was done under a grant, as it lies in `receipts/`. It holds process values.

use serde::{Deserialize, Serialize};

/// What was done under one grant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transcript {
    /// The grant's number.
    pub grant: u64,
    /// Who had it.
    pub subject: String,
    /// The device whose service it was for.
    pub device: String,
    /// The service.
    pub service: String,
    /// When it began, by the wall clock.
    pub began: u64,
    /// When it ended, and why.
    pub ended: Option<(u64, String)>,
    /// The receipt was given: nothing is added any more.
    pub given: bool,
    /// Kinds of message.
    pub effects: Vec<Effect>,
    /// Messages that found no room.
    pub more: u64,
    /// Items that were read or written.
    pub items: Vec<Item>,
    /// Frames that were lost.
    pub lost: u64,
    /// How often nobody listened for a while.
    pub interrupted: u64,
}

/// The value of one item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Where it counts.
    pub space: String,
    /// Which it is.
    pub number: u32,
    /// Before it was written.
    pub before: Option<i64>,
    /// After it was written first.
    pub after: Option<i64>,
    /// It was written.
    pub written: bool,
}

/// One kind of message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effect {
    /// The verb.
    pub verb: String,
    /// Its class.
    pub class: String,
    /// Where the items count.
    pub space: String,
    /// The first item, and how many.
    pub range: Option<(u32, u32)>,
    /// Asked, done, refused, denied.
    pub counts: [u64; 4],
    /// Bytes there, and back.
    pub bytes: [u64; 2],
    /// First and last time, by the wall clock.
    pub seen: [u64; 2],
}
