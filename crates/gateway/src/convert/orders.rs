//! Orders of a controller, and what is remembered of them.

use super::standing::device_name;
use super::{command, identity};
use nullius_engine::{
    Command, EmergencyScope, GrantId, GrantRequest, Hold, KeyHash, Opened, Ordered, Orders,
};
use nullius_model::{SmolStr, Timestamp};
use nullius_protocol::order::Order;
use nullius_protocol::{local, state};
use std::collections::BTreeSet;

/// What the engine is told, or which word means nothing.
pub(crate) fn order(order: Order) -> Result<Ordered, String> {
    let asked = match order {
        Order::Revoke { device, reason } => local::Command::Revoke { device, reason },
        Order::Restore { device, reason } => local::Command::Restore { device, reason },
        Order::Stage { target, stage, despite } => local::Command::StageSet { target, stage, despite },
        Order::Approve { device, port, mac } => local::Command::Approve { device, port, mac },
        Order::Assess { device, posture, risk, conforms } => {
            local::Command::Assess { device, posture, risk, conforms }
        }
        Order::Mode { mode, zone, reason } => local::Command::ModeSet { mode, zone, reason },
        Order::Grant { id, subject, object, verbs, made, seconds, reason, work_order, approvers } => {
            let over = Timestamp::from_secs(made.saturating_add(seconds));
            let asked = local::Command::GrantCreate {
                subject,
                object,
                verbs,
                seconds,
                work_order,
                approvers,
                reason,
            };
            let request = request(asked)?;
            return Ok(Ordered::Grant { id: id.into(), over, request });
        }
        Order::EndGrant { id, reason } => {
            return Ok(Ordered::EndGrant { id: id.into(), reason: reason.into() });
        }
        Order::Emergency { profile, made, reason } => {
            return Ok(Ordered::Act(Command::Emergency {
                profile: profile.into(),
                made: Some(Timestamp::from_secs(made)),
                approvers: BTreeSet::new(),
                reason: reason.into(),
            }));
        }
        Order::Trust { anchors, cross, distrusted } => {
            return Ok(Ordered::Trust(identity::ordered_trust(anchors, cross, &distrusted)));
        }
        Order::RevokeKey { device, key, reason } => {
            let device = device_name(&device)?;
            return Ok(Ordered::RevokeKey { device, key: KeyHash(key.0), reason: reason.into() });
        }
        Order::EndEmergency { zone, reason } => {
            let scope = EmergencyScope::Zone(zone.into());
            return Ok(Ordered::Act(Command::EndEmergency { scope, reason: reason.into() }));
        }
    };
    engine_command(asked).map(Ordered::Act)
}

fn request(asked: local::Command) -> Result<GrantRequest, String> {
    let Command::Grant(request) = engine_command(asked)? else { return Err("this is no grant".to_owned()) };
    Ok(request)
}

fn engine_command(asked: local::Command) -> Result<Command, String> {
    command(asked).unwrap_or_else(|| Err("this order is not for the engine".to_owned()))
}

/// As it is written.
pub(super) fn written(orders: &Orders) -> state::Orders {
    let opened = |opened: &Opened| state::Opened {
        grant: opened.grant.map(|grant| grant.0),
        over: opened.over.as_nanos(),
    };
    state::Orders {
        taken: orders.taken,
        hold: orders.hold.as_ref().map(|hold| state::Hold {
            at: hold.at.as_nanos(),
            by: hold.by.to_string(),
            reason: hold.reason.to_string(),
        }),
        grants: orders.grants.iter().map(|(id, grant)| (id.to_string(), opened(grant))).collect(),
        forgotten: orders.forgotten.as_nanos(),
    }
}

/// As it was written.
pub(super) fn read(orders: state::Orders) -> Orders {
    let opened = |opened: &state::Opened| Opened {
        grant: opened.grant.map(GrantId),
        over: Timestamp::from_nanos(opened.over),
    };
    Orders {
        taken: orders.taken,
        hold: orders.hold.map(|hold| Hold {
            at: Timestamp::from_nanos(hold.at),
            by: hold.by.into(),
            reason: hold.reason.into(),
        }),
        grants: orders.grants.iter().map(|(id, grant)| (SmolStr::new(id), opened(grant))).collect(),
        forgotten: Timestamp::from_nanos(orders.forgotten),
    }
}
