//! All records from the first on: what they hash to, whether they are records, and the tiles beside them.

use super::files::{Files, entries, tile};
use super::{Fault, Reason, Signed};
use crate::layout::{HEIGHT, Resource, Span};
use crate::{Entry, EntryError, Hash, Phase, Tree};
use nullius_model::Timestamp;
use std::collections::BTreeMap;

/// What was read of a log, up to the first record that is missing.
#[derive(Default)]
pub(super) struct Records {
    /// Grown from the records.
    tree: Tree,
    /// Hashes of complete subtrees by level of tiles, from level 1 on.
    levels: Vec<Vec<Hash>>,
    /// What the records hash to, at the sizes that were signed.
    pub(super) roots: BTreeMap<u64, Hash>,
    /// What the records say: one byte each.
    phases: Vec<Option<Phase>>,
    /// When the first and the last was written.
    pub(super) times: Option<(Timestamp, Timestamp)>,
    /// The first record that is none.
    pub(super) fault: Option<Fault>,
    /// The first hash in a tile of level 0 that is not that of the record.
    pub(super) tile: Option<Fault>,
}

impl Records {
    pub(super) fn read<F: Files>(files: &mut F, size: u64, signed: &Signed) -> Result<Self, F::Error> {
        let mut records = Self::default();
        records.note_root(signed);
        for span in Span::all(size) {
            let bundle = entries(files, span)?;
            let (entries, has_surplus) = bundle.split();
            let hashes: Vec<_> = entries.iter().map(|entry| records.take(entry, signed)).collect();
            if entries.len() < usize::from(span.width) {
                break;
            }
            if has_surplus {
                let last = records.size().saturating_sub(1);
                records.fault.get_or_insert(Fault::at(last, Reason::Surplus));
            }
            if records.tile.is_none() {
                records.tile = compare(files, span, &hashes)?;
            }
        }
        Ok(records)
    }

    /// How many records are there.
    pub(super) fn size(&self) -> u64 {
        self.tree.size()
    }

    /// A hash of a level from 1 on, where the records below it are there.
    pub(super) fn hash(&self, level: u8, number: u64) -> Option<Hash> {
        let hashes = self.levels.get(usize::from(level).checked_sub(1)?)?;
        hashes.get(usize::try_from(number).ok()?).copied()
    }

    /// The hashes of a tile of a level from 1 on, as far as the records go.
    pub(super) fn hashes(&self, level: u8, span: Span) -> Vec<Hash> {
        (0..u64::from(span.width)).map_while(|place| self.hash(level, span.first() + place)).collect()
    }

    fn take(&mut self, record: &[u8], signed: &Signed) -> Hash {
        let (number, hash) = (self.size(), Hash::leaf(record));
        let levels = &mut self.levels;
        self.tree.append(hash, |height, _, hash| {
            if height > 0 && height % HEIGHT == 0 {
                keep(levels, height / HEIGHT, hash);
            }
        });
        self.note_root(signed);
        match self.judge(number, record) {
            Ok(entry) => {
                self.phases.push(Some(entry.phase));
                self.times = Some((self.times.map_or(entry.at, |(first, _)| first), entry.at));
            }
            Err(error) => {
                self.phases.push(None);
                self.fault.get_or_insert(Fault::at(number, Reason::Record(error)));
            }
        }
        hash
    }

    fn judge(&self, number: u64, record: &[u8]) -> Result<Entry, EntryError> {
        let entry = Entry::parse(record)?;
        entry.follows(number, |of| self.phases.get(usize::try_from(of).ok()?).copied().flatten())?;
        Ok(entry)
    }

    fn note_root(&mut self, signed: &Signed) {
        let size = self.size();
        if signed.contains_key(&size) {
            self.roots.insert(size, self.tree.root());
        }
    }
}

fn keep(levels: &mut Vec<Vec<Hash>>, level: u32, hash: Hash) {
    let place = level as usize - 1;
    if levels.len() <= place {
        levels.resize_with(place + 1, Vec::new);
    }
    if let Some(hashes) = levels.get_mut(place) {
        hashes.push(hash);
    }
}

fn compare<F: Files>(files: &mut F, span: Span, hashes: &[Hash]) -> Result<Option<Fault>, F::Error> {
    let found = tile(files, 0, span)?.unwrap_or_default();
    let wrong = hashes.iter().enumerate().find(|(place, hash)| found.get(*place) != Some(hash));
    let path = Resource::Tile { level: 0, span }.path();
    Ok(wrong.map(|(place, _)| Fault::at(span.first() + place as u64, Reason::Tile(path))))
}
