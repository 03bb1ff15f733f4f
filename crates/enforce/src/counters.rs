//! What the packet path counted since its tables were made.

use crate::error::Error;
use crate::kernel::Kernel;
use crate::netlink::{AttributeReader, Message, read_u64, text};
use crate::reader::listing;
use crate::skeleton::{ALLOWED, denied_counter, would_counter};
use nullius_model::DenialReason;
use std::collections::BTreeMap;

/// Frames that were counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many.
    pub packets: u64,
    /// Their bytes, without link headers where a router counted them.
    pub bytes: u64,
}

/// All counts of a gateway, bridge and router together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// What passed because a rule says so.
    pub allowed: Count,
    /// What was dropped, by reason.
    pub denied: BTreeMap<DenialReason, Count>,
    /// What would have been dropped, had its stage not been shadow, by reason.
    pub would_deny: BTreeMap<DenialReason, Count>,
}

impl Kernel {
    /// Reads the counts. They grow until the tables are made anew.
    ///
    /// # Errors
    /// [`Error`] where the kernel does not answer.
    pub fn counters(&mut self) -> Result<Counters, Error> {
        let mut named = BTreeMap::<String, Count>::new();
        for plane in self.planes() {
            listing(&mut self.netlink, plane, &self.layout.table, Message::GetObject, |item| {
                if let Some((name, count)) = counter(item) {
                    named.entry(name).or_default().add(count);
                }
            })?;
        }
        let of = |name: fn(DenialReason) -> String| {
            let reasons = DenialReason::ALL.iter();
            reasons.map(|&reason| (reason, named.get(&name(reason)).copied().unwrap_or_default())).collect()
        };
        Ok(Counters {
            allowed: named.get(ALLOWED).copied().unwrap_or_default(),
            denied: of(denied_counter),
            would_deny: of(would_counter),
        })
    }
}

impl Count {
    fn add(&mut self, other: Self) {
        self.packets = self.packets.saturating_add(other.packets);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

fn counter(item: AttributeReader<'_>) -> Option<(String, Count)> {
    let values = item.inside(4);
    let [bytes, packets] = [1, 2].map(|kind| values.find(kind).and_then(read_u64));
    Some((item.find(2).and_then(text)?.to_owned(), Count { packets: packets?, bytes: bytes? }))
}
