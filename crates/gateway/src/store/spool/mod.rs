//! The audit as it is written, kept and handed to a controller.
//!
//! ```text
//! audit.jsonl                       records as they come
//! audit.00000000000000000042.jsonl  closed files, named after the number of their first record
//! audit.id                          names this numbering: made at random with it
//! audit.acked                       through which record a controller has them, and what stands behind it in the chain
//! ```
//!
//! Every record has a number that is never given twice and a value that ties it to all before it ([`mod@line`]). Where a
//! controller takes them, a file stays until all of it is acknowledged; otherwise a few are kept and the oldest goes. What
//! waits beyond the limit is thinned out ([`thin`]). A line that did not fit on the disk is taken out again. What is missing
//! is counted, and told as a record. Nothing that goes wrong here stops anybody (attack 14).
//!
//! INVARIANTS: what was handed out is on the disk, so its number cannot come again after a crash; what was written is never
//! written otherwise later.

mod line;
mod read;
mod segment;
mod thin;
mod upgrade;

use super::file::{self, FileError, failed};
use nullius_protocol::link::{Hash, chained};
use nullius_protocol::to_hex;
use read::Place;
use segment::{Lines, MAX_LINE, Segment};
use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// Size of a file at which it is closed, in bytes.
const MAX_FILE: u64 = 8 << 20;

/// Closed files that are kept whoever has their records: people look at the recent past.
const MAX_OLD: usize = 3;

/// Bytes of `audit.acked` and `audit.id` at most: a number and a digest.
const MAX_NOTE: usize = 128;

/// Bytes of a numbering's name.
const ID: usize = 16;

/// What is missing, and was not told yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Missing {
    /// Records that found no room on the disk.
    pub(crate) lines: u64,
    /// Summaries of denials that were let go.
    pub(crate) denials: u64,
}

/// Where numbers and chain go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct End {
    next: u64,
    chain: Hash,
}

impl End {
    /// Behind a closed file that goes on from here.
    fn behind(self, path: &Path, first: u64) -> Result<Self, FileError> {
        let lines = Lines::open(path, 0).map_err(failed("reading", path))?;
        let start = Self { next: first, ..self };
        let end = lines.fold(start, |end, (text, _)| end.after(&line::open(&text, end.next, &end.chain)));
        // a controller may have more than the disk does
        Ok(if end.next < self.next { self } else { end })
    }

    fn after(self, opened: &line::Opened) -> Self {
        Self { next: opened.seq.max(self.next).saturating_add(1), chain: opened.chain }
    }
}

/// The audit on the disk.
#[derive(Debug)]
pub(crate) struct Spool {
    directory: PathBuf,
    name: &'static str,
    id: String,
    closed: Vec<Segment>,
    file: File,
    /// Where the next line goes: behind the last whole one.
    length: u64,
    /// The number of the first record of the file that is written.
    first: u64,
    end: End,
    /// Through which record a controller has them, and what stands behind it.
    acked: u64,
    acked_chain: Hash,
    /// Bytes that may wait for a controller; none where nobody takes them.
    limit: Option<u64>,
    missing: Missing,
    /// Something was written and not forced to the disk.
    loose: bool,
    place: Option<Place>,
}

