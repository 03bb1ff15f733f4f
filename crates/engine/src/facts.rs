//! What is true of a device now, and what policy says of it: read only, so that `why` answers from what enforces.
//!
//! A device is bound where the inventory, or a person, says it is. What is told by port, hardware address and network
//! addresses alone is at most IA2: whoever plugs into that port and copies both addresses is that device to everybody
//! (attack 1), so nothing that can be copied earns more. Where one of the three was learned from the wire, it is IA1.

use crate::clock::Clock;
use crate::modes::Modes;
use crate::site::{Id, Site};
use crate::station::Strangers;
use crate::{GrantId, Place, Settings, Standing, ZoneMode};
use nullius_model::{Assurance, DeviceName, Mac, PortName, Stage, Uptime, Verdict};
use nullius_policy::inventory::{Device, ZoneClass};
use nullius_policy::{Connection, Inputs, Permit, ServiceId};
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
    /// Bound, and a double of it was seen elsewhere.
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

/// One that asks for services: what is known of it is looked up once, however much it asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asker<'a> {
    pub(crate) id: Id,
    pub(crate) name: &'a DeviceName,
    inputs: Inputs,
    /// The same towards what runs the process, where that differs.
    to_essential: Option<Inputs>,
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
            () if self.standing.conflicts.contains_key(&device.name) => Lifecycle::Conflict,
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

    /// How sure we are of a device. A double lowers it to what the double has.
    pub(crate) fn assurance(&self, id: Id) -> Assurance {
        let Some(device) = self.site.device(id) else { return Assurance::Ia0 };
        match self.lifecycle(id) {
            Lifecycle::Active if self.is_steady(device) => Assurance::Ia2,
            Lifecycle::Active | Lifecycle::Conflict => Assurance::Ia1,
            Lifecycle::Unknown | Lifecycle::Onboarding | Lifecycle::Absent | Lifecycle::Revoked => {
                Assurance::Ia0
            }
        }
    }

    /// Declared in full, and not known to behave otherwise than it always did.
    fn is_steady(&self, device: &Device) -> bool {
        let declared =
            self.declared_port(device).is_some() && device.mac.is_some() && !device.addresses.is_empty();
        let assessment = self.standing.assessments.get(&device.name);
        declared && assessment.and_then(|assessment| assessment.conforms) != Some(false)
    }

    /// What is known of one that asks, as of the last whole second.
    ///
    /// Towards the zones that run the process, a double does not lower the assurance of a device that is bound: frames of
    /// the double do not pass the binding anyhow, and one forged frame must not be able to stop a plant.
    pub(crate) fn asker(&self, id: Id) -> Option<Asker<'a>> {
        let device = self.site.device(id)?;
        let assessment = self.standing.assessments.get(&device.name).copied().unwrap_or_default();
        let inputs = Inputs {
            assurance: self.assurance(id),
            posture: assessment.posture_at(self.clock.whole_second(self.at)),
            risk: assessment.risk,
            conforms: assessment.conforms,
        };
        let in_conflict = self.lifecycle(id) == Lifecycle::Conflict && self.is_steady(device);
        let to_essential = in_conflict.then_some(Inputs { assurance: Assurance::Ia2, ..inputs });
        let inputs = to_essential.filter(|_| self.is_essential(id)).unwrap_or(inputs);
        Some(Asker { id, name: &device.name, inputs, to_essential })
    }

    /// What policy is told of one that asks for something of `object`.
    pub(crate) fn inputs(&self, asker: &Asker<'_>, object: Id) -> Inputs {
        asker.to_essential.filter(|_| self.is_essential(object)).unwrap_or(asker.inputs)
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

    /// What may pass from one that asks to `service` of `object`.
    pub(crate) fn access(&self, asker: &Asker<'_>, object: Id, service: &ServiceId) -> Access {
        let granted = self.permits(asker.id, object, service);
        let (without, holds_until) = self.connection(asker, object, service, &[]);
        let plain = Access { verdict: without.verdict, ends: holds_until, holds_until };
        if granted.is_empty() {
            return plain;
        }
        let (with, holds_until) = self.connection(asker, object, service, &of(&granted));
        match with.verdict.cmp(&plain.verdict) {
            std::cmp::Ordering::Equal => plain,
            std::cmp::Ordering::Less => Access { verdict: with.verdict, ends: holds_until, holds_until },
            std::cmp::Ordering::Greater => {
                let granted_until = self.granted_until(asker, object, service, &granted, with.verdict);
                Access {
                    verdict: with.verdict,
                    ends: granted_until.into_iter().chain(holds_until).min(),
                    holds_until,
                }
            }
        }
    }

    /// When grants that overlap no longer come to `verdict` together: what ends first may leave enough.
    fn granted_until(
        &self,
        asker: &Asker<'_>,
        object: Id,
        service: &ServiceId,
        granted: &[(Uptime, Permit)],
        verdict: Verdict,
    ) -> Option<Uptime> {
        let is_last = |end: &Uptime| {
            let later: Vec<_> = granted.iter().filter(|(other, _)| other > end).cloned().collect();
            later.is_empty() || self.connection(asker, object, service, &of(&later)).0.verdict != verdict
        };
        granted.iter().map(|(end, _)| *end).find(is_last)
    }

    /// Asks policy about a whole service, and until when its answer holds.
    pub(crate) fn connection(
        &self,
        asker: &Asker<'_>,
        object: Id,
        service: &ServiceId,
        permits: &[Permit],
    ) -> (Connection, Option<Uptime>) {
        let began = self.clock.whole_second(self.at);
        let inputs = self.inputs(asker, object);
        let moment = self.clock.moment(began, self.mode_of(object));
        let policies = &self.site.version.policies;
        let answer =
            policies.connection(&self.site.directory, asker.name, service, &inputs, &moment, permits);
        let holds_until = answer.holds_for.map(|holds| began.after(holds));
        (answer, holds_until)
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

fn of(granted: &[(Uptime, Permit)]) -> Vec<Permit> {
    granted.iter().map(|(_, permit)| permit.clone()).collect()
}
