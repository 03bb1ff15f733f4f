//! What is found in a log that somebody changed, and which record is named.

mod log;

use log::{Files, Log, entry, packed};
use nullius_audit::layout::{Resource, Span};
use nullius_audit::verify::{Fault, Reason, Unusable, verify};
use nullius_audit::{Checkpoint, EntryError, Hash, Phase, bundle::Bundle};
use std::convert::Infallible;

/// Three full bundles and a piece: every kind of tile is there.
const SIZE: u64 = 800;

fn check(
    log: &Log,
    files: &mut Files,
    anchors: &[Checkpoint],
) -> Result<Option<Fault>, Unusable<Infallible>> {
    verify(files, log.key.verifier(), anchors).map(|report| report.fault)
}

fn found(log: &Log, files: &mut Files, anchors: &[Checkpoint]) -> (u64, u64, Reason) {
    let fault = check(log, files, anchors).ok().flatten();
    fault.map_or((u64::MAX, u64::MAX, Reason::Missing), |Fault { first, last, reason }| (first, last, reason))
}

/// A log whose owner changed records and did the sums again.
fn forged(change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Option<Log> {
    let mut log = Log::of(SIZE)?;
    change(&mut log.records);
    Some(log)
}

/// Numbers that look like any, the same on every run.
fn arbitrary() -> impl Iterator<Item = usize> {
    let step = |state: &u64| {
        Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407))
    };
    std::iter::successors(Some(1), step).map(|state| usize::try_from(state >> 33).unwrap_or_default())
}

#[test]
fn a_log_that_nobody_changed_is_valid_at_any_size() {
    for size in [0, 1, 2, 255, 256, 257, 511, 512, 513, SIZE] {
        let log = Log::of(size).unwrap();
        let anchors = log.checkpoints(&[0, size / 2, size]);
        let report = verify(&mut log.files(), log.key.verifier(), &anchors).unwrap();
        assert_eq!((report.fault, report.agreeing), (None, 3), "{size}");
        assert_eq!(report.times.map(|(first, _)| first), (size > 0).then(|| entry(0).at));
    }
}

#[test]
fn a_flipped_bit_of_a_record_names_it() {
    let log = Log::of(SIZE).unwrap();
    let whole = log.files();
    let edges = [0, 1, 255, 256, 511, 512, 767, 768, 799].into_iter();
    for number in edges.chain(arbitrary().map(|number| number % 800).take(60)) {
        let span = Span::all(SIZE).find(|span| span.number == number as u64 / 256).unwrap();
        let mut records = log.records.clone();
        let place = number * 31 % records[number].len();
        records[number][place] ^= 1 << (number % 8);
        let mut files = whole.clone();
        files.insert(Resource::Entries(span).path(), packed(&records, span));
        let expected = (number as u64, number as u64, Reason::Altered);
        assert_eq!(found(&log, &mut files, &[]), expected, "{number}");
    }
}

#[test]
fn a_flipped_bit_anywhere_is_found_and_tells_what_it_belongs_to() {
    let log = Log::of(SIZE).unwrap();
    let whole = log.files();
    let names: Vec<_> = whole.keys().cloned().collect();
    let mut numbers = arbitrary();
    for name in names.iter().cycle().take(22 * names.len()) {
        let mut files = whole.clone();
        let bytes = files.get_mut(name).unwrap();
        let place = numbers.next().unwrap() % bytes.len();
        bytes[place] ^= 1 << (numbers.next().unwrap() % 8);
        let result = check(&log, &mut files, &[]);
        let context = format!("byte {place} of {name}: {result:?}");
        match (Resource::parse(name).unwrap(), result) {
            (Resource::Checkpoint, Err(Unusable::Checkpoint(_))) => {}
            (Resource::Entries(span), Ok(Some(fault))) => {
                let number = span.first() + owner(&whole[name], place);
                assert_eq!((fault.first, fault.last), (number, number), "{context}");
            }
            (Resource::Tile { level, span }, Ok(Some(fault))) => {
                let number = (span.first() + place as u64 / 32) << (8 * u32::from(level));
                assert_eq!(fault.first, number, "{context}");
                assert_eq!(fault.reason, Reason::Tile(name.clone()), "{context}");
            }
            _ => panic!("{context}"),
        }
    }
}

/// Which entry of a bundle a byte belongs to, its length included.
fn owner(bundle: &[u8], place: usize) -> u64 {
    let ends = Bundle::read(bundle).entries.into_iter().scan(0, |end, entry| {
        *end += entry.len() + 2;
        Some(*end)
    });
    ends.take_while(|end| *end <= place).count() as u64
}

