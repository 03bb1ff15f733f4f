//! What devices prove: leases that live on proofs alone, and keys that live twice (R-16, R-22, attack 8).
//!
//! INVARIANT: a lease is longer only by a proof, at the place the device is bound to; with the link, the place, the key or
//! the device it ends at once.

use super::Gateway;
use super::perimeters::Touched;
use crate::facts::Lifecycle;
use crate::site::Id;
use crate::{Act, Alarm, Cloned, IdentityAct, KeyHash, Lease, LeaseEnd, NoLease, Now, Output, Proof};
use nullius_model::{DeviceName, PortName, SmolStr, Uptime};
use std::net::IpAddr;
use std::time::Duration;

/// Shorter leases end before the next proof can come.
const SHORTEST: Duration = Duration::from_secs(1);

impl Gateway {
    /// A device proved its key, as the door found: the certificate is good, and the key signed a fresh challenge. Gives the
    /// end of the lease.
    ///
    /// # Errors
    /// [`NoLease`] where it gives nothing. What was known before stays, but for a key that lives in two places: both
    /// devices are doubted from here on.
    pub fn handle_proof(&mut self, proof: Proof, now: Now) -> Result<Uptime, NoLease> {
        self.enter(now);
        let id = self.prover(&proof)?;
        self.check_place(id, &proof)?;
        self.check_holder(&proof)?;
        self.check_addresses(id, &proof)?;
        Ok(self.lease(id, proof))
    }

    /// A device gave a wrong proof, said goodbye, or its certificate is believed no more.
    pub fn handle_unproven(&mut self, device: &DeviceName, key: &KeyHash, reason: SmolStr, now: Now) {
        self.enter(now);
        if self.standing.leases.get(device).is_some_and(|lease| lease.key == *key) {
            let ended = self.take_leases([device.clone()], LeaseEnd::Unproven(reason));
            self.judge_ended(ended);
        }
    }

    /// Who it says it is, if anything can be given to it at all.
    fn prover(&self, proof: &Proof) -> Result<Id, NoLease> {
        let Proof { device, key, duration, .. } = proof;
        let site = self.site.as_ref().ok_or(NoLease::NoPolicy)?;
        let id = site.id(device).ok_or_else(|| NoLease::UnknownDevice(device.clone()))?;
        match self.lifecycle(id) {
            _ if self.standing.revoked_keys.contains_key(key) => Err(NoLease::KeyRevoked(device.clone())),
            Lifecycle::Revoked => Err(NoLease::Revoked(device.clone())),
            Lifecycle::Unknown | Lifecycle::Onboarding | Lifecycle::Absent => {
                Err(NoLease::NotBound(device.clone()))
            }
            _ if *duration < SHORTEST => Err(NoLease::TooShort),
            Lifecycle::Active | Lifecycle::Conflict => Ok(id),
        }
    }

    /// It comes from where the device is bound. From anywhere else it is a clone while the device proves itself at home,
    /// and told to a person otherwise.
    fn check_place(&mut self, id: Id, proof: &Proof) -> Result<(), NoLease> {
        let Proof { device, port, mac, .. } = proof;
        let Some((home, home_mac)) = self.home_of(id) else { return Err(NoLease::NotBound(device.clone())) };
        if (&home, home_mac) == (port, *mac) {
            return Ok(());
        }
        if self.standing.leases.contains_key(device) {
            self.cloned(id, &home, proof);
        } else if self.alarms.spend(port, self.now.uptime, &self.settings.limits).is_some() {
            self.alarm(Alarm::Misplaced { device: device.clone(), seen: port.clone(), mac: *mac });
        }
        Err(NoLease::Elsewhere { device: device.clone(), port: home })
    }