impl Spool {
    /// Opens it, and gives numbers to what an earlier version wrote. `limit` is how many bytes may wait for a controller.
    ///
    /// # Errors
    /// [`FileError`] where a file cannot be read.
    pub(super) fn open(directory: &Path, name: &'static str, limit: Option<u64>) -> Result<Self, FileError> {
        let (acked, acked_chain) = read_acked(directory, name)?;
        let start = End { next: acked + 1, chain: acked_chain };
        upgrade::run(directory, name, end_of_closed(directory, name, start)?)?;
        let end = end_of_closed(directory, name, start)?;
        let path = segment::live(directory, name);
        let file = segment::open(&path).map_err(failed("opening", &path))?;
        let mut spool = Self {
            directory: directory.to_owned(),
            name,
            id: read_id(directory, name)?,
            closed: segment::list(directory, name)?,
            file,
            length: 0,
            first: end.next,
            end,
            acked,
            acked_chain,
            limit,
            missing: Missing::default(),
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
    pub(crate) fn add(&mut self, record: &str, durable: bool) -> Result<(), FileError> {
        let added = self.write(record).and_then(|()| if durable { self.sync_file() } else { Ok(()) });
        if added.is_err() {
            self.missing.lines = self.missing.lines.saturating_add(1);
        }
        added.map_err(failed("writing", &segment::live(&self.directory, self.name)))
    }

    /// What is missing since this was last [told](Self::told).
    pub(crate) fn missing(&self) -> Option<Missing> {
        (self.missing != Missing::default()).then_some(self.missing)
    }

    /// A record says what is missing.
    pub(crate) fn told(&mut self) {
        self.missing = Missing::default();
    }

    /// Names this numbering.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The number of the next record.
    pub(crate) const fn next(&self) -> u64 {
        self.end.next
    }

    /// The number of the oldest record there is; that of the next where there is none.
    pub(crate) fn first(&self) -> u64 {
        self.closed.first().map_or(self.first, |segment| segment.first)
    }

    /// So much waits for a controller that the oldest denials are let go.
    pub(crate) fn is_full(&self) -> bool {
        self.limit.is_some_and(|limit| self.waiting().saturating_add(MAX_FILE) > limit)
    }

    /// Bytes that no controller has.
    fn waiting(&self) -> u64 {
        let live = if self.end.next > self.acked + 1 { self.length } else { 0 };
        self.unacked().map(|segment| segment.size).fold(live, u64::saturating_add)
    }

    /// A controller has everything through that number. Durable when this returns.
    ///
    /// # Errors
    /// [`FileError`] where it cannot be written; it is told again later.
    pub(crate) fn acknowledge(&mut self, through: u64) -> Result<(), FileError> {
        if through >= self.end.next {
            // what is here is an older copy of what the controller has: other records must not get the same numbers
            self.id = make_id(&self.directory, self.name)?;
            return Ok(());
        }
        if through > self.acked {
            self.let_go(through)?;
            self.prune();
        }
        Ok(())
    }

    /// Nothing through that number waits any more. What stands behind it in the chain is kept: later records go on from it.
    fn let_go(&mut self, through: u64) -> Result<(), FileError> {
        self.sync()?;
        let chain = self.place_of(through + 1)?.end.chain;
        let text = format!("{through} {chain}\n");
        file::replace(&note(&self.directory, self.name, "acked"), text.as_bytes())?;
        (self.acked, self.acked_chain) = (through, chain);
        Ok(())
    }

    fn unacked(&self) -> impl Iterator<Item = Segment> {
        let ends = self.closed.iter().skip(1).map(|segment| segment.first).chain([self.first]);
        let acked = self.acked;
        self.closed.iter().zip(ends).filter(move |(_, end)| *end > acked + 1).map(|(segment, _)| *segment)
    }

    /// Finds the end of what is whole: a crash may have left half a line.
    fn resume(&mut self, path: &Path) -> Result<(), FileError> {
        let base = self.end;
        let mut lines = Lines::open(path, 0).map_err(failed("reading", path))?.peekable();
        let Some((text, _)) = lines.peek() else { return Ok(()) };
        self.first = line::number(text).map_or(base.next, |(number, _)| number);
        self.end.next = self.first;
        for (text, offset) in lines {
            self.end = self.end.after(&line::open(&text, self.end.next, &self.end.chain));
            self.length = offset;
        }
        if self.end.next < base.next {
            // a controller has more than the disk does: go on behind it, in a file of its own
            self.end = base;
            return self.rotate().map_err(failed("closing", path));
        }
        Ok(())
    }

    fn write(&mut self, record: &str) -> io::Result<()> {
        let chain = chained(&self.end.chain, self.end.next, record.as_bytes());
        let mut text = line::line(self.end.next, record, &chain).ok_or(io::ErrorKind::InvalidInput)?;
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
        self.length += size;
        self.end = End { next: self.end.next + 1, chain };
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.sync_file()?;
        segment::close(&self.directory, self.name, self.first).map_err(io::Error::other)?;
        self.closed.push(Segment { first: self.first, size: self.length, is_thin: false });
        (self.first, self.length) = (self.end.next, 0);
        self.file = segment::open(&segment::live(&self.directory, self.name))?;
        self.prune();
        self.thin_out();
        Ok(())
    }

    /// Lets go of what everybody has. What cannot be removed now goes next time.
    fn prune(&mut self) {
        while self.closed.len() > MAX_OLD {
            let end = self.closed.get(1).map_or(self.first, |second| second.first);
            if end > self.acked + 1 && (self.limit.is_some() || self.let_go(end - 1).is_err()) {
                return;
            }
            let oldest = self.closed.remove(0);
            let _ = fs::remove_file(segment::closed(&self.directory, self.name, oldest.first));
        }
    }

    /// Makes room where more waits than may: see [`thin`]. What cannot be done now is done next time.
    fn thin_out(&mut self) {
        while self.limit.is_some_and(|limit| self.waiting() > limit) {
            let Some(oldest) = self.unacked().find(|segment| !segment.is_thin) else { return };
            let Ok(thinned) = thin::thin(&self.directory, self.name, oldest) else { return };
            self.missing.denials = self.missing.denials.saturating_add(thinned.gone);
            self.place = None;
            for segment in self.closed.iter_mut().filter(|segment| segment.first == oldest.first) {
                *segment = Segment { size: thinned.size, is_thin: true, ..*segment };
            }
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
}

fn end_of_closed(directory: &Path, name: &str, start: End) -> Result<End, FileError> {
    match segment::list(directory, name)?.last() {
        Some(last) => start.behind(&segment::closed(directory, name, last.first), last.first),
        None => Ok(start),
    }
}

fn note(directory: &Path, name: &str, what: &str) -> PathBuf {
    directory.join(format!("{name}.{what}"))
}

/// What is not there, or damaged, counts as nothing: records are then handed out again, and whoever has them knows.
fn read_acked(directory: &Path, name: &str) -> Result<(u64, Hash), FileError> {
    let bytes = match file::read(&note(directory, name, "acked"), MAX_NOTE) {
        Ok(bytes) => bytes,
        Err(error) if error.is_absent() => return Ok((0, Hash::default())),
        Err(error) => return Err(error),
    };
    let read = || {
        let (through, chain) = str::from_utf8(&bytes).ok()?.strip_suffix('\n')?.split_once(' ')?;
        Some((through.parse().ok().filter(|through| *through < line::MAX_SEQ)?, line::hash(chain)?))
    };
    Ok(read().unwrap_or_default())
}

fn read_id(directory: &Path, name: &str) -> Result<String, FileError> {
    let read = file::read(&note(directory, name, "id"), MAX_NOTE).ok();
    let text = read.and_then(|bytes| String::from_utf8(bytes).ok()).map(|text| text.trim_end().to_owned());
    match text.filter(|text| nullius_protocol::from_hex(text).is_some_and(|id| id.len() == ID)) {
        Some(id) => Ok(id),
        None => make_id(directory, name),
    }
}

fn make_id(directory: &Path, name: &str) -> Result<String, FileError> {
    let path = note(directory, name, "id");
    let mut id = [0; ID];
    let made = aws_lc_rs::rand::fill(&mut id).map_err(|_| io::Error::other("the system gives no randomness"));
    made.map_err(failed("naming", &path))?;
    let text = to_hex(&id);
    file::replace(&path, format!("{text}\n").as_bytes())?;
    Ok(text)
}

#[cfg(test)]
mod tests;
