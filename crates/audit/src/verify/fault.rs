//! What is wrong with a log, in words.

use crate::EntryError;
use std::fmt;

/// The first thing that is wrong. Everything before [`Fault::first`] is what the log signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The first record that may be bad, counted from 0.
    pub first: u64,
    /// The last record that may be the first bad one; the same as `first` where it is known exactly.
    pub last: u64,
    /// Why.
    pub reason: Reason,
}

/// Why a record is bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is not the record that the log signed.
    Altered,
    /// It is not there.
    Missing,
    /// It is signed, and yet no record or not at its place.
    Record(EntryError),
    /// It is not what the log signed when it had this many records.
    Rewritten(u64),
    /// There are bytes behind it that no record owns.
    Surplus,
    /// The records are whole; this file with their hashes is not.
    Tile(String),
    /// The log had this many records once, and has fewer.
    Truncated(u64),
}

impl Fault {
    pub(super) const fn at(record: u64, reason: Reason) -> Self {
        Self { first: record, last: record, reason }
    }

    /// Where a checkpoint of a longer log exists.
    pub(super) fn truncated(size: u64, anchored: u64) -> Option<Self> {
        let last = anchored.checked_sub(1).filter(|last| *last >= size)?;
        Some(Self { first: size, last, reason: Reason::Truncated(anchored) })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, last, reason } = self;
        let one = first == last;
        match reason {
            Reason::Altered if one => write!(f, "record {first} is not the one that the log signed"),
            Reason::Altered => {
                write!(
                    f,
                    "the first bad record is one of {first} to {last}: they are not those that the log signed"
                )
            }
            Reason::Missing => write!(f, "record {first} is missing"),
            Reason::Record(error) => write!(f, "record {first} cannot be right: {error}"),
            Reason::Rewritten(size) if one => {
                write!(f, "record {first} is not the one that the log signed when it had {size} records")
            }
            Reason::Rewritten(size) => write!(
                f,
                "the first bad record is one of {first} to {last}: they are not those that the log signed when it had \
                 {size} records"
            ),
            Reason::Surplus => write!(f, "behind record {first} are bytes that belong to no record"),
            Reason::Tile(path) if one => {
                write!(
                    f,
                    "the file {path} does not have the hash of record {first}; the records themselves are whole"
                )
            }
            Reason::Tile(path) => write!(
                f,
                "the file {path} does not have the hash of records {first} to {last}; the records themselves are whole"
            ),
            Reason::Truncated(size) => write!(
                f,
                "record {first} is missing, and all after it: the log ends there, but once had {size} records"
            ),
        }
    }
}
