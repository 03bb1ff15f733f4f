//! Keeps the rules: judges anew what an input touches, and nothing else.

use super::Gateway;
use super::judging::Judged;
use crate::perimeter::{Patch, difference, meetings, narrower, ordered, path, services};
use crate::site::Id;
use crate::{Act, Place, Strangers};
use nullius_model::{Channel, Path, Rule, RuleChange, RuleSet, Terms};
use std::collections::{BTreeMap, BTreeSet};

/// Pairs that time makes due are judged in batches of this size, so that a policy that changes for everybody at eight
/// o'clock holds up a revocation by milliseconds only.
const BATCH: usize = 512;

/// What an event cost and led to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Work {
    pub(super) judged: usize,
    pub(super) generation: Option<u64>,
}

/// What of a device changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Touched {
    /// Where it is, or whether it takes part at all: both directions.
    Place,
    /// What is known of it: what it may use.
    Inputs,
}

impl Gateway {
    /// The rules that the same state gives from nothing: what the incremental ones must equal.
    pub fn rules_from_scratch(&self) -> RuleSet {
        let mut other = Self::new(self.settings.clone(), self.standing.clone(), self.now);
        other.strangers = self.strangers.clone();
        other.clock = self.clock;
        if let Some(site) = &self.site {
            other.handle_policy(site.version.clone(), self.now);
        }
        other.rules
    }

    /// Judges everything, and says what changed.
    pub(super) fn rebuild(&mut self) -> (RuleChange, usize) {
        let old = std::mem::take(&mut self.rules);
        self.schedule = crate::schedule::Schedule::default();
        self.site.iter_mut().for_each(|site| site.untie());
        self.put_port_rules();
        let ids: Vec<Id> = self.site.iter().flat_map(|site| site.all()).collect();
        // patches are thrown away here: the difference is taken between the whole sets
        ids.iter().for_each(|&id| self.settle(id, &mut Patch::default()));
        let mut judged = 0;
        for &id in &ids {
            let found = self.judge(id, Touched::Inputs);
            judged += self.install(found, &mut Patch::default());
        }
        self.put_all_conduits(&mut Patch::default());
        self.count(judged);
        (difference(&old, &self.rules), judged)
    }

    /// Judges anew what depends on one device, and sends what changed.
    pub(super) fn refresh(&mut self, id: Id, touched: Touched) -> Work {
        let mut patch = Patch::default();
        let judged = self.refresh_into(id, touched, &mut patch);
        self.finish(patch, judged)
    }

    /// The same for several devices, in one step.
    pub(super) fn refresh_all(&mut self, ids: &[Id], touched: Touched) -> Work {
        let mut patch = Patch::default();
        let judged = ids.iter().map(|&id| self.refresh_into(id, touched, &mut patch)).sum();
        self.finish(patch, judged)
    }

    /// Judges anew what one device may use of another, and sends what changed.
    pub(super) fn refresh_pairs(&mut self, pairs: &[(Id, Id)]) -> Work {
        let mut patch = Patch::default();
        let mut judged = 0;
        for &(subject, object) in pairs {
            let found = self.facts().map(|facts| facts.judge_pair(subject, object)).unwrap_or_default();
            judged += self.update(subject, object, found, &mut patch);
        }
        self.finish(patch, judged)
    }

    /// The time has come for some pairs.
    pub(super) fn judge_due(&mut self) {
        let now = self.now.uptime;
        let due: Vec<_> = std::iter::from_fn(|| self.schedule.take_due(now)).take(BATCH).collect();
        if due.is_empty() {
            return;
        }
        let work = self.refresh_pairs(&due);
        if work.generation.is_some() {
            self.audit(None, Act::Elapsed, work);
        }
    }

    /// Judges anew all that depends on time.
    pub(super) fn judge_scheduled(&mut self) -> Work {
        let pairs = self.schedule.pairs();
        self.refresh_pairs(&pairs)
    }

    pub(super) fn finish(&mut self, patch: Patch, judged: usize) -> Work {
        self.count(judged);
        let change = patch.finish(&self.rules);
        Work { judged, generation: self.enforce(change) }
    }

