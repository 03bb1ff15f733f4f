//! The audit as it is written, kept and handed to a controller.
//!
//! ```text
//! audit.jsonl                       records as they come
//! audit.00000000000000000042.jsonl  closed files, named after the number of their first record
//! audit.acked                       through which record a controller has them, and the chain's value there
//! ```
//!
//! Every record has a number that is never given twice and a value that ties it to all before it (see [`line`]). Where a
//! controller takes them, a file stays until all of it is acknowledged; otherwise a few are kept and the oldest goes. A
//! line that did not fit on the disk is taken out again and counted: the next that fits is preceded by how many are
//! missing. Nothing that goes wrong here stops anybody (attack 14).
//!
//! INVARIANTS: what was handed out is on the disk, so its number cannot come again after a crash; nothing that was written
//! is changed later, or the chain would prove nothing.

mod line;
mod segment;
mod upgrade;

pub(crate) use line::Chain;

use super::file::{self, FileError, failed};
use nullius_protocol::local::MAX_SPOOL_READ;
use segment::{Lines, MAX_LINE, Segment};
use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// Size of a file at which it is closed, in bytes.
const MAX_FILE: u64 = 8 << 20;

/// Closed files that are kept whoever has their records: people look at the recent past.
const MAX_OLD: usize = 3;

/// Bytes of records that are handed out at once; a reader comes again.
const MAX_READ: usize = 256 << 10;

/// Bytes of `audit.acked` at most: a number and a digest.
const MAX_ACKED: usize = 128;

/// Records that are handed out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Batch {
    /// The number of the first; the next one there will be where there is none yet.
    pub(crate) first: u64,
    /// The chain's value before the first.
    pub(crate) before: Chain,
    /// One JSON object each.
    pub(crate) records: Vec<String>,
    /// The chain's value after the last.
    pub(crate) after: Chain,
}

/// The audit on the disk.
#[derive(Debug)]
pub(crate) struct Spool {
    directory: PathBuf,
    name: &'static str,
    closed: Vec<Segment>,
    file: File,
    /// Where the next line goes: behind the last whole one.
    length: u64,
    /// The number of the first record of the file that is written.
    first: u64,
    /// The number of the next record.
    next: u64,
    /// The chain's value after the last record.
    chain: Chain,
    /// Through which record a controller has them.
    acked: u64,
    acked_chain: Chain,
    /// Bytes that may wait for a controller; none where nobody takes them.
    limit: Option<u64>,
    /// Lines that were lost since the last one that fitted.
    lost: u64,
    /// Something was written and not forced to the disk.
    loose: bool,
    place: Option<Place>,
}

/// Where the last reading ended: the next begins there.
#[derive(Clone, Copy, Debug)]
struct Place {
    next: u64,
    segment: u64,
    offset: u64,
    chain: Chain,
}

impl Spool {
    /// Opens it, and gives numbers to what an earlier version wrote. `limit` is how many bytes may wait for a controller.
    ///
    /// # Errors
    /// [`FileError`] where a file cannot be read.
    pub(super) fn open(directory: &Path, name: &'static str, limit: Option<u64>) -> Result<Self, FileError> {
        let (acked, acked_chain) = read_acked(directory, name)?;
        let (mut next, mut chain) = (acked + 1, acked_chain);
        if let Some(last) = segment::list(directory, name)?.last() {
            let path = segment::closed(directory, name, last.first);
            (next, chain) = upgrade::end_of(&path, last.first, next, chain)?;
        }
        upgrade::run(directory, name, next, chain)?;
        let closed = segment::list(directory, name)?;
        if let Some(last) = closed.last() {
            let path = segment::closed(directory, name, last.first);
            (next, chain) = upgrade::end_of(&path, last.first, next, chain)?;
        }
        let path = segment::live(directory, name);
        let file = segment::open(&path).map_err(failed("opening", &path))?;
        let mut spool = Self {
            directory: directory.to_owned(),
            name,
            closed,
            file,
            length: 0,
            first: next,
            next,
            chain,
            acked,
            acked_chain,
            limit,
            lost: 0,
            loose: true,
            place: None,
        };
        spool.resume(&path)?;
        spool.prune();
        Ok(spool)
    }

    /// Adds a JSON object, on one line. With `durable` it is on the disk when this returns.
    ///
    /// # Errors
    /// [`FileError`] where there is no room: the record is lost, and counted.
    pub(crate) fn add(&mut self, json: &str, durable: bool) -> Result<(), FileError> {
        let added = self.try_add(json, durable);
        if added.is_err() {
            self.lost = self.lost.saturating_add(1);
        }
        added.map_err(failed("writing", &segment::live(&self.directory, self.name)))
    }

