//! Where the records stop being those that the log signed.
//!
//! The signed root vouches for the tiles at the right edge, where these hash to it; a hash in such a tile vouches for the
//! tile below it. Going down to the left, the first hash that the records do not have is above the first bad record.

use super::files::{Files, entries, tile};
use super::records::Records;
use super::tiles::records_below;
use super::{Fault, Reason, Signed};
use crate::layout::{LEVELS, Span, hashes_at};
use crate::tree::root_of;
use crate::{Checkpoint, Hash, Tree};

/// Hashes that the signed root vouches for.
struct Vouched {
    level: u8,
    span: Span,
    hashes: Vec<Hash>,
}

/// What of it the records do not have.
enum Found {
    /// The hash above the first bad record, of this level and number.
    Wrong(u8, u64),
    Nothing,
}

/// The first record that is missing or was altered.
pub(super) fn altered<F: Files>(
    files: &mut F,
    checkpoint: &Checkpoint,
    signed: &Signed,
    records: &Records,
) -> Result<Option<Fault>, F::Error> {
    let read = records.size();
    let is_short = read < checkpoint.size;
    let differs = |(size, roots): &(&u64, &Vec<Hash>)| {
        records.roots.get(size).is_some_and(|root| roots.iter().any(|signed| signed != root))
    };
    let wrong = signed.iter().find(differs).map(|(size, _)| *size);
    if wrong.is_none() && !is_short {
        return Ok(None);
    }
    let good = good_until(signed, records);
    let contradicts_itself = records.roots.get(&checkpoint.size) != Some(&checkpoint.root);
    let roughly = between(good, wrong, read, contradicts_itself.then_some(checkpoint.size));
    let Some((first, last)) = by_tiles(files, checkpoint, records)? else { return Ok(Some(roughly)) };
    let (first, last) = (first.max(roughly.first), last.min(roughly.last));
    if first > last {
        return Ok(Some(roughly));
    }
    let reason = if first == read { Reason::Missing } else { Reason::Altered };
    Ok(Some(Fault { first, last, reason }))
}

/// All that is known without tiles: after the last root that is right, before the first that is wrong or cannot be had.
/// `own` is the log's present size, where the records contradict what it signs at present.
fn between(good: u64, wrong: Option<u64>, read: u64, own: Option<u64>) -> Fault {
    match wrong {
        Some(size) => {
            let reason = if Some(size) == own { Reason::Altered } else { Reason::Rewritten(size) };
            Fault { first: good, last: size.saturating_sub(1).max(good), reason }
        }
        None if good == read => Fault::at(read, Reason::Missing),
        None => Fault { first: good, last: read, reason: Reason::Altered },
    }
}

/// How many records are proven by the roots alone.
fn good_until(signed: &Signed, records: &Records) -> u64 {
    let agrees = |(size, roots): &(&u64, &Vec<Hash>)| {
        records.roots.get(size).is_some_and(|root| roots.iter().all(|signed| signed == root))
    };
    signed.iter().take_while(agrees).last().map_or(0, |(size, _)| *size)
}

/// The records below the first hash that they do not have, as far down as the tiles can be believed.
fn by_tiles<F: Files>(
    files: &mut F,
    checkpoint: &Checkpoint,
    records: &Records,
) -> Result<Option<(u64, u64)>, F::Error> {
    for vouched in vouched_edge(files, checkpoint, records)? {
        if let Found::Wrong(level, number) = compare(files, &vouched, records)? {
            return descend(files, level, number, vouched, records).map(Some);
        }
    }
    Ok(None)
}

/// The tiles that are not full, the highest and leftmost first; none where they do not hash to the signed root. For a tile
/// that was damaged the records may do: one of a few ways to put the edge together is the signed one.
fn vouched_edge<F: Files>(
    files: &mut F,
    checkpoint: &Checkpoint,
    records: &Records,
) -> Result<Vec<Vouched>, F::Error> {
    let mut edge = Vec::new();
    for level in (0..LEVELS).rev() {
        let count = hashes_at(level, checkpoint.size);
        let Some(span) = Span::partial(count) else { continue };
        let ours = hashes_of(files, level, span, records)?;
        let ours = Some(ours).filter(|hashes| hashes.len() == usize::from(span.width));
        let ways: Vec<_> = tile(files, level, span)?.into_iter().chain(ours).collect();
        edge.push((level, span, ways));
    }
    let signed = (0..1_usize << edge.len()).find_map(|choice| {
        let way = |(place, (_, _, ways)): (usize, &(u8, Span, Vec<Vec<Hash>>))| {
            ways.get(choice >> place & 1).cloned()
        };
        let chosen = edge.iter().enumerate().map(way).collect::<Option<Vec<_>>>()?;
        let subtrees: Vec<_> = chosen.iter().flat_map(|hashes| grown(hashes).subtrees().to_vec()).collect();
        (root_of(&subtrees) == checkpoint.root).then_some(chosen)
    });
    let tiles = edge.iter().zip(signed.unwrap_or_default());
    Ok(tiles.map(|((level, span, _), hashes)| Vouched { level: *level, span: *span, hashes }).collect())
}

fn descend<F: Files>(
    files: &mut F,
    level: u8,
    number: u64,
    within: Vouched,
    records: &Records,
) -> Result<(u64, u64), F::Error> {
    let (mut level, mut number, mut within) = (level, number, within);
    while level > 0 {
        let span = Span::full(number);
        let expected = usize::try_from(number - within.span.first()).ok();
        let expected = expected.and_then(|place| within.hashes.get(place).copied());
        let below = tile(files, level - 1, span)?.filter(|hashes| Some(grown(hashes).root()) == expected);
        let Some(hashes) = below else { break };
        within = Vouched { level: level - 1, span, hashes };
        let Found::Wrong(below, wrong) = compare(files, &within, records)? else { break };
        (level, number) = (below, wrong);
    }
    let (first, last) = records_below(level, number);
    Ok((first, last.min(records.size().max(first))))
}

fn compare<F: Files>(files: &mut F, vouched: &Vouched, records: &Records) -> Result<Found, F::Error> {
    let Vouched { level, span, hashes } = vouched;
    let ours = hashes_of(files, *level, *span, records)?;
    let wrong = hashes.iter().enumerate().find(|(place, hash)| ours.get(*place) != Some(hash));
    Ok(wrong.map_or(Found::Nothing, |(place, _)| Found::Wrong(*level, span.first() + place as u64)))
}

/// What the records of a tile hash to, as far as they are there.
fn hashes_of<F: Files>(
    files: &mut F,
    level: u8,
    span: Span,
    records: &Records,
) -> Result<Vec<Hash>, F::Error> {
    if level > 0 {
        return Ok(records.hashes(level, span));
    }
    Ok(entries(files, span)?.split().0.into_iter().map(Hash::leaf).collect())
}

fn grown(hashes: &[Hash]) -> Tree {
    let mut tree = Tree::new();
    hashes.iter().for_each(|hash| tree.append(*hash, |_, _, _| {}));
    tree
}