#[test]
fn a_record_that_is_deleted_added_or_moved_is_named() {
    let log = Log::of(SIZE).unwrap();
    let whole = log.files();
    for number in [0, 5, 255, 256, 600, 767, 768, 798, 799] {
        let mut deleted = log.records.clone();
        deleted.remove(number);
        let mut doubled = log.records.clone();
        doubled.insert(number, log.records[number].clone());
        let mut swapped = log.records.clone();
        swapped.swap(number, if number < 700 { number + 90 } else { number - 90 });
        let moved = if number < 700 { number } else { number - 90 };
        for (records, first) in [(deleted, number), (doubled, number + 1), (swapped, moved)] {
            let mut files = whole.clone();
            for span in Span::all(SIZE) {
                files.insert(Resource::Entries(span).path(), packed(&records, span));
            }
            let (named, last, reason) = found(&log, &mut files, &[]);
            if first < 800 {
                assert_eq!((named, last), (first as u64, first as u64), "{number}: {reason:?}");
            }
        }
    }
}

#[test]
fn a_record_that_is_cut_out_of_its_bundle_is_named() {
    let log = Log::of(SIZE).unwrap();
    for number in [0_u64, 3, 254, 255, 256, 799] {
        let span = Span::all(SIZE).find(|span| span.number == number / 256).unwrap();
        let mut files = log.files();
        let bytes = files.get_mut(&Resource::Entries(span).path()).unwrap();
        let entries: Vec<_> = Bundle::read(bytes).entries.into_iter().map(<[u8]>::to_vec).collect();
        bytes.clear();
        for (place, entry) in entries.iter().enumerate() {
            if place as u64 != number % 256 {
                assert!(nullius_audit::bundle::push(bytes, entry));
            }
        }
        let (first, last, _) = found(&log, &mut files, &[]);
        assert_eq!((first, last), (number, number));
    }
}

#[test]
fn a_file_that_is_missing_is_told() {
    let log = Log::of(SIZE).unwrap();
    let whole = log.files();
    for name in whole.keys() {
        let mut files = whole.clone();
        files.remove(name);
        let result = check(&log, &mut files, &[]);
        match (Resource::parse(name).unwrap(), result) {
            (Resource::Checkpoint, Err(Unusable::NoCheckpoint)) => {}
            (Resource::Entries(span), Ok(Some(fault))) => {
                assert_eq!(fault, Fault { first: span.first(), last: span.first(), reason: Reason::Missing });
            }
            (Resource::Tile { .. }, Ok(Some(fault))) => {
                assert_eq!(fault.reason, Reason::Tile(name.clone()));
            }
            (_, result) => panic!("{name}: {result:?}"),
        }
    }
}

#[test]
fn a_tail_that_is_cut_off_is_found_where_a_later_checkpoint_exists() {
    let (long, short) = (Log::of(SIZE).unwrap(), Log::of(700).unwrap());
    let anchors = long.checkpoints(&[300, SIZE]);
    assert_eq!(found(&short, &mut short.files(), &anchors), (700, 799, Reason::Truncated(SIZE)));
    // the log as it was is what the log signed: nothing tells that there was more
    assert_eq!(check(&short, &mut short.files(), &[]), Ok(None));
    // with the later checkpoint beside them, the files alone tell: a full bundle is wanted where there is a part
    let mut files = short.files();
    files.insert("checkpoint".to_owned(), long.checkpoint(SIZE).sign(&long.key).into_bytes());
    assert_eq!(found(&long, &mut files, &[]), (0, 512, Reason::Altered));
    assert_eq!(found(&long, &mut files, &long.checkpoints(&[512])), (512, 512, Reason::Missing));
}

#[test]
fn a_tail_that_was_written_again_is_found_by_who_kept_a_checkpoint() {
    let honest = Log::of(SIZE).unwrap();
    let forged = forged(|records| {
        for record in records.iter_mut().skip(500) {
            let text = String::from_utf8_lossy(record).replace("user:anna", "user:carl");
            *record = text.into_bytes();
        }
    })
    .unwrap();
    // whoever has the key can sign anything: only what somebody else kept contradicts it
    assert_eq!(check(&forged, &mut forged.files(), &[]), Ok(None));
    for (sizes, first, last, size) in [
        (vec![SIZE], 0, 799, SIZE),
        (vec![100, 490, 600, SIZE], 490, 599, 600),
        (vec![100, 490, 600], 490, 599, 600),
        ((400..600).collect(), 500, 500, 501),
    ] {
        let anchors = honest.checkpoints(&sizes);
        assert_eq!(found(&forged, &mut forged.files(), &anchors), (first, last, Reason::Rewritten(size)));
    }
    // without the key, the checkpoint that is left contradicts it
    let mut files = forged.files();
    files.insert("checkpoint".to_owned(), honest.checkpoint(SIZE).sign(&honest.key).into_bytes());
    assert_eq!(found(&honest, &mut files, &[]), (0, 799, Reason::Altered));
    assert_eq!(found(&honest, &mut files, &honest.checkpoints(&[490])), (490, 799, Reason::Altered));
}

