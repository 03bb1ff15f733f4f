//! The one buffer between a source and a format reader: what was read and not yet used.
//!
//! INVARIANT: its size never changes. A reader asks for the bytes it needs, and gets them, the end, or the damage; bytes
//! that were consumed stay in place until the next request, so that a frame can be lent out of them.

use crate::notes::Flaw;
use crate::record::Stop;
use crate::source::Source;
use std::io::{self, Read as _};

/// Memory for one open capture: room for the largest record ([`crate::MAX_PACKET_BYTES`] and its options) and, at the
/// usual packet sizes, for hundreds of packets a read.
pub const BUFFER_BYTES: usize = 512 * 1024;

/// A range of the window; good until the next [`Window::ensure`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    start: usize,
    length: usize,
}

#[derive(Debug)]
pub(crate) struct Window {
    source: Source,
    memory: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Window {
    pub(crate) fn new(source: Source) -> Self {
        Self { source, memory: vec![0; BUFFER_BYTES].into_boxed_slice(), start: 0, end: 0 }
    }

    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// All that is read and not consumed.
    pub(crate) fn data(&self) -> &[u8] {
        self.memory.get(self.start..self.end).unwrap_or_default()
    }

    pub(crate) fn bytes(&self, place: Place) -> &[u8] {
        self.memory.get(place.start..).and_then(|rest| rest.get(..place.length)).unwrap_or_default()
    }

    /// Makes [`Self::data`] hold at least `count` bytes; `false` where the source ends before.
    pub(crate) fn ensure(&mut self, count: usize) -> Result<bool, Stop> {
        while self.end - self.start < count {
            if count > self.memory.len() {
                return Err(Stop::Corrupt(Flaw::OversizedPacket));
            }
            if self.fill()? == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Uses up `total` bytes, of which `length` from `offset` on are a packet; no more than there are.
    pub(crate) fn consume(&mut self, total: usize, offset: usize, length: usize) -> Place {
        let place = Place { start: self.start.saturating_add(offset), length };
        self.start = self.start.saturating_add(total).min(self.end);
        place
    }

    /// Drops `count` bytes without keeping them; `false` where the source ends before.
    pub(crate) fn skip(&mut self, count: u64) -> Result<bool, Stop> {
        let mut left = count;
        loop {
            let here = self.data().len().min(usize::try_from(left).unwrap_or(usize::MAX));
            self.start += here;
            left -= here as u64;
            if left == 0 {
                return Ok(true);
            }
            if !self.ensure(1)? {
                return Ok(false);
            }
        }
    }

    /// Moves what is left, always less than one record, to the front and reads behind it.
    fn fill(&mut self) -> Result<usize, Stop> {
        self.memory.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let space = self.memory.get_mut(self.end..).unwrap_or_default();
        loop {
            match self.source.read(space) {
                Ok(count) => {
                    self.end = self.end.saturating_add(count).min(BUFFER_BYTES);
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.source.stop(error)),
            }
        }
    }
}
