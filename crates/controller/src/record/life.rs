//! Where a device is in its life, as a document has it. Digests of credentials prove nothing to anybody: they are no
//! secrets.

use crate::http::Problem;
use nullius_model::SmolStr;
use nullius_model::lifecycle::{Credential, Lifecycle, Parts};
use nullius_protocol::{from_hex, to_hex};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Where a device is in its life.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Life {
    /// `active`, `suspended`, …
    state: String,
    /// Counts what happened.
    version: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    heir: Option<String>,
    /// SHA-256 of what proves it to be itself, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
    /// The same of lives that ended.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    spent: BTreeSet<String>,
}

impl Life {
    pub(super) fn of(life: &Lifecycle) -> Self {
        let parts = life.parts();
        let text = |text: &Option<SmolStr>| text.as_deref().map(str::to_owned);
        Self {
            state: parts.state.name().to_owned(),
            version: parts.version,
            owner: text(&parts.owner),
            heir: text(&parts.heir),
            credential: parts.credential.map(|credential| to_hex(&credential)),
            spent: parts.spent.iter().map(|credential| to_hex(credential)).collect(),
        }
    }

    /// # Errors
    /// 422 for one that no sequence of events leads to.
    pub(super) fn life(&self) -> Result<Lifecycle, Problem> {
        let wrong = |why: String| Problem::wrong("no-life", why);
        let parts = Parts {
            state: self
                .state
                .parse()
                .map_err(|error: nullius_model::UnknownWord| wrong(error.to_string()))?,
            version: self.version,
            owner: self.owner.as_deref().map(SmolStr::new),
            heir: self.heir.as_deref().map(SmolStr::new),
            credential: self.credential.as_deref().map(credential).transpose()?,
            spent: self.spent.iter().map(|text| credential(text)).collect::<Result<_, _>>()?,
        };
        Lifecycle::from_parts(parts).map_err(|damaged| wrong(damaged.to_string()))
    }
}

fn credential(text: &str) -> Result<Credential, Problem> {
    let bytes = from_hex(text).and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| Problem::wrong("no-life", "a credential is 64 hexadecimal digits"))
}
