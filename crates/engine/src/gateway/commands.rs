//! What people tell the gateway.

use super::Gateway;
use super::perimeters::{Touched, Work};
use crate::facts::Lifecycle;
use crate::site::Id;
use crate::{Act, Actor, Assessment, Command, GrantEnd, Learned, LeaseEnd, Now, Refusal, Reply, Revocation};
use nullius_model::{DeviceName, Mac, PortName, SmolStr};

/// Highest risk band.
const WORST_RISK: u8 = 4;

impl Gateway {
    /// Carries out a command. The outputs that follow must be seen to before it is answered: what is acknowledged is
    /// enforced and durable.
    ///
    /// # Errors
    /// [`Refusal`], and nothing changed.
    pub fn handle_command(&mut self, command: Command, by: &Actor, now: Now) -> Result<Reply, Refusal> {
        self.enter(now);
        self.carry_out(command, by)
    }

    pub(super) fn carry_out(&mut self, command: Command, by: &Actor) -> Result<Reply, Refusal> {
        self.check_texts(&command, by)?;
        match command {
            Command::Revoke { device, reason } => self.revoke(device, reason, by),
            Command::Restore { device, reason } => self.restore(device, reason, by),
            Command::Approve { device, port, mac } => self.approve(device, port, mac, by),
            Command::Forget { device } => self.forget(device, by),
            Command::Vouch { device, duration, reason } => self.vouch(device, duration, reason, by),
            Command::Settle { device, reason } => self.end_conflict(device, reason, by),
            Command::Stage { scope, stage, despite } => self.stage(scope, stage, despite, by),
            Command::Grant(request) => self.grant(request, by),
            Command::EndGrant { grant, reason } => self.end_grant(grant, GrantEnd::Ended(reason), by),
            Command::Mode { mode, zone, reason } => self.set_mode(mode, zone, reason, by),
            Command::ClearMode { zone, reason } => self.clear_mode(zone, reason, by),
            Command::Emergency { profile, made, approvers, reason } => {
                self.emergency(profile, made, approvers, reason, by)
            }
            Command::ArmEmergency { profile, reason } => self.arm(profile, reason, by),
            Command::EndEmergency { scope, reason } => self.end_emergencies(&scope, &reason, by),
            Command::Hold { reason } => Ok(self.hold(reason, by)),
            Command::Release { reason } => self.release(reason, by),
            Command::Assess { device, posture, risk, conforms } => {
                self.assess(device, posture, risk, conforms, by)
            }
        }
    }

    pub(super) fn check_texts(&self, command: &Command, by: &Actor) -> Result<(), Refusal> {
        let limit = self.settings.limits.text;
        let texts: Vec<&SmolStr> = match command {
            Command::Revoke { reason, .. }
            | Command::Restore { reason, .. }
            | Command::Settle { reason, .. }
            | Command::Vouch { reason, .. }
            | Command::EndGrant { reason, .. }
            | Command::Mode { reason, .. }
            | Command::ClearMode { reason, .. }
            | Command::Hold { reason }
            | Command::Release { reason }
            | Command::EndEmergency { reason, .. } => vec![reason],
            Command::ArmEmergency { profile, reason } => vec![profile, reason],
            Command::Emergency { profile, approvers, reason, .. } => {
                approvers.iter().chain([profile, reason]).collect()
            }
            Command::Stage { despite, .. } => despite.iter().collect(),
            Command::Grant(request) => {
                request.approvers.iter().chain(&request.work_order).chain([&request.reason]).collect()
            }
            Command::Approve { .. } | Command::Forget { .. } | Command::Assess { .. } => Vec::new(),
        };
        let fits = texts.into_iter().chain([&by.0]).all(|text| text.len() <= limit);
        fits.then_some(()).ok_or(Refusal::TextTooLong(limit))
    }

    pub(super) fn known(&self, device: &DeviceName) -> Result<Id, Refusal> {
        let site = self.site.as_ref().ok_or(Refusal::NoPolicy)?;
        site.id(device).ok_or_else(|| Refusal::UnknownDevice(device.clone()))
    }

    fn revoke(&mut self, device: DeviceName, reason: SmolStr, by: &Actor) -> Result<Reply, Refusal> {
        let id = self.known(&device)?;
        let revocation = Revocation { at: self.now.wall, by: by.0.clone(), reason: reason.clone() };
        self.standing.revoked.insert(device.clone(), revocation);
        let ended = self.take_evidence_of(&device, &LeaseEnd::Revoked);
        let work = self.refresh(id, Touched::Place);
        self.trust_changed();
        self.audit(Some(by), Act::Revoked { device: device.clone(), reason }, work);
        self.record_ended(ended, work);
        self.drop_grants_of(&device);
        Ok(work.into())
    }

