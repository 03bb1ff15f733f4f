//! The files of a draft, as they are written; `docs/draft-format.md` describes them.
//!
//! Names here are the format: changing one is a new version. Texts are as devices gave them (JSON escapes what must be).

use serde::Serialize;

/// `zones.json`.
#[derive(Debug, Serialize)]
pub(super) struct ZonesFile {
    pub(super) format: &'static str,
    pub(super) zones: Vec<Zone>,
}

#[derive(Debug, Serialize)]
pub(super) struct Zone {
    pub(super) id: String,
    pub(super) why: String,
    pub(super) members: Vec<Member>,
}

#[derive(Debug, Serialize)]
pub(super) struct Member {
    #[serde(flatten)]
    pub(super) device: DeviceName,
    pub(super) why: String,
}

/// A device by what identifies it on the wire; its name is its own claim.
#[derive(Clone, Debug, Serialize)]
pub(super) struct DeviceName {
    pub(super) name: String,
    pub(super) addresses: Vec<String>,
    pub(super) macs: Vec<String>,
}

/// `rules.json`.
#[derive(Debug, Serialize)]
pub(super) struct RulesFile {
    pub(super) format: &'static str,
    pub(super) basis: Basis,
    pub(super) allow: Vec<Rule>,
    pub(super) not_suggested: Vec<Refusal>,
}

/// What the draft rests on.
#[derive(Debug, Serialize)]
pub(super) struct Basis {
    pub(super) first: Option<String>,
    pub(super) last: String,
    pub(super) learned_until: Option<String>,
    pub(super) frames: u64,
    pub(super) partial: Vec<String>,
    pub(super) scope: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) subject: End,
    pub(super) object: End,
    pub(super) protocol: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) port: Option<u32>,
    pub(super) verbs: Vec<Verb>,
    pub(super) support: Support,
    pub(super) ready: bool,
    pub(super) doubts: Vec<String>,
    pub(super) needs_seal: bool,
}

/// One end of a conversation. `zone` is absent for what is no device of the site.
#[derive(Clone, Debug, Serialize)]
pub(super) struct End {
    pub(super) kind: &'static str,
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) zone: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Verb {
    pub(super) verb: &'static str,
    pub(super) class: &'static str,
    /// Who sends it: `subject` or `object`.
    pub(super) sender: &'static str,
    pub(super) needs_seal: bool,
    pub(super) objects: Vec<Target>,
}

/// What a verb is used on, exactly as seen.
#[derive(Debug, Serialize)]
pub(super) struct Target {
    #[serde(flatten)]
    pub(super) what: What,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_bytes: Option<u64>,
    pub(super) support: Support,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) period_ms: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) values: Vec<[i64; 2]>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum What {
    Peer {},
    Range {
        space: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        number: Option<u32>,
        first: u32,
        count: u32,
    },
    Name {
        name: String,
    },
    Code {
        code: u64,
    },
}

/// How often, how much of it while learning, and where to look.
#[derive(Debug, Serialize)]
pub(super) struct Support {
    pub(super) count: u64,
    pub(super) learned: u64,
    pub(super) first: Moment,
    pub(super) last: Moment,
}

#[derive(Debug, Serialize)]
pub(super) struct Moment {
    pub(super) frame: u64,
    pub(super) at: String,
}

/// What was seen and is not suggested.
#[derive(Debug, Serialize)]
pub(super) struct Refusal {
    pub(super) subject: End,
    pub(super) object: End,
    pub(super) protocol: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) port: Option<u32>,
    /// Only these verbs; all of the conversation if empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) verbs: Vec<&'static str>,
    pub(super) why: Vec<String>,
    pub(super) first: Moment,
}
