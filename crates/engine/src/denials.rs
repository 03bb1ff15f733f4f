//! What the packet path let nobody through for, counted by kind: subject, object, channel, reason.
//!
//! Bounded per port of entry: a scan fills the table of its own port and counts into that port's rest.

use crate::{Identified, Limits};
use nullius_model::{Channel, Denial, DenialReason, DeviceName, Endpoint, Mac, PortName, Transport, Uptime};
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

/// One end of a conversation that was denied.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// A device, by its address.
    Device(DeviceName),
    /// Somebody at a network address.
    Address(IpAddr),
    /// Somebody at a hardware address.
    Station(Mac),
}

impl Party {
    /// The device, where it is one.
    pub const fn device(&self) -> Option<&DeviceName> {
        match self {
            Self::Device(device) => Some(device),
            Self::Address(_) | Self::Station(_) => None,
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(device) => write!(f, "{device}"),
            Self::Address(address) => write!(f, "{address}"),
            Self::Station(mac) => write!(f, "{mac}"),
        }
    }
}

/// What carried a packet that was denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Carrier {
    /// Something that could be a service.
    Channel(Channel),
    /// Another protocol on IP, by number.
    Ip(u8),
    /// Directly on the link, by ethertype.
    Link(u16),
}

impl Carrier {
    /// What carried a packet to `destination`.
    pub const fn of(transport: Transport, destination: &Endpoint) -> Self {
        match transport {
            Transport::Tcp => Self::Channel(Channel::Tcp(destination.port)),
            Transport::Udp => Self::Channel(Channel::Udp(destination.port)),
            Transport::Ip(1 | 58) => Self::Channel(Channel::Echo),
            Transport::Ip(number) => Self::Ip(number),
            Transport::Link(ethertype) => Self::Link(ethertype),
        }
    }
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Channel(channel) => write!(f, "{channel}"),
            Self::Ip(number) => write!(f, "ip/{number}"),
            Self::Link(ethertype) => write!(f, "link/{ethertype:#06x}"),
        }
    }
}

/// Denials that differ in nothing but their time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DenialKind {
    /// Who sent.
    pub subject: Party,
    /// Whom it was for.
    pub object: Party,
    /// What carried it.
    pub carrier: Carrier,
    /// Why it was denied.
    pub reason: DenialReason,
    /// It passed and was counted: the stage is shadow.
    pub only_counted: bool,
}

/// One kind of denial, and how often it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DenialSummary {
    /// Where it came in.
    pub port: Option<PortName>,
    /// What was denied.
    pub kind: DenialKind,
    /// How sure we were of the sender when that was decided.
    pub sender: Identified,
    /// Packets.
    pub count: u64,
    /// The first of them.
    pub first: Uptime,
    /// The last.
    pub last: Uptime,
    /// The policies that decided, or what is missing; never empty.
    pub because: Vec<String>,
}

impl fmt::Display for DenialSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DenialKind { subject, object, carrier, reason, only_counted } = &self.kind;
        let word = if *only_counted { "would deny" } else { "denied" };
        write!(f, "{word} {subject} -> {object} {carrier} ({}), {} packets", reason.name(), self.count)?;
        self.port.iter().try_for_each(|port| write!(f, " on port {port}"))?;
        write!(f, ": sender {}; {}", self.sender, crate::record::inert(&self.because.join("; ")))
    }
}

/// The kinds of denial of every port.
#[derive(Clone, Debug, Default)]
pub(crate) struct Denials {
    ports: BTreeMap<Option<PortName>, Table>,
    turn: Turn,
}

#[derive(Clone, Debug, Default)]
struct Table {
    kinds: BTreeMap<DenialKind, Entry>,
    rest: u64,
}

#[derive(Clone, Debug)]
struct Entry {
    summary: DenialSummary,
    /// When its sender was looked up.
    asked: Turn,
}

/// Counts what may have changed how sure we are of a sender, so that it is looked up once a change and not once a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Turn(u64);

/// What became of a denial that was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// The first of its kind.
    First,
    /// One more, and the sender may not be what it was.
    Stale,
    /// One more.
    More,
    /// The port's table is full.
    Rest,
}

impl Denials {
    pub(crate) fn count(
        &mut self,
        denial: &Denial,
        kind: DenialKind,
        packets: u64,
        now: Uptime,
        limits: &Limits,
    ) -> Counted {
        let turn = self.turn;
        let table = self.ports.entry(denial.port.clone()).or_default();
        if let Some(Entry { summary, asked }) = table.kinds.get_mut(&kind) {
            summary.count = summary.count.saturating_add(packets);
            summary.last = now;
            return if *asked == turn { Counted::More } else { Counted::Stale };
        }
        if table.kinds.len() >= limits.denials_per_port {
            table.rest = table.rest.saturating_add(packets);
            return Counted::Rest;
        }
        let summary = DenialSummary {
            port: denial.port.clone(),
            kind: kind.clone(),
            sender: Identified::NOBODY,
            count: packets,
            first: now,
            last: now,
            because: Vec::new(),
        };
        table.kinds.insert(kind, Entry { summary, asked: turn });
        Counted::First
    }

