//! What a gateway shows of itself.

use crate::facts::Facts;
use crate::site::Id;
use crate::{
    DenialSummary, EmergencyStanding, Gateway, Grant, GrantId, Ground, Lifecycle, Place, Stranger, ZoneMode,
};
use nullius_model::{Assurance, DeviceName, Marker, Mode, PortName, SmolStr, Stage, Timestamp, Uptime};
use nullius_policy::inventory::Emergency;
use std::collections::{BTreeMap, BTreeSet};

/// A device as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceView {
    /// Its name.
    pub name: DeviceName,
    /// Its zone.
    pub zone: SmolStr,
    /// How far it has come.
    pub lifecycle: Lifecycle,
    /// How sure we are of it.
    pub assurance: Assurance,
    /// What that rests on, and what lowers it.
    pub grounds: Vec<Ground>,
    /// Where it is, if it takes part.
    pub place: Option<Place>,
    /// How far roll-out has come for it.
    pub stage: Stage,
    /// When a frame of it was last seen.
    pub last_seen: Option<Uptime>,
}

/// A zone, and what it is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneView {
    /// Its name.
    pub name: SmolStr,
    /// What, why, and what comes next.
    pub mode: ZoneMode,
}

/// A window of the policy in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowView {
    /// Its name.
    pub name: SmolStr,
    /// Where.
    pub zones: BTreeSet<SmolStr>,
    /// What they do meanwhile.
    pub mode: Mode,
    /// It is open.
    pub is_open: bool,
    /// When it opens, or opened.
    pub opens: Option<Timestamp>,
    /// When it closes; nothing where it never opens again.
    pub closes: Option<Timestamp>,
}

/// An emergency profile of the policy in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmergencyView {
    /// Its name.
    pub name: SmolStr,
    /// Where, how long, by how many.
    pub declared: Emergency,
    /// How it stands.
    pub standing: EmergencyStanding,
}

/// A gateway on one screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The policy in force; none before the first.
    pub marker: Option<Marker>,
    /// What the plant is doing.
    pub mode: Mode,
    /// Devices by how far they have come.
    pub devices: BTreeMap<Lifecycle, usize>,
    /// Devices by their stage.
    pub stages: BTreeMap<Stage, usize>,
    /// Devices by how sure we are of them.
    pub assurance: BTreeMap<Assurance, usize>,
    /// Rules wanted.
    pub rules: usize,
    /// Grants in force.
    pub grants: usize,
    /// Strangers seen lately.
    pub strangers: usize,
    /// Strangers that were let go for want of room, by port: somebody floods it.
    pub strangers_let_go: BTreeMap<PortName, u64>,
    /// Packets of denials that found no room of their own.
    pub denials_rest: u64,
    /// The last change that was sent.
    pub sent: u64,
    /// The last change that the packet path took.
    pub applied: u64,
    /// Accesses judged since the start.
    pub judged: u64,
}

impl Gateway {
    /// The devices of the policy in force, in order of their names.
    pub fn devices(&self) -> impl Iterator<Item = DeviceView> {
        self.facts().into_iter().flat_map(|facts| facts.site.all().filter_map(move |id| facts.view(id)))
    }

    /// One device.
    pub fn device(&self, name: &DeviceName) -> Option<DeviceView> {
        let facts = self.facts()?;
        facts.view(facts.site.id(name)?)
    }

    /// Senders that no device is bound to.
    pub fn strangers(&self) -> impl Iterator<Item = &Stranger> {
        self.strangers.iter()
    }

    /// Grants in force.
    pub fn grants(&self) -> impl Iterator<Item = (GrantId, &Grant)> {
        self.standing().grants.iter().map(|(id, grant)| (*id, grant))
    }

    /// What was denied lately.
    pub fn denials(&self) -> impl Iterator<Item = &DenialSummary> {
        self.denials.iter()
    }

    /// What every zone is doing, in order of their names.
    pub fn zones(&self) -> impl Iterator<Item = ZoneView> {
        self.modes.zones().map(|(name, mode)| ZoneView { name: name.clone(), mode: mode.clone() })
    }

    /// The windows of the policy in force.
    pub fn windows(&self) -> impl Iterator<Item = WindowView> {
        let windows = self.site.iter().flat_map(|site| &site.inventory().windows);
        windows.map(|(name, window)| {
            let times = self.calendar.window(name);
            let open = self.standing.windows.get(name).and_then(|standing| standing.open);
            WindowView {
                name: name.clone(),
                zones: window.zones.clone(),
                mode: window.mode,
                is_open: open.is_some(),
                opens: open.map(|open| open.opened).or(times.map(|times| self.clock.wall(times.opens))),
                closes: times.map(|times| self.clock.wall(times.closes)),
            }
        })
    }

    /// The emergency profiles of the policy in force.
    pub fn emergencies(&self) -> impl Iterator<Item = EmergencyView> {
        let declared = self.site.iter().flat_map(|site| &site.inventory().emergencies);
        declared.map(|(name, declared)| EmergencyView {
            name: name.clone(),
            declared: declared.clone(),
            standing: self.standing.emergencies.get(name).cloned().unwrap_or_else(EmergencyStanding::unused),
        })
    }

    /// The gateway on one screen.
    pub fn status(&self) -> Status {
        let mut status = Status {
            marker: self.site.as_ref().map(|site| site.version.marker),
            mode: self.standing().mode,
            rules: self.rules().len(),
            grants: self.standing().grants.len(),
            strangers: self.strangers.iter().count(),
            strangers_let_go: self.strangers.let_go().map(|(port, count)| (port.clone(), count)).collect(),
            denials_rest: self.denials.rest(),
            sent: self.delivery.sent(),
            applied: self.delivery.applied(),
            judged: self.judged,
            ..Status::default()
        };
        for device in self.devices() {
            *status.devices.entry(device.lifecycle).or_default() += 1;
            *status.stages.entry(device.stage).or_default() += 1;
            *status.assurance.entry(device.assurance).or_default() += 1;
        }
        status
    }
}

impl Facts<'_> {
    fn view(&self, id: Id) -> Option<DeviceView> {
        let device = self.site.device(id)?;
        let node = self.site.node(id)?;
        Some(DeviceView {
            name: device.name.clone(),
            zone: device.zone.clone(),
            lifecycle: self.lifecycle(id),
            assurance: self.assurance(id),
            grounds: self.grounds(id),
            place: node.place.clone(),
            stage: self.stage(&device.name),
            last_seen: node.last_seen,
        })
    }
}
