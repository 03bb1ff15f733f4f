//! Whom people vouch for, whom to believe, and which keys prove nothing any more.

use super::Gateway;
use super::perimeters::{Touched, Work};
use crate::facts::Lifecycle;
use crate::{Act, Actor, IdentityAct, KeyHash, LeaseEnd, Now, Refusal, Reply, RevokedKey, Trust, Vouched};
use nullius_model::{DeviceName, SmolStr};
use std::collections::BTreeSet;
use std::time::Duration;

/// Shorter is a slip of the hand.
const SHORTEST: Duration = Duration::from_secs(1);

impl Gateway {
    /// Believes nothing of these issuers any more, though the rest of what says so be held back.
    pub fn distrust(&mut self, issuers: &BTreeSet<KeyHash>, by: &Actor, now: Now) {
        self.enter(now);
        if issuers.is_subset(&self.standing.trust.distrusted) {
            return;
        }
        let mut trust = self.standing.trust.clone();
        trust.distrusted.extend(issuers);
        self.believe(trust, by);
    }

    pub(super) fn believe(&mut self, trust: Trust, by: &Actor) -> Reply {
        let (anchors, distrusted) = (trust.anchors.len(), trust.distrusted.len());
        if self.standing.trust != trust {
            self.standing.trust = trust;
            self.trust_changed();
        }
        self.audit(Some(by), Act::Trusts { anchors, distrusted }, Work::default());
        Reply::default()
    }

    /// A key proves nothing from here on, whether or not the inventory knows its device.
    pub(super) fn revoke_key(
        &mut self,
        device: DeviceName,
        key: KeyHash,
        reason: SmolStr,
        by: &Actor,
    ) -> Result<Reply, Refusal> {
        let limits = &self.settings.limits;
        if reason.len() > limits.text {
            return Err(Refusal::TextTooLong(limits.text));
        }
        let keys = &mut self.standing.revoked_keys;
        if keys.len() >= limits.revoked_keys && !keys.contains_key(&key) {
            return Err(Refusal::TooManyKeys(limits.revoked_keys));
        }
        let (at, by_name) = (self.now.wall, by.0.clone());
        keys.insert(key, RevokedKey { device: device.clone(), at, by: by_name, reason: reason.clone() });
        let work = self.forget_key(&key);
        self.trust_changed();
        let act = IdentityAct::KeyRevoked { key, reason };
        self.audit(Some(by), Act::Identity { device, act }, work);
        Ok(work.into())
    }

    /// What was proved by a key holds no longer, and who was doubted for it alone is doubted no more.
    fn forget_key(&mut self, key: &KeyHash) -> Work {
        let holder = self.expiry.holder(key).cloned();
        let cleared = self.standing.clones.extract_if(.., |_, clone| clone.key == *key);
        let mut touched: Vec<DeviceName> = cleared.map(|(device, _)| device).collect();
        let lapsed: Vec<DeviceName> =
            holder.filter(|holder| self.drop_lease(holder).is_some()).into_iter().collect();
        touched.extend(lapsed.iter().cloned());
        let ids = self.ids_of(&touched);
        let work = self.refresh_all(&ids, Touched::Inputs);
        if !lapsed.is_empty() {
            self.record_lapses(lapsed, &LeaseEnd::KeyRevoked, work);
        }
        work
    }

    /// Whom the door lets in has changed.
    pub(super) fn trust_changed(&mut self) {
        self.standing.trust_epoch = self.standing.trust_epoch.saturating_add(1);
        self.save();
    }

    pub(super) fn vouch(
        &mut self,
        device: DeviceName,
        duration: Duration,
        reason: SmolStr,
        by: &Actor,
    ) -> Result<Reply, Refusal> {
        let id = self.known(&device)?;
        let longest = self.settings.limits.longest_vouch;
        if duration > longest {
            return Err(Refusal::VouchTooLong(longest));
        }
        if duration < SHORTEST {
            return Err(Refusal::VouchTooShort);
        }
        match self.lifecycle(id) {
            Lifecycle::Active => {}
            Lifecycle::Revoked => return Err(Refusal::Revoked(device)),
            Lifecycle::Unknown | Lifecycle::Onboarding | Lifecycle::Absent | Lifecycle::Conflict => {
                return Err(Refusal::NothingToVouchFor(device));
            }
        }
        let (port, mac) = self.home_of(id).ok_or_else(|| Refusal::NothingToVouchFor(device.clone()))?;
        let ends = self.now.uptime.after(duration);
        let vouched = Vouched { by: by.0.clone(), reason: reason.clone(), port, mac, ends };
        self.standing.vouched.insert(device.clone(), vouched);
        let work = self.refresh(id, Touched::Inputs);
        self.save();
        let act = IdentityAct::Vouched { ends, reason };
        self.audit(Some(by), Act::Identity { device, act }, work);
        Ok(work.into())
    }

    /// Nobody vouches for it any more; the caller judges anew what it may use.
    pub(super) fn end_vouch(&mut self, device: &DeviceName, why: &LeaseEnd) {
        if self.standing.vouched.remove(device).is_some() {
            self.save();
            let act = IdentityAct::VouchEnded(why.clone());
            self.audit(None, Act::Identity { device: device.clone(), act }, Work::default());
        }
    }

    /// The time of some is over.
    pub(super) fn look_at_vouches(&mut self) {
        let now = self.now.uptime;
        let over = self.standing.vouched.iter().filter(|(_, vouched)| vouched.ends <= now);
        let over: Vec<DeviceName> = over.map(|(device, _)| device.clone()).collect();
        if over.is_empty() {
            return;
        }
        over.iter().for_each(|device| self.end_vouch(device, &LeaseEnd::Expired));
        let ids = self.ids_of(&over);
        let work = self.refresh_all(&ids, Touched::Inputs);
        if work.generation.is_some() {
            self.audit(None, Act::Elapsed, work);
        }
    }

    /// What another boot proved is nothing here: nobody knows how long that took, and who was there meanwhile.
    pub(super) fn leave_other_proofs(&mut self) {
        let leases: Vec<DeviceName> = self.standing.leases.keys().cloned().collect();
        let vouched: Vec<DeviceName> = self.standing.vouched.keys().cloned().collect();
        leases.iter().for_each(|device| drop(self.drop_lease(device)));
        if !leases.is_empty() {
            self.record_lapses(leases, &LeaseEnd::Rebooted, Work::default());
        }
        vouched.iter().for_each(|device| self.end_vouch(device, &LeaseEnd::Rebooted));
    }
}
