//! Which files a log consists of, and what they are called (c2sp.org/tlog-tiles).
//!
//! Hashes lie in tiles of 256: those of level 0 are of entries, those of a higher level of full tiles below. What is
//! complete never changes; the last tile of a level has a name that tells how many hashes it has.
//!
//! INVARIANT: a name that is read is the one name that is written.

/// Levels of the tree in a tile.
pub const HEIGHT: u32 = 8;

/// Hashes in a full tile, entries in a full bundle.
pub const WIDTH: u16 = 1 << HEIGHT;

/// Levels of tiles that a tree can have: 256⁸ is more than [`MAX_SIZE`](crate::MAX_SIZE).
pub const LEVELS: u8 = 8;

/// A file of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// The entries below a tile of level 0.
    Entries(Span),
    /// Hashes.
    Tile {
        /// Below [`LEVELS`].
        level: u8,
        /// Where, in that level.
        span: Span,
    },
    /// Size and root, signed.
    Checkpoint,
}

/// Up to 256 neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Number of the tile or bundle.
    pub number: u64,
    /// How many it has: 1 to 256.
    pub width: u16,
}

impl Span {
    /// A full one.
    #[must_use]
    pub const fn full(number: u64) -> Self {
        Self { number, width: WIDTH }
    }

    /// Number of its first hash or entry.
    #[must_use]
    pub const fn first(self) -> u64 {
        self.number.saturating_mul(WIDTH as u64)
    }

    /// All that `count` neighbours are in.
    pub fn all(count: u64) -> impl Iterator<Item = Self> {
        (0..count / u64::from(WIDTH)).map(Self::full).chain(Self::partial(count))
    }

    /// The last that `count` neighbours are in, where it is not full.
    #[must_use]
    pub fn partial(count: u64) -> Option<Self> {
        let width = u16::try_from(count % u64::from(WIDTH)).ok().filter(|width| *width > 0)?;
        Some(Self { number: count / u64::from(WIDTH), width })
    }

    /// `x001/x234/067.p/8`.
    fn path(self) -> String {
        let (mut above, last) = (self.number / 1_000, self.number % 1_000);
        let mut path = format!("{last:03}");
        while above > 0 {
            path = format!("x{:03}/{path}", above % 1_000);
            above /= 1_000;
        }
        if self.width < WIDTH { format!("{path}.p/{}", self.width) } else { path }
    }

    fn parse(path: &str) -> Option<Self> {
        let (path, width) = match path.split_once(".p/") {
            Some((path, width)) => (path, width.parse().ok().filter(|width| (1..WIDTH).contains(width))?),
            None => (path, WIDTH),
        };
        let number = path.split('/').try_fold(0_u64, |number, part| {
            let part: u64 = part.trim_start_matches('x').parse().ok()?;
            number.checked_mul(1_000)?.checked_add(part)
        })?;
        Some(Self { number, width })
    }
}

impl Resource {
    /// The file's name, from the folder of the log.
    #[must_use]
    pub fn path(self) -> String {
        match self {
            Self::Checkpoint => "checkpoint".to_owned(),
            Self::Entries(span) => format!("tile/entries/{}", span.path()),
            Self::Tile { level, span } => format!("tile/{level}/{}", span.path()),
        }
    }

    /// The file of that name.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let parsed = if path == "checkpoint" {
            Self::Checkpoint
        } else {
            match path.strip_prefix("tile/")?.split_once('/')? {
                ("entries", span) => Self::Entries(Span::parse(span)?),
                (level, span) => Self::Tile { level: level.parse().ok()?, span: Span::parse(span)? },
            }
        };
        let is_known = !matches!(parsed, Self::Tile { level, .. } if level >= LEVELS);
        (is_known && parsed.path() == path).then_some(parsed)
    }

    /// All files of a log of that size, the checkpoint last: a copy that ended too early has none.
    pub fn all(size: u64) -> impl Iterator<Item = Self> {
        let tiles = (0..LEVELS).flat_map(move |level| {
            Span::all(hashes_at(level, size)).map(move |span| Self::Tile { level, span })
        });
        Span::all(size).map(Self::Entries).chain(tiles).chain([Self::Checkpoint])
    }
}

/// How many hashes a level has in a tree of that size.
#[must_use]
pub const fn hashes_at(level: u8, size: u64) -> u64 {
    size >> (HEIGHT * level as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_of_70_000_has_the_tiles_of_the_specification() {
        let tiles: Vec<_> = Resource::all(70_000).collect();
        let count = |wanted: u8, partial: Option<u16>| {
            let matches = |resource: &&Resource| {
                matches!(resource, Resource::Tile { level, span }
                    if *level == wanted && partial.unwrap_or(WIDTH) == span.width)
            };
            tiles.iter().filter(matches).count()
        };
        assert_eq!((count(0, None), count(0, Some(112))), (273, 1));
        assert_eq!((count(1, None), count(1, Some(17))), (1, 1));
        assert_eq!((count(2, None), count(2, Some(1))), (0, 1));
        assert_eq!(tiles.len(), 274 + 274 + 2 + 1 + 1);
        assert_eq!(tiles.last(), Some(&Resource::Checkpoint));
    }

    #[test]
    fn names_are_those_of_the_specification() {
        for (resource, path) in [
            (Resource::Checkpoint, "checkpoint"),
            (Resource::Entries(Span::full(1_234_067)), "tile/entries/x001/x234/067"),
            (Resource::Entries(Span { number: 0, width: 255 }), "tile/entries/000.p/255"),
            (Resource::Tile { level: 2, span: Span { number: 1_000, width: 1 } }, "tile/2/x001/000.p/1"),
            (Resource::Tile { level: 7, span: Span::full(999) }, "tile/7/999"),
        ] {
            assert_eq!(resource.path(), path);
            assert_eq!(Resource::parse(path), Some(resource));
        }
    }

    #[test]
    fn no_other_name_is_read() {
        for path in [
            "",
            "tile",
            "tile/",
            "tile/0",
            "tile/0/",
            "tile/0/0",
            "tile/0/00",
            "tile/0/x000/000",
            "tile/0/xx01/000",
            "tile/0/001/000",
            "tile/0/x001",
            "tile/0/1000",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/+1",
            "tile/00/000",
            "tile/8/000",
            "tile/256/000",
            "tile/entries/../checkpoint",
            "tile/0/000/",
            "/checkpoint",
            "checkpoint/",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
            "tile/0/000.p/1.p/1",
        ] {
            assert_eq!(Resource::parse(path), None, "{path}");
        }
    }
}
