//! How far roll-out has come, as rules: of a device its own, of a conduit one for each two addresses.

use super::Gateway;
use super::perimeters::Work;
use crate::perimeter::{Patch, meetings, ordered};
use crate::site::Id;
use crate::{Act, Actor, ConduitName, Refusal, Reply, StageScope};
use nullius_model::{DeviceName, Rule, SmolStr, Stage, Terms};

impl Gateway {
    pub(super) fn stage(
        &mut self,
        scope: StageScope,
        stage: Stage,
        despite: Option<SmolStr>,
        by: &Actor,
    ) -> Result<Reply, Refusal> {
        self.check_scope(&scope)?;
        if stage == Stage::Enforce && despite.is_none() {
            self.refuse_red(&scope)?;
        }
        let work = match &scope {
            StageScope::Default => {
                self.standing.stages.default = stage;
                let all: Vec<Id> = self.site.iter().flat_map(|site| site.all()).collect();
                self.restage(&all)
            }
            StageScope::Device(device) => {
                self.standing.stages.devices.insert(device.clone(), stage);
                let id: Vec<Id> = self.site.iter().filter_map(|site| site.id(device)).collect();
                self.restage(&id)
            }
            StageScope::Conduit(conduit) => self.stage_conduit(conduit.clone(), stage),
        };
        self.save();
        self.audit(Some(by), Act::Staged { scope, stage, despite }, work);
        Ok(work.into())
    }

    fn check_scope(&self, scope: &StageScope) -> Result<(), Refusal> {
        // before the first policy, so that the first policy can begin by watching
        if *scope == StageScope::Default {
            return Ok(());
        }
        let site = self.site.as_ref().ok_or(Refusal::NoPolicy)?;
        match scope {
            StageScope::Default => Ok(()),
            StageScope::Device(device) => {
                site.id(device).map(|_| ()).ok_or_else(|| Refusal::UnknownDevice(device.clone()))
            }
            StageScope::Conduit(conduit) => {
                let declared = site.inventory().conduits.iter();
                declared
                    .map(|declared| ConduitName::between(declared.from.clone(), declared.to.clone()))
                    .any(|declared| declared == *conduit)
                    .then_some(())
                    .ok_or_else(|| Refusal::UnknownConduit(conduit.clone()))
            }
        }
    }

    /// Enforcing what shadow says would stop something takes a reason.
    fn refuse_red(&self, scope: &StageScope) -> Result<(), Refusal> {
        let concerned = |device: &DeviceName| match scope {
            StageScope::Default => !self.standing.stages.devices.contains_key(device),
            StageScope::Device(name) => name == device,
            StageScope::Conduit(_) => false,
        };
        let red: Vec<_> = self
            .denials
            .iter()
            .filter(|summary| summary.kind.only_counted)
            .filter(|summary| {
                let ends = [&summary.kind.subject, &summary.kind.object].map(|party| party.device());
                match scope {
                    StageScope::Conduit(conduit) => self.crosses(ends, conduit),
                    StageScope::Default | StageScope::Device(_) => ends.into_iter().flatten().any(concerned),
                }
            })
            .collect();
        let Some(example) = red.first() else { return Ok(()) };
        let count = red.iter().map(|summary| summary.count).fold(0, u64::saturating_add);
        let (subject, object) = (&example.kind.subject, &example.kind.object);
        Err(Refusal::WouldDeny { count, example: format!("{subject} -> {object} {}", example.kind.carrier) })
    }

    fn crosses(&self, ends: [Option<&DeviceName>; 2], conduit: &ConduitName) -> bool {
        let [Some(one), Some(other)] = ends else { return false };
        let inventory = self.site.as_ref().map(|site| site.inventory());
        let zone = |name| Some(inventory?.devices.get(name)?.zone.clone());
        let zones = zone(one).zip(zone(other));
        zones.is_some_and(|(one, other)| ConduitName::between(one, other) == *conduit)
    }

    /// A stage of a device changes rules of its own only: nothing is judged.
    fn restage(&mut self, ids: &[Id]) -> Work {
        let mut patch = Patch::default();
        for &id in ids {
            self.retract_own(id, &mut patch);
            self.settle(id, &mut patch);
            self.put_conduits_of(id, &mut patch);
        }
        self.finish(patch, 0)
    }

    fn stage_conduit(&mut self, conduit: ConduitName, stage: Stage) -> Work {
        let mut patch = Patch::default();
        let pairs = self.pairs_across(&conduit);
        pairs.iter().for_each(|&(one, other)| self.take_pair(one, other, &mut patch));
        match stage {
            Stage::Enforce => self.standing.stages.conduits.remove(&conduit),
            Stage::Shadow | Stage::Observe => self.standing.stages.conduits.insert(conduit, stage),
        };
        pairs.iter().for_each(|&(one, other)| self.put_pair(one, other, stage, &mut patch));
        self.finish(patch, 0)
    }

    pub(super) fn put_all_conduits(&mut self, patch: &mut Patch) {
        for (conduit, stage) in self.standing.stages.conduits.clone() {
            for (one, other) in self.pairs_across(&conduit) {
                self.put_pair(one, other, stage, patch);
            }
        }
    }

    pub(super) fn put_conduits_of(&mut self, id: Id, patch: &mut Patch) {
        for (other, stage) in self.staged_with(id) {
            self.put_pair(id, other, stage, patch);
        }
    }

    pub(super) fn take_conduits_of(&mut self, id: Id, patch: &mut Patch) {
        for (other, _) in self.staged_with(id) {
            self.take_pair(id, other, patch);
        }
    }

    /// The devices at the other end of every conduit that is not enforced, with its stage.
    fn staged_with(&self, id: Id) -> Vec<(Id, Stage)> {
        let Some(site) = &self.site else { return Vec::new() };
        let Some(device) = site.device(id) else { return Vec::new() };
        let staged = self.standing.stages.conduits.iter();
        staged
            .filter_map(|(conduit, stage)| Some((conduit.other_end(&device.zone)?, *stage)))
            .flat_map(|(zone, stage)| site.zone(zone).iter().map(move |&other| (other, stage)))
            .filter(|(other, _)| *other != id)
            .collect()
    }

    fn pairs_across(&self, conduit: &ConduitName) -> Vec<(Id, Id)> {
        let Some(site) = &self.site else { return Vec::new() };
        let (one, other) = conduit.zones();
        let here = site.zone(one).iter();
        here.flat_map(|&a| site.zone(other).iter().map(move |&b| (a, b))).filter(|(a, b)| a != b).collect()
    }

    fn put_pair(&mut self, one: Id, other: Id, stage: Stage, patch: &mut Patch) {
        let rule = match stage {
            Stage::Enforce => return,
            Stage::Shadow => Rule::ShadowPair,
            Stage::Observe => Rule::ObservePair,
        };
        let Some((here, there)) = self.places(one, other) else { return };
        for (a, b) in meetings(&here, &there) {
            let (low, high) = ordered(a, b);
            patch.put(&mut self.rules, rule(low, high), Terms::ACCEPT);
        }
    }

    fn take_pair(&mut self, one: Id, other: Id, patch: &mut Patch) {
        let Some((here, there)) = self.places(one, other) else { return };
        for (a, b) in meetings(&here, &there) {
            let (low, high) = ordered(a, b);
            patch.take(&mut self.rules, &Rule::ShadowPair(low, high));
            patch.take(&mut self.rules, &Rule::ObservePair(low, high));
        }
    }
}
