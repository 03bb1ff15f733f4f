//! Who could be given what: from the scopes of the permits, whatever their conditions say.

use super::rule::{Rule, Scope};
use super::{Pair, Policies};
use crate::ServiceId;
use crate::decision::Effect;
use crate::directory::{Device, Directory, Service};
use crate::entity::Kind;
use nullius_model::DeviceName;
use std::collections::BTreeSet;

impl Policies {
    /// The services a policy could give to `subject`: never fewer than it may use, grants apart. In order.
    pub fn services_of(&self, directory: &Directory, subject: &DeviceName) -> Vec<ServiceId> {
        let Some(subject) = directory.device(subject) else { return Vec::new() };
        let mut found = BTreeSet::new();
        for place in self.index.of_subject(&subject.entity) {
            let Some(rule) = self.rules.get(place) else { continue };
            if rule.effect == Effect::Allow && rule.subject.contains(&subject.entity) {
                for device in offering(directory, &rule.object) {
                    found.extend(reached(rule, device).map(|service| id(device, service)));
                }
            }
        }
        found.into_iter().collect()
    }

    /// Of the services that a policy could give to `subject`, those whose verdict may be another in another mode. In order.
    pub fn services_by_mode(&self, directory: &Directory, subject: &DeviceName) -> Vec<ServiceId> {
        if !self.rules.iter().any(|rule| rule.clock.mode) {
            return Vec::new();
        }
        let mut services = self.services_of(directory, subject);
        services.retain(|service| self.hangs_on_mode(directory, subject, service));
        services
    }

    /// What the plant is doing may have a say in what `subject` can do with `object`.
    pub fn hangs_on_mode(&self, directory: &Directory, subject: &DeviceName, object: &ServiceId) -> bool {
        let pair = Pair::find(directory, subject, object);
        pair.is_some_and(|pair| self.fitting(pair).iter().any(|rule| rule.clock.mode))
    }

    /// Who could be given a service of `device`: never fewer than may use it, grants apart. In order.
    pub fn clients_of(&self, directory: &Directory, device: &DeviceName) -> Vec<(DeviceName, ServiceId)> {
        let Some(device) = directory.device(device) else { return Vec::new() };
        let mut found = BTreeSet::new();
        for rule in self.rules.iter().filter(|rule| rule.effect == Effect::Allow) {
            for service in reached(rule, device) {
                for client in asking(directory, &rule.subject) {
                    found.insert((client.name.clone(), id(device, service)));
                }
            }
        }
        found.into_iter().collect()
    }
}

/// The services of `device` the rule speaks of, with at least one of their verbs.
fn reached<'d>(rule: &Rule, device: &'d Device) -> impl Iterator<Item = &'d Service> {
    let services = device.services.values();
    services.filter(|service| rule.verbs(service.language) != 0 && rule.object.contains(&service.entity))
}

/// The devices whose services `scope` may hold.
fn offering<'d>(directory: &'d Directory, scope: &Scope) -> Box<dyn Iterator<Item = &'d Device> + 'd> {
    match &scope.of {
        None => Box::new(directory.all()),
        Some(uid) if uid.kind == Kind::Service => {
            let device = uid.name.split_once('/').and_then(|(device, _)| DeviceName::new(device).ok());
            Box::new(device.and_then(|device| directory.device(&device)).into_iter())
        }
        Some(uid) => directory.within(uid),
    }
}

/// The devices that `scope` holds.
fn asking<'d>(directory: &'d Directory, scope: &'d Scope) -> impl Iterator<Item = &'d Device> {
    let devices = match &scope.of {
        None => Box::new(directory.all()),
        Some(uid) => directory.within(uid),
    };
    devices.filter(|device| scope.contains(&device.entity))
}

fn id(device: &Device, service: &Service) -> ServiceId {
    ServiceId { device: device.name.clone(), service: service.declared.name.clone() }
}
