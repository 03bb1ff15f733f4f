//! What is true of a device now, and what policy says of it: read only, so that `why` answers from what enforces.
//!
//! A device is bound where the inventory, or a person, says it is. How sure we are that it is there itself stands in
//! `evidence`, what it may use in `access`.

mod access;
mod evidence;

pub(crate) use evidence::Asker;
pub use evidence::Ground;

use crate::clock::Clock;
use crate::modes::Modes;
use crate::site::{Id, Site};
use crate::station::Strangers;
use crate::{GrantId, Place, Settings, Standing, ZoneMode};
use nullius_model::{DeviceName, Mac, PortName, Stage, Uptime, Verdict};
use nullius_policy::inventory::{Device, ZoneClass};
use nullius_policy::{Permit, ServiceId};
use std::collections::BTreeMap;
use std::fmt;

/// How far a device has come (domain §3.2). None of these gives access: policy does, to devices that are bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lifecycle {
    /// Never seen, and tied to no port.
    #[default]
    Unknown,
    /// Seen, and waiting for a person to say that it is the one.
    Onboarding,
    /// Bound.
    Active,
    /// Bound to a port without a link: its addresses are nobody's meanwhile, so that who shows up with them elsewhere
    /// is a stranger.
    Absent,
    /// Bound, and a double of it, or its key, was seen elsewhere.
    Conflict,
    /// Its access was taken away.
    Revoked,
}

impl Lifecycle {
    /// Lower-case name, as reports write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Onboarding => "onboarding",
            Self::Active => "active",
            Self::Absent => "absent",
            Self::Conflict => "conflict",
            Self::Revoked => "revoked",
        }
    }
}

impl fmt::Display for Lifecycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which grants tie two devices, who has them first.
pub(crate) type GrantIndex = BTreeMap<(Id, Id), Vec<GrantId>>;

/// All that verdicts are made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) standing: &'a Standing,
    pub(crate) site: &'a Site,
    pub(crate) strangers: &'a Strangers,
    pub(crate) grants: &'a GrantIndex,
    pub(crate) modes: &'a Modes,
    pub(crate) clock: Clock,
    pub(crate) at: Uptime,
}

/// What may pass from one device to a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) verdict: Verdict,
    /// When the packet path must forget it by itself.
    pub(crate) ends: Option<Uptime>,
    /// Until when the verdict holds, whatever it is.
    pub(crate) holds_until: Option<Uptime>,
}

impl<'a> Facts<'a> {
    pub(crate) fn lifecycle(&self, id: Id) -> Lifecycle {
        let Some(device) = self.site.device(id) else { return Lifecycle::Unknown };
        if self.standing.revoked.contains_key(&device.name) {
            return Lifecycle::Revoked;
        }
        let Some((port, _)) = self.home(device) else {
            let seen = device.mac.is_some_and(|mac| !self.strangers.ports_of(mac).is_empty());
            return if seen { Lifecycle::Onboarding } else { Lifecycle::Unknown };
        };
        match () {
            () if self.standing.down.contains(port) => Lifecycle::Absent,
            () if self.is_doubted(&device.name) => Lifecycle::Conflict,
            () => Lifecycle::Active,
        }
    }

    /// The port and hardware address a device is tied to, link or not.
    pub(crate) fn home<'d>(&'d self, device: &'d Device) -> Option<(&'d PortName, Mac)> {
        let learned = self.standing.learned.get(&device.name);
        let port = self.declared_port(device).or_else(|| learned.map(|learned| &learned.port))?;
        let mac = device.mac.or_else(|| learned.map(|learned| learned.mac))?;
        Some((port, mac))
    }

    /// The port the inventory ties a device to. One that is plugged into another gateway has none here.
    pub(crate) fn declared_port<'d>(&self, device: &'d Device) -> Option<&'d PortName> {
        self.settings.declared_port(device)
    }

    /// Where a device is, if it may take part at all.
    pub(crate) fn place(&self, id: Id) -> Option<Place> {
        match self.lifecycle(id) {
            Lifecycle::Active | Lifecycle::Conflict => {}
            Lifecycle::Unknown | Lifecycle::Onboarding | Lifecycle::Absent | Lifecycle::Revoked => {
                return None;
            }
        }
        let device = self.site.device(id)?;
        let (port, mac) = self.home(device)?;
        let side = self.settings.ports.get(port)?.side;
        if self.site.owner_of_mac(mac) != Some(id) {
            return None;
        }
        let learned = self.standing.learned.get(&device.name);
        let addresses = match learned {
            Some(learned) if device.addresses.is_empty() => &learned.addresses,
            Some(_) | None => &device.addresses,
        };
        let own = |address: &&_| self.site.owner_of_address(**address) == Some(id);
        Some(Place {
            port: port.clone(),
            side,
            mac,
            addresses: addresses.iter().filter(own).copied().collect(),
        })
    }

    fn is_essential(&self, id: Id) -> bool {
        let zone = self.site.device(id).and_then(|device| self.site.inventory().zones.get(&device.zone));
        zone.is_some_and(|zone| matches!(zone.class, ZoneClass::Safety | ZoneClass::EssentialControl))
    }

    /// The grants of `subject` for `object`, as policy asks for them, with their ends; the first to end comes first.
    pub(crate) fn permits(&self, subject: Id, object: Id, service: &ServiceId) -> Vec<(Uptime, Permit)> {
        let Some(grants) = self.grants.get(&(subject, object)) else { return Vec::new() };
        let live = |id: &GrantId| self.standing.grants.get(id).filter(|grant| grant.object == *service);
        let mut found: Vec<_> =
            grants.iter().filter_map(|id| live(id).map(|grant| (grant.ends, grant.permit(*id)))).collect();
        found.sort_by_key(|(ends, _)| *ends);
        found
    }

    /// What the zone of a device is doing.
    pub(crate) fn mode_of(&self, id: Id) -> &'a ZoneMode {
        self.modes.of(self.site.device(id).map_or("", |device| device.zone.as_str()))
    }

    /// The stage of a device: its own, or that of all.
    pub(crate) fn stage(&self, device: &DeviceName) -> Stage {
        let stages = &self.standing.stages;
        stages.devices.get(device).copied().unwrap_or(stages.default)
    }

    /// The stage between two devices: of theirs the stricter counts, and a conduit that is not enforced overrides both.
    pub(crate) fn stage_between(&self, one: &Device, other: &Device) -> Stage {
        let conduit = crate::ConduitName::between(one.zone.clone(), other.zone.clone());
        let of_conduit = self.standing.stages.conduits.get(&conduit).copied().unwrap_or_default();
        self.stage(&one.name).max(self.stage(&other.name)).min(of_conduit)
    }
}