    fn count(&mut self, judged: usize) {
        self.judged = self.judged.saturating_add(u64::try_from(judged).unwrap_or(u64::MAX));
    }

    fn refresh_into(&mut self, id: Id, touched: Touched, patch: &mut Patch) -> usize {
        match touched {
            Touched::Place => self.refresh_place(id, patch),
            Touched::Inputs => self.refresh_uses(id, patch),
        }
    }

    fn refresh_place(&mut self, id: Id, patch: &mut Patch) -> usize {
        let mut peers = self.peers(id);
        for &peer in &peers {
            self.retract(id, peer, patch);
            self.retract(peer, id, patch);
        }
        self.retract_own(id, patch);
        self.settle(id, patch);
        self.put_conduits_of(id, patch);
        let found = self.judge(id, Touched::Place);
        peers.extend(
            found.iter().flat_map(|judged| [judged.subject, judged.object]).filter(|peer| *peer != id),
        );
        let judged = self.install(found, patch);
        peers.into_iter().for_each(|peer| self.tie(id, peer, patch));
        judged
    }

    fn refresh_uses(&mut self, id: Id, patch: &mut Patch) -> usize {
        let peers = self.peers(id).into_iter().map(|peer| (peer, Vec::new()));
        let mut by_peer: BTreeMap<Id, Vec<Judged>> = peers.collect();
        for judged in self.judge(id, Touched::Inputs) {
            by_peer.entry(judged.object).or_default().push(judged);
        }
        by_peer.into_iter().map(|(peer, found)| self.update(id, peer, found, patch)).sum()
    }

    /// Puts what a client may use of a server in place of what it might before, and says how much was judged. What is as
    /// it was is not touched: of a device that may use something of everybody, one input changes next to nothing.
    fn update(&mut self, client: Id, server: Id, found: Vec<Judged>, patch: &mut Patch) -> usize {
        if !self.is_in_force(client, server, &found) {
            self.retract(client, server, patch);
            let judged = self.install(found, patch);
            self.tie(client, server, patch);
            return judged;
        }
        self.schedule.forget((client, server));
        found.iter().for_each(|judged| self.note_end(judged));
        found.len()
    }

    /// The rules between a client and a server are those that `found` asks for.
    fn is_in_force(&self, client: Id, server: Id, found: &[Judged]) -> bool {
        let mut wanted = BTreeMap::<Channel, Terms>::new();
        for (channel, terms) in
            found.iter().filter_map(|one| Some((one.channel, one.terms(self.now.uptime)?)))
        {
            wanted.entry(channel).and_modify(|here| *here = narrower(*here, terms)).or_insert(terms);
        }
        let place = |id| self.site.as_ref()?.node(id)?.place.as_ref();
        let Some((one, other)) = place(client).zip(place(server)) else { return false };
        let path = path(one, other);
        meetings(one, other).all(|(from, to)| {
            let there = self.rules.range(services(from, to)).filter_map(|(rule, terms)| match rule {
                Rule::Service { channel, path, .. } => Some((channel, path, terms)),
                _ => None,
            });
            there.eq(wanted.iter().map(|(channel, terms)| (channel, &path, terms)))
        })
    }

    fn peers(&self, id: Id) -> BTreeSet<Id> {
        self.site.as_ref().and_then(|site| site.node(id)).map(|node| node.peers.clone()).unwrap_or_default()
    }

    /// Where the rules in force say two devices are.
    pub(super) fn places(&self, one: Id, other: Id) -> Option<(Place, Place)> {
        let site = self.site.as_ref()?;
        Some((site.node(one)?.place.clone()?, site.node(other)?.place.clone()?))
    }

    /// Takes away what a client may use of a server, and what lets the two find each other.
    fn retract(&mut self, client: Id, server: Id, patch: &mut Patch) {
        self.schedule.forget((client, server));
        let Some((one, other)) = self.places(client, server) else { return };
        for (from, to) in meetings(&one, &other) {
            let there: Vec<Rule> =
                self.rules.range(services(from, to)).map(|(rule, _)| rule.clone()).collect();
            there.iter().for_each(|rule| patch.take(&mut self.rules, rule));
            let (low, high) = ordered(from, to);
            patch.take(&mut self.rules, &Rule::Neighbours(low, high));
        }
    }

