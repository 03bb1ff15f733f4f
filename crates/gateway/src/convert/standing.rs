//! The standing, to and from its serialised form.
//!
//! INVARIANT: a word that means nothing makes the whole standing unreadable. A revocation that is silently dropped
//! would give access back.

mod calendar;

use super::{identity, orders};
use nullius_engine::{
    Assessment, BootId, ConduitName, Grant, GrantId, Learned, Revocation, Stages, Standing,
};
use nullius_model::{DeviceName, Mac, PortName, SmolStr, Timestamp, Uptime, VerbClass};
use nullius_policy::{ServiceId, Verbs};
use nullius_protocol::state;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

/// As it is written.
pub(crate) fn from_standing(standing: &Standing) -> state::Standing {
    let Stages { default, devices, conduits } = &standing.stages;
    state::Standing {
        format: state::STANDING_FORMAT,
        boot: standing.boot.0.to_string(),
        revoked: named(&standing.revoked, from_revocation),
        learned: named(&standing.learned, from_learned),
        stage: default.to_string(),
        device_stages: named(devices, ToString::to_string),
        conduit_stages: conduits
            .iter()
            .map(|(conduit, stage)| {
                let (one, other) = conduit.zones();
                state::ConduitStage {
                    between: (one.to_string(), other.to_string()),
                    stage: stage.to_string(),
                }
            })
            .collect(),
        mode: standing.mode.to_string(),
        zone_modes: calendar::from_zone_modes(&standing.zone_modes),
        windows: calendar::from_windows(&standing.windows),
        emergencies: calendar::from_emergencies(&standing.emergencies),
        grants: standing.grants.iter().map(|(id, grant)| (id.0, from_grant(grant))).collect(),
        next_grant: standing.next_grant,
        assessments: named(&standing.assessments, from_assessment),
        conflicts: named(&standing.conflicts, |ports| ports.iter().map(ToString::to_string).collect()),
        down: standing.down.iter().map(ToString::to_string).collect(),
        orders: orders::written(&standing.orders),
        leases: named(&standing.leases, identity::from_lease),
        vouched: named(&standing.vouched, identity::from_vouched),
        clones: named(&standing.clones, identity::from_cloned),
        revoked_keys: standing.revoked_keys.iter().map(identity::from_revoked_key).collect(),
        trust: identity::from_trust(standing),
    }
}

/// As it was written; the text says which word means nothing.
pub(crate) fn to_standing(standing: state::Standing) -> Result<Standing, String> {
    if standing.format != state::STANDING_FORMAT {
        return Err(format!("the standing has format {}", standing.format));
    }
    Ok(Standing {
        boot: BootId(SmolStr::new(&standing.boot)),
        revoked: by_device(standing.revoked, |revocation| Ok(to_revocation(&revocation)))?,
        learned: by_device(standing.learned, to_learned)?,
        stages: Stages {
            default: parse(&standing.stage)?,
            devices: by_device(standing.device_stages, |stage| parse(&stage))?,
            conduits: standing.conduit_stages.iter().map(to_conduit_stage).collect::<Result<_, _>>()?,
        },
        mode: parse(&standing.mode)?,
        zone_modes: calendar::to_zone_modes(standing.zone_modes)?,
        windows: calendar::to_windows(standing.windows),
        emergencies: calendar::to_emergencies(standing.emergencies),
        grants: standing
            .grants
            .into_iter()
            .map(|(id, grant)| Ok((GrantId(id), to_grant(grant)?)))
            .collect::<Result<_, String>>()?,
        // in files of their own
        transcripts: BTreeMap::new(),
        next_grant: standing.next_grant,
        assessments: by_device(standing.assessments, |assessment| Ok(to_assessment(&assessment)))?,
        conflicts: by_device(standing.conflicts, |ports| ports.iter().map(|port| port_name(port)).collect())?,
        down: standing.down.iter().map(|port| port_name(port)).collect::<Result<_, _>>()?,
        orders: orders::read(standing.orders),
        leases: by_device(standing.leases, identity::to_lease)?,
        vouched: by_device(standing.vouched, identity::to_vouched)?,
        clones: by_device(standing.clones, identity::to_cloned)?,
        revoked_keys: standing
            .revoked_keys
            .into_iter()
            .map(identity::to_revoked_key)
            .collect::<Result<_, _>>()?,
        trust_epoch: standing.trust.epoch,
        trust: identity::to_trust(standing.trust),
    })
}

fn named<T, U>(from: &BTreeMap<DeviceName, T>, each: impl Fn(&T) -> U) -> BTreeMap<String, U> {
    from.iter().map(|(name, value)| (name.to_string(), each(value))).collect()
}

fn by_device<T, U>(
    from: BTreeMap<String, T>,
    each: impl Fn(T) -> Result<U, String>,
) -> Result<BTreeMap<DeviceName, U>, String> {
    from.into_iter().map(|(name, value)| Ok((device_name(&name)?, each(value)?))).collect()
}

pub(super) fn device_name(text: &str) -> Result<DeviceName, String> {
    DeviceName::new(text).map_err(|error| wrong(text, error))
}

pub(super) fn port_name(text: &str) -> Result<PortName, String> {
    PortName::new(text).map_err(|error| wrong(text, error))
}

