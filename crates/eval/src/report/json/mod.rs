//! The report for programs: one JSON document whose schema has a version, `nullius-eval/1`.
//!
//! The schema is `docs/eval-schema.json`, derived from the structures here and compared with them by a test, so that it
//! cannot drift; `docs/json.md` says how it may change. These structures are the schema's own: a field renamed in
//! `device` or `model` breaks the build here and nobody's program.
//!
//! INVARIANT: the same evaluation yields the same bytes. Whatever a device chose stays as it was, cut to
//! a kilobyte, with every character that could move a cursor or turn a line around written as an escape.

mod conversation;
mod device;
mod finding;
mod writer;

use crate::report::summary;
use crate::run::Evaluation;
use conversation::Conversation;
use device::{Device, InternetHost, Names};
use finding::Finding;
use nullius_device::{DamageCount, Quality};
use nullius_model::{Seen, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

/// The schema this module writes. Within `/1` fields and values are only ever added.
pub const SCHEMA: &str = "nullius-eval/1";

/// Longest text written, in bytes. `wire` bounds what devices say far below; this holds whatever is put around it.
const MAX_TEXT: usize = 1_024;

/// Writes the whole report as one line of JSON.
pub fn to_writer(evaluation: &Evaluation, mut writer: impl Write) -> Result<(), std::io::Error> {
    writer::write(&Report::of(evaluation), &mut writer)?;
    writer.write_all(b"\n")
}

/// What `nullius eval --json` prints.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Report<'a> {
    /// Name and version of this schema.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    capture: Capture,
    summary: Summary,
    quality: QualityOf<'a>,
    /// In the order of their lowest address.
    devices: Vec<Device<'a>>,
    /// Hosts of the internet that somebody here spoke with, in the order of their addresses.
    internet_hosts: Vec<InternetHost<'a>>,
    /// By client, server, protocol and unit.
    conversations: Vec<Conversation<'a>>,
    /// The worst first.
    findings: Vec<Finding<'a>>,
}

/// What was read.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Capture {
    source: Source,
    /// What limited the frames looked at: time bounds, filters. Empty if nothing did.
    scope: Vec<String>,
    /// Frames read, duplicates not counted.
    frames: u64,
    /// Bytes these had on the wire.
    bytes: u64,
    first: Option<Moment>,
    last: Option<Moment>,
    /// From the first to the last frame, microseconds.
    covered_us: u64,
    /// The instant where learning ended; null if everything was learned.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    learn_until: Option<String>,
    /// What the kernel counted; null for files.
    kernel: Option<Kernel>,
}

/// Where the frames came from.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Source {
    /// Capture files, merged by time.
    Files {
        /// As they were named.
        paths: Vec<String>,
    },
    /// A network interface.
    Interface {
        /// Its name.
        name: String,
    },
}

/// Frames of a live capture.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Kernel {
    /// Frames handed over.
    received: u64,
    /// Frames lost because this machine was too slow.
    dropped: u64,
}

/// The numbers of the report's first lines.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Summary {
    devices: u64,
    conversations: u64,
    /// Conversations whose alphabet may be enforced as it is.
    ready_conversations: u64,
    /// Conversations with a host of the internet.
    internet_conversations: u64,
    /// Requests, and messages nobody asked for.
    messages: u64,
    /// Messages by verb class.
    messages_by_class: BTreeMap<&'static str, u64>,
    symbols: u64,
    /// Symbols that change something, and so need a person's seal.
    writing_symbols: u64,
    outside: Outside,
}

/// What default deny, learned on the first part, would have blocked in the rest.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Outside {
    messages: u64,
    /// Messages after learning, blocked or not.
    of_messages: u64,
    /// Symbols never seen while learning.
    symbols: u64,
    /// Of these, symbols that change something.
    writing_symbols: u64,
    /// Conversations that only began after learning.
    new_conversations: u64,
}

/// How much of what happened the capture shows.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Quality"))]
struct QualityOf<'a> {
    /// Nothing lacks but the beginnings of flows that were open already, and no table was full.
    whole: bool,
    /// Everything that lacks, one sentence each.
    partial: Vec<String>,
    damage: Vec<Damage<'a>>,
    /// Stations let go because their table was full.
    evicted_stations: u64,
    /// Conversations let go because their table was full.
    evicted_conversations: u64,
    /// Messages not learned because the tables of symbols were full.
    refused_symbols: u64,
    /// Findings not kept because their table was full.
    refused_findings: u64,
}