    fn restore(&mut self, device: DeviceName, reason: SmolStr, by: &Actor) -> Result<Reply, Refusal> {
        let id = self.known(&device)?;
        self.standing.revoked.remove(&device).ok_or_else(|| Refusal::NotRevoked(device.clone()))?;
        let work = self.refresh(id, Touched::Place);
        self.trust_changed();
        self.audit(Some(by), Act::Restored { device, reason }, work);
        Ok(work.into())
    }

    fn approve(
        &mut self,
        device: DeviceName,
        port: Option<PortName>,
        mac: Option<Mac>,
        by: &Actor,
    ) -> Result<Reply, Refusal> {
        let id = self.known(&device)?;
        if self.lifecycle(id) == Lifecycle::Revoked {
            return Err(Refusal::Revoked(device));
        }
        let (port, mac) = self.approved_place(id, &device, port, mac)?;
        let addresses = std::collections::BTreeSet::new();
        let learned = Learned { port, mac, addresses, approved_by: Some(by.0.clone()) };
        Ok(self.bind(id, device, learned, Some(by)).into())
    }

    fn approved_place(
        &self,
        id: Id,
        device: &DeviceName,
        port: Option<PortName>,
        mac: Option<Mac>,
    ) -> Result<(PortName, Mac), Refusal> {
        let site = self.site.as_ref().ok_or(Refusal::NoPolicy)?;
        let declared = site.device(id).ok_or_else(|| Refusal::UnknownDevice(device.clone()))?;
        let tied = self.settings.declared_port(declared);
        if let Some(port) = tied
            && declared.mac.is_some()
        {
            return Err(Refusal::Declared { device: device.clone(), port: port.clone() });
        }
        let unseen = || Refusal::Unseen(device.clone());
        let mac = declared.mac.or(mac).ok_or_else(unseen)?;
        if let Some(owner) = site.owner_of_mac(mac).filter(|owner| *owner != id) {
            return Err(Refusal::Taken { mac, owner: self.name_of(owner).unwrap_or_else(|| device.clone()) });
        }
        let port = match tied.cloned().or(port) {
            Some(port) => port,
            None => only(self.strangers.ports_of(mac)).ok_or_else(unseen)?,
        };
        let there = self.settings.ports.contains_key(&port);
        there.then_some((port.clone(), mac)).ok_or(Refusal::UnknownPort(port))
    }

    fn forget(&mut self, device: DeviceName, by: &Actor) -> Result<Reply, Refusal> {
        let id = self.known(&device)?;
        self.standing.learned.remove(&device).ok_or_else(|| Refusal::Unseen(device.clone()))?;
        self.standing.conflicts.remove(&device);
        if let Some(site) = &mut self.site {
            site.disclaim_learned(id);
        }
        let ended = self.take_evidence_elsewhere(std::slice::from_ref(&device));
        let work = self.refresh(id, Touched::Place);
        self.save();
        self.record_ended(ended, work);
        self.audit(Some(by), Act::Forgotten { device }, work);
        Ok(work.into())
    }

    fn end_conflict(&mut self, device: DeviceName, reason: SmolStr, by: &Actor) -> Result<Reply, Refusal> {
        let id = self.known(&device)?;
        let double = self.standing.conflicts.remove(&device).is_some();
        if !(self.standing.clones.remove(&device).is_some() || double) {
            return Err(Refusal::NoConflict(device));
        }
        let work = self.refresh(id, Touched::Inputs);
        self.save();
        self.audit(Some(by), Act::Settled { device, reason }, work);
        Ok(work.into())
    }

    fn assess(
        &mut self,
        device: DeviceName,
        posture: Option<bool>,
        risk: Option<u8>,
        conforms: Option<bool>,
        by: &Actor,
    ) -> Result<Reply, Refusal> {
        let id = self.known(&device)?;
        if risk.is_some_and(|risk| risk > WORST_RISK) {
            return Err(Refusal::NoSuchRisk);
        }
        // its age is counted in whole seconds: beginning with one, it ends the same whenever it is asked for
        let taken = self.clock.whole_second(self.now.uptime);
        let posture_now = posture.map(|good| (good, taken));
        self.standing.assessments.insert(device.clone(), Assessment { posture: posture_now, risk, conforms });
        let work = self.refresh(id, Touched::Inputs);
        self.save();
        self.audit(Some(by), Act::Assessed { device, posture, risk, conforms }, work);
        Ok(work.into())
    }
}

fn only<T>(mut items: Vec<T>) -> Option<T> {
    let last = items.pop();
    last.filter(|_| items.is_empty())
}

impl From<Work> for Reply {
    fn from(work: Work) -> Self {
        Self { judged: work.judged, generation: work.generation, ..Self::default() }
    }
}
