//! Hash tables whose keys come from devices.
//!
//! A device chooses its own addresses, ports and topics, so the hash is keyed: whoever does not know the seed cannot
//! aim at one bucket. Iteration order is arbitrary; whoever lists such a table sorts first.

use foldhash::SharedSeed;
use foldhash::quality::SeedableRandomState;

/// A map keyed by values a device chose. Build with [`Seed::map`].
pub type KeyedMap<K, V> = hashbrown::HashMap<K, V, SeedableRandomState>;
/// A set of values a device chose. Build with [`Seed::set`].
pub type KeyedSet<K> = hashbrown::HashSet<K, SeedableRandomState>;

/// The secret of the hash tables. Programs draw it at random when they run live; over a file it may be fixed, so that
/// two runs agree.
#[derive(Clone, Copy, Debug)]
pub struct Seed(u64);

/// One table of multipliers for the whole process; the secret lies in the per-hasher seed.
static SHARED: std::sync::OnceLock<SharedSeed> = std::sync::OnceLock::new();

impl Seed {
    /// From 64 bits that devices cannot know.
    pub const fn new(secret: u64) -> Self {
        Self(secret)
    }

    /// An empty map under this seed.
    pub fn map<K, V>(self) -> KeyedMap<K, V> {
        KeyedMap::with_hasher(self.state())
    }

    /// An empty set under this seed.
    pub fn set<K>(self) -> KeyedSet<K> {
        KeyedSet::with_hasher(self.state())
    }

    /// The hasher itself, for a fingerprint of bytes rather than a table.
    pub fn state(self) -> SeedableRandomState {
        let shared = SHARED.get_or_init(|| SharedSeed::from_u64(self.0));
        SeedableRandomState::with_seed(self.0, shared)
    }
}
