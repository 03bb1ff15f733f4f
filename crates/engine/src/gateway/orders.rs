//! Carrying out orders, and holding them back.

use super::Gateway;
use super::perimeters::Work;
use crate::{Act, Actor, Command, GrantEnd, GrantRequest, Hold, Learned, Now, Opened, Ordered, Refusal};
use crate::{Reply, Revocation, StageScope};
use nullius_model::{Epoch, Mode, SmolStr, Timestamp};
use std::time::Duration;

/// Grants whose names are remembered; one whose time is over makes room (attack 19).
const MAX_OPENED: usize = 4096;

/// Names that no policy knows and that something is kept for, of each kind (attack 13).
const MAX_UNKNOWN: usize = 16_384;

/// How long a grant is remembered that was ended before it came.
const ENDED_FOR: Duration = Duration::from_secs(30 * 24 * 3600);

impl Gateway {
    /// Carries out an order. As with [`Gateway::handle_command`], the outputs that follow must be seen to before it is
    /// acknowledged. Its epoch is taken whatever comes of it.
    ///
    /// # Errors
    /// [`Refusal`], and nothing changed but the epoch.
    pub fn handle_order(
        &mut self,
        order: Ordered,
        epoch: Epoch,
        by: &Actor,
        now: Now,
    ) -> Result<Reply, Refusal> {
        self.take(epoch, now);
        match order {
            Ordered::Act(command) => self.ordered(command, by),
            Ordered::Grant { id, over, request } => self.ordered_grant(id, over, request, by),
            Ordered::EndGrant { id, reason } => self.ordered_end(id, reason, by),
            Ordered::Trust(trust) => Ok(self.believe(trust, by)),
            Ordered::RevokeKey { device, key, reason } => self.revoke_key(device, key, reason, by),
        }
    }

    /// Nothing up to this epoch is taken from here on.
    pub fn take(&mut self, epoch: Epoch, now: Now) {
        self.enter(now);
        let orders = &mut self.standing.orders;
        orders.taken = orders.taken.max(epoch);
        self.save();
    }

    pub(super) fn hold(&mut self, reason: SmolStr, by: &Actor) -> Reply {
        let hold = Hold { at: self.now.wall, by: by.0.clone(), reason: reason.clone() };
        self.standing.orders.hold = Some(hold);
        self.save();
        self.audit(Some(by), Act::Held { reason }, Work::default());
        Reply::default()
    }

    pub(super) fn release(&mut self, reason: SmolStr, by: &Actor) -> Result<Reply, Refusal> {
        self.standing.orders.hold.take().ok_or(Refusal::NotHeld)?;
        self.save();
        self.audit(Some(by), Act::Released { reason }, Work::default());
        Ok(Reply::default())
    }

    fn ordered(&mut self, command: Command, by: &Actor) -> Result<Reply, Refusal> {
        match self.carry_out(command.clone(), by) {
            // whoever comes late hears of the restoration alone
            Err(Refusal::NotRevoked(_)) => Ok(Reply::default()),
            // whoever comes late hears of the taking back alone
            Err(Refusal::NoMode(_) | Refusal::NoEmergency) => Ok(Reply::default()),
            Err(
                why @ (Refusal::NoPolicy
                | Refusal::UnknownDevice(_)
                | Refusal::UnknownConduit(_)
                | Refusal::UnknownZone(_)),
            ) => self.keep_for_later(command, why, by),
            done => done,
        }
    }

