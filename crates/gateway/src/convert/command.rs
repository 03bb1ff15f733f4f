//! From what a person typed to what the engine is told.

use super::standing::{device_name, mac, parse, port_name, verb_class};
use nullius_engine::{Command, ConduitName, EmergencyScope, GrantId, GrantRequest, StageScope};
use nullius_model::SmolStr;
use nullius_policy::{ServiceId, Verbs};
use nullius_protocol::local::{self, StageTarget};
use std::collections::BTreeSet;
use std::time::Duration;

/// What the engine is told, or which word means nothing. `None` where the command is not for the engine.
pub(crate) fn command(asked: local::Command) -> Option<Result<Command, String>> {
    Some(match asked {
        local::Command::Approve { device, port, mac } => approve(&device, port.as_deref(), mac.as_deref()),
        local::Command::Forget { device } => device_name(&device).map(|device| Command::Forget { device }),
        local::Command::Settle { device, reason } => {
            device_name(&device).map(|device| Command::Settle { device, reason: reason.into() })
        }
        local::Command::Vouch { device, seconds, reason } => vouch(&device, seconds, reason),
        local::Command::Revoke { device, reason } => {
            device_name(&device).map(|device| Command::Revoke { device, reason: reason.into() })
        }
        local::Command::Restore { device, reason } => {
            device_name(&device).map(|device| Command::Restore { device, reason: reason.into() })
        }
        local::Command::Assess { device, posture, risk, conforms } => {
            device_name(&device).map(|device| Command::Assess { device, posture, risk, conforms })
        }
        local::Command::StageSet { target, stage, despite } => stage_set(target, &stage, despite),
        local::Command::GrantCreate { .. } => grant(asked),
        local::Command::GrantEnd { grant, reason } => {
            Ok(Command::EndGrant { grant: GrantId(grant), reason: reason.into() })
        }
        local::Command::ModeSet { mode, zone, reason } => {
            let zone = zone.map(SmolStr::from);
            parse(&mode).map(|mode| Command::Mode { mode, zone, reason: reason.into() })
        }
        local::Command::ModeClear { zone, reason } => {
            Ok(Command::ClearMode { zone: zone.into(), reason: reason.into() })
        }
        local::Command::EmergencyTrigger { profile, reason } => Ok(set_off(profile, reason)),
        local::Command::EmergencyArm { profile, reason } => {
            Ok(Command::ArmEmergency { profile: profile.into(), reason: reason.into() })
        }
        local::Command::EmergencyEnd { profile, reason } => {
            let scope = EmergencyScope::Profile(profile.into());
            Ok(Command::EndEmergency { scope, reason: reason.into() })
        }
        local::Command::Hold { on: true, reason } => Ok(Command::Hold { reason: reason.into() }),
        local::Command::Hold { on: false, reason } => Ok(Command::Release { reason: reason.into() }),
        local::Command::Status
        | local::Command::Devices
        | local::Command::Device { .. }
        | local::Command::PolicyStatus
        | local::Command::PolicyApply { .. }
        | local::Command::PolicyFetch { .. }
        | local::Command::PolicyFiles { .. }
        | local::Command::PolicyRollback { .. }
        | local::Command::Handover { .. }
        | local::Command::Stages
        | local::Command::Grants
        | local::Command::Modes
        | local::Command::Emergencies
        | local::Command::Receipt { .. }
        | local::Command::Why(_)
        | local::Command::Denials
        | local::Command::Alarms
        | local::Command::Tail
        | local::Command::LinkState { .. }
        | local::Command::Deliver { .. }
        | local::Command::SpoolRead { .. }
        | local::Command::SpoolAcked { .. }
        | local::Command::Proven { .. }
        | local::Command::Unproven { .. }
        | local::Command::Trust
        | local::Command::WatchTrust => return None,
    })
}

/// Who is at the socket is known; whom they name beside is only said.
fn set_off(profile: String, reason: String) -> Command {
    let (profile, reason) = (profile.into(), reason.into());
    Command::Emergency { profile, made: None, approvers: BTreeSet::new(), reason }
}

fn vouch(device: &str, seconds: u64, reason: String) -> Result<Command, String> {
    let duration = Duration::from_secs(seconds);
    Ok(Command::Vouch { device: device_name(device)?, duration, reason: reason.into() })
}

fn approve(device: &str, port: Option<&str>, address: Option<&str>) -> Result<Command, String> {
    Ok(Command::Approve {
        device: device_name(device)?,
        port: port.map(port_name).transpose()?,
        mac: address.map(mac).transpose()?,
    })
}

fn stage_set(target: StageTarget, stage: &str, despite: Option<String>) -> Result<Command, String> {
    let scope = match target {
        StageTarget::Default => StageScope::Default,
        StageTarget::Device(device) => StageScope::Device(device_name(&device)?),
        StageTarget::Conduit { from, to } => {
            StageScope::Conduit(ConduitName::between(from.into(), to.into()))
        }
    };
    Ok(Command::Stage { scope, stage: parse(stage)?, despite: despite.map(SmolStr::from) })
}

fn grant(asked: local::Command) -> Result<Command, String> {
    let local::Command::GrantCreate { subject, object, verbs, seconds, work_order, approvers, reason } =
        asked
    else {
        return Err("this is no grant".to_owned());
    };
    let classes = verbs.iter().map(|class| verb_class(class)).collect::<Result<_, _>>()?;
    Ok(Command::Grant(GrantRequest {
        subject: device_name(&subject)?,
        object: service(&object)?,
        verbs: if verbs.is_empty() { Verbs::All } else { Verbs::Classes(classes) },
        duration: Duration::from_secs(seconds),
        reason: reason.into(),
        work_order: work_order.map(SmolStr::from),
        approvers: approvers.into_iter().map(SmolStr::from).collect(),
    }))
}

fn service(text: &str) -> Result<ServiceId, String> {
    let wrong =
        || format!("`{}`: a service is written `DEVICE/SERVICE`, as in `plc1/modbus`", text.escape_debug());
    let (device, service) = text.split_once('/').ok_or_else(wrong)?;
    Ok(ServiceId { device: device_name(device)?, service: SmolStr::new(service) })
}
