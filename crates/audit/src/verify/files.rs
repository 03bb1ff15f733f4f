//! Where the files of a log come from.

use crate::Hash;
use crate::bundle::{Bundle, MAX_BUNDLE};
use crate::layout::{Resource, Span, WIDTH};
use std::collections::BTreeMap;
use std::convert::Infallible;

/// Bytes of a tile at most.
const MAX_TILE: usize = WIDTH as usize * Hash::LENGTH;

/// Reads files of a log by their names.
pub trait Files {
    /// Why a file that is there cannot be read.
    type Error;

    /// The bytes of a file, nothing where there is none. Of a file that is longer than `limit`, no more than one byte
    /// beyond it need be read: nobody looks further.
    ///
    /// # Errors
    /// Where a file is there and cannot be read.
    fn read(&mut self, path: &str, limit: usize) -> Result<Option<Vec<u8>>, Self::Error>;
}

/// A log in memory.
impl Files for BTreeMap<String, Vec<u8>> {
    type Error = Infallible;

    fn read(&mut self, path: &str, _limit: usize) -> Result<Option<Vec<u8>>, Infallible> {
        Ok(self.get(path).cloned())
    }
}

/// The hashes of a tile; nothing where they are not there, or not as many.
pub(super) fn tile<F: Files>(files: &mut F, level: u8, span: Span) -> Result<Option<Vec<Hash>>, F::Error> {
    let Some((found, bytes)) = either(files, span, |span| Resource::Tile { level, span }, MAX_TILE)? else {
        return Ok(None);
    };
    let hashes: Option<Vec<_>> = bytes.chunks(Hash::LENGTH).map(Hash::from_bytes).collect();
    let Some(mut hashes) = hashes.filter(|hashes| hashes.len() == usize::from(found.width)) else {
        return Ok(None);
    };
    hashes.truncate(usize::from(span.width));
    Ok(Some(hashes))
}

/// The entries of a bundle as they lie in its file.
pub(super) struct Entries {
    bytes: Vec<u8>,
    wanted: usize,
    present: usize,
}

/// Those of a span; none where there is no file.
pub(super) fn entries<F: Files>(files: &mut F, span: Span) -> Result<Entries, F::Error> {
    let found = either(files, span, Resource::Entries, MAX_BUNDLE)?;
    let (present, bytes) = found.map_or((0, Vec::new()), |(found, bytes)| (found.width, bytes));
    Ok(Entries { bytes, wanted: span.width.into(), present: present.into() })
}

impl Entries {
    /// From the first on, as far as they are whole; whether something stands behind the last that has no place there.
    pub(super) fn split(&self) -> (Vec<&[u8]>, bool) {
        let Bundle { mut entries, rest } = Bundle::read(&self.bytes);
        let has_surplus = rest > 0 || entries.len() > self.present;
        entries.truncate(self.wanted);
        (entries, has_surplus)
    }
}

/// What is partial may have been replaced by what is full since: which of the two was found.
fn either<F: Files>(
    files: &mut F,
    span: Span,
    name: impl Fn(Span) -> Resource,
    limit: usize,
) -> Result<Option<(Span, Vec<u8>)>, F::Error> {
    let full = Span::full(span.number);
    let found = files.read(&name(span).path(), limit)?.map(|bytes| (span, bytes));
    if found.is_some() || span == full {
        return Ok(found);
    }
    Ok(files.read(&name(full).path(), limit)?.map(|bytes| (full, bytes)))
}
