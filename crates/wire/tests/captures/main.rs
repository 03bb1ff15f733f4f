//! Every capture under `tests/data`, read whole: as the text beside it says (`golden`), and as often as others count in
//! it (the rest, a file for each family of protocols).
//!
//! The referees are tshark 4.0 and, where there are such, the logs that the icsnpp parsers of Zeek are tested with; the
//! README beside each capture says which, and explains every difference.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a broken fixture must fail the test")]
#![expect(clippy::wildcard_enum_match_arm, reason = "a dump prints what it has no words for as it is")]

mod automation;
mod capture;
mod control;
mod counts;
mod discovery;
mod dump;
mod golden;
mod iot;
mod opcua;
mod text;
mod tls;
