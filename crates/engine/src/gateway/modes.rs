//! What zones are doing: said by people, set by windows and emergencies, judged where policies look at it.

use super::Gateway;
use super::perimeters::Work;
use crate::modes::{Modes, Span};
use crate::schedule::Pair;
use crate::{Act, Actor, ModeCause, Refusal, Reply};
use nullius_model::{Mode, SmolStr};
use std::collections::{BTreeMap, BTreeSet};

impl Gateway {
    pub(super) fn set_mode(
        &mut self,
        mode: Mode,
        zone: Option<SmolStr>,
        reason: SmolStr,
        by: &Actor,
    ) -> Result<Reply, Refusal> {
        self.check_zone(zone.as_ref())?;
        if mode == Mode::Emergency {
            return Err(Refusal::EmergencyIsSetOff);
        }
        let here = match &zone {
            None => Some(self.standing.mode),
            Some(zone) => self.standing.zone_modes.get(zone).copied(),
        };
        if here == Some(mode) {
            return Ok(Reply::default());
        }
        self.may_set_mode(zone.as_ref())?;
        match &zone {
            None => self.standing.mode = mode,
            Some(zone) => {
                self.standing.zone_modes.insert(zone.clone(), mode);
            }
        }
        Ok(self.mode_was_set(zone.clone(), Act::Mode { mode, zone, reason }, by))
    }

    pub(super) fn clear_mode(
        &mut self,
        zone: SmolStr,
        reason: SmolStr,
        by: &Actor,
    ) -> Result<Reply, Refusal> {
        if !self.standing.zone_modes.contains_key(&zone) {
            return Err(Refusal::NoMode(zone));
        }
        self.may_set_mode(Some(&zone))?;
        self.standing.zone_modes.remove(&zone);
        Ok(self.mode_was_set(Some(zone.clone()), Act::ModeCleared { zone, reason }, by))
    }

    fn mode_was_set(&mut self, zone: Option<SmolStr>, act: Act, by: &Actor) -> Reply {
        self.modes_set.insert(zone, self.now.uptime);
        let work = self.follow_modes();
        self.save();
        self.audit(Some(by), act, work);
        work.into()
    }

    fn check_zone(&self, zone: Option<&SmolStr>) -> Result<(), Refusal> {
        let Some(zone) = zone else { return Ok(()) };
        let site = self.site.as_ref().ok_or(Refusal::NoPolicy)?;
        let known = site.inventory().zones.contains_key(zone);
        known.then_some(()).ok_or_else(|| Refusal::UnknownZone(zone.clone()))
    }

    /// A mode stays for a while before another one may be set in its place.
    fn may_set_mode(&self, zone: Option<&SmolStr>) -> Result<(), Refusal> {
        let Some(set) = self.modes_set.get(&zone.cloned()) else { return Ok(()) };
        let left = self.settings.limits.mode_stays.saturating_sub(self.now.uptime.since(*set));
        if left.is_zero() { Ok(()) } else { Err(Refusal::ModeJustSet(left)) }
    }

    /// Takes over what zones are doing now, and judges what hangs on it: pairs whose policies look at the mode, in zones
    /// where it changed.
    pub(super) fn follow_modes(&mut self) -> Work {
        let changed = self.take_modes();
        if changed.is_empty() {
            return Work::default();
        }
        let pairs = self.pairs_by_mode(&changed);
        self.refresh_pairs(&pairs)
    }

    /// Takes over what zones are doing now, and says of which that changed.
    pub(super) fn take_modes(&mut self) -> BTreeSet<SmolStr> {
        let modes = self.modes_now();
        let before = std::mem::replace(&mut self.modes, modes);
        let zones = self.modes.zones().map(|(zone, _)| zone);
        zones.filter(|zone| self.modes.differs(&before, zone)).cloned().collect()
    }

    fn modes_now(&self) -> Modes {
        let standing = &self.standing;
        let Some(site) = &self.site else { return Modes::of_site(standing.mode) };
        Modes::new(site.inventory(), standing.mode, &standing.zone_modes, &self.spans(), self.now.uptime)
    }

    /// Windows and emergencies that are on or will be, by zone.
    fn spans(&self) -> BTreeMap<SmolStr, Vec<Span>> {
        let mut spans = BTreeMap::<SmolStr, Vec<Span>>::new();
        let Some(site) = &self.site else { return spans };
        let inventory = site.inventory();
        let mut note = |zones: &BTreeSet<SmolStr>, span: &Span| {
            zones.iter().for_each(|zone| spans.entry(zone.clone()).or_default().push(span.clone()));
        };
        for (name, times) in self.calendar.times() {
            let Some(window) = inventory.windows.get(name) else { continue };
            let cause = ModeCause::Window(name.clone());
            note(&window.zones, &Span { from: times.opens, till: times.closes, mode: window.mode, cause });
        }
        for (name, emergency) in &inventory.emergencies {
            let standing = self.standing.emergencies.get(name);
            let Some(live) = standing.and_then(|standing| standing.live.as_ref()) else { continue };
            let cause = ModeCause::Emergency(name.clone());
            let span =
                Span { from: self.clock.uptime(live.at), till: live.ends, mode: Mode::Emergency, cause };
            note(&emergency.zones, &Span { from: span.from.min(self.now.uptime), ..span });
        }
        spans
    }

    fn pairs_by_mode(&self, zones: &BTreeSet<SmolStr>) -> Vec<Pair> {
        let Some(site) = &self.site else { return Vec::new() };
        let policies = &site.version.policies;
        let in_zones = |pair: &Pair| site.device(pair.1).is_some_and(|device| zones.contains(&device.zone));
        let by_policy = site.all().flat_map(|subject| {
            let name = site.node(subject).map(|node| &node.name);
            let services = name.map(|name| policies.services_by_mode(&site.directory, name));
            let objects = services.unwrap_or_default();
            objects.into_iter().filter_map(move |service| Some((subject, site.id(&service.device)?)))
        });
        let mut pairs: BTreeSet<Pair> = by_policy.filter(in_zones).collect();
        for grant in self.standing.grants.values() {
            if policies.hangs_on_mode(&site.directory, &grant.subject, &grant.object) {
                let pair = site.id(&grant.subject).zip(site.id(&grant.object.device));
                pairs.extend(pair.filter(in_zones));
            }
        }
        pairs.into_iter().collect()
    }
}
