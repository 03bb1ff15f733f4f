//! Why a capture cannot be opened, or read on. Paths are the caller's to add: a reader may have none.

use crate::link::{SUPPORTED, UnsupportedLink, listed};
use crate::zstd::MAX_ZSTD_WINDOW;
use std::io;

/// Why there is nothing to read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file itself, or the stream, cannot be read.
    #[error("the capture cannot be opened")]
    Io(#[source] io::Error),
    /// Not a single byte.
    #[error("no capture: the file is empty")]
    Empty,
    /// Too short for the header it begins with.
    #[error("no capture: the file ends inside its header")]
    CutHeader,
    /// Packed with gzip or zstd, but it does not unpack.
    #[error("no capture: the compressed data is damaged")]
    Packing,
    /// Packed with zstd in a way that takes more memory than [`crate::MAX_ZSTD_WINDOW`].
    #[error("no capture: the zstd data wants a window of more than {} MiB; unpack it first", MAX_ZSTD_WINDOW >> 20)]
    OversizedWindow,
    /// Some other format, as far as its first bytes tell.
    #[error("no capture: the file is {found}, neither pcap nor pcapng{advice}")]
    NotACapture {
        /// What its first bytes look like.
        found: String,
        /// What to do about it; empty, or starts with `; `.
        advice: &'static str,
    },
    /// A header that contradicts itself.
    #[error("no capture: the header is damaged")]
    DamagedHeader,
    /// A pcapng of a major version other than 1.
    #[error("no capture: the pcapng version is unknown; only version 1 is defined")]
    UnknownVersion,
    /// A capture, but no frame in it could be read. Never empty; a pcapng may hold several.
    #[error("{} is not supported; supported: {SUPPORTED}", listed(.0))]
    UnsupportedLink(Vec<UnsupportedLink>),
}

/// The medium failed while frames were read. Damage in the file itself is no error but a note ([`crate::Notes`]).
#[derive(Debug, thiserror::Error)]
#[error("the capture cannot be read on")]
pub struct ReadError(#[source] pub io::Error);

/// Why a file's time span is not known.
#[derive(Debug, thiserror::Error)]
pub enum SpanError {
    /// It is no capture we can read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The medium failed.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl OpenError {
    /// From a file too short or too strange to be a capture.
    pub(crate) fn from_first_bytes(data: &[u8]) -> Self {
        let shown = data.get(..4).unwrap_or(data);
        if shown.is_empty() {
            return Self::Empty;
        }
        let known = KNOWN_FORMATS.iter().find(|(magic, ..)| data.starts_with(magic));
        let (found, advice) = match known {
            Some((_, name, advice)) => ((*name).to_owned(), *advice),
            None => (format!("something that starts with {}", hex(shown)), ""),
        };
        Self::NotACapture { found, advice }
    }
}

/// Formats people do hand over, by their first bytes.
const KNOWN_FORMATS: [(&[u8], &str, &str); 8] = [
    (b"BZh", "packed with bzip2", UNPACK),
    (b"\xfd7zXZ", "packed with xz", UNPACK),
    (b"PK\x03\x04", "a zip archive", UNPACK),
    (b"7z\xbc\xaf", "a 7-Zip archive", UNPACK),
    (b"\x04\x22\x4d\x18", "packed with lz4", UNPACK),
    (b"\x1f\x8b", "packed twice", UNPACK),
    (b"snoop\0\0\0", "a snoop capture", CONVERT),
    (b"\x7fELF", "a program", ""),
];
const UNPACK: &str = "; unpack it first";
const CONVERT: &str = "; convert it with `editcap -F pcapng` first";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_what_was_found_and_what_to_do() {
        let unsupported = vec![UnsupportedLink(9), UnsupportedLink(127)];
        for (error, text) in [
            (OpenError::from_first_bytes(b""), "no capture: the file is empty"),
            (
                OpenError::from_first_bytes(b"// OPENQASM"),
                "no capture: the file is something that starts with 2f 2f 20 4f, neither pcap nor pcapng",
            ),
            (
                OpenError::from_first_bytes(b"PK\x03\x04 and so on"),
                "no capture: the file is a zip archive, neither pcap nor pcapng; unpack it first",
            ),
            (
                OpenError::UnsupportedLink(unsupported),
                "link type 9 (PPP), link type 127 (IEEE 802.11 radiotap) is not supported; supported: Ethernet, \
                 Linux cooked v1/v2, raw IP, BSD loopback",
            ),
        ] {
            assert_eq!(error.to_string(), text);
        }
    }
}
