//! How much of what happened the capture shows.

use nullius_model::{Damage, Seen};
use std::collections::BTreeMap;

/// One kind of damage: how often, and where first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DamageCount {
    /// Times seen.
    pub count: u64,
    /// Bytes the capture lacks, where the damage has a length.
    pub bytes: u64,
    /// The first.
    pub first: Seen,
}

/// Everything lacking in the capture, and what the tables had to let go.
#[derive(Clone, Debug, Default)]
pub struct Quality {
    damage: BTreeMap<&'static str, DamageCount>,
    /// Stations let go because the table was full.
    pub evicted_stations: u64,
    /// Conversations let go because the table was full.
    pub evicted_conversations: u64,
    /// Symbols that found no room.
    pub refused_symbols: u64,
    /// Findings that found no room.
    pub refused_findings: u64,
}

impl Quality {
    pub(crate) fn note(&mut self, damage: Damage, seen: Seen) {
        let bytes = match damage {
            Damage::CutFrame { missing } => u64::from(missing),
            Damage::StreamGap { missing } => missing,
            Damage::Duplicate
            | Damage::BadChecksum { .. }
            | Damage::ConflictingOverlap
            | Damage::MidStream
            | Damage::IncompleteFragments
            | Damage::BadHeader { .. }
            | Damage::TableFull { .. } => 0,
        };
        let entry =
            self.damage.entry(damage.name()).or_insert(DamageCount { count: 0, bytes: 0, first: seen });
        entry.count += 1;
        entry.bytes = entry.bytes.saturating_add(bytes);
    }

    /// Each kind of damage by its name.
    pub fn damage(&self) -> impl Iterator<Item = (&'static str, DamageCount)> {
        self.damage.iter().map(|(name, count)| (*name, *count))
    }

    /// How often damage of this name was seen.
    pub fn count(&self, name: &str) -> u64 {
        self.damage.get(name).map_or(0, |damage| damage.count)
    }

    /// Nothing is lacking but the beginnings of flows that were open already, which every live capture lacks.
    pub fn is_whole(&self) -> bool {
        let harmless = |name: &str| name == "mid-stream";
        self.damage.keys().all(|name| harmless(name))
            && self.evicted_stations
                + self.evicted_conversations
                + self.refused_symbols
                + self.refused_findings
                == 0
    }
}
