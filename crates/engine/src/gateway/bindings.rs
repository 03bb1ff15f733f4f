//! Who is where: what the ports saw, and what it means for devices (R-10, R-33, attack 1).
//!
//! INVARIANT: a binding never moves by itself. What shows up elsewhere is a double while the device is there, and a
//! stranger while it is not.

use super::Gateway;
use super::perimeters::{Touched, Work};
use crate::facts::Lifecycle;
use crate::site::Id;
use crate::{Act, Actor, Alarm, Learned, LeaseEnd, Now, Strangers};
use nullius_model::{DeviceName, Mac, PortName, SmolStr, is_on_site};
use std::net::IpAddr;

impl Gateway {
    /// A frame of `mac` came in at `port`, from `address` where it had one.
    pub fn handle_station(&mut self, port: &PortName, mac: Mac, address: Option<IpAddr>, now: Now) {
        self.enter(now);
        if self.settings.ports.contains_key(port) && !mac.is_group() && !mac.is_none() {
            self.sighted(port, mac, address.filter(|address| is_station(*address)));
        }
    }

    /// The link of a port came or went. While it is gone, the addresses of the devices behind it are nobody's.
    pub fn handle_link(&mut self, port: &PortName, up: bool, now: Now) {
        self.enter(now);
        let changed = self.settings.ports.contains_key(port)
            && if up { self.standing.down.remove(port) } else { self.standing.down.insert(port.clone()) };
        if !changed {
            return;
        }
        let ended = (!up).then(|| self.take_evidence_at(port));
        let mut work = Work::default();
        if !up {
            self.strangers.clear(port);
            work = self.settle_conflicts_at(port);
        }
        let behind = self.devices_behind(port);
        let moved = self.refresh_all(&behind, Touched::Place);
        work = Work { judged: work.judged + moved.judged, generation: moved.generation.or(work.generation) };
        self.save();
        ended.into_iter().for_each(|ended| self.record_ended(ended, work));
        self.audit(None, Act::Link { port: port.clone(), up }, work);
    }

    pub(super) fn sighted(&mut self, port: &PortName, mac: Mac, address: Option<IpAddr>) {
        let owner = self.site.as_ref().and_then(|site| site.owner_of_mac(mac));
        let at_home = owner.filter(|&owner| self.is_home(owner, port, mac));
        if let Some(address) = address {
            self.check_address(port, mac, address, at_home.or(owner));
        }
        match (at_home, owner) {
            (Some(device), _) => self.seen_at_home(device, address),
            (None, Some(device)) => self.seen_elsewhere(device, port, mac, address),
            (None, None) => self.note_stranger(port, mac, address),
        }
    }

    /// A network address of one device, used by somebody else: a double, though it has a hardware address of its own.
    fn check_address(&mut self, port: &PortName, mac: Mac, address: IpAddr, sender: Option<Id>) {
        let owner = self.site.as_ref().and_then(|site| site.owner_of_address(address));
        if let Some(owner) = owner.filter(|owner| sender != Some(*owner))
            && self.takes_part(owner)
        {
            self.conflict(owner, port, mac);
        }
    }

    fn seen_at_home(&mut self, id: Id, address: Option<IpAddr>) {
        let now = self.now.uptime;
        if let Some(node) = self.site.as_mut().and_then(|site| site.node_mut(id)) {
            node.last_seen = Some(now);
        }
        if let Some(address) = address {
            self.learn_address(id, address);
        }
    }

    fn seen_elsewhere(&mut self, id: Id, port: &PortName, mac: Mac, address: Option<IpAddr>) {
        match self.lifecycle(id) {
            Lifecycle::Active | Lifecycle::Conflict => self.conflict(id, port, mac),
            Lifecycle::Revoked => self.revoked_seen(id, port),
            Lifecycle::Absent => self.note_stranger(port, mac, address),
            Lifecycle::Unknown | Lifecycle::Onboarding => {
                self.note_stranger(port, mac, address);
                self.bind_where_seen(id, port, mac, address);
            }
        }
    }

    fn note_stranger(&mut self, port: &PortName, mac: Mac, address: Option<IpAddr>) {
        let (now, limits) = (self.now.uptime, &self.settings.limits);
        let known = self.strangers.note(port, mac, address, now, limits);
        if !known && let Some(held_back) = self.arrivals.spend(port, now, limits) {
            self.alarm(Alarm::Stranger { port: port.clone(), mac, address, held_back });
        }
    }

    /// A device that the inventory ties to no port is the first station that shows its hardware address, but for ports
    /// where a person has to say so.
    fn bind_where_seen(&mut self, id: Id, port: &PortName, mac: Mac, address: Option<IpAddr>) {
        let hold = self.settings.ports.get(port).is_none_or(|port| port.strangers == Strangers::Hold);
        let declared = self.site.as_ref().and_then(|site| site.device(id));
        let free = declared.filter(|device| !hold && self.settings.declared_port(device).is_none());
        let Some(name) = free.map(|device| device.name.clone()) else {
            return;
        };
        let learned =
            Learned { port: port.clone(), mac, addresses: address.into_iter().collect(), approved_by: None };
        self.bind(id, name, learned, None);
    }

    /// Ties a device to a place, by being seen there or by a person.
    pub(super) fn bind(
        &mut self,
        id: Id,
        name: DeviceName,
        mut learned: Learned,
        by: Option<&Actor>,
    ) -> Work {
        let Learned { port, mac, .. } = learned.clone();
        if let Some(stranger) = self.strangers.remove(&port, mac) {
            learned.addresses.extend(stranger.addresses);
        }
        if let Some(site) = &mut self.site {
            site.disclaim_learned(id);
            site.claim_mac(mac, id);
            learned.addresses.retain(|address| site.claim_address(*address, id));
        }
        if by.is_some() {
            // a person said which of the two it is
            self.standing.conflicts.remove(&name);
        }
        self.standing.learned.insert(name.clone(), learned);
        let ended = self.take_evidence_elsewhere(std::slice::from_ref(&name));
        let work = self.refresh(id, Touched::Place);
        self.save();
        self.record_ended(ended, work);
        self.audit(by, Act::Bound { device: name, port, mac }, work);
        work
    }

