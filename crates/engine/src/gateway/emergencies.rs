//! Emergencies: set off by people on the site, for a while, and never by holding a button down (R-30, attack 19).
//!
//! Nothing here asks a controller. An emergency ends by uptime, which nobody can set; once it was set off, a person has to
//! arm it again before it can be set off once more.

use super::Gateway;
use super::orders::CLOCKS_DIFFER;
use crate::{
    Act, Actor, Alarm, EmergencyAct, EmergencyEnd, EmergencyScope, EmergencyStanding, LiveEmergency, Refusal,
    Reply,
};
use nullius_model::{SmolStr, Timestamp, Uptime};
use nullius_policy::inventory::Emergency;
use std::collections::BTreeSet;
use std::time::Duration;

/// Attempts to set off one profile.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// Who asked for one that takes two, and until when that counts.
    waiting: Option<(BTreeSet<SmolStr>, Uptime)>,
    /// When a refusal was told of last.
    told: Option<Uptime>,
    /// Refusals since then.
    refused: u64,
}

impl Gateway {
    /// Sets an emergency off, or notes that one of two people wants to. A refused attempt is recorded too.
    pub(super) fn emergency(
        &mut self,
        profile: SmolStr,
        made: Option<Timestamp>,
        approvers: BTreeSet<SmolStr>,
        reason: SmolStr,
        by: &Actor,
    ) -> Result<Reply, Refusal> {
        let declared = self.declared_emergency(&profile)?;
        let people = match self.may_set_off(&profile, &declared, approvers, by) {
            Ok(people) => people,
            Err(refusal) => return Err(self.refuse_emergency(profile, refusal, by)),
        };
        let ends = match self.end_of(&profile, &declared, made) {
            Ok(ends) => ends,
            Err(refusal) => return Err(self.refuse_emergency(profile, refusal, by)),
        };
        if people.len() < usize::from(declared.people) {
            return Ok(self.await_second(profile, people, reason, by));
        }
        self.asked.remove(&profile);
        let live = LiveEmergency { at: self.now.wall, by: people.clone(), reason: reason.clone(), ends };
        let standing = EmergencyStanding { live: Some(live), ..EmergencyStanding::default() };
        self.standing.emergencies.insert(profile.clone(), standing);
        self.note_change();
        let work = self.follow_modes();
        self.save();
        let seconds = ends.since(self.now.uptime).as_secs();
        let alarm = Alarm::Emergency { profile: profile.clone(), people: people.clone(), seconds };
        let act = EmergencyAct::SetOff { zones: declared.zones, people, ends, reason };
        self.audit(Some(by), Act::Emergency { profile, act }, work);
        self.alarm(alarm);
        Ok(work.into())
    }

    /// Makes a profile ready again that was set off and rested since.
    pub(super) fn arm(&mut self, profile: SmolStr, reason: SmolStr, by: &Actor) -> Result<Reply, Refusal> {
        let declared = self.declared_emergency(&profile)?;
        let now = self.now.uptime;
        let Some(standing) = self.standing.emergencies.get_mut(&profile).filter(|standing| !standing.armed)
        else {
            return Err(Refusal::Armed(profile));
        };
        if standing.live.is_some() {
            return Err(Refusal::EmergencyOn(profile));
        }
        let left = declared.cooldown.saturating_sub(now.since(standing.ended));
        if !left.is_zero() {
            return Err(Refusal::Resting { profile, left });
        }
        standing.armed = true;
        self.save();
        self.audit(
            Some(by),
            Act::Emergency { profile, act: EmergencyAct::Armed { reason } },
            super::Work::default(),
        );
        Ok(Reply::default())
    }

    pub(super) fn end_emergencies(
        &mut self,
        scope: &EmergencyScope,
        reason: &SmolStr,
        by: &Actor,
    ) -> Result<Reply, Refusal> {
        let inventory = self.site.as_ref().ok_or(Refusal::NoPolicy)?.inventory();
        let named: BTreeSet<SmolStr> = match scope {
            EmergencyScope::Profile(profile) => BTreeSet::from([profile.clone()]),
            EmergencyScope::Zone(zone) => {
                let there =
                    inventory.emergencies.iter().filter(|(_, declared)| declared.zones.contains(zone));
                there.map(|(name, _)| name.clone()).collect()
            }
        };
        let acts = self.end_live(|name, _| named.contains(name).then(|| EmergencyEnd::Ended(reason.clone())));
        if acts.is_empty() {
            return Err(Refusal::NoEmergency);
        }
        self.note_change();
        let work = self.follow_modes();
        self.save();
        for act in acts {
            self.audit(Some(by), act, work);
        }
        Ok(work.into())
    }