/// One kind of damage.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Damage<'a> {
    /// `cut-frame`, `duplicate`, `bad-checksum`, `stream-gap`, `mid-stream` …
    kind: &'a str,
    count: u64,
    /// Bytes the capture lacks by it.
    missing_bytes: u64,
    first: Moment,
}

/// A frame, and when it was captured.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Moment {
    /// Number of the frame in the capture, from 1, as Wireshark counts.
    frame: u64,
    /// RFC 3339, UTC, microseconds.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    at: String,
}

impl<'a> Report<'a> {
    fn of(evaluation: &'a Evaluation) -> Self {
        let picture = &evaluation.picture;
        let summary = summary::Summary::of(evaluation);
        let names = Names::of(picture);
        Self {
            schema: SCHEMA,
            capture: Capture::of(evaluation, &summary),
            quality: QualityOf::of(evaluation, &summary),
            devices: picture
                .devices
                .iter()
                .enumerate()
                .map(|(at, view)| Device::of(at, view, &names))
                .collect(),
            internet_hosts: picture.internet.iter().map(|(ip, host)| InternetHost::of(*ip, host)).collect(),
            conversations: picture.conversations.iter().map(|view| Conversation::of(view, &names)).collect(),
            findings: picture.findings.iter().map(|finding| Finding::of(finding, &names)).collect(),
            summary: Summary::of(&summary),
        }
    }
}

impl Capture {
    fn of(evaluation: &Evaluation, summary: &summary::Summary) -> Self {
        let picture = &evaluation.picture;
        Self {
            source: Source::of(&evaluation.source),
            scope: evaluation.scope.clone(),
            frames: picture.frames,
            bytes: picture.bytes,
            first: picture.first.map(Moment::of),
            last: picture.first.map(|_| Moment::of(picture.last)),
            covered_us: micros(summary.covered),
            learn_until: evaluation.learn_until.as_ref().map(Timestamp::to_string),
            kernel: evaluation.ring.map(|ring| Kernel { received: ring.received, dropped: ring.dropped }),
        }
    }
}

impl Source {
    fn of(source: &crate::Source) -> Self {
        match source {
            crate::Source::Files(paths) => {
                Self::Files { paths: paths.iter().map(|path| path.display().to_string()).collect() }
            }
            crate::Source::Interface(name) => Self::Interface { name: name.clone() },
        }
    }
}

impl Summary {
    fn of(summary: &summary::Summary) -> Self {
        let outside = summary.outside;
        Self {
            devices: summary.devices,
            conversations: summary.conversations,
            ready_conversations: summary.ready,
            internet_conversations: summary.to_internet,
            messages: summary.messages,
            messages_by_class: summary.by_class.iter().map(|(class, count)| (class.name(), *count)).collect(),
            symbols: summary.symbols,
            writing_symbols: summary.writing_symbols,
            outside: Outside {
                messages: outside.messages,
                of_messages: outside.of,
                symbols: outside.symbols,
                writing_symbols: outside.writing_symbols,
                new_conversations: outside.new_conversations,
            },
        }
    }
}

impl<'a> QualityOf<'a> {
    fn of(evaluation: &'a Evaluation, summary: &summary::Summary) -> Self {
        let quality: &'a Quality = &evaluation.picture.quality;
        Self {
            whole: quality.is_whole() && evaluation.notes.is_empty(),
            partial: summary.partial.clone(),
            damage: quality.damage().map(Damage::of).collect(),
            evicted_stations: quality.evicted_stations,
            evicted_conversations: quality.evicted_conversations,
            refused_symbols: quality.refused_symbols,
            refused_findings: quality.refused_findings,
        }
    }
}

impl<'a> Damage<'a> {
    fn of((kind, damage): (&'a str, DamageCount)) -> Self {
        Self { kind, count: damage.count, missing_bytes: damage.bytes, first: Moment::of(damage.first) }
    }
}

impl Moment {
    fn of(seen: Seen) -> Self {
        Self { frame: seen.frame.0, at: seen.at.to_string() }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Text as it was said, cut to [`MAX_TEXT`] bytes at a character.
fn text(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
