//! The evaluation itself: frames through the dissector into a site, then one picture.

use crate::error::EvalError;
use crate::filter::{Addresses, Filter};
use crate::input;
use nullius_capture::{Ring, RingOptions, RingStatistics};
use nullius_device::{Config, Limits as SiteLimits, Picture, Site};
use nullius_model::{Frame, Seed, Timestamp};
use nullius_wire::{Dissector, Limits as WireLimits};
use std::path::PathBuf;
use std::time::Duration;

/// Frames between two reports of progress: often enough for a smooth bar, rare enough to cost nothing.
const PROGRESS_EVERY: u64 = 16_384;
/// How long one look at a silent interface lasts.
const RING_WAIT: Duration = Duration::from_millis(200);

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Capture files, merged by time.
    Files(Vec<PathBuf>),
    /// An interface, for as long as the caller's [`Progress::go_on`] says.
    Interface(String),
}

/// An instant of a capture, as a person names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// This instant.
    At(Timestamp),
    /// This long after the first frame. Files only: what an interface shows has no first frame beforehand.
    AfterFirst(Duration),
}

/// How much is learned before default deny is tried on the rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Learn {
    /// This long from the first frame.
    For(Duration),
    /// This share of the time the capture covers, 0 to 1. Files only.
    Share(f64),
    /// Everything: there is no rest.
    Everything,
}

/// How to evaluate.
#[derive(Clone, Debug)]
pub struct Options {
    /// What to read.
    pub source: Source,
    /// How much to learn.
    pub learn: Learn,
    /// Cycles the plant is declared to have: a shift, a day, a batch.
    pub cycles: Vec<Duration>,
    /// Only frames from this instant on.
    pub since: Option<Moment>,
    /// Only frames before this instant.
    pub until: Option<Moment>,
    /// Only frames that match.
    pub filter: Option<Filter>,
    /// Follow values of messages.
    pub follow_values: bool,
    /// Keys the tables: fixed for a file, drawn at random on an interface.
    pub seed: u64,
}

/// Told how far it has come, and asked whether to go on.
pub trait Progress {
    /// `read` of `total` bytes; on an interface, frames and 0.
    fn at(&mut self, read: u64, total: Option<u64>);
    /// Whether to go on reading an interface.
    fn go_on(&mut self) -> bool;
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Everything seen.
    pub picture: Picture,
    /// Why the report is partial, beyond what the picture's own quality says: one sentence each.
    pub notes: Vec<String>,
    /// Frames the kernel dropped; live only.
    pub ring: Option<RingStatistics>,
    /// The instant up to which was learned.
    pub learn_until: Option<Timestamp>,
    /// What was read.
    pub source: Source,
    /// What the reader asked to leave out: one phrase each, as `frames from 2012-11-12 on`.
    pub scope: Vec<String>,
}

/// Reads everything and judges once.
pub fn evaluate(options: &Options, progress: &mut dyn Progress) -> Result<Evaluation, EvalError> {
    match &options.source {
        Source::Files(paths) => from_files(paths, options, progress),
        Source::Interface(name) => from_interface(name, options, progress),
    }
}

fn from_files(
    paths: &[PathBuf],
    options: &Options,
    progress: &mut dyn Progress,
) -> Result<Evaluation, EvalError> {
    let bounds = Bounds::of_files(paths, options)?;
    let mut run = Run::new(options, bounds);
    let mut files = input::open(paths)?;
    let total = files.total_bytes();
    let mut frames = 0_u64;
    while let Some(frame) = files.next_frame()? {
        run.handle(&frame);
        frames += 1;
        if frames.is_multiple_of(PROGRESS_EVERY) {
            progress.at(files.bytes_read(), total);
        }
    }
    progress.at(files.bytes_read(), total);
    let named = paths.iter().zip(files.notes());
    let notes = named.flat_map(|(path, notes)| {
        notes.reasons().into_iter().map(move |reason| format!("{}: {reason}", path.display()))
    });
    Ok(run.finish(notes.collect(), None))
}

fn from_interface(
    name: &str,
    options: &Options,
    progress: &mut dyn Progress,
) -> Result<Evaluation, EvalError> {
    let ring_error = |source| EvalError::Ring { name: name.to_owned(), source };
    let mut run = Run::new(options, Bounds::of_interface(options));
    let mut ring = Ring::open(name, RingOptions::default()).map_err(ring_error)?;
    let mut frames = 0_u64;
    while progress.go_on() {
        if let Some(frame) = ring.next_frame(RING_WAIT).map_err(ring_error)? {
            run.handle(&frame);
            frames += 1;
        }
        progress.at(frames, None);
    }
    let statistics = ring.statistics().map_err(ring_error)?;
    let dropped = (statistics.dropped > 0).then(|| {
        let all = statistics.received + statistics.dropped;
        format!("the kernel dropped {} of {all} frames: this machine was too slow", statistics.dropped)
    });
    Ok(run.finish(dropped.into_iter().collect(), Some(statistics)))
}