    /// A device that declares no addresses has those it is seen with at its place, as many as are kept.
    fn learn_address(&mut self, id: Id, address: IpAddr) {
        let limit = self.settings.limits.addresses_per_station;
        let Some(site) = &mut self.site else { return };
        let Some(device) = site.device(id).filter(|device| device.addresses.is_empty()) else { return };
        let port = self.settings.declared_port(device).cloned();
        let (name, mac) = (device.name.clone(), device.mac);
        let known = self.standing.learned.get(&name);
        if known.is_some_and(|known| known.addresses.contains(&address) || known.addresses.len() >= limit)
            || !is_on_site(address)
            || !site.claim_address(address, id)
        {
            return;
        }
        if let Some(known) = self.standing.learned.get_mut(&name) {
            known.addresses.insert(address);
        } else if let (Some(port), Some(mac)) = (port, mac) {
            let learned = Learned { port, mac, addresses: [address].into(), approved_by: None };
            self.standing.learned.insert(name.clone(), learned);
        }
        let work = self.refresh(id, Touched::Place);
        self.save();
        if let Some((port, mac)) = self.home_of(id) {
            self.audit(None, Act::Bound { device: name, port, mac }, work);
        }
    }

    /// A double was seen. The binding stays where it is; the assurance drops to what the double has.
    fn conflict(&mut self, id: Id, port: &PortName, mac: Mac) {
        let Some((bound, _)) = self.home_of(id) else { return };
        let Some(name) = self.name_of(id) else { return };
        let seen = self.standing.conflicts.entry(name.clone()).or_default();
        if seen.insert(port.clone()) {
            let ended = self.take_vouches([name.clone()], LeaseEnd::Doubted);
            let work = self.refresh(id, Touched::Inputs);
            self.save();
            self.record_ended(ended, work);
            self.audit(None, Act::Conflict { device: name.clone(), seen: port.clone() }, work);
        } else if self.alarms.spend(port, self.now.uptime, &self.settings.limits).is_none() {
            return;
        }
        self.outputs.push_back(crate::Output::Alarm(Alarm::Double {
            device: name,
            bound,
            seen: port.clone(),
            mac,
        }));
    }

    fn revoked_seen(&mut self, id: Id, port: &PortName) {
        let Some(device) = self.name_of(id) else { return };
        if self.alarms.spend(port, self.now.uptime, &self.settings.limits).is_some() {
            self.alarm(Alarm::RevokedSeen { device, port: port.clone() });
        }
    }

    /// The double is gone with the link it came by.
    fn settle_conflicts_at(&mut self, port: &PortName) -> Work {
        let mut settled = Vec::new();
        self.standing.conflicts.retain(|device, ports| {
            if ports.remove(port) && ports.is_empty() {
                settled.push(device.clone());
            }
            !ports.is_empty()
        });
        let ids: Vec<Id> = settled.iter().filter_map(|name| self.site.as_ref()?.id(name)).collect();
        let work = self.refresh_all(&ids, Touched::Inputs);
        for device in settled {
            let reason = SmolStr::new(format!("port {port} lost its link"));
            self.audit(None, Act::Settled { device, reason }, work);
        }
        work
    }

    fn devices_behind(&self, port: &PortName) -> Vec<Id> {
        let Some(facts) = self.facts() else { return Vec::new() };
        let behind = |id: &Id| {
            let device = facts.site.device(*id);
            device.and_then(|device| facts.home(device)).is_some_and(|(home, _)| home == port)
        };
        facts.site.all().filter(behind).collect()
    }

    /// It takes part, and this is its port and hardware address.
    fn is_home(&self, id: Id, port: &PortName, mac: Mac) -> bool {
        self.takes_part(id) && self.home_of(id).is_some_and(|home| home == (port.clone(), mac))
    }

    fn takes_part(&self, id: Id) -> bool {
        matches!(self.lifecycle(id), Lifecycle::Active | Lifecycle::Conflict)
    }

    /// The sender is a device at its place, and uses what is its own.
    pub(super) fn is_itself(&self, port: &PortName, mac: Mac, address: Option<IpAddr>) -> bool {
        let Some(site) = &self.site else { return false };
        let owner = site.owner_of_mac(mac).filter(|&owner| self.is_home(owner, port, mac));
        owner.is_some() && address.is_none_or(|address| site.owner_of_address(address) == owner)
    }

    pub(super) fn lifecycle(&self, id: Id) -> Lifecycle {
        self.facts().map(|facts| facts.lifecycle(id)).unwrap_or_default()
    }

    pub(super) fn home_of(&self, id: Id) -> Option<(PortName, Mac)> {
        let facts = self.facts()?;
        let (port, mac) = facts.home(facts.site.device(id)?)?;
        Some((port.clone(), mac))
    }

    pub(super) fn name_of(&self, id: Id) -> Option<DeviceName> {
        Some(self.site.as_ref()?.node(id)?.name.clone())
    }
}

/// It can be the address of one station.
const fn is_station(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            !(address.is_unspecified()
                || address.is_multicast()
                || address.is_broadcast()
                || address.is_loopback())
        }
        IpAddr::V6(address) => !(address.is_unspecified() || address.is_multicast() || address.is_loopback()),
    }
}
