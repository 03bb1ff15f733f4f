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
        touched.extend(holder.clone());
        let ended = self.take_leases(holder, LeaseEnd::KeyRevoked);
        let ids = self.ids_of(&touched);
        let work = self.refresh_all(&ids, Touched::Inputs);
        self.record_ended(ended, work);
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
}