#[test]
fn two_histories_under_one_key_are_found() {
    let (one, other) = (Log::of(SIZE).unwrap(), forged(|records| records.swap(40, 44)).unwrap());
    let anchors = [one.checkpoint(300), other.checkpoint(300)];
    assert_eq!(found(&one, &mut one.files(), &anchors), (0, 299, Reason::Rewritten(300)));
}

#[test]
fn a_record_whose_hash_was_changed_too_is_narrowed_down_to_its_tile() {
    let log = Log::of(SIZE).unwrap();
    let mut files = log.files();
    let span = Span::full(2);
    let mut records = log.records.clone();
    records[600][30] ^= 1;
    files.insert(Resource::Entries(span).path(), packed(&records, span));
    let tile = files.get_mut(&Resource::Tile { level: 0, span }.path()).unwrap();
    tile[88 * 32..89 * 32].copy_from_slice(&Hash::leaf(&records[600]).0);
    assert_eq!(found(&log, &mut files, &[]), (512, 767, Reason::Altered));
    assert_eq!(found(&log, &mut files, &log.checkpoints(&[580, 620])), (580, 619, Reason::Altered));
}

#[test]
fn a_record_is_named_although_tiles_were_damaged_beside_it() {
    let log = Log::of(SIZE).unwrap();
    let mut records = log.records.clone();
    records[100][20] ^= 1;
    for damaged in ["tile/0/003.p/32", "tile/0/001", "tile/0/002"] {
        let mut files = log.files();
        files.insert("tile/entries/000".to_owned(), packed(&records, Span::full(0)));
        assert_eq!(found(&log, &mut files, &[]), (100, 100, Reason::Altered));
        files.get_mut(damaged).unwrap()[40] ^= 1;
        assert_eq!(found(&log, &mut files, &[]), (100, 100, Reason::Altered), "{damaged}");
        files.remove(damaged);
        assert_eq!(found(&log, &mut files, &[]), (100, 100, Reason::Altered), "{damaged}");
    }
}

#[test]
fn what_is_signed_and_cannot_be_is_named() {
    let answer = |phase, of| nullius_audit::Entry { phase, ..entry(2) }.of(of).encode().unwrap();
    let cases = [
        (b"{}".to_vec(), None),
        (answer(Phase::Observed, 300), Some(EntryError::Later(300))),
        (answer(Phase::Observed, 301), Some(EntryError::Later(301))),
        (answer(Phase::Applied, 298), Some(EntryError::Undecided(298))),
    ];
    for (record, expected) in cases {
        let log = forged(|records| records[300] = record).unwrap();
        let (first, last, reason) = found(&log, &mut log.files(), &[]);
        assert_eq!((first, last), (300, 300));
        match expected {
            Some(error) => assert_eq!(reason, Reason::Record(error)),
            None => assert!(matches!(reason, Reason::Record(EntryError::Form(_))), "{reason:?}"),
        }
    }
}

#[test]
fn bytes_behind_the_last_record_are_found() {
    let log = Log::of(SIZE).unwrap();
    for (span, more) in [(Span::full(1), b"x".as_slice()), (Span { number: 3, width: 32 }, b"\x00\x01x")] {
        let mut files = log.files();
        files.get_mut(&Resource::Entries(span).path()).unwrap().extend(more);
        let last = span.first() + u64::from(span.width) - 1;
        assert_eq!(found(&log, &mut files, &[]), (last, last, Reason::Surplus));
    }
}

#[test]
fn a_part_may_have_been_replaced_by_the_whole() {
    let (log, longer) = (Log::of(700).unwrap(), Log::of(SIZE).unwrap());
    let mut files = longer.files();
    files.insert("checkpoint".to_owned(), log.checkpoint(700).sign(&log.key).into_bytes());
    files.insert("tile/1/000.p/2".to_owned(), longer.files()["tile/1/000.p/3"][..64].to_vec());
    assert_eq!(check(&log, &mut files, &[]), Ok(None));
}

#[test]
fn a_checkpoint_that_promises_what_nobody_could_read_costs_nothing() {
    let log = Log::of(3).unwrap();
    for size in [1 << 62, (1 << 62) - 1] {
        let promise = Checkpoint { size, ..log.checkpoint(3) };
        let mut files = log.files();
        files.insert("checkpoint".to_owned(), promise.sign(&log.key).into_bytes());
        assert_eq!(found(&log, &mut files, &[]), (0, 0, Reason::Missing));
        assert_eq!(found(&log, &mut files, &log.checkpoints(&[0])), (0, 0, Reason::Missing));
    }
}

#[test]
fn a_key_of_another_log_believes_nothing() {
    let log = Log::of(3).unwrap();
    let other = nullius_audit::SigningKey::from_seed("nullius/audit/other", &[7; 32]).unwrap();
    let result = verify(&mut log.files(), other.verifier(), &[]);
    assert!(matches!(result, Err(Unusable::Checkpoint(_))));
}
