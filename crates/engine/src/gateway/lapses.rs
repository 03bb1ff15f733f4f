//! The ends of what speaks for devices: by time, with a cable, with a place, with a double.
//!
//! What ends is taken from the standing first, then judged, and written down last: a cut waits for nothing.

use super::Gateway;
use super::perimeters::{Touched, Work};
use crate::site::Id;
use crate::{Act, Alarm, IdentityAct, LeaseEnd, Output};
use nullius_model::{DeviceName, Mac, PortName};

/// What was taken from the standing, and is not written down yet.
#[derive(Debug)]
#[must_use]
pub(super) struct Ended {
    leases: Vec<DeviceName>,
    vouches: Vec<DeviceName>,
    why: LeaseEnd,
}

impl Ended {
    pub(super) const fn is_none(&self) -> bool {
        self.leases.is_empty() && self.vouches.is_empty()
    }

    /// Both together; they ended for one reason.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.leases.extend(other.leases);
        self.vouches.extend(other.vouches);
        self
    }
}

impl Gateway {
    /// Takes the leases of these devices; the caller judges anew, and writes it down.
    pub(super) fn take_leases(
        &mut self,
        devices: impl IntoIterator<Item = DeviceName>,
        why: LeaseEnd,
    ) -> Ended {
        let taken = devices.into_iter().filter(|device| {
            let lease = self.standing.leases.remove(device);
            lease.iter().for_each(|lease| self.expiry.forget(device, lease));
            lease.is_some()
        });
        Ended { leases: taken.collect(), vouches: Vec::new(), why }
    }

    /// Nobody vouches for these devices any more; the caller judges anew, and writes it down.
    pub(super) fn take_vouches(
        &mut self,
        devices: impl IntoIterator<Item = DeviceName>,
        why: LeaseEnd,
    ) -> Ended {
        let taken = devices.into_iter().filter(|device| self.standing.vouched.remove(device).is_some());
        Ended { leases: Vec::new(), vouches: taken.collect(), why }
    }

    /// Judges anew what the devices may use, and writes it down.
    pub(super) fn judge_ended(&mut self, ended: Ended) {
        if ended.is_none() {
            return;
        }
        let ids: Vec<Id> = self.ids_of(ended.leases.iter().chain(&ended.vouches));
        let work = self.refresh_all(&ids, Touched::Inputs);
        self.record_ended(ended, work);
    }

    /// Writes it down.
    pub(super) fn record_ended(&mut self, ended: Ended, work: Work) {
        if ended.is_none() {
            return;
        }
        let Ended { leases, vouches, why } = ended;
        self.outputs.extend(leases.iter().cloned().map(Output::Leased));
        self.save();
        for device in leases {
            self.audit(None, Act::Identity { device, act: IdentityAct::Lapsed(why.clone()) }, work);
        }
        for device in vouches {
            self.audit(None, Act::Identity { device, act: IdentityAct::VouchEnded(why.clone()) }, work);
        }
    }

    /// What nobody renewed: told when it should have been, ended when it is over. The packet path ended what hung on it by
    /// itself already.
    pub(super) fn look_at_leases(&mut self) {
        let now = self.now.uptime;
        let due = self.expiry.due(now);
        let is_over = |device: &DeviceName| self.standing.leases.get(device).is_some_and(|it| it.ends <= now);
        let (over, late): (Vec<_>, Vec<_>) = due.into_iter().partition(is_over);
        let vouched = self.standing.vouched.iter().filter(|(_, vouched)| vouched.ends <= now);
        let unvouched: Vec<DeviceName> = vouched.map(|(device, _)| device.clone()).collect();
        let ended = self.take_leases(over, LeaseEnd::Expired);
        let ended = ended.and(self.take_vouches(unvouched, LeaseEnd::Expired));
        self.judge_ended(ended);
        late.into_iter().for_each(|device| self.proof_is_late(device));
    }

    fn proof_is_late(&mut self, device: DeviceName) {
        let Some(lease) = self.standing.leases.get_mut(&device) else { return };
        self.expiry.forget(&device, lease);
        lease.is_late = true;
        let ends = lease.ends;
        self.expiry.note(&device, lease);
        self.outputs.push_back(Output::Leased(device.clone()));
        self.alarm(Alarm::ProofLate { device, ends });
    }

    /// Takes what was proved, or vouched for, at a place where the device is no more.
    pub(super) fn take_evidence_elsewhere(&mut self, devices: &[DeviceName]) -> Ended {
        let (mut leases, mut vouches) = (Vec::new(), Vec::new());
        for device in devices {
            let id = self.site.as_ref().and_then(|site| site.id(device));
            let home = id.and_then(|id| self.home_of(id));
            let away = |port: &PortName, mac: Mac| home.as_ref() != Some(&(port.clone(), mac));
            let leased = self.standing.leases.get(device).filter(|lease| away(&lease.port, lease.mac));
            leases.extend(leased.map(|_| device.clone()));
            let vouched = self.standing.vouched.get(device);
            let vouched = vouched.filter(|vouched| away(&vouched.port, vouched.mac));
            vouches.extend(vouched.map(|_| device.clone()));
        }
        let ended = self.take_leases(leases, LeaseEnd::Moved);
        ended.and(self.take_vouches(vouches, LeaseEnd::Moved))
    }

    /// Takes whatever speaks for what was plugged in at a port: it says nothing of what comes next.
    pub(super) fn take_evidence_at(&mut self, port: &PortName) -> Ended {
        let standing = &self.standing;
        let leases = standing.leases.iter().filter(|(_, lease)| lease.port == *port);
        let leases: Vec<DeviceName> = leases.map(|(device, _)| device.clone()).collect();
        let vouches = standing.vouched.iter().filter(|(_, vouched)| vouched.port == *port);
        let vouches: Vec<DeviceName> = vouches.map(|(device, _)| device.clone()).collect();
        let ended = self.take_leases(leases, LeaseEnd::Unplugged);
        ended.and(self.take_vouches(vouches, LeaseEnd::Unplugged))
    }

    /// Takes all that speaks for a device.
    pub(super) fn take_evidence_of(&mut self, device: &DeviceName, why: &LeaseEnd) -> Ended {
        let ended = self.take_leases([device.clone()], why.clone());
        ended.and(self.take_vouches([device.clone()], why.clone()))
    }

    /// What another boot proved is nothing here: nobody knows how long that took, and who was there meanwhile.
    pub(super) fn leave_other_proofs(&mut self) {
        let leases: Vec<DeviceName> = self.standing.leases.keys().cloned().collect();
        let vouches: Vec<DeviceName> = self.standing.vouched.keys().cloned().collect();
        let ended = self.take_leases(leases, LeaseEnd::Rebooted);
        let ended = ended.and(self.take_vouches(vouches, LeaseEnd::Rebooted));
        self.record_ended(ended, Work::default());
    }

    pub(super) fn ids_of<'d>(&self, devices: impl IntoIterator<Item = &'d DeviceName>) -> Vec<Id> {
        devices.into_iter().filter_map(|device| self.site.as_ref()?.id(device)).collect()
    }
}
