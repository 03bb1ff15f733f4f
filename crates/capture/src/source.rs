//! Where a capture's bytes come from: a file or any reader, plain or packed; what it is packed with is told by its first
//! bytes, not by its name.
//!
//! Knows three ways to end badly apart: the medium fails, the packed stream is cut, the packed stream is damaged.

use crate::notes::Flaw;
use crate::record::Stop;
use crate::zstd::{Zstd, wants_too_much};
use flate2::bufread::MultiGzDecoder;
use std::fmt;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

const GZIP: [u8; 2] = [0x1f, 0x8b];
/// RFC 8878 §3.1.1; a stream may also begin with a skippable frame (§3.1.2).
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// How much is read from a packed file at once.
const PACKED_BUFFER_BYTES: usize = 64 * 1024;

pub(crate) enum Source {
    Plain(Raw),
    Gzip(Box<MultiGzDecoder<Raw>>),
    Zstd(Box<Zstd>),
}

impl Source {
    /// Looks at the first bytes and unpacks what follows if they say so.
    pub(crate) fn detect(mut reader: Box<dyn Read + Send>) -> io::Result<Self> {
        let mut head = Vec::with_capacity(4);
        reader.by_ref().take(4).read_to_end(&mut head)?;
        let (gzip, zstd) = (head.starts_with(&GZIP), head == ZSTD || is_skippable(&head));
        let raw = Raw::new(head, reader);
        Ok(if gzip {
            Self::Gzip(Box::new(MultiGzDecoder::new(raw)))
        } else if zstd {
            Self::Zstd(Box::new(Zstd::new(raw)))
        } else {
            Self::Plain(raw)
        })
    }

    /// How much of the file, packed as it is, was read.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.raw().taken
    }

    /// What an error from [`Read::read`] means.
    pub(crate) fn stop(&mut self, error: io::Error) -> Stop {
        let raw = self.raw();
        if raw.failed || matches!(self, Self::Plain(_)) {
            Stop::Failed(error)
        } else if wants_too_much(&error) {
            Stop::Corrupt(Flaw::OversizedWindow)
        } else if raw.ended {
            Stop::Truncated
        } else {
            Stop::Corrupt(Flaw::Packing)
        }
    }

    fn raw(&self) -> &Raw {
        match self {
            Self::Plain(raw) => raw,
            Self::Gzip(decoder) => decoder.get_ref(),
            Self::Zstd(decoder) => decoder.raw(),
        }
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(raw) => raw.read(buffer),
            Self::Gzip(decoder) => decoder.read(buffer),
            Self::Zstd(decoder) => decoder.read(buffer),
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let packing = match self {
            Self::Plain(_) => "plain",
            Self::Gzip(_) => "gzip",
            Self::Zstd(_) => "zstd",
        };
        write!(f, "Source({packing}, {} bytes read)", self.bytes_read())
    }
}

/// The first bytes, which were looked at, and the rest.
type Whole = Chain<Cursor<Vec<u8>>, Box<dyn Read + Send>>;

/// The bytes as they lie in the file. Remembers how far they were read, and how they ended.
pub(crate) struct Raw {
    reader: BufReader<Whole>,
    taken: u64,
    ended: bool,
    failed: bool,
}

impl Raw {
    fn new(head: Vec<u8>, rest: Box<dyn Read + Send>) -> Self {
        let reader = BufReader::with_capacity(PACKED_BUFFER_BYTES, Cursor::new(head).chain(rest));
        Self { reader, taken: 0, ended: false, failed: false }
    }
}

impl Read for Raw {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.reader.read(buffer);
        match &result {
            Ok(count) => {
                self.taken += *count as u64;
                self.ended |= *count == 0 && !buffer.is_empty();
            }
            Err(error) => self.failed |= error.kind() != io::ErrorKind::Interrupted,
        }
        result
    }
}

impl BufRead for Raw {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.reader.fill_buf() {
            Ok(bytes) => {
                self.ended |= bytes.is_empty();
                Ok(bytes)
            }
            Err(error) => {
                self.failed |= error.kind() != io::ErrorKind::Interrupted;
                Err(error)
            }
        }
    }

    fn consume(&mut self, amount: usize) {
        self.taken += amount as u64;
        self.reader.consume(amount);
    }
}

/// `0x184D2A5?` in little-endian.
fn is_skippable(head: &[u8]) -> bool {
    matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18])
}
