//! What the packet path let nobody through for.

use super::Gateway;
use super::perimeters::Work;
use crate::denials::Counted;
use crate::suspects::Suspect;
use crate::{Act, Alarm, Carrier, DenialKind, Identified, Lifecycle, Now, Party, Question};
use nullius_model::{Denial, DenialReason, Endpoint, Mac, PortName};

/// Ethertype of ARP.
const ARP: u16 = 0x0806;

impl Gateway {
    /// `packets` packets like this one were denied, or would have been.
    pub fn handle_denial(&mut self, denial: &Denial, packets: u64, now: Now) {
        self.enter(now);
        let kind = DenialKind {
            subject: self.party(&denial.source),
            object: self.party(&denial.destination),
            carrier: Carrier::of(denial.transport, &denial.destination),
            reason: denial.reason,
            only_counted: denial.only_counted,
        };
        let (limits, uptime) = (&self.settings.limits, self.now.uptime);
        let counted = self.denials.count(denial, kind.clone(), packets, uptime, limits);
        if matches!(counted, Counted::First | Counted::Stale) {
            let sender = self.sender(&kind);
            let changed = self.denials.identify(&denial.port, &kind, sender);
            if changed || counted == Counted::First {
                self.tell_denied(denial, &kind);
            }
        }
        self.note_denied(&kind, packets);
        self.suspect(denial, packets);
    }

    fn tell_denied(&mut self, denial: &Denial, kind: &DenialKind) {
        let because = self.because(kind);
        if let Some(summary) = self.denials.explain(&denial.port, kind, because) {
            self.audit(None, Act::Denied(summary), Work::default());
        }
    }

    /// How sure we are of who sent it, as policy was told. Who forged an address is not the device that has it.
    fn sender(&self, kind: &DenialKind) -> Identified {
        let id = |party: &Party| self.site.as_ref()?.id(party.device()?);
        let Some((facts, subject)) = self.facts().zip(id(&kind.subject)) else { return Identified::NOBODY };
        match kind.reason {
            _ if facts.lifecycle(subject) == Lifecycle::Revoked => Identified::REVOKED,
            DenialReason::Spoof | DenialReason::Stranger | DenialReason::Resolution => Identified::NOBODY,
            DenialReason::Policy
            | DenialReason::Divert
            | DenialReason::Receiver
            | DenialReason::Fragment
            | DenialReason::Options
            | DenialReason::Ethertype => facts.identified(subject, id(&kind.object)),
        }
    }

    /// A forged sender is more than a denial: a person is told the port, and the device it copies is in conflict.
    fn suspect(&mut self, denial: &Denial, packets: u64) {
        let Some(port) = denial.port.clone().filter(|port| self.settings.ports.contains_key(port)) else {
            return;
        };
        let Endpoint { mac, ip: address, .. } = denial.source;
        match denial.reason {
            DenialReason::Spoof => {
                self.sighted(&port, mac, address);
                // the first frame from an address that is learned only now
                if self.is_itself(&port, mac, address) {
                    return;
                }
                self.accuse(denial.reason, port, mac, packets, |port, packets, held_back| Alarm::Spoof {
                    port,
                    mac,
                    address,
                    packets,
                    held_back,
                });
            }
            DenialReason::Resolution => {
                self.accuse(denial.reason, port, mac, packets, |port, packets, held_back| {
                    Alarm::Resolution { port, mac, packets, held_back }
                });
            }
            DenialReason::Policy
            | DenialReason::Divert
            | DenialReason::Stranger
            | DenialReason::Receiver
            | DenialReason::Fragment
            | DenialReason::Options
            | DenialReason::Ethertype => {}
        }
    }

    /// Tells of a forger unless it was told of lately, or its port is noisy.
    fn accuse(
        &mut self,
        reason: DenialReason,
        port: PortName,
        mac: Mac,
        packets: u64,
        alarm: impl FnOnce(PortName, u64, u64) -> Alarm,
    ) {
        let (now, limits) = (self.now.uptime, &self.settings.limits);
        let who = Suspect { port, mac, reason };
        let Some(packets) = self.suspects.note(&who, packets, now, limits) else { return };
        let Some(held_back) = self.alarms.spend(&who.port, now, limits) else { return };
        self.suspects.tell(who.clone(), now);
        self.alarm(alarm(who.port, packets, held_back));
    }

    /// Whose end of a packet this is.
    fn party(&self, end: &Endpoint) -> Party {
        let owner = self.site.as_ref().and_then(|site| match end.ip {
            Some(address) => site.owner_of_address(address),
            None => site.owner_of_mac(end.mac),
        });
        match (owner.and_then(|owner| self.name_of(owner)), end.ip) {
            (Some(device), _) => Party::Device(device),
            (None, Some(address)) => Party::Address(address),
            (None, None) => Party::Station(end.mac),
        }
    }

    /// The policies that denied, or what is missing; never nothing.
    fn because(&self, kind: &DenialKind) -> Vec<String> {
        let what = match kind.reason {
            DenialReason::Policy | DenialReason::Divert => return self.why_policy(kind),
            DenialReason::Spoof => "its sender's address is bound elsewhere",
            DenialReason::Stranger => "its sender is bound to no device",
            DenialReason::Receiver => "its receiver is not bound to where it would leave",
            DenialReason::Resolution => "it claims an address that is not its sender's",
            DenialReason::Fragment => "it is a fragment, which shows no ports",
            DenialReason::Options => "it carries IP options or extension headers",
            DenialReason::Ethertype => "no declaration names such frames",
        };
        vec![what.to_owned()]
    }

    fn why_policy(&self, kind: &DenialKind) -> Vec<String> {
        if kind.carrier == Carrier::Link(ARP) {
            return vec!["it asks for somebody whom no policy lets it talk to".to_owned()];
        }
        let missing = |party: &Party| vec![format!("no device is bound to {party}")];
        let Some(subject) = kind.subject.device() else { return missing(&kind.subject) };
        let Some(object) = kind.object.device() else { return missing(&kind.object) };
        let Carrier::Channel(channel) = kind.carrier else {
            return vec![format!("no policy can allow {}", kind.carrier)];
        };
        let question =
            Question { subject: subject.clone(), object: object.clone(), channel, verb: None, operand: None };
        self.why_now(&question).because()
    }
}
