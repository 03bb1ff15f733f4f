//! The tiles above the lowest: whether they hold what the records hash to.

use super::files::{Files, tile};
use super::records::Records;
use super::{Fault, Reason};
use crate::layout::{HEIGHT, LEVELS, Resource, Span, hashes_at};

/// The first wrong hash in a higher tile of a log whose records are all there.
pub(super) fn higher<F: Files>(
    files: &mut F,
    size: u64,
    records: &Records,
) -> Result<Option<Fault>, F::Error> {
    let mut first: Option<Fault> = None;
    for level in 1..LEVELS {
        for span in Span::all(hashes_at(level, size)) {
            let fault = compare(files, level, span, records)?;
            first = first.into_iter().chain(fault).min_by_key(|fault| fault.first);
        }
    }
    Ok(first)
}

fn compare<F: Files>(
    files: &mut F,
    level: u8,
    span: Span,
    records: &Records,
) -> Result<Option<Fault>, F::Error> {
    let found = tile(files, level, span)?.unwrap_or_default();
    let wrong = (0..u64::from(span.width)).find(|place| {
        let hash = usize::try_from(*place).ok().and_then(|place| found.get(place).copied());
        hash.is_none() || hash != records.hash(level, span.first() + place)
    });
    let path = Resource::Tile { level, span }.path();
    Ok(wrong.map(|place| {
        let (first, last) = records_below(level, span.first() + place);
        Fault { first, last, reason: Reason::Tile(path) }
    }))
}

/// The first and the last record below a hash.
pub(super) fn records_below(level: u8, number: u64) -> (u64, u64) {
    let height = HEIGHT * u32::from(level);
    let first = number << height;
    (first, first + ((1 << height) - 1))
}
