//! What a controller tells a gateway beside the policy, and what is remembered of it (design §9).
//!
//! An order names what it means by names alone, and may come before the policy that knows them: who comes to a site late is
//! told what holds, in the order it was said, and the policy is the last thing that was said. So what ties a name to
//! something (a revocation, a stage, a binding) is kept until a policy knows the name.
//!
//! INVARIANT: a grant that was opened once is never opened again, whatever is sent and whatever the clocks say.

use crate::{Command, GrantId, GrantRequest, KeyHash, Trust};
use nullius_model::{DeviceName, Epoch, SmolStr, Stage, Timestamp};
use std::collections::BTreeMap;

/// One act of a controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ordered {
    /// What a person at the gateway may also do.
    Act(Command),
    /// Gives access until `over` at the latest. Who approved it stands in the request, and nobody else does.
    Grant {
        /// Names it for ever.
        id: SmolStr,
        /// When it is over by the wall clock, however late this comes.
        over: Timestamp,
        /// What is given, and for how long at most.
        request: GrantRequest,
    },
    /// Ends a grant before its time.
    EndGrant {
        /// Its name.
        id: SmolStr,
        /// Why.
        reason: SmolStr,
    },
    /// Says whom to believe, in place of all that was said of it before.
    Trust(Trust),
    /// A key proves nothing any more.
    RevokeKey {
        /// Whose it was.
        device: DeviceName,
        /// Which.
        key: KeyHash,
        /// Why.
        reason: SmolStr,
    },
}

impl Ordered {
    /// It could let pass what does not pass now, where `trust` is who is believed: it waits while somebody
    /// [holds](Command::Hold) changes back.
    pub fn may_widen(&self, trust: &Trust) -> bool {
        if let Self::Trust(told) = self {
            return told.widens(trust);
        }
        !matches!(
            self,
            Self::EndGrant { .. }
                | Self::RevokeKey { .. }
                | Self::Act(
                    Command::Revoke { .. }
                        | Command::EndEmergency { .. }
                        | Command::Stage { stage: Stage::Enforce, .. }
                )
        )
    }
}

/// What is remembered of orders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Orders {
    /// The highest epoch that was taken, of whatever kind; what is not above it is never taken.
    pub taken: Epoch,
    /// Somebody holds changes back.
    pub hold: Option<Hold>,
    /// Grants that were opened, or ended before they were.
    pub grants: BTreeMap<SmolStr, Opened>,
    /// The latest end of those that were forgotten: what ends no later is not opened.
    pub forgotten: Timestamp,
}

/// A grant that is not opened again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Its number here; none where it was ended before it came.
    pub grant: Option<GrantId>,
    /// When it is over by the wall clock.
    pub over: Timestamp,
}

/// Somebody at the gateway holds changes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Since when.
    pub at: Timestamp,
    /// Who.
    pub by: SmolStr,
    /// Why.
    pub reason: SmolStr,
}
