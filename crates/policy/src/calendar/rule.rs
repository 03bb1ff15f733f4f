//! A recurrence rule as RFC 5545 §3.3.10 writes it, as far as windows need it.
//!
//! What is not read here is refused: a part that was passed over would open a window on days nobody meant.

use jiff::civil::Weekday;
use std::collections::BTreeSet;

/// Longest text of a rule: far above any that people write.
const MAX_TEXT: usize = 256;
/// Most repetitions that are counted, and the longest interval. What opens more often has no `COUNT`.
const MAX_COUNT: usize = 1_000;
const MAX_INTERVAL: i64 = 1_000;

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frequency {
    /// At its start and never again.
    Once,
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// A recurrence rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) frequency: Frequency,
    /// Every so many periods; at least one.
    pub(super) interval: i64,
    /// Days of the week, each with which one of the month it is: the first, the last.
    pub(super) weekdays: Vec<(Option<i8>, Weekday)>,
    /// Days of the month; from its end where negative.
    pub(super) month_days: BTreeSet<i8>,
    pub(super) months: BTreeSet<i8>,
    /// The first day of a week.
    pub(super) week_start: Weekday,
    pub(super) count: Option<usize>,
    pub(super) until: Option<jiff::Timestamp>,
}

/// What is wrong, and what to do about it.
type Wrong = (String, &'static str);

impl Rule {
    pub(super) const fn once() -> Self {
        Self {
            frequency: Frequency::Once,
            interval: 1,
            weekdays: Vec::new(),
            month_days: BTreeSet::new(),
            months: BTreeSet::new(),
            week_start: Weekday::Monday,
            count: None,
            until: None,
        }
    }

    /// # Errors
    /// What is wrong with it, and what to do.
    pub(super) fn parse(text: &str) -> Result<Self, Wrong> {
        if text.len() > MAX_TEXT {
            return Err((format!("a rule has at most {MAX_TEXT} bytes"), "shorten it"));
        }
        let mut rule = Self::once();
        let mut seen = BTreeSet::new();
        for part in text.strip_prefix("RRULE:").unwrap_or(text).split(';') {
            let (name, value) = part.split_once('=').ok_or_else(|| no_part(part))?;
            if !seen.insert(name) {
                return Err((format!("`{}` stands there twice", name.escape_debug()), "keep one of them"));
            }
            rule.read(name, value)?;
        }
        rule.check()?;
        Ok(rule)
    }

    fn read(&mut self, name: &str, value: &str) -> Result<(), Wrong> {
        match name {
            "FREQ" => self.frequency = frequency(value)?,
            "INTERVAL" => self.interval = number(value, 1..=MAX_INTERVAL)?,
            "COUNT" => {
                let most = i64::try_from(MAX_COUNT).unwrap_or(i64::MAX);
                self.count = usize::try_from(number(value, 1..=most)?).ok();
            }
            "UNTIL" => self.until = Some(until(value)?),
            "BYDAY" => self.weekdays = list(value, ordinal_weekday)?,
            "BYMONTHDAY" => self.month_days = list(value, |day| small(day, -31..=31))?.into_iter().collect(),
            "BYMONTH" => self.months = list(value, |month| small(month, 1..=12))?.into_iter().collect(),
            "WKST" => self.week_start = weekday(value).ok_or_else(|| no_part(value))?,
            _ => return Err(no_part(name)),
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Wrong> {
        let numbered = self.weekdays.iter().any(|(nth, _)| nth.is_some());
        let by_month = matches!(self.frequency, Frequency::Monthly | Frequency::Yearly);
        let wrong = |message: &str, help| Err((message.to_owned(), help));
        match self.frequency {
            Frequency::Once => {
                wrong("a rule begins with FREQ", "write FREQ=DAILY, WEEKLY, MONTHLY or YEARLY")
            }
            _ if self.count.is_some() && self.until.is_some() => {
                wrong("COUNT and UNTIL exclude each other", "keep one of them")
            }
            _ if numbered && !by_month => wrong(
                "the first or last such day is one of a month",
                "write FREQ=MONTHLY, or BYDAY without numbers",
            ),
            Frequency::Weekly if !self.month_days.is_empty() => {
                wrong("a weekly rule has no BYMONTHDAY", "write FREQ=MONTHLY, or BYDAY")
            }
            Frequency::Yearly
                if self.months.is_empty() && !(self.weekdays.is_empty() && self.month_days.is_empty()) =>
            {
                wrong("a yearly rule with days names its months", "add BYMONTH, or write FREQ=MONTHLY")
            }
            Frequency::Daily | Frequency::Weekly | Frequency::Monthly | Frequency::Yearly => Ok(()),
        }
    }
}

fn frequency(value: &str) -> Result<Frequency, Wrong> {
    match value {
        "DAILY" => Ok(Frequency::Daily),
        "WEEKLY" => Ok(Frequency::Weekly),
        "MONTHLY" => Ok(Frequency::Monthly),
        "YEARLY" => Ok(Frequency::Yearly),
        "HOURLY" | "MINUTELY" | "SECONDLY" => Err((
            format!("`FREQ={value}` is no calendar of people"),
            "a window opens at most once a day: write a longer window, or several",
        )),
        _ => Err(no_part(value)),
    }
}

/// `20271231T235959Z`: an instant, as the standard wants it beside a local start.
fn until(value: &str) -> Result<jiff::Timestamp, Wrong> {
    let is_instant = value.len() == "20271231T235959Z".len() && value.ends_with('Z');
    value.parse().ok().filter(|_| is_instant).ok_or_else(|| {
        let message = format!("`UNTIL={}` is no instant", value.escape_debug());
        (message, "write it in UTC: UNTIL=20271231T235959Z")
    })
}

fn list<T>(value: &str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, Wrong> {
    value.split(',').map(|item| read(item).ok_or_else(|| no_part(item))).collect()
}

fn number(value: &str, range: std::ops::RangeInclusive<i64>) -> Result<i64, Wrong> {
    let plain = value.bytes().all(|byte| byte.is_ascii_digit());
    value.parse().ok().filter(|number| plain && range.contains(number)).ok_or_else(|| {
        let message = format!("`{}` is not {} to {}", value.escape_debug(), range.start(), range.end());
        (message, "write a number inside these limits")
    })
}

/// Not zero: there is no day zero, and no zeroth Sunday.
fn small(value: &str, range: std::ops::RangeInclusive<i8>) -> Option<i8> {
    value.parse().ok().filter(|number| *number != 0 && range.contains(number))
}

/// `SU`, `1MO`, `-1FR`.
fn ordinal_weekday(text: &str) -> Option<(Option<i8>, Weekday)> {
    let (number, day) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let nth = if number.is_empty() { None } else { Some(small(number, -5..=5)?) };
    Some((nth, weekday(day)?))
}

fn weekday(text: &str) -> Option<Weekday> {
    Some(match text {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    })
}

fn no_part(text: &str) -> Wrong {
    let help = "the parts are FREQ, INTERVAL, COUNT, UNTIL, BYDAY, BYMONTHDAY, BYMONTH and WKST, as RFC 5545 writes them";
    (format!("`{}` is no part of a rule that is read here", text.escape_debug()), help)
}
