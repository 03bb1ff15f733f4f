//! From what the engine shows to what a client reads.

use nullius_engine::{DenialSummary, DeviceView, Grant, GrantId, Lifecycle, Now, Standing, Stranger};
use nullius_model::Timestamp;
use nullius_policy::Verbs;
use nullius_policy::inventory::{Device, Inventory};
use nullius_protocol::local;

pub(crate) fn device(
    view: &DeviceView,
    inventory: &Inventory,
    standing: &Standing,
    now: Now,
) -> local::Device {
    let declared = inventory.devices.get(&view.name);
    let assessment = standing.assessments.get(&view.name).copied().unwrap_or_default();
    local::Device {
        name: view.name.to_string(),
        zone: view.zone.to_string(),
        state: state(view.lifecycle),
        reason: reason(view, standing),
        assurance: view.assurance.to_string(),
        stage: view.stage.to_string(),
        port: view.place.as_ref().map(|place| place.port.to_string()),
        mac: view.place.as_ref().map(|place| place.mac.to_string()),
        addresses: view.place.iter().flat_map(|place| place.addresses.iter().copied()).collect(),
        services: declared.map(services).unwrap_or_default(),
        posture: assessment
            .posture
            .map(|(good, at)| local::Posture { good, age: now.uptime.since(at).as_secs() }),
        risk: assessment.risk,
        conforms: assessment.conforms,
        evidence: view.grounds.iter().map(|ground| super::evidence(ground, now)).collect(),
    }
}

pub(crate) fn station(stranger: &Stranger, inventory: &Inventory) -> local::Station {
    let claims = |device: &&Device| {
        device.mac == Some(stranger.mac)
            || device.addresses.iter().any(|address| stranger.addresses.contains(address))
    };
    local::Station {
        port: stranger.port.to_string(),
        mac: stranger.mac.to_string(),
        addresses: stranger.addresses.iter().copied().collect(),
        claims: inventory.devices.values().find(claims).map(|device| device.name.to_string()),
    }
}

pub(crate) fn grant(id: GrantId, grant: &Grant, now: Now) -> local::Grant {
    let verbs = match &grant.verbs {
        Verbs::All => Vec::new(),
        Verbs::Classes(classes) => classes.iter().map(ToString::to_string).collect(),
    };
    local::Grant {
        grant: id.0,
        subject: grant.subject.to_string(),
        object: grant.object.to_string(),
        verbs,
        left: grant.ends.since(now.uptime).as_secs(),
        work_order: grant.work_order.as_ref().map(ToString::to_string),
        by: grant.approvers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        reason: grant.reason.to_string(),
    }
}

pub(crate) fn denial(summary: &DenialSummary, now: Now) -> local::Denial {
    let ago = now.uptime.since(summary.last);
    let nanos = u64::try_from(ago.as_nanos()).unwrap_or(u64::MAX);
    local::Denial {
        last: Timestamp::from_nanos(now.wall.as_nanos().saturating_sub(nanos)).to_string(),
        reason: summary.kind.reason.name().to_owned(),
        only_counted: summary.kind.only_counted,
        port: summary.port.as_ref().map(ToString::to_string),
        subject: summary.kind.subject.to_string(),
        object: summary.kind.object.to_string(),
        verb: summary.kind.carrier.to_string(),
        assurance: summary.sender.assurance.to_string(),
        known_by: summary.sender.by.to_owned(),
        packets: summary.count,
        because: summary.because.clone(),
    }
}

pub(crate) fn stages(standing: &Standing) -> local::Stages {
    let stages = &standing.stages;
    local::Stages {
        default: stages.default.to_string(),
        devices: stages.devices.iter().map(|(name, stage)| (name.to_string(), stage.to_string())).collect(),
        conduits: stages
            .conduits
            .iter()
            .map(|(conduit, stage)| {
                let (from, to) = conduit.zones();
                local::ZonePairStage { from: from.to_string(), to: to.to_string(), stage: stage.to_string() }
            })
            .collect(),
    }
}

pub(crate) const fn state(lifecycle: Lifecycle) -> local::DeviceState {
    match lifecycle {
        Lifecycle::Unknown => local::DeviceState::Unknown,
        Lifecycle::Onboarding => local::DeviceState::Onboarding,
        Lifecycle::Active => local::DeviceState::Active,
        Lifecycle::Absent => local::DeviceState::Absent,
        Lifecycle::Conflict => local::DeviceState::Conflict,
        Lifecycle::Revoked => local::DeviceState::Revoked,
    }
}

fn services(device: &Device) -> Vec<String> {
    device.services.values().map(|service| format!("{} {}", service.name, service.channel)).collect()
}

fn reason(view: &DeviceView, standing: &Standing) -> String {
    match view.lifecycle {
        Lifecycle::Unknown => "never seen".to_owned(),
        Lifecycle::Onboarding => "seen, and waits for a person: `nullius device approve`".to_owned(),
        Lifecycle::Active => String::new(),
        Lifecycle::Absent => "the link of its port is down".to_owned(),
        Lifecycle::Conflict => match standing.clones.get(&view.name) {
            Some(clone) => format!("a key lives on port {} too ({})", clone.port, clone.mac),
            None => {
                let ports = standing.conflicts.get(&view.name).into_iter().flatten();
                let ports: Vec<String> = ports.map(ToString::to_string).collect();
                format!("a double of it was seen on {}", ports.join(", "))
            }
        },
        Lifecycle::Revoked => standing
            .revoked
            .get(&view.name)
            .map(|revoked| format!("by {} at {}: {}", revoked.by, revoked.at, revoked.reason))
            .unwrap_or_default(),
    }
}