    /// What a name means that no policy knows yet.
    fn keep_for_later(&mut self, command: Command, why: Refusal, by: &Actor) -> Result<Reply, Refusal> {
        let standing = &mut self.standing;
        let full = [standing.revoked.len(), standing.learned.len(), standing.assessments.len()]
            .into_iter()
            .chain([standing.stages.devices.len(), standing.stages.conduits.len(), standing.zone_modes.len()])
            .any(|length| length >= MAX_UNKNOWN);
        if full {
            return Err(Refusal::TooManyUnknown(MAX_UNKNOWN));
        }
        let act = match command {
            Command::Revoke { device, reason } => {
                let revocation = Revocation { at: self.now.wall, by: by.0.clone(), reason: reason.clone() };
                standing.revoked.insert(device.clone(), revocation);
                Act::Revoked { device, reason }
            }
            Command::Restore { device, reason } => {
                standing.revoked.remove(&device);
                Act::Restored { device, reason }
            }
            Command::Approve { device, port: Some(port), mac: Some(mac) } => {
                let (addresses, approved_by) = (std::collections::BTreeSet::new(), Some(by.0.clone()));
                let learned = Learned { port: port.clone(), mac, addresses, approved_by };
                standing.learned.insert(device.clone(), learned);
                Act::Bound { device, port, mac }
            }
            Command::Stage { scope: StageScope::Device(device), stage, despite } => {
                standing.stages.devices.insert(device.clone(), stage);
                Act::Staged { scope: StageScope::Device(device), stage, despite }
            }
            Command::Stage { scope: StageScope::Conduit(conduit), stage, despite } => {
                standing.stages.conduits.insert(conduit.clone(), stage);
                Act::Staged { scope: StageScope::Conduit(conduit), stage, despite }
            }
            Command::Mode { mode, zone: Some(zone), reason } if mode != Mode::Emergency => {
                standing.zone_modes.insert(zone.clone(), mode);
                Act::Mode { mode, zone: Some(zone), reason }
            }
            Command::Approve { .. }
            | Command::ArmEmergency { .. }
            | Command::Assess { .. }
            | Command::ClearMode { .. }
            | Command::Emergency { .. }
            | Command::EndEmergency { .. }
            | Command::EndGrant { .. }
            | Command::Forget { .. }
            | Command::Grant(_)
            | Command::Hold { .. }
            | Command::Mode { .. }
            | Command::Release { .. }
            | Command::Settle { .. }
            | Command::Stage { .. }
            | Command::Vouch { .. } => return Err(why),
        };
        if matches!(act, Act::Revoked { .. } | Act::Restored { .. }) {
            self.trust_changed();
        }
        self.save();
        self.audit(Some(by), act, Work::default());
        Ok(Reply::default())
    }

    fn ordered_grant(
        &mut self,
        id: SmolStr,
        over: Timestamp,
        request: GrantRequest,
        by: &Actor,
    ) -> Result<Reply, Refusal> {
        let orders = &self.standing.orders;
        if orders.grants.contains_key(&id) {
            return Err(Refusal::OpenedBefore(id));
        }
        if over <= self.now.wall.max(orders.forgotten) {
            return Err(Refusal::TooLate);
        }
        self.make_room()?;
        let left = over.since(self.now.wall);
        let request = GrantRequest { duration: request.duration.min(left), ..request };
        self.check_texts(&Command::Grant(request.clone()), by)?;
        let reply = self.open_grant(request, by, None)?;
        let grant = reply.granted.map(|(grant, _)| grant);
        self.standing.orders.grants.insert(id, Opened { grant, over });
        Ok(reply)
    }

    fn ordered_end(&mut self, id: SmolStr, reason: SmolStr, by: &Actor) -> Result<Reply, Refusal> {
        match self.standing.orders.grants.get(&id) {
            Some(Opened { grant: Some(grant), .. }) => {
                match self.end_grant(*grant, GrantEnd::Ended(reason), by) {
                    // it was over already
                    Err(Refusal::UnknownGrant(_)) => Ok(Reply::default()),
                    ended => ended,
                }
            }
            Some(Opened { grant: None, .. }) => Ok(Reply::default()),
            None => {
                self.make_room()?;
                let nanos = u64::try_from(ENDED_FOR.as_nanos()).unwrap_or(u64::MAX);
                let over = Timestamp::from_nanos(self.now.wall.as_nanos().saturating_add(nanos));
                self.standing.orders.grants.insert(id, Opened { grant: None, over });
                Ok(Reply::default())
            }
        }
    }

    /// Forgets the grant that is over the longest, where there is no room for another name.
    fn make_room(&mut self) -> Result<(), Refusal> {
        let orders = &mut self.standing.orders;
        if orders.grants.len() < MAX_OPENED {
            return Ok(());
        }
        let oldest = orders.grants.iter().min_by_key(|(_, opened)| opened.over);
        let (id, over) =
            oldest.map(|(id, opened)| (id.clone(), opened.over)).ok_or(Refusal::TooManyGrants(MAX_OPENED))?;
        if over > self.now.wall {
            return Err(Refusal::TooManyGrants(MAX_OPENED));
        }
        orders.grants.remove(&id);
        orders.forgotten = orders.forgotten.max(over);
        Ok(())
    }
}
