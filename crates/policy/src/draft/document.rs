//! The files of a draft as they are read: of `nullius-draft/1`, what a policy or a history is made from.
//!
//! Members this module does not name are passed over: the format may grow by members.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct ZonesFile {
    pub(super) format: String,
    pub(super) zones: Vec<Zone>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Zone {
    pub(super) id: String,
    pub(super) why: String,
    pub(super) members: Vec<Member>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) addresses: Vec<String>,
    pub(super) macs: Vec<String>,
    pub(super) why: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct RulesFile {
    pub(super) format: String,
    pub(super) basis: Basis,
    pub(super) allow: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Basis {
    pub(super) first: Option<String>,
    pub(super) last: String,
    pub(super) learned_until: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) subject: End,
    pub(super) object: End,
    pub(super) protocol: String,
    pub(super) unit: Option<u32>,
    pub(super) port: Option<u32>,
    pub(super) verbs: Vec<Verb>,
    pub(super) support: Support,
}

#[derive(Debug, Deserialize)]
pub(super) struct End {
    pub(super) kind: String,
    pub(super) name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Verb {
    pub(super) verb: String,
    pub(super) class: String,
    pub(super) sender: String,
    pub(super) objects: Vec<Target>,
}

/// What a verb is used on. Which of the members are there says what kind of thing it is.
#[derive(Debug, Deserialize)]
pub(super) struct Target {
    pub(super) space: Option<String>,
    pub(super) number: Option<u32>,
    pub(super) first: Option<u32>,
    pub(super) count: Option<u32>,
    pub(super) name: Option<String>,
    pub(super) code: Option<u64>,
    pub(super) max_bytes: Option<u64>,
    /// Smallest and largest of each item, where the draft was made with values.
    #[serde(default)]
    pub(super) values: Vec<[f64; 2]>,
    pub(super) support: Support,
}

#[derive(Debug, Deserialize)]
pub(super) struct Support {
    pub(super) count: u64,
    pub(super) learned: u64,
    pub(super) first: Moment,
    pub(super) last: Moment,
}

#[derive(Debug, Deserialize)]
pub(super) struct Moment {
    pub(super) at: String,
}
