//! Asks policy about accesses: one service of one device for another. Read only.

use crate::facts::{Access, Asker, Facts};
use crate::site::Id;
use nullius_model::{Channel, SmolStr, Terms, Uptime, Verdict};
use nullius_policy::ServiceId;
use std::collections::{BTreeMap, BTreeSet};

/// One access that was judged.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    pub(super) subject: Id,
    pub(super) object: Id,
    pub(super) channel: Channel,
    pub(super) access: Access,
}

impl Judged {
    /// What the packet path is told of it, if anything is given.
    pub(super) fn terms(&self, now: Uptime) -> Option<Terms> {
        let Access { verdict, ends, .. } = self.access;
        let is_given = verdict != Verdict::Deny && ends.is_none_or(|end| end > now);
        is_given.then_some(Terms { verdict, ends })
    }
}

impl Facts<'_> {
    /// What a device may use.
    pub(super) fn judge_uses_of(&self, subject: Id) -> Vec<Judged> {
        let Some(asker) = self.present(subject) else { return Vec::new() };
        let policies = &self.site.version.policies;
        let mut services = policies.services_of(&self.site.directory, asker.name);
        let mut granted = self.granted(|(who, _)| who == subject).map(|(_, service)| service).collect();
        services.append(&mut granted);
        services.sort_unstable();
        services.dedup();
        services.iter().filter_map(|service| self.judge_one(&asker, service)).collect()
    }

    /// Who may use what a device offers.
    pub(super) fn judge_clients_of(&self, object: Id) -> Vec<Judged> {
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

    /// What one device may use of another.
    pub(super) fn judge_pair(&self, subject: Id, object: Id) -> Vec<Judged> {
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