    /// There is room for what may be counted instead of kept. Nothing that was written is taken out for it.
    pub(crate) fn has_room(&self) -> bool {
        self.limit.is_none_or(|limit| self.waiting() < limit)
    }

    /// The number of the next record.
    pub(crate) const fn next(&self) -> u64 {
        self.next
    }

    /// The number of the oldest record there is; that of the next where there is none.
    pub(crate) fn first(&self) -> u64 {
        self.closed.first().map_or(self.first, |segment| segment.first)
    }

    /// Through which record a controller has them; 0 where it has none.
    pub(crate) const fn acked(&self) -> u64 {
        self.acked
    }

    /// Bytes that no controller has.
    pub(crate) fn waiting(&self) -> u64 {
        let ends = self.closed.iter().skip(1).map(|segment| segment.first).chain([self.first]);
        let waiting = self.closed.iter().zip(ends).filter(|(_, end)| *end > self.acked + 1);
        let live = if self.next > self.acked + 1 { self.length } else { 0 };
        waiting.map(|(segment, _)| segment.size).fold(live, u64::saturating_add)
    }

    /// Records after that number, as many as fit. What is handed out is on the disk.
    ///
    /// # Errors
    /// [`FileError`] where it cannot be read, or not be forced to the disk.
    pub(crate) fn read(&mut self, after: u64, max: usize) -> Result<Batch, FileError> {
        self.sync()?;
        let mut place = self.place_of(after.saturating_add(1))?;
        let mut batch =
            Batch { first: place.next, before: place.chain, after: place.chain, records: Vec::new() };
        let mut bytes = 0;
        while place.next < self.next && batch.records.len() < max.min(MAX_SPOOL_READ) && bytes < MAX_READ {
            let before = (place.next, place.segment);
            self.walk(&mut place, |record| {
                bytes += record.len();
                batch.records.push(record.to_owned());
                bytes < MAX_READ && batch.records.len() < max.min(MAX_SPOOL_READ)
            })?;
            if (place.next, place.segment) == before {
                break;
            }
        }
        batch.after = place.chain;
        self.place = Some(place);
        Ok(batch)
    }

    /// A controller has everything through that number. Durable when this returns.
    ///
    /// # Errors
    /// [`FileError`] where it cannot be written; it is told again later.
    pub(crate) fn acknowledge(&mut self, through: u64) -> Result<(), FileError> {
        let through = through.min(self.next.saturating_sub(1));
        if through <= self.acked {
            return Ok(());
        }
        self.let_go(through)?;
        self.prune();
        Ok(())
    }

    /// Nothing through that number waits any more. The chain's value there is kept: it is what later records go on from.
    fn let_go(&mut self, through: u64) -> Result<(), FileError> {
        self.sync()?;
        let place = self.place_of(through + 1)?;
        let text = format!("{through} {}\n", place.chain);
        file::replace(&acked_path(&self.directory, self.name), text.as_bytes())?;
        (self.acked, self.acked_chain) = (through, place.chain);
        Ok(())
    }

    /// Finds the end of what is whole: a crash may have left half a line.
    fn resume(&mut self, path: &Path) -> Result<(), FileError> {
        let lines = Lines::open(path, 0).map_err(failed("reading", path))?;
        let mut count = 0;
        for (text, end) in lines {
            let opened = line::open(&text);
            if count == 0 {
                self.first = opened.seq.unwrap_or(self.next);
            }
            self.chain = opened.chain.unwrap_or_else(|| self.chain.after(&opened.record));
            self.length = end;
            count += 1;
        }
        self.next = self.next.max(self.first.saturating_add(count));
        if count > 0 && self.next > self.first.saturating_add(count) {
            // a controller has more than the disk does: go on behind it, in a file of its own
            self.chain = self.acked_chain;
            return self.rotate().map_err(failed("closing", path));
        }
        Ok(())
    }

    fn try_add(&mut self, json: &str, durable: bool) -> io::Result<()> {
        if self.lost > 0 {
            let lost = format!("{{\"lost\":{}}}", self.lost);
            self.write(&lost)?;
            self.lost = 0;
        }
        self.write(json)?;
        if durable { self.sync_file() } else { Ok(()) }
    }