/// Where learning ends.
#[derive(Clone, Copy)]
enum Until {
    Instant(Timestamp),
    AfterFirst(Duration),
}

/// What is looked at and what is learned from, in the capture's own time.
#[derive(Clone, Copy)]
struct Bounds {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    learn: Option<Until>,
}

impl Bounds {
    /// Reads the files through once where a bound depends on their first or last frame.
    fn of_files(paths: &[PathBuf], options: &Options) -> Result<Self, EvalError> {
        let relative = |moment: Option<Moment>| matches!(moment, Some(Moment::AfterFirst(_)));
        let share = matches!(options.learn, Learn::Share(_));
        let needed = share || relative(options.since) || relative(options.until);
        let span = if needed { input::span(paths)? } else { None };
        let (first, last) = span.unwrap_or((Timestamp::ZERO, Timestamp::ZERO));
        let (since, until) = (instant(options.since, first), instant(options.until, first));
        let learn = match options.learn {
            Learn::Everything => None,
            Learn::For(duration) => Some(Until::AfterFirst(duration)),
            Learn::Share(share) => {
                let first = since.map_or(first, |since| since.max(first));
                let last = until.map_or(last, |until| until.min(last));
                Some(Until::Instant(first.after(last.since(first).mul_f64(share.clamp(0.0, 1.0)))))
            }
        };
        Ok(Self { since, until, learn })
    }

    /// The end of a live capture is not known before it comes: a share of it cannot be told.
    fn of_interface(options: &Options) -> Self {
        let learn = match options.learn {
            Learn::For(duration) => Some(Until::AfterFirst(duration)),
            Learn::Share(_) | Learn::Everything => None,
        };
        Self { since: None, until: None, learn }
    }

    fn leaves_out(&self, at: Timestamp) -> bool {
        self.since.is_some_and(|since| at < since) || self.until.is_some_and(|until| at >= until)
    }

    /// One phrase for each bound and the filter.
    fn scope(&self, filter: Option<&Filter>) -> Vec<String> {
        let since = self.since.map(|at| format!("frames from {at} on"));
        let until = self.until.map(|at| format!("frames before {at}"));
        let filter = filter.map(|filter| format!("frames of `{filter}`"));
        since.into_iter().chain(until).chain(filter).collect()
    }
}

fn instant(moment: Option<Moment>, first: Timestamp) -> Option<Timestamp> {
    moment.map(|moment| match moment {
        Moment::At(at) => at,
        Moment::AfterFirst(offset) => first.after(offset),
    })
}

/// One evaluation under way.
struct Run<'o> {
    options: &'o Options,
    bounds: Bounds,
    dissector: Dissector,
    site: Site,
    learn_after_first: Option<Duration>,
}

impl<'o> Run<'o> {
    fn new(options: &'o Options, bounds: Bounds) -> Self {
        let seed = Seed::new(options.seed);
        let (learn_until, learn_after_first) = match bounds.learn {
            None => (None, None),
            Some(Until::Instant(instant)) => (Some(instant), None),
            Some(Until::AfterFirst(duration)) => (None, Some(duration)),
        };
        let config =
            Config { limits: SiteLimits::default(), seed, learn_until, follow_values: options.follow_values };
        Self {
            options,
            bounds,
            dissector: Dissector::new(WireLimits::default(), seed),
            site: Site::new(config),
            learn_after_first,
        }
    }

    fn handle(&mut self, frame: &Frame<'_>) {
        if self.bounds.leaves_out(frame.at) || !self.is_asked_for(frame) {
            return;
        }
        if let Some(duration) = self.learn_after_first.take() {
            self.site.learn_until(frame.at.after(duration));
        }
        self.dissector.handle_frame(frame, &mut self.site);
    }

    fn is_asked_for(&self, frame: &Frame<'_>) -> bool {
        let Some(filter) = &self.options.filter else { return true };
        addresses(frame).is_some_and(|addresses| filter.matches(&addresses))
    }

    fn finish(mut self, notes: Vec<String>, ring: Option<RingStatistics>) -> Evaluation {
        self.dissector.finish(&mut self.site);
        let picture = self.site.picture(&self.options.cycles);
        let learn_until = picture.learn_until;
        let scope = self.bounds.scope(self.options.filter.as_ref());
        Evaluation { picture, notes, ring, learn_until, source: self.options.source.clone(), scope }
    }
}

fn addresses(frame: &Frame<'_>) -> Option<Addresses> {
    nullius_wire::addresses(frame).map(|(macs, ips)| Addresses { macs, ips })
}
