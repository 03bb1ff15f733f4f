//! What can be asked of `nullius eval`.

use super::moments::{learn, moment};
use clap::{Args, ValueEnum};
use nullius_cli::times::duration;
use nullius_eval::{Filter, Learn, Moment};
use std::path::PathBuf;
use std::time::Duration;

const EXIT_CODES: &str = "\
Exit codes:
  0  the report was written; a capture with gaps gives one as well, marked PARTIAL
  1  the report could not be written where it was wanted
  2  no report: no capture, or arguments that cannot be followed

Nothing is ever sent, and nothing is written but the files asked for.";

/// Shows what is in a capture, and what default deny would have blocked.
///
/// Reads captures (pcap or pcapng, plain, gzip or zstd) or listens on an interface, and tells who is there, who speaks
/// with whom in which messages, what crosses to the internet, what should worry somebody, and what default deny learned
/// on the first part would have blocked in the rest.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES, after_long_help = EXIT_CODES)]
pub(crate) struct Arguments {
    /// Captures, merged by time.
    #[arg(value_name = "FILE", required_unless_present = "iface")]
    pub(super) files: Vec<PathBuf>,

    /// Listens on this interface instead, sending nothing; needs CAP_NET_RAW. Ctrl-C ends it early, with a report.
    #[arg(long, value_name = "IF", conflicts_with = "files")]
    pub(super) iface: Option<String>,

    /// How long to listen.
    #[arg(long = "for", value_name = "TIME", value_parser = duration, default_value = "5m", conflicts_with = "files")]
    pub(super) duration: Duration,

    /// How much is learned before default deny is tried on the rest: a time from the first frame (`64s`), a share of
    /// the time covered (`50%`; of `--for` when listening), or `all`.
    #[arg(long, value_name = "HOW MUCH", value_parser = learn, default_value = "50%")]
    pub(super) learn: Learn,

    /// A cycle the plant has (a shift, a day, a batch): nothing is ready before it was seen twice. May be repeated.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(super) cycle: Vec<Duration>,

    /// Leaves out frames before: `2012-11-12T11:03:00Z`, or `+10s` from the first frame.
    #[arg(long, value_name = "WHEN", value_parser = moment, conflicts_with = "iface")]
    pub(super) since: Option<Moment>,

    /// Leaves out frames from then on.
    #[arg(long, value_name = "WHEN", value_parser = moment, conflicts_with = "iface")]
    pub(super) until: Option<Moment>,

    /// Reports one device and its conversations: its name, hardware address or network address.
    #[arg(long, value_name = "DEVICE")]
    pub(super) device: Option<String>,

    /// Leaves out frames of other stations: `host A`, `net A/N`, `ether host M`, with `and`, `or`, `not` and `( )`.
    #[arg(long, value_name = "EXPRESSION", value_parser = Filter::parse)]
    pub(super) filter: Option<Filter>,

    /// What to make: text for the terminal, or one HTML file; the text is shown beside it where nothing else is.
    #[arg(long, value_name = "KIND", value_enum, default_value = "terminal")]
    pub(super) report: Kind,

    /// Where the report goes; `-` is standard output. HTML goes to `nullius-report.html` if this is not given.
    #[arg(long, short, value_name = "PATH")]
    pub(super) output: Option<PathBuf>,

    /// Writes everything as JSON, to standard output in place of the text, or with `--json=PATH` to a file.
    #[arg(long, value_name = "PATH", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    pub(super) json: Option<PathBuf>,

    /// Writes first zones and allow rules into this folder, for a person to go through.
    #[arg(long, value_name = "DIR")]
    pub(super) draft: Option<PathBuf>,

    /// Follows the values that messages carry and keeps the smallest and largest of each.
    #[arg(long)]
    pub(super) values: bool,

    /// Leaves nothing out of the text, however long it gets.
    #[arg(long)]
    pub(super) all: bool,

    /// Replaces a draft that is there already.
    #[arg(long, requires = "draft")]
    pub(super) force: bool,
}

/// What the report is made as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// Text that is read in a minute.
    Terminal,
    /// One file with everything, for a browser.
    Html,
}