    fn write(&mut self, json: &str) -> io::Result<()> {
        let record = line::record(self.next, json).ok_or(io::ErrorKind::InvalidInput)?;
        let chain = self.chain.after(&record);
        let mut text = line::line(&record, chain);
        text.push('\n');
        let size = u64::try_from(text.len()).unwrap_or(u64::MAX);
        if size > MAX_LINE {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if self.length.saturating_add(size) > MAX_FILE {
            self.rotate()?;
        }
        self.file.seek(SeekFrom::Start(self.length))?;
        if let Err(error) = self.file.write_all(text.as_bytes()) {
            // half a line must not run into the next
            let _ = self.file.set_len(self.length);
            return Err(error);
        }
        self.loose = true;
        (self.length, self.next, self.chain) = (self.length + size, self.next + 1, chain);
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.sync_file()?;
        segment::close(&self.directory, self.name, self.first).map_err(io::Error::other)?;
        self.closed.push(Segment { first: self.first, size: self.length });
        (self.first, self.length) = (self.next, 0);
        self.file = segment::open(&segment::live(&self.directory, self.name))?;
        self.prune();
        Ok(())
    }

    /// Lets go of what everybody has. What cannot be removed now goes next time.
    fn prune(&mut self) {
        while self.closed.len() > MAX_OLD {
            let end = self.closed.get(1).map_or(self.first, |second| second.first);
            let Some(oldest) = self.closed.first().copied() else { return };
            if end > self.acked + 1 && (self.limit.is_some() || self.let_go(end - 1).is_err()) {
                return;
            }
            let _ = fs::remove_file(segment::closed(&self.directory, self.name, oldest.first));
            self.closed.remove(0);
        }
    }

    fn sync(&mut self) -> Result<(), FileError> {
        match self.loose {
            true => self.sync_file().map_err(failed("writing", &segment::live(&self.directory, self.name))),
            false => Ok(()),
        }
    }

    fn sync_file(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        self.loose = false;
        Ok(())
    }

    /// The place of that record, or of the next one there is.
    fn place_of(&self, seq: u64) -> Result<Place, FileError> {
        let begins = self.closed.iter().map(|segment| segment.first).chain([self.first]);
        let segment = begins.filter(|first| *first <= seq).max().unwrap_or_else(|| self.first());
        let known = self.place.filter(|place| place.next <= seq && place.segment >= segment);
        let mut place = match known {
            Some(place) => place,
            None => Place { next: segment, segment, offset: 0, chain: self.chain_before(segment)? },
        };
        let wanted = seq.min(self.next);
        while place.next < wanted {
            let (before, mut left) = ((place.next, place.segment), wanted - place.next);
            self.walk(&mut place, |_| {
                left -= 1;
                left > 0
            })?;
            if (place.next, place.segment) == before {
                break;
            }
        }
        Ok(place)
    }

    /// Goes through the records of one file from `place` on, for as long as `each` says so; behind the last of them it
    /// stands at the next file.
    fn walk(&self, place: &mut Place, mut each: impl FnMut(&str) -> bool) -> Result<(), FileError> {
        let is_live = place.segment == self.first;
        let path = match is_live {
            true => segment::live(&self.directory, self.name),
            false => segment::closed(&self.directory, self.name, place.segment),
        };
        let lines = match Lines::open(&path, place.offset) {
            // somebody took it away: the chain tells, and what comes behind is not held up
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            lines => Some(lines.map_err(failed("reading", &path))?),
        };
        for (text, end) in lines.into_iter().flatten() {
            if is_live && end > self.length {
                return Ok(());
            }
            let opened = line::open(&text);
            place.chain = opened.chain.unwrap_or_else(|| place.chain.after(&opened.record));
            (place.next, place.offset) = (place.next + 1, end);
            if !each(&opened.record) {
                return Ok(());
            }
        }
        let following = self.closed.iter().map(|segment| segment.first).chain([self.first]);
        if let Some(first) = following.into_iter().find(|first| *first > place.segment) {
            *place = Place { next: first, segment: first, offset: 0, chain: place.chain };
        }
        Ok(())
    }

    /// The chain's value before the first record of a file.
    fn chain_before(&self, segment: u64) -> Result<Chain, FileError> {
        let before = self.closed.iter().map(|other| other.first).filter(|first| *first < segment).max();
        match before {
            Some(first) => {
                let path = segment::closed(&self.directory, self.name, first);
                Ok(upgrade::end_of(&path, first, 0, Chain::default())?.1)
            }
            None if segment == self.acked + 1 => Ok(self.acked_chain),
            None => Ok(Chain::default()),
        }
    }
}

fn acked_path(directory: &Path, name: &str) -> PathBuf {
    directory.join(format!("{name}.acked"))
}

/// What is not there, or damaged, counts as nothing: records are then handed out again, and whoever has them knows.
fn read_acked(directory: &Path, name: &str) -> Result<(u64, Chain), FileError> {
    let bytes = match file::read(&acked_path(directory, name), MAX_ACKED) {
        Ok(bytes) => bytes,
        Err(error) if error.is_absent() => return Ok((0, Chain::default())),
        Err(error) => return Err(error),
    };
    let read = || {
        let (through, chain) = str::from_utf8(&bytes).ok()?.strip_suffix('\n')?.split_once(' ')?;
        Some((through.parse().ok()?, Chain::parse(chain)?))
    };
    Ok(read().unwrap_or_default())
}

#[cfg(test)]
mod tests;
