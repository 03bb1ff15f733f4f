//! The rules around devices: which there should be for one device, and for two that may talk.

use crate::Place;
use crate::facts::{Facts, Lifecycle};
use crate::site::Id;
use nullius_model::{Channel, Path, Rule, RuleChange, RuleSet, Stage, Terms};
use nullius_policy::inventory::Device;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::RangeInclusive;

/// Changes a set of rules, and keeps what it held before where it is touched.
#[derive(Debug, Default)]
pub(crate) struct Patch {
    before: BTreeMap<Rule, Option<Terms>>,
}

impl Patch {
    pub(crate) fn take(&mut self, rules: &mut RuleSet, rule: &Rule) {
        let terms = rules.remove(rule);
        if terms.is_some() {
            self.before.entry(rule.clone()).or_insert(terms);
        }
    }

    /// Two services may share a channel: what the packet path cannot tell apart gets the narrower of the two.
    pub(crate) fn put(&mut self, rules: &mut RuleSet, rule: Rule, terms: Terms) {
        let here = rules.get(&rule).copied();
        self.before.entry(rule.clone()).or_insert(here);
        let terms = match here {
            Some(here) if matches!(rule, Rule::Service { .. }) => narrower(here, terms),
            Some(_) | None => terms,
        };
        rules.insert(rule, terms);
    }

    /// What became of the rules. What tells a stranger from a double goes last.
    pub(crate) fn finish(self, rules: &RuleSet) -> RuleChange {
        let mut change = RuleChange::default();
        for (rule, before) in self.before {
            let after = rules.get(&rule).copied();
            if before == after {
                continue;
            }
            if before.is_some() {
                change.remove.push(rule.clone());
            }
            change.add.extend(after.map(|terms| (rule, terms)));
        }
        change.remove.reverse();
        change
    }
}

/// What the packet path gets for two that it cannot tell apart.
pub(crate) fn narrower(one: Terms, other: Terms) -> Terms {
    Terms { verdict: one.verdict.min(other.verdict), ends: one.ends.into_iter().chain(other.ends).min() }
}

/// What leads from one set to another, what tells a stranger from a double going last.
pub(crate) fn difference(old: &RuleSet, new: &RuleSet) -> RuleChange {
    let mut change = RuleChange::between(old, new);
    change.remove.reverse();
    change
}

/// The addresses at which two devices can meet: of the same family, and link-local with link-local on one link only.
pub(crate) fn meetings<'a>(one: &'a Place, other: &'a Place) -> impl Iterator<Item = (IpAddr, IpAddr)> + 'a {
    let routed = path(one, other) == Path::Routed;
    one.addresses.iter().flat_map(move |&a| {
        other.addresses.iter().map(move |&b| (a, b)).filter(move |&(a, b)| {
            let local = is_link_local(a);
            a.is_ipv4() == b.is_ipv4() && local == is_link_local(b) && !(routed && local)
        })
    })
}

const fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// How packets get from one device to another.
pub(crate) const fn path(one: &Place, other: &Place) -> Path {
    match (one.side, other.side) {
        (Path::Bridged, Path::Bridged) => Path::Bridged,
        (Path::Routed, Path::Bridged | Path::Routed) | (Path::Bridged, Path::Routed) => Path::Routed,
    }
}

/// Every rule that gives a client at one address a service at another.
pub(crate) fn services(client: IpAddr, server: IpAddr) -> RangeInclusive<Rule> {
    let service = |channel, path| Rule::Service { client, server, channel, path };
    service(Channel::Tcp(0), Path::Bridged)..=service(Channel::Echo, Path::Routed)
}

/// Two addresses in the order that rules about pairs want.
pub(crate) fn ordered(one: IpAddr, other: IpAddr) -> (IpAddr, IpAddr) {
    if one <= other { (one, other) } else { (other, one) }
}

impl Facts<'_> {
    /// The rules of a device that name no other.
    pub(crate) fn own_rules(&self, id: Id, place: Option<&Place>) -> Vec<(Rule, Terms)> {
        let Some(device) = self.site.device(id) else { return Vec::new() };
        let Some(place) = place else { return self.rules_of_revoked(id, device) };
        let mut rules = vec![Rule::Known(place.mac)];
        rules.extend(place.addresses.iter().map(|&address| Rule::Address {
            port: place.port.clone(),
            mac: place.mac,
            address,
        }));
        rules.extend(device.frames.iter().map(|frame| Rule::Frame {
            port: place.port.clone(),
            source: place.mac,
            destination: frame.to,
            ethertype: frame.ethertype,
            application: frame.application,
        }));
        rules.extend(self.stage_rules(device, place));
        rules.extend(self.onboarding_rules(device, place));
        rules.into_iter().map(|rule| (rule, Terms::ACCEPT)).collect()
    }

    /// A revoked device stays known, so that nothing which uses its hardware address passes for a stranger.
    fn rules_of_revoked(&self, id: Id, device: &Device) -> Vec<(Rule, Terms)> {
        let revoked = self.lifecycle(id) == Lifecycle::Revoked;
        let mac = self.home(device).map(|(_, mac)| mac).filter(|_| revoked);
        mac.filter(|mac| self.site.owner_of_mac(*mac) == Some(id))
            .map(|mac| (Rule::Known(mac), Terms::ACCEPT))
            .into_iter()
            .collect()
    }

    fn stage_rules(&self, device: &Device, place: &Place) -> Vec<Rule> {
        let rule = match self.stage(&device.name) {
            Stage::Enforce => return Vec::new(),
            Stage::Shadow => Rule::Shadow,
            Stage::Observe => Rule::Observe,
        };
        place.addresses.iter().copied().map(rule).collect()
    }

    fn onboarding_rules(&self, device: &Device, place: &Place) -> Vec<Rule> {
        let onboarding = &self.site.inventory().onboarding;
        let offered = onboarding.iter().filter(|service| service.device == device.name);
        let channels =
            offered.filter_map(|id| device.services.get(&id.service)).map(|service| service.channel);
        channels
            .flat_map(|channel| {
                place.addresses.iter().map(move |&server| Rule::Onboarding { server, channel })
            })
            .collect()
    }
}