    pub(super) fn retract_own(&mut self, id: Id, patch: &mut Patch) {
        self.take_conduits_of(id, patch);
        let Some(node) = self.site.as_ref().and_then(|site| site.node(id)) else { return };
        node.own.iter().for_each(|(rule, _)| patch.take(&mut self.rules, rule));
    }

    /// Writes down where a device is, and puts the rules that name no other.
    pub(super) fn settle(&mut self, id: Id, patch: &mut Patch) {
        let Some(facts) = self.facts() else { return };
        let place = facts.place(id);
        let own = facts.own_rules(id, place.as_ref());
        own.iter().for_each(|(rule, terms)| patch.put(&mut self.rules, rule.clone(), *terms));
        if let Some(place) = &place {
            // whoever was seen there before the policy came is this device
            self.strangers.remove(&place.port, place.mac);
        }
        if let Some(node) = self.site.as_mut().and_then(|site| site.node_mut(id)) {
            (node.place, node.own) = (place, own);
        }
    }

    /// What strangers get at each port, whatever the policy.
    pub(super) fn put_port_rules(&mut self) {
        for (port, settings) in &self.settings.ports {
            let rule = match settings.strangers {
                Strangers::Hold => continue,
                Strangers::Onboard => Rule::OnboardingPort(port.clone()),
                Strangers::Watch => Rule::WatchedPort(port.clone()),
            };
            self.rules.insert(rule, Terms::ACCEPT);
        }
    }

    fn judge(&self, id: Id, touched: Touched) -> Vec<Judged> {
        let Some(facts) = self.facts() else { return Vec::new() };
        let mut found = facts.judge_uses_of(id);
        if touched == Touched::Place {
            found.extend(facts.judge_clients_of(id));
        }
        found
    }

    /// Puts a rule for each access that is given, notes when it must be judged again, and says how many there were.
    fn install(&mut self, found: Vec<Judged>, patch: &mut Patch) -> usize {
        let judged = found.len();
        for one in found {
            self.note_end(&one);
            let Some(terms) = one.terms(self.now.uptime) else { continue };
            let Judged { subject, object, channel, .. } = one;
            let Some((one, other)) = self.places(subject, object) else { continue };
            let path = path(&one, &other);
            for (client, server) in meetings(&one, &other) {
                patch.put(&mut self.rules, Rule::Service { client, server, channel, path }, terms);
                if path == Path::Bridged {
                    let (low, high) = ordered(client, server);
                    patch.put(&mut self.rules, Rule::Neighbours(low, high), Terms::ACCEPT);
                }
            }
            self.befriend(subject, object, true);
        }
        judged
    }

    fn note_end(&mut self, judged: &Judged) {
        if let Some(end) = judged.access.holds_until {
            self.schedule.note((judged.subject, judged.object), end, self.now.uptime);
        }
    }

    /// Two devices may find each other where a service rule is left in either direction, and not otherwise.
    fn tie(&mut self, one: Id, other: Id, patch: &mut Patch) {
        let mut tied = false;
        if let Some((here, there)) = self.places(one, other) {
            for (a, b) in meetings(&here, &there) {
                let any = |range| self.rules.range(range).next().is_some();
                let meet = any(services(a, b)) || any(services(b, a));
                tied |= meet;
                let (low, high) = ordered(a, b);
                if meet && path(&here, &there) == Path::Bridged {
                    patch.put(&mut self.rules, Rule::Neighbours(low, high), Terms::ACCEPT);
                }
            }
        }
        self.befriend(one, other, tied);
    }

    fn befriend(&mut self, one: Id, other: Id, tied: bool) {
        let Some(site) = &mut self.site else { return };
        for (id, peer) in [(one, other), (other, one)] {
            let Some(node) = site.node_mut(id) else { continue };
            if tied {
                node.peers.insert(peer);
            } else {
                node.peers.remove(&peer);
            }
        }
    }
}
