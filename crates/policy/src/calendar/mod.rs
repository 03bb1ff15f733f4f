//! When a window is open: a local start, a time zone and a rule of RFC 5545, as instants.
//!
//! It reads no clock and no file: the time zones are in the program, so that every gateway, the controller and a replay
//! years later say the same instants. docs/decisions/0016-windows.md says why the rule is read here.
//!
//! What daylight saving does (RFC 5545 §3.3.5, §3.3.10): a start that the clock shows twice is the first of the two; a
//! start that the clock never shows is no start, and does not count; a window lasts its minutes as they really pass.
//!
//! INVARIANT: asking costs a bounded number of days looked at, whatever the rule says.

mod days;
mod rule;
#[cfg(test)]
mod tests;

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use nullius_model::Timestamp;
use rule::Rule;
use std::time::Duration;

/// The longest that a window may be open: what is open for longer is no window, but a policy.
pub const LONGEST: Duration = Duration::from_secs(7 * 86_400);

/// Years that a start may lie in. Beyond them nothing opens any more.
const YEARS: std::ops::RangeInclusive<i16> = 2000..=2099;

/// When a window is open once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    /// It opens.
    pub opens: Timestamp,
    /// It closes; no longer open at this instant.
    pub closes: Timestamp,
}

/// When a window is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    start: DateTime,
    zone: TimeZone,
    rule: Rule,
    length: Duration,
    /// No start lies beyond it.
    last: Option<jiff::Timestamp>,
}

/// Why there is no such schedule: a message and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// Which part of it.
    pub part: Part,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: &'static str,
}

/// A part of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The local start.
    Start,
    /// The time zone.
    Zone,
    /// The rule.
    Rule,
}

impl Schedule {
    /// A start in local time (`2026-01-04T02:30`), a time zone (`Europe/Berlin`), and a rule (`FREQ=WEEKLY;BYDAY=SU`);
    /// open once where there is no rule. The start says from when on the rule counts, and the time of the day.
    ///
    /// # Errors
    /// [`Unusable`] where a part is none, means more than this reads, or nothing ever opens.
    pub fn new(start: &str, zone: &str, rule: Option<&str>, length: Duration) -> Result<Self, Unusable> {
        let rule = rule
            .map_or(Ok(Rule::once()), Rule::parse)
            .map_err(|(message, help)| unusable(Part::Rule, message, help))?;
        let (start, zone) = (local(start)?, time_zone(zone)?);
        let mut schedule = Self { start, zone, rule, length: length.min(LONGEST), last: None };
        schedule.last = schedule.last_start();
        if schedule.next(Timestamp::ZERO).is_none() {
            let message = "the window never opens: no day fits its rule after its start".to_owned();
            return Err(unusable(Part::Rule, message, "compare start and rrule, day by day"));
        }
        Ok(schedule)
    }

    /// The first time it is open that is not over at `at`: open already where it opens no later than that.
    pub fn next(&self, at: Timestamp) -> Option<Occurrence> {
        let from = i64::try_from(at.as_secs().saturating_sub(self.length.as_secs())).ok()?;
        // a day earlier, since a day of the calendar begins up to 14 hours before it does in Greenwich
        let from = jiff::Timestamp::from_second(from.saturating_sub(86_400)).ok()?;
        let day = TimeZone::UTC.to_datetime(from).date();
        self.starts(day).map(|opens| self.occurrence(opens)).find(|open| open.closes > at)
    }

    /// The instants it opens at, of days from `day` on, in order.
    fn starts(&self, day: Date) -> impl Iterator<Item = jiff::Timestamp> {
        let first = self.start.date();
        let days = days::of(&self.rule, first, day.max(first));
        days.filter_map(|day| self.instant(day))
            .take_while(|start| self.last.is_none_or(|last| *start <= last))
    }

    /// The start of a day as an instant, where the clock shows it that day.
    fn instant(&self, day: Date) -> Option<jiff::Timestamp> {
        let local = self.zone.to_ambiguous_timestamp(day.to_datetime(self.start.time()));
        match local.offset() {
            AmbiguousOffset::Gap { .. } => None,
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => local.earlier().ok(),
        }
    }

    fn occurrence(&self, opens: jiff::Timestamp) -> Occurrence {
        let opens = Timestamp::from_secs(u64::try_from(opens.as_second()).unwrap_or_default());
        Occurrence { opens, closes: opens.after(self.length) }
    }

    /// The start that `COUNT` or `UNTIL` makes the last. Counted once, here, so that nobody has to count again.
    fn last_start(&self) -> Option<jiff::Timestamp> {
        let counted = self.rule.count.and_then(|count| {
            let starts = days::every(&self.rule, self.start.date()).filter_map(|day| self.instant(day));
            starts.take(count).last()
        });
        self.rule.until.into_iter().chain(counted).min()
    }
}

fn local(text: &str) -> Result<DateTime, Unusable> {
    let start: Option<DateTime> = text.parse().ok();
    // jiff reads a time zone behind a local time and drops it: whoever writes one means something else
    let plain = ["2026-01-04T02:30", "2026-01-04T02:30:00"].map(str::len).contains(&text.len());
    start.filter(|start| plain && YEARS.contains(&start.year()) && start.subsec_nanosecond() == 0).ok_or_else(
        || {
            let message = format!("`{}` is no local start", text.escape_debug());
            unusable(Part::Start, message, "write a date and a time without an offset: 2026-01-04T02:30")
        },
    )
}

fn time_zone(name: &str) -> Result<TimeZone, Unusable> {
    TimeZoneDatabase::bundled().get(name).map_err(|_| {
        let message = format!("no time zone is called `{}`", name.escape_debug());
        unusable(Part::Zone, message, "use a name of the IANA time zone database: Europe/Berlin, UTC")
    })
}

const fn unusable(part: Part, message: String, help: &'static str) -> Unusable {
    Unusable { part, message, help }
}
