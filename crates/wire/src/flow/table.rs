//! The table of open flows, bounded.

use super::{Flow, FlowKey};
use nullius_model::{KeyedMap, Seed, Timestamp, Transport};

use crate::limits::Limits;
use std::cmp::Reverse;
use std::time::Duration;

/// A closed connection is kept this long, for the last acknowledgements and stray retransmissions.
const LINGER: Duration = Duration::from_secs(5);

/// Where a flow lies in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot(usize);

/// Open flows by key.
#[derive(Debug)]
pub(crate) struct FlowTable {
    slots: Vec<Option<(FlowKey, Flow)>>,
    free: Vec<usize>,
    by_key: KeyedMap<FlowKey, usize>,
}

impl FlowTable {
    pub(crate) fn new(seed: Seed) -> Self {
        Self { slots: Vec::new(), free: Vec::new(), by_key: seed.map() }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(crate) fn find(&self, key: &FlowKey) -> Option<Slot> {
        self.by_key.get(key).map(|slot| Slot(*slot))
    }

    pub(crate) fn get(&mut self, slot: Slot) -> Option<&mut Flow> {
        self.slots.get_mut(slot.0)?.as_mut().map(|(_, flow)| flow)
    }

    pub(crate) fn insert(&mut self, key: FlowKey, flow: Flow) -> Slot {
        let index = self.free.pop().unwrap_or(self.slots.len());
        match self.slots.get_mut(index) {
            Some(slot) => *slot = Some((key, flow)),
            None => self.slots.push(Some((key, flow))),
        }
        self.by_key.insert(key, index);
        Slot(index)
    }

    pub(crate) fn remove(&mut self, slot: Slot) -> Option<Flow> {
        let (key, flow) = self.slots.get_mut(slot.0)?.take()?;
        self.by_key.remove(&key);
        self.free.push(slot.0);
        Some(flow)
    }

    /// Flows in the order of their slots.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (Slot, &mut Flow)> {
        let slots = self.slots.iter_mut().enumerate();
        slots.filter_map(|(index, slot)| slot.as_mut().map(|(_, flow)| (Slot(index), flow)))
    }

    /// Flows that are over or idle at `now`.
    pub(crate) fn expired(&mut self, now: Timestamp, limits: &Limits) -> Vec<Slot> {
        let idle = |flow: &Flow| match flow.info.transport {
            Transport::Tcp if flow.is_over() => LINGER,
            Transport::Tcp => limits.tcp_idle,
            Transport::Udp | Transport::Ip(_) | Transport::Link(_) => limits.other_idle,
        };
        let expired = self.iter_mut().filter(|(_, flow)| now.since(flow.last_seen()) > idle(flow));
        expired.map(|(slot, _)| slot).collect()
    }

    /// Flows that keep bytes, those that keep most first.
    pub(crate) fn heaviest(&mut self) -> Vec<Slot> {
        let mut by_weight: Vec<_> = self
            .iter_mut()
            .map(|(slot, flow)| (Reverse(flow.held_bytes()), flow.info.id, slot))
            .filter(|(held, ..)| held.0 > 0)
            .collect();
        by_weight.sort_unstable_by_key(|(held, id, _)| (*held, *id));
        by_weight.into_iter().map(|(.., slot)| slot).collect()
    }

    /// The `count` flows longest without a frame; never answered ones first, as a scan leaves them.
    pub(crate) fn stalest(&mut self, count: usize) -> Vec<Slot> {
        let mut by_age: Vec<_> = self
            .iter_mut()
            .map(|(slot, flow)| (flow.is_answered(), flow.last_seen(), flow.info.id, slot))
            .collect();
        by_age.sort_unstable_by_key(|(answered, last, id, _)| (*answered, *last, *id));
        by_age.into_iter().take(count).map(|(.., slot)| slot).collect()
    }
}