/// A word that has a fixed set of values.
pub(super) fn parse<T: std::str::FromStr>(text: &str) -> Result<T, String>
where
    T::Err: Display,
{
    text.parse().map_err(|error| wrong(text, error))
}

/// `02:00:00:00:00:11`.
pub(super) fn mac(text: &str) -> Result<Mac, String> {
    let mut octets = [0; 6];
    let mut parts = text.split(':');
    for octet in &mut octets {
        let part = parts.next().filter(|part| part.len() == 2 && !part.starts_with('+'));
        *octet = part
            .and_then(|part| u8::from_str_radix(part, 16).ok())
            .ok_or_else(|| wrong(text, "a hardware address is written `02:00:00:00:00:11`"))?;
    }
    match parts.next() {
        None => Ok(Mac::new(octets)),
        Some(_) => Err(wrong(text, "a hardware address has six octets")),
    }
}

pub(super) fn verb_class(text: &str) -> Result<VerbClass, String> {
    const ALL: [VerbClass; 12] = [
        VerbClass::Discover,
        VerbClass::Connect,
        VerbClass::Read,
        VerbClass::Subscribe,
        VerbClass::Publish,
        VerbClass::Write,
        VerbClass::Command,
        VerbClass::Diagnose,
        VerbClass::Configure,
        VerbClass::Program,
        VerbClass::Firmware,
        VerbClass::Admin,
    ];
    let names = || ALL.map(VerbClass::name).join(" ");
    let found = ALL.into_iter().find(|class| class.name() == text);
    found.ok_or_else(|| wrong(text, format!("expected one of: {}", names())))
}

pub(super) fn wrong(text: &str, why: impl Display) -> String {
    format!("`{}`: {why}", text.escape_debug())
}

pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

pub(super) fn uptime(nanos: u64) -> Uptime {
    Uptime::new(Duration::from_nanos(nanos))
}

fn from_revocation(revocation: &Revocation) -> state::Revocation {
    state::Revocation {
        at: revocation.at.as_nanos(),
        by: revocation.by.to_string(),
        reason: revocation.reason.to_string(),
    }
}

fn to_revocation(revocation: &state::Revocation) -> Revocation {
    Revocation {
        at: Timestamp::from_nanos(revocation.at),
        by: SmolStr::new(&revocation.by),
        reason: SmolStr::new(&revocation.reason),
    }
}

fn from_learned(learned: &Learned) -> state::Learned {
    state::Learned {
        port: learned.port.to_string(),
        mac: learned.mac.to_string(),
        addresses: learned.addresses.clone(),
        approved_by: learned.approved_by.as_ref().map(ToString::to_string),
    }
}

fn to_learned(learned: state::Learned) -> Result<Learned, String> {
    Ok(Learned {
        port: port_name(&learned.port)?,
        mac: mac(&learned.mac)?,
        addresses: learned.addresses,
        approved_by: learned.approved_by.map(SmolStr::from),
    })
}

fn to_conduit_stage(conduit: &state::ConduitStage) -> Result<(ConduitName, nullius_model::Stage), String> {
    let (one, other) = &conduit.between;
    Ok((ConduitName::between(SmolStr::new(one), SmolStr::new(other)), parse(&conduit.stage)?))
}

fn from_grant(grant: &Grant) -> state::Grant {
    let classes = match &grant.verbs {
        Verbs::All => None,
        Verbs::Classes(classes) => Some(classes.iter().map(ToString::to_string).collect()),
    };
    state::Grant {
        subject: grant.subject.to_string(),
        device: grant.object.device.to_string(),
        service: grant.object.service.to_string(),
        verbs: classes,
        made: grant.made.as_nanos(),
        chain_began: nanos(grant.chain_began.since_boot()),
        ends: nanos(grant.ends.since_boot()),
        reason: grant.reason.to_string(),
        work_order: grant.work_order.as_ref().map(ToString::to_string),
        approvers: grant.approvers.iter().map(ToString::to_string).collect(),
    }
}

fn to_grant(grant: state::Grant) -> Result<Grant, String> {
    let verbs = match grant.verbs {
        None => Verbs::All,
        Some(classes) => {
            Verbs::Classes(classes.iter().map(|class| verb_class(class)).collect::<Result<_, _>>()?)
        }
    };
    Ok(Grant {
        subject: device_name(&grant.subject)?,
        object: ServiceId { device: device_name(&grant.device)?, service: SmolStr::from(grant.service) },
        verbs,
        made: Timestamp::from_nanos(grant.made),
        chain_began: uptime(grant.chain_began),
        ends: uptime(grant.ends),
        reason: SmolStr::from(grant.reason),
        work_order: grant.work_order.map(SmolStr::from),
        approvers: grant.approvers.into_iter().map(SmolStr::from).collect(),
    })
}

fn from_assessment(assessment: &Assessment) -> state::Assessment {
    state::Assessment {
        posture: assessment.posture.map(|(good, at)| (good, nanos(at.since_boot()))),
        risk: assessment.risk,
        conforms: assessment.conforms,
    }
}

fn to_assessment(assessment: &state::Assessment) -> Assessment {
    Assessment {
        posture: assessment.posture.map(|(good, at)| (good, uptime(at))),
        risk: assessment.risk,
        conforms: assessment.conforms,
    }
}