    /// Something happened that may have changed how sure we are of a sender.
    pub(crate) const fn turn(&mut self) {
        self.turn = Turn(self.turn.0.wrapping_add(1));
    }

    /// Writes down how sure we are of the sender of a kind. Says whether that is another than before.
    pub(crate) fn identify(
        &mut self,
        port: &Option<PortName>,
        kind: &DenialKind,
        sender: Identified,
    ) -> bool {
        let turn = self.turn;
        let known = self.ports.get_mut(port).and_then(|table| table.kinds.get_mut(kind));
        known.is_some_and(|Entry { summary, asked }| {
            *asked = turn;
            std::mem::replace(&mut summary.sender, sender) != sender
        })
    }

    /// Writes down why a kind is denied.
    pub(crate) fn explain(
        &mut self,
        port: &Option<PortName>,
        kind: &DenialKind,
        because: Vec<String>,
    ) -> Option<DenialSummary> {
        let Entry { summary, .. } = self.ports.get_mut(port)?.kinds.get_mut(kind)?;
        summary.because = because;
        Some(summary.clone())
    }

    /// Takes out what did not happen for `idle`.
    pub(crate) fn expire(&mut self, now: Uptime, limits: &Limits) -> Vec<DenialSummary> {
        let idle = |entry: &Entry| now.since(entry.summary.last) >= limits.denial_idle;
        let mut over = Vec::new();
        for table in self.ports.values_mut() {
            over.extend(table.kinds.extract_if(.., |_, entry| idle(entry)).map(|(_, entry)| entry.summary));
        }
        over
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &DenialSummary> {
        self.ports.values().flat_map(|table| table.kinds.values().map(|entry| &entry.summary))
    }

    /// Packets of kinds that found no room.
    pub(crate) fn rest(&self) -> u64 {
        self.ports.values().map(|table| table.rest).fold(0, u64::saturating_add)
    }
}

/// How many alarms each port may still raise.
#[derive(Clone, Debug, Default)]
pub(crate) struct AlarmBudget {
    ports: BTreeMap<PortName, Bucket>,
}

#[derive(Clone, Debug)]
struct Bucket {
    left: u32,
    refilled: Uptime,
    held_back: u64,
}

impl AlarmBudget {
    /// One alarm of `port`: how many were held back before it, or nothing where this one is.
    pub(crate) fn spend(&mut self, port: &PortName, now: Uptime, limits: &Limits) -> Option<u64> {
        let full = Bucket { left: limits.alarm_burst, refilled: now, held_back: 0 };
        let bucket = self.ports.entry(port.clone()).or_insert(full);
        while bucket.left < limits.alarm_burst && now.since(bucket.refilled) >= limits.alarm_interval {
            bucket.left += 1;
            bucket.refilled = bucket.refilled.after(limits.alarm_interval);
        }
        if bucket.left == limits.alarm_burst {
            bucket.refilled = now;
        }
        let Some(left) = bucket.left.checked_sub(1) else {
            bucket.held_back = bucket.held_back.saturating_add(1);
            return None;
        };
        bucket.left = left;
        Some(std::mem::take(&mut bucket.held_back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denial(source: u32, reason: DenialReason) -> (Denial, DenialKind) {
        let end = |ip: IpAddr| Endpoint { mac: Mac::new([2; 6]), ip: Some(ip), port: 502 };
        let [from, to] = [IpAddr::from(source.to_be_bytes()), IpAddr::from([10, 0, 0, 1])];
        let denial = Denial {
            reason,
            only_counted: false,
            port: Some(PortName::new("p1").unwrap()),
            source: end(from),
            destination: end(to),
            transport: Transport::Tcp,
        };
        let kind = DenialKind {
            subject: Party::Address(from),
            object: Party::Address(to),
            carrier: Carrier::of(denial.transport, &denial.destination),
            reason,
            only_counted: false,
        };
        (denial, kind)
    }

    #[test]
    fn a_scan_fills_its_port_and_no_more() {
        let (mut denials, limits) = (Denials::default(), Limits::default());
        for source in 0..10_000 {
            let (denial, kind) = denial(source, DenialReason::Policy);
            denials.count(&denial, kind, 1, Uptime::default(), &limits);
        }
        assert_eq!(denials.iter().count(), limits.denials_per_port);
        assert_eq!(denials.rest(), 10_000 - 512);
        assert_eq!(denials.expire(Uptime::default().after(limits.denial_idle), &limits).len(), 512);
        assert_eq!(denials.iter().count(), 0);
    }

    #[test]
    fn a_second_violation_alarms_though_the_first_was_a_flood() {
        let (mut budget, limits) = (AlarmBudget::default(), Limits::default());
        let port = PortName::new("p1").unwrap();
        let raised = (0..1_000).filter(|_| budget.spend(&port, Uptime::default(), &limits).is_some()).count();
        assert_eq!(raised, 8);
        let later = Uptime::default().after(limits.alarm_interval);
        assert_eq!(budget.spend(&port, later, &limits), Some(992));
        assert_eq!(budget.spend(&PortName::new("p2").unwrap(), later, &limits), Some(0));
    }
}