    /// Nobody else lives by this key.
    fn check_holder(&mut self, proof: &Proof) -> Result<(), NoLease> {
        let holder = self.expiry.holder(&proof.key).filter(|holder| **holder != proof.device).cloned();
        let Some(holder) = holder else { return Ok(()) };
        if let Some(id) = self.site.as_ref().and_then(|site| site.id(&holder))
            && let Some((bound, _)) = self.home_of(id)
        {
            self.cloned(id, &bound, proof);
        }
        Err(NoLease::Cloned(holder))
    }

    /// Addresses are the device's own. Link-local ones count where they are nobody's: an agent speaks from one.
    fn check_addresses(&self, id: Id, proof: &Proof) -> Result<(), NoLease> {
        let Some(site) = &self.site else { return Err(NoLease::NoPolicy) };
        let local = |address: &IpAddr| match address {
            IpAddr::V4(address) => address.is_link_local(),
            IpAddr::V6(address) => address.is_unicast_link_local(),
        };
        let own = |address: &IpAddr| match site.owner_of_address(*address) {
            Some(owner) => owner == id,
            None => local(address),
        };
        let foreign = proof.addresses.iter().find(|address| !own(address));
        foreign.map_or(Ok(()), |address| Err(NoLease::Address(*address)))
    }

    fn lease(&mut self, id: Id, proof: Proof) -> Uptime {
        let Proof { device, key, serial, protection, port, mac, duration, .. } = proof;
        let now = self.now.uptime;
        let ends = now.after(duration.min(self.settings.limits.longest_lease));
        let before = self.standing.leases.remove(&device);
        before.iter().for_each(|before| self.expiry.forget(&device, before));
        let same = |lease: &&Lease| (lease.key, lease.protection) == (key, protection) && lease.ends > now;
        let since = before.as_ref().filter(same).map(|lease| lease.since);
        let lease = Lease {
            key,
            serial: serial.clone(),
            protection,
            port,
            mac,
            since: since.unwrap_or(now),
            renewed: now,
            ends,
            is_late: false,
        };
        self.expiry.note(&device, &lease);
        self.standing.leases.insert(device.clone(), lease);
        let work = self.refresh(id, Touched::Inputs);
        self.outputs.push_back(Output::Leased(device.clone()));
        if since.is_some() {
            self.delivery.renewed(work.generation);
        } else {
            self.save();
            let act = IdentityAct::Proven { key, serial, protection, ends };
            self.audit(None, Act::Identity { device, act }, work);
        }
        ends
    }

    /// The key of a device was proved in a second place while it lives at its own. Whoever has that place has the key too.
    fn cloned(&mut self, id: Id, bound: &PortName, proof: &Proof) {
        let Proof { key, port, mac, .. } = proof;
        let owner = self.site.as_ref().and_then(|site| site.owner_of_mac(*mac));
        let there = owner.filter(|owner| *owner != id && self.is_itself(port, *mac, None));
        let found = Cloned { key: *key, port: port.clone(), mac: *mac, at: self.now.wall };
        let told = self.doubt(id, &found);
        let other = there.is_some_and(|there| self.doubt(there, &found));
        if !told && !other && self.alarms.spend(port, self.now.uptime, &self.settings.limits).is_none() {
            return;
        }
        let Some(device) = self.name_of(id) else { return };
        let (bound, seen) = (bound.clone(), port.clone());
        self.outputs.push_back(Output::Alarm(Alarm::Cloned { device, bound, seen, mac: *mac }));
    }

    /// Says whether it was not doubted for this before.
    fn doubt(&mut self, id: Id, found: &Cloned) -> bool {
        let Some(device) = self.name_of(id).filter(|name| !self.standing.clones.contains_key(name)) else {
            return false;
        };
        self.standing.clones.insert(device.clone(), found.clone());
        let ended = self.take_vouches([device.clone()], LeaseEnd::Doubted);
        let work = self.refresh(id, Touched::Inputs);
        self.save();
        self.record_ended(ended, work);
        let Cloned { key, port: seen, mac, .. } = found.clone();
        self.audit(None, Act::Identity { device, act: IdentityAct::Cloned { key, seen, mac } }, work);
        true
    }
}
