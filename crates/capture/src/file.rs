//! One capture file, from its first byte to its last good frame.
//!
//! INVARIANT: frames come in file order and are numbered as Wireshark numbers them, the unreadable ones included; after
//! the end, whatever caused it, there is nothing but `Ok(None)`.

use crate::error::{OpenError, ReadError};
use crate::notes::{Corruption, Flaw, Notes};
use crate::pcap::Pcap;
use crate::pcapng::Pcapng;
use crate::record::{Record, Stop};
use crate::source::Source;
use crate::window::Window;
use nullius_model::{Frame, FrameNumber, LinkType};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A pcap or pcapng file that is read frame by frame, plain or packed with gzip or zstd.
#[derive(Debug)]
pub struct CaptureFile {
    window: Window,
    format: Format,
    frames: u64,
    notes: Notes,
    finished: bool,
    total_bytes: Option<u64>,
}

#[derive(Debug)]
enum Format {
    Pcap(Pcap),
    Pcapng(Pcapng),
}

impl CaptureFile {
    /// Opens the file at `path` and reads its header.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let file = File::open(path).map_err(OpenError::Io)?;
        let total_bytes =
            file.metadata().ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.len());
        Ok(Self { total_bytes, ..Self::from_reader(file)? })
    }

    /// Reads a capture from any stream. Never panics and always ends where the stream does, whatever it holds.
    pub fn from_reader(reader: impl Read + Send + 'static) -> Result<Self, OpenError> {
        let source = Source::detect(Box::new(reader)).map_err(OpenError::Io)?;
        let mut window = Window::new(source);
        let enough = window.ensure(4)?;
        let magic = window.data().first_chunk().copied();
        let Some(magic) =
            magic.filter(|magic| enough && (Pcap::recognises(*magic) || Pcapng::recognises(*magic)))
        else {
            return Err(OpenError::from_first_bytes(window.data()));
        };
        if Pcap::recognises(magic) { Self::open_pcap(window) } else { Self::open_pcapng(window) }
    }

    /// The next frame on a link we can read; `None` at the end, for which [`Self::notes`] may give a reason.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, ReadError> {
        while let Some(record) = self.advance()? {
            if let Ok(link) = record.link {
                return Ok(Some(self.lend(&record, link, FrameNumber(self.frames))));
            }
        }
        Ok(None)
    }

    /// What was wrong with the capture as far as it was read.
    pub fn notes(&self) -> &Notes {
        &self.notes
    }

    /// How many bytes of the file, packed as it is, were read. Runs ahead of the frames by up to a buffer.
    pub fn bytes_read(&self) -> u64 {
        self.window.source().bytes_read()
    }

    /// Size of the file in bytes; `None` for a stream.
    pub fn total_bytes(&self) -> Option<u64> {
        self.total_bytes
    }

    fn open_pcap(mut window: Window) -> Result<Self, OpenError> {
        let format = Format::Pcap(Pcap::open(&mut window)?);
        Ok(Self::new(window, format))
    }

    fn open_pcapng(mut window: Window) -> Result<Self, OpenError> {
        let mut notes = Notes::default();
        let (reader, end) = Pcapng::open(&mut window, |link| notes.count_skipped(link))?;
        let mut file = Self::new(window, Format::Pcapng(reader));
        file.frames = notes.skipped_frames.values().sum();
        file.notes = notes;
        match end {
            Ok(()) => Ok(file),
            Err(stop) => file.settle(stop).map(|()| file).map_err(|error| OpenError::Io(error.0)),
        }
    }

    fn new(window: Window, format: Format) -> Self {
        Self { window, format, frames: 0, notes: Notes::default(), finished: false, total_bytes: None }
    }

    /// The next packet, readable or not.
    #[inline]
    pub(crate) fn advance(&mut self) -> Result<Option<Record>, ReadError> {
        if self.finished {
            return Ok(None);
        }
        let found = match &mut self.format {
            Format::Pcap(reader) => reader.next(&mut self.window),
            Format::Pcapng(reader) => reader.next(&mut self.window),
        };
        match found {
            Ok(Some(record)) => {
                self.count(record.link);
                Ok(Some(record))
            }
            Ok(None) => {
                self.finished = true;
                Ok(None)
            }
            Err(stop) => self.settle(stop).map(|()| None),
        }
    }

    /// The packet as a frame, for as long as the window is left alone.
    pub(crate) fn lend(&self, record: &Record, link: LinkType, number: FrameNumber) -> Frame<'_> {
        Frame {
            number,
            at: record.at,
            link,
            bytes: self.window.bytes(record.place),
            wire_length: record.wire_length,
        }
    }

    fn count(&mut self, link: Result<LinkType, u32>) {
        self.frames += 1;
        if let Err(number) = link {
            self.notes.count_skipped(number);
        }
    }

    fn settle(&mut self, stop: Stop) -> Result<(), ReadError> {
        self.finished = true;
        let after = FrameNumber(self.frames);
        match stop {
            Stop::Truncated => self.notes.truncated_tail = Some(after),
            Stop::Corrupt(flaw) => self.notes.corrupt_after = Some(Corruption { after, flaw }),
            Stop::Failed(error) => return Err(ReadError(error)),
        }
        Ok(())
    }
}

impl From<Stop> for OpenError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Truncated => Self::CutHeader,
            Stop::Corrupt(Flaw::Packing) => Self::Packing,
            Stop::Corrupt(Flaw::OversizedWindow) => Self::OversizedWindow,
            Stop::Corrupt(_) => Self::DamagedHeader,
            Stop::Failed(error) => Self::Io(error),
        }
    }
}
