//! Capture files made by hand, and reading one to its end.

use nullius_capture::{CaptureFile, Notes, OpenError};
use nullius_model::LinkType;
use std::io::Cursor;
use std::path::PathBuf;

/// What a frame is told apart by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) number: u64,
    pub(super) nanos: u64,
    pub(super) link: LinkType,
    pub(super) bytes: Vec<u8>,
    pub(super) wire_length: u32,
}

pub(super) fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

pub(super) fn load(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap()
}

/// Reads `bytes` to the end, which must stay the end.
pub(super) fn read(bytes: &[u8]) -> Result<(Vec<Seen>, Notes), OpenError> {
    drain(CaptureFile::from_reader(Cursor::new(bytes.to_vec()))?)
}

pub(super) fn drain(mut file: CaptureFile) -> Result<(Vec<Seen>, Notes), OpenError> {
    let mut frames = Vec::new();
    while let Some(frame) = file.next_frame().unwrap() {
        frames.push(Seen {
            number: frame.number.0,
            nanos: frame.at.as_nanos(),
            link: frame.link,
            bytes: frame.bytes.to_vec(),
            wire_length: frame.wire_length,
        });
    }
    assert!(file.next_frame().unwrap().is_none());
    Ok((frames, file.notes().clone()))
}

/// The dialects of the classic format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Big,
    BigNanos,
    Little,
    LittleNanos,
    Modified,
}

impl Dialect {
    pub(super) const ALL: [Self; 5] =
        [Self::Big, Self::BigNanos, Self::Little, Self::LittleNanos, Self::Modified];

    pub(super) fn word(self, value: u32) -> [u8; 4] {
        match self {
            Self::Big | Self::BigNanos => value.to_be_bytes(),
            Self::Little | Self::LittleNanos | Self::Modified => value.to_le_bytes(),
        }
    }

    fn magic(self) -> u32 {
        match self {
            Self::Big | Self::Little => 0xa1b2_c3d4,
            Self::BigNanos | Self::LittleNanos => 0xa1b2_3c4d,
            Self::Modified => 0xa1b2_cd34,
        }
    }

    fn nanos_per_fraction(self) -> u64 {
        if matches!(self, Self::BigNanos | Self::LittleNanos) { 1 } else { 1_000 }
    }
}

pub(super) fn pcap_header(dialect: Dialect, link: u32) -> Vec<u8> {
    let version = if dialect.word(1)[0] == 1 { [2, 0, 4, 0] } else { [0, 2, 0, 4] };
    let words = [0, 0, 65_535, link].map(|word| dialect.word(word)).concat();
    [&dialect.word(dialect.magic())[..], &version, &words].concat()
}

pub(super) fn pcap_record(dialect: Dialect, nanos: u64, wire_length: u32, bytes: &[u8]) -> Vec<u8> {
    let seconds = u32::try_from(nanos / 1_000_000_000).unwrap();
    let fraction = u32::try_from(nanos % 1_000_000_000 / dialect.nanos_per_fraction()).unwrap();
    let captured = u32::try_from(bytes.len()).unwrap();
    let mut record = [seconds, fraction, captured, wire_length].map(|word| dialect.word(word)).concat();
    if dialect == Dialect::Modified {
        record.extend([0; 8]);
    }
    record.extend(bytes);
    record
}

/// A pcapng block around `body`, padded.
pub(super) fn block(dialect: Dialect, kind: u32, body: &[u8]) -> Vec<u8> {
    let padding = body.len().next_multiple_of(4) - body.len();
    let length = dialect.word(u32::try_from(12 + body.len() + padding).unwrap());
    [&dialect.word(kind)[..], &length, body, &vec![0; padding], &length].concat()
}

pub(super) fn section(dialect: Dialect) -> Vec<u8> {
    let version = if dialect.word(1)[0] == 1 { [1, 0, 0, 0] } else { [0, 1, 0, 0] };
    block(dialect, 0x0a0d_0d0a, &[&dialect.word(0x1a2b_3c4d)[..], &version, &[0xff; 8]].concat())
}

/// An interface, with the options as they are given.
pub(super) fn interface(dialect: Dialect, link: u16, snap_length: u32, options: &[u8]) -> Vec<u8> {
    let word = if dialect.word(1)[0] == 1 { u32::from(link) } else { u32::from(link) << 16 };
    block(dialect, 1, &[&dialect.word(word)[..], &dialect.word(snap_length), options].concat())
}

pub(super) fn enhanced(dialect: Dialect, interface: u32, units: u64, bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap();
    let high = u32::try_from(units >> 32).unwrap();
    let low = u32::try_from(units & 0xffff_ffff).unwrap();
    let fields = [interface, high, low, length, length].map(|word| dialect.word(word)).concat();
    block(dialect, 6, &[&fields[..], bytes].concat())
}
