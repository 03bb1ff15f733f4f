//! Keeps the rules: judges anew what an input touches, and nothing else.

use super::Gateway;
use crate::facts::{Access, Asker, Facts};
use crate::perimeter::{Patch, difference, meetings, ordered, path, services};
use crate::site::Id;
use crate::{Act, Place, Strangers};
use nullius_model::{Channel, Path, Rule, RuleChange, RuleSet, SmolStr, Terms, Verdict};
use nullius_policy::ServiceId;
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

/// One access that was judged.
#[derive(Clone, Debug)]
struct Judged {
    subject: Id,
    object: Id,
    channel: Channel,
    access: Access,
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
            self.retract(subject, object, &mut patch);
            let found = self.facts().map(|facts| facts.judge_pair(subject, object)).unwrap_or_default();
            judged += self.install(found, &mut patch);
            self.tie(subject, object, &mut patch);
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
        let mut peers = self.peers(id);
        for &peer in &peers {
            self.retract(id, peer, patch);
            if touched == Touched::Place {
                self.retract(peer, id, patch);
            }
        }
        if touched == Touched::Place {
            self.retract_own(id, patch);
            self.settle(id, patch);
            self.put_conduits_of(id, patch);
        }
        let found = self.judge(id, touched);
        peers.extend(
            found.iter().flat_map(|judged| [judged.subject, judged.object]).filter(|peer| *peer != id),
        );
        let judged = self.install(found, patch);
        peers.into_iter().for_each(|peer| self.tie(id, peer, patch));
        judged
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
        for Judged { subject, object, channel, access } in found {
            if let Some(end) = access.holds_until {
                self.schedule.note((subject, object), end, self.now.uptime);
            }
            if access.verdict == Verdict::Deny || access.ends.is_some_and(|end| end <= self.now.uptime) {
                continue;
            }
            let Some((one, other)) = self.places(subject, object) else { continue };
            let terms = Terms { verdict: access.verdict, ends: access.ends };
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

impl Facts<'_> {
    fn judge_uses_of(&self, subject: Id) -> Vec<Judged> {
        let Some(asker) = self.present(subject) else { return Vec::new() };
        let policies = &self.site.version.policies;
        let mut services = policies.services_of(&self.site.directory, asker.name);
        let mut granted = self.granted(|(who, _)| who == subject).map(|(_, service)| service).collect();
        services.append(&mut granted);
        services.sort_unstable();
        services.dedup();
        services.iter().filter_map(|service| self.judge_one(&asker, service)).collect()
    }

    fn judge_clients_of(&self, object: Id) -> Vec<Judged> {
        let Some(asked) = self.present(object) else { return Vec::new() };
        let candidates = self.site.version.policies.clients_of(&self.site.directory, asked.name);
        let named =
            candidates.into_iter().filter_map(|(name, service)| Some((self.site.id(&name)?, service)));
        let granted = self.granted(|(_, whom)| whom == object).map(|((who, _), service)| (who, service));
        let mut clients = BTreeMap::<Id, BTreeSet<ServiceId>>::new();
        named.chain(granted).for_each(|(who, service)| {
            clients.entry(who).or_default().insert(service);
        });
        let askers = clients.into_iter().filter_map(|(who, services)| Some((self.present(who)?, services)));
        askers
            .flat_map(|(asker, services)| {
                services.into_iter().filter_map(move |service| self.judge_one(&asker, &service))
            })
            .collect()
    }

    fn judge_pair(&self, subject: Id, object: Id) -> Vec<Judged> {
        let Some((asker, device)) = self.present(subject).zip(self.site.device(object)) else {
            return Vec::new();
        };
        let service = |name: &SmolStr| ServiceId { device: device.name.clone(), service: name.clone() };
        device.services.keys().filter_map(|name| self.judge_one(&asker, &service(name))).collect()
    }

    fn granted(&self, concerns: impl Fn((Id, Id)) -> bool) -> impl Iterator<Item = ((Id, Id), ServiceId)> {
        let pairs = self.grants.iter().filter(move |(pair, _)| concerns(**pair));
        let service = |id| self.standing.grants.get(id).map(|grant| grant.object.clone());
        pairs.flat_map(move |(pair, ids)| ids.iter().filter_map(service).map(|service| (*pair, service)))
    }

    /// A device that takes part; nobody else is judged at all.
    fn present(&self, id: Id) -> Option<Asker<'_>> {
        self.site.node(id).filter(|node| node.place.is_some())?;
        self.asker(id)
    }

    fn judge_one(&self, asker: &Asker<'_>, service: &ServiceId) -> Option<Judged> {
        let object = self.site.id(&service.device)?;
        let channel = self.site.inventory().service(service)?.channel;
        let present = self.site.node(object).is_some_and(|node| node.place.is_some());
        (present && object != asker.id).then(|| Judged {
            subject: asker.id,
            object,
            channel,
            access: self.access(asker, object, service),
        })
    }
}
