//! Handing records out: from a number on, in order, over as many files as it takes.

use super::segment::{self, Lines};
use super::{End, Spool, line};
use crate::store::file::{FileError, failed};
use nullius_protocol::link::{Hash, Record};
use nullius_protocol::local::MAX_SPOOL_READ;
use std::io;

/// Bytes of records that are handed out at once; a reader comes again.
const MAX_READ: usize = 256 << 10;

/// Where the last reading ended: the next begins there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) end: End,
    segment: u64,
    offset: u64,
}

impl Spool {
    /// Records after that number, as many as fit. What is handed out is on the disk.
    ///
    /// # Errors
    /// [`FileError`] where it cannot be read, or not be forced to the disk.
    pub(crate) fn read(&mut self, after: u64, max: usize) -> Result<Vec<Record>, FileError> {
        self.sync()?;
        let mut place = self.place_of(after.saturating_add(1))?;
        let (mut records, mut bytes) = (Vec::new(), 0);
        self.walk(&mut place, |opened| {
            bytes += opened.record.len();
            let room = records.len() < max.min(MAX_SPOOL_READ) && (bytes < MAX_READ || records.is_empty());
            if room {
                records.push(Record { seq: opened.seq, line: opened.record, chain: opened.chain });
            }
            room
        })?;
        self.place = Some(place);
        Ok(records)
    }

    /// The place before that record, or before the next one there is.
    pub(super) fn place_of(&self, seq: u64) -> Result<Place, FileError> {
        let begins = self.closed.iter().map(|segment| segment.first).chain([self.first]);
        let segment = begins.filter(|first| *first <= seq).max().unwrap_or_else(|| self.first());
        let known = self.place.filter(|place| place.end.next <= seq && place.segment >= segment);
        let mut place = match known {
            Some(place) => place,
            None => Place { end: self.end_before(segment)?, segment, offset: 0 },
        };
        self.walk(&mut place, |opened| opened.seq < seq)?;
        Ok(place)
    }

    /// Goes on from `place` for as long as `each` takes the next record.
    fn walk(&self, place: &mut Place, mut each: impl FnMut(line::Opened) -> bool) -> Result<(), FileError> {
        loop {
            if !self.walk_file(place, &mut each)? {
                return Ok(());
            }
            let begins = self.closed.iter().map(|segment| segment.first).chain([self.first]);
            let Some(segment) = begins.filter(|first| *first > place.segment).min() else { return Ok(()) };
            *place = Place { end: place.end, segment, offset: 0 };
        }
    }

    /// The same in one file; says whether it came to its end.
    fn walk_file(
        &self,
        place: &mut Place,
        each: &mut impl FnMut(line::Opened) -> bool,
    ) -> Result<bool, FileError> {
        let is_live = place.segment == self.first;
        let path = match is_live {
            true => segment::live(&self.directory, self.name),
            false => segment::closed(&self.directory, self.name, place.segment),
        };
        let lines = match Lines::open(&path, place.offset) {
            // somebody took it away: the gap tells, and what comes behind is not held up
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            lines => Some(lines.map_err(failed("reading", &path))?),
        };
        for (text, offset) in lines.into_iter().flatten() {
            if is_live && offset > self.length {
                return Ok(true);
            }
            let opened = line::open(&text, place.end.next, &place.end.chain);
            let end = place.end.after(&opened);
            if !each(opened) {
                return Ok(false);
            }
            (place.end, place.offset) = (end, offset);
        }
        Ok(true)
    }

    /// Where the first record of a file goes on from.
    fn end_before(&self, segment: u64) -> Result<End, FileError> {
        let before = self.closed.iter().map(|other| other.first).filter(|first| *first < segment).max();
        let chain = match before {
            Some(first) => {
                let path = segment::closed(&self.directory, self.name, first);
                End::default().behind(&path, first)?.chain
            }
            None if segment == self.acked + 1 => self.acked_chain,
            None => Hash::default(),
        };
        Ok(End { next: segment, chain })
    }
}