    /// Ends live emergencies that `end` says to end, and tells so; what that led to is for the caller to record.
    pub(super) fn end_live(
        &mut self,
        end: impl Fn(&SmolStr, &LiveEmergency) -> Option<EmergencyEnd>,
    ) -> Vec<Act> {
        let mut acts = Vec::new();
        for (name, standing) in &mut self.standing.emergencies {
            let Some(why) = standing.live.as_ref().and_then(|live| end(name, live)) else { continue };
            standing.live = None;
            standing.ended = self.now.uptime;
            acts.push(Act::Emergency { profile: name.clone(), act: EmergencyAct::Ended(why) });
        }
        for act in &acts {
            if let Act::Emergency { profile, .. } = act {
                self.alarm(Alarm::EmergencyEnded { profile: profile.clone() });
            }
        }
        acts
    }

    pub(super) fn drop_undeclared_emergencies(&mut self) {
        let Some(site) = &self.site else { return };
        let declared: BTreeSet<SmolStr> = site.inventory().emergencies.keys().cloned().collect();
        let acts = self.end_live(|name, _| (!declared.contains(name)).then_some(EmergencyEnd::Changed));
        for act in acts {
            self.save();
            self.audit(None, act, super::Work::default());
        }
        self.asked.retain(|name, _| declared.contains(name));
        self.standing.emergencies.retain(|name, _| declared.contains(name));
    }

    fn declared_emergency(&self, profile: &SmolStr) -> Result<Emergency, Refusal> {
        let inventory = self.site.as_ref().ok_or(Refusal::NoPolicy)?.inventory();
        let declared = inventory.emergencies.get(profile);
        declared.cloned().ok_or_else(|| Refusal::UnknownEmergency(profile.clone()))
    }

    /// Who wants it by now, where it may be set off at all.
    fn may_set_off(
        &self,
        profile: &SmolStr,
        declared: &Emergency,
        approvers: BTreeSet<SmolStr>,
        by: &Actor,
    ) -> Result<BTreeSet<SmolStr>, Refusal> {
        if let Some(standing) = self.standing.emergencies.get(profile) {
            if standing.live.is_some() {
                return Err(Refusal::EmergencyOn(profile.clone()));
            }
            if !standing.armed {
                return Err(Refusal::NotArmed(profile.clone()));
            }
        }
        let now = self.now.uptime;
        let waiting = self.asked.get(profile).and_then(|asked| asked.waiting.as_ref());
        let waiting = waiting.filter(|(_, until)| *until > now).map(|(people, _)| people);
        let mut people = approvers;
        people.extend(waiting.into_iter().flatten().cloned());
        let is_new = people.insert(by.0.clone());
        let enough = people.len() >= usize::from(declared.people);
        if !is_new && !enough {
            return Err(Refusal::TakesAnother(profile.clone()));
        }
        Ok(people)
    }

    /// When it ends: on a whole second, as what is asked within it is judged. An order that travelled has spent part of
    /// its time.
    fn end_of(
        &self,
        profile: &SmolStr,
        declared: &Emergency,
        made: Option<Timestamp>,
    ) -> Result<Uptime, Refusal> {
        if made.is_some_and(|made| made.since(self.now.wall) > CLOCKS_DIFFER) {
            return Err(Refusal::FromTheFuture);
        }
        let travelled = made.map_or(Duration::ZERO, |made| self.now.wall.since(made));
        let left = declared.length.saturating_sub(travelled);
        if left.is_zero() {
            return Err(Refusal::EmergencyTooOld(profile.clone()));
        }
        Ok(self.clock.whole_second(self.now.uptime.after(left)))
    }

    fn await_second(
        &mut self,
        profile: SmolStr,
        people: BTreeSet<SmolStr>,
        reason: SmolStr,
        by: &Actor,
    ) -> Reply {
        let until = self.now.uptime.after(self.settings.limits.confirm_within);
        self.asked.entry(profile.clone()).or_default().waiting = Some((people, until));
        self.audit(
            Some(by),
            Act::Emergency { profile, act: EmergencyAct::Asked { reason } },
            super::Work::default(),
        );
        Reply { awaits: Some(until), ..Reply::default() }
    }

    /// Whoever holds the button down is told of once in a while, with a count.
    fn refuse_emergency(&mut self, profile: SmolStr, refusal: Refusal, by: &Actor) -> Refusal {
        let (now, again) = (self.now.uptime, self.settings.limits.refused_again);
        let asked = self.asked.entry(profile.clone()).or_default();
        asked.refused = asked.refused.saturating_add(1);
        if asked.told.is_some_and(|told| now.since(told) < again) {
            return refusal;
        }
        asked.told = Some(now);
        let attempts = std::mem::take(&mut asked.refused);
        let act = EmergencyAct::Refused { refusal: refusal.to_string(), attempts };
        let act = Act::Emergency { profile: profile.clone(), act };
        self.audit(Some(by), act, super::Work::default());
        self.alarm(Alarm::EmergencyRefused { profile, by: by.0.clone(), attempts });
        refusal
    }
}
