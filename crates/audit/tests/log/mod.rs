//! A log made for tests: its records, its files in memory, and checkpoints of any size of it.

use nullius_audit::layout::{HEIGHT, Resource, Span};
use nullius_audit::{Checkpoint, Entry, Hash, Phase, SigningKey, Tree, bundle, export};
use nullius_model::Timestamp;
use std::collections::BTreeMap;

/// The files of a log, by their names.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// A log that signs with a key which everybody knows.
pub(crate) struct Log {
    pub(crate) key: SigningKey,
    pub(crate) records: Vec<Vec<u8>>,
}

impl Log {
    pub(crate) fn of(size: u64) -> Option<Self> {
        let key = SigningKey::from_seed("nullius/audit/test", &[7; 32]).ok()?;
        let records = (0..size).map(|number| entry(number).encode()).collect::<Result<_, _>>().ok()?;
        Some(Self { key, records })
    }

    pub(crate) fn size(&self) -> u64 {
        self.records.len() as u64
    }

    /// What the log signs when it has that many records.
    pub(crate) fn checkpoint(&self, size: u64) -> Checkpoint {
        let mut tree = Tree::new();
        for (record, _) in self.records.iter().zip(0..size) {
            tree.append(Hash::leaf(record), |_, _, _| {});
        }
        Checkpoint { origin: self.key.verifier().name().to_owned(), size, root: tree.root() }
    }

    pub(crate) fn checkpoints(&self, sizes: &[u64]) -> Vec<Checkpoint> {
        sizes.iter().map(|size| self.checkpoint(*size)).collect()
    }

    pub(crate) fn files(&self) -> Files {
        let (mut tree, mut levels) = (Tree::new(), BTreeMap::new());
        for record in &self.records {
            tree.append(Hash::leaf(record), |height, number, hash| {
                if height % HEIGHT == 0 {
                    levels.insert((height / HEIGHT, number), hash);
                }
            });
        }
        let hash = |level: u8, number| levels.get(&(level.into(), number)).map_or([0; 32], |hash| hash.0);
        let mut files = Files::new();
        let read = |resource| {
            Ok(match resource {
                Resource::Checkpoint => self.checkpoint(self.size()).sign(&self.key).into_bytes(),
                Resource::Entries(span) => packed(&self.records, span),
                Resource::Tile { level, span } => {
                    numbers(span).flat_map(|number| hash(level, number)).collect()
                }
            })
        };
        let write = |path: &str, bytes: &[u8]| {
            files.insert(path.to_owned(), bytes.to_vec());
            Ok::<_, std::convert::Infallible>(())
        };
        let Ok(()) = export(self.size(), read, write);
        files
    }
}

/// A record a second: decisions, what came of them, and what nobody decided.
pub(crate) fn entry(number: u64) -> Entry {
    let phase = match number % 4 {
        0 => Phase::Decided,
        1 => Phase::Applied,
        2 => Phase::Observed,
        _ => Phase::Decided,
    };
    let object = format!("device/cam{}", number % 37);
    let at = Timestamp::from_secs(1_795_378_920 + number);
    let entry = Entry::new(phase, at, "user:anna", "device.revoke", object).site("lab").why("stolen");
    if number % 4 == 1 { entry.of(number - 1) } else { entry.detail("number", number) }
}

/// The bundle of a span.
pub(crate) fn packed(records: &[Vec<u8>], span: Span) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in numbers(span) {
        let record = usize::try_from(number).ok().and_then(|number| records.get(number));
        assert!(bundle::push(&mut bytes, record.map_or(&[], Vec::as_slice)));
    }
    bytes
}

fn numbers(span: Span) -> std::ops::Range<u64> {
    span.first()..span.first() + u64::from(span.width)
}
