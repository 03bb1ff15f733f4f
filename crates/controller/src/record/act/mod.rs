//! What one person may ask for and, where its consequences ask for it, another must agree to (threats.md, attack 20).
//!
//! An act that was agreed to is carried out in the transaction of the last approval, exactly as it was shown: it is
//! stored as JSON, and approvals are bound to the digest of that text.

mod carry;
mod event;
mod needed;

pub(crate) use event::DeviceEvent;

use super::{Actor, digest, line, proposals, tell};
use crate::access::Permission;
use crate::http::Problem;
use nullius_model::{Epoch, Stage};
use nullius_protocol::local::StageTarget;
use nullius_store::Tx;
use nullius_store::proposals::Proposal;
use serde::{Deserialize, Serialize};

/// Something that changes what is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) enum Act {
    /// Something happens to a device.
    Device { device: String, event: DeviceEvent, seen: u64, reason: String },
    /// Roll-out moves.
    Stage { target: StageTarget, stage: String, despite: Option<String>, reason: String },
    /// The plant, or a zone of it, does something else.
    Mode { mode: String, zone: Option<String>, reason: String },
    /// A grant that was asked for begins.
    Grant { grant: String },
    /// A revision of the policy is put in force.
    Policy { revision: u64, reason: String },
    /// Acts of consequence take two people, or no more.
    TwoPerson { on: bool, reason: String },
}

/// What came of an act.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    /// As which epoch gateways are told; none where it does not concern them.
    pub(crate) epoch: Option<Epoch>,
    /// In words.
    pub(crate) outcome: String,
}

/// What came of asking.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    /// It is done.
    Done(Done),
    /// Others must agree.
    Proposed(Box<Proposal>),
}

impl Act {
    /// Asks for it: carries it out, or proposes it where others must agree.
    ///
    /// # Errors
    /// What is wrong with it, or stands in its way.
    pub(crate) fn ask(self, tx: &mut Tx<'_>, site: &str, actor: &Actor) -> Result<Asked, Problem> {
        let act = self.plain()?;
        let needed = act.needed(tx, site, actor)?;
        if needed == 0 {
            return act.carry_out(tx, site, actor, &[]).map(Asked::Done);
        }
        act.possible(tx, site)?;
        let proposal = proposals::open(tx, site, actor, &act, needed)?;
        Ok(Asked::Proposed(Box::new(proposal)))
    }

    /// As it is stored and shown.
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What approvals are bound to.
    pub(super) fn digest(&self) -> String {
        digest(self.text().as_bytes())
    }

    /// From what [`Self::text`] gave.
    pub(super) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// What kind of act.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Device { .. } => "device",
            Self::Stage { .. } => "stage",
            Self::Mode { .. } => "mode",
            Self::Grant { .. } => "grant",
            Self::Policy { .. } => "policy",
            Self::TwoPerson { .. } => "two-person",
        }
    }

    /// What it is about: a noun and a name.
    pub(crate) fn object(&self) -> String {
        match self {
            Self::Device { device, .. } => format!("device/{device}"),
            Self::Stage { target, .. } => super::stages::key(target),
            Self::Mode { zone: Some(zone), .. } => format!("mode/zone/{zone}"),
            Self::Mode { zone: None, .. } => "mode/site".to_owned(),
            Self::Grant { grant } => format!("grant/{grant}"),
            Self::Policy { revision, .. } => format!("policy/{revision}"),
            Self::TwoPerson { .. } => super::site::TWO_PERSON.to_owned(),
        }
    }

    /// What it takes to ask for it, beyond what the operation takes; and to agree to it.
    pub(crate) const fn permission(&self) -> Permission {
        match self {
            Self::Device { event, .. } => event.permission(),
            Self::Stage { .. } => Permission::StageSet,
            Self::Mode { .. } => Permission::ModeSet,
            Self::Grant { .. } => Permission::GrantApprove,
            Self::Policy { .. } => Permission::PolicyApply,
            Self::TwoPerson { .. } => Permission::SiteImport,
        }
    }

    /// With texts that do nothing to whoever reads them, and words that exist.
    pub(super) fn plain(mut self) -> Result<Self, Problem> {
        match &mut self {
            Self::Stage { stage, despite, reason, .. } => {
                stage.parse::<Stage>().map_err(|error| Problem::wrong("no-stage", error.to_string()))?;
                *reason = line("reason", reason)?;
                if let Some(despite) = despite {
                    *despite = line("despite", despite)?;
                }
            }
            Self::Mode { mode, reason, .. } => {
                let known = mode.parse::<nullius_model::Mode>();
                known.map_err(|error| Problem::wrong("no-mode", error.to_string()))?;
                *reason = line("reason", reason)?;
            }
            Self::Device { event, reason, .. } => {
                *reason = line("reason", reason)?;
                event.plain()?;
            }
            Self::Policy { reason, .. } | Self::TwoPerson { reason, .. } => *reason = line("reason", reason)?,
            Self::Grant { .. } => {}
        }
        Ok(self)
    }
}

/// What is written of an act that concerns no gateway.
fn noted(tx: &mut Tx<'_>, site: &str, actor: &Actor, (act, reason): (&Act, &str)) -> Result<(), Problem> {
    let entry = tell::decided(site, actor, &format!("{}.set", act.kind()), &act.object()).why(reason);
    tell::log(tx, &entry).map(drop)
}
