//! The days that a rule names, in order, found from any day on without counting from its start.

use super::YEARS;
use super::rule::{Frequency, Rule};
use jiff::civil::{Date, Weekday};
use std::collections::BTreeSet;

/// Periods looked through for the next day: ten years of days. A rule that names none in them names none any more.
const LOOK_AHEAD: i64 = 4_000;

/// Periods there are at all between the first and the last year.
const ALL: i64 = 36_600;

/// The days of `rule` from `from` on, which is not before its `first`.
pub(super) fn of(rule: &Rule, first: Date, from: Date) -> impl Iterator<Item = Date> {
    periods(rule, first, from, LOOK_AHEAD).filter(move |day| *day >= from)
}

/// Every day of `rule`.
pub(super) fn every(rule: &Rule, first: Date) -> impl Iterator<Item = Date> {
    periods(rule, first, first, ALL).filter(move |day| *day >= first)
}

/// The days of `most` periods from the one before that of `from`.
fn periods(rule: &Rule, first: Date, from: Date, most: i64) -> impl Iterator<Item = Date> {
    let begin = (number_of(rule, first, from) / rule.interval).saturating_sub(1).max(0);
    let most = if rule.frequency == Frequency::Once { 1 } else { most };
    (begin..begin.saturating_add(most))
        .map_while(move |period| days_of(rule, first, period.checked_mul(rule.interval)?))
        .flatten()
}

/// How many periods, of one each, lie between the first and `day`.
fn number_of(rule: &Rule, first: Date, day: Date) -> i64 {
    let months = || {
        (i64::from(day.year()) - i64::from(first.year())) * 12 + i64::from(day.month())
            - i64::from(first.month())
    };
    match rule.frequency {
        Frequency::Once => 0,
        Frequency::Daily => days_between(first, day),
        Frequency::Weekly => days_between(week_of(rule, first), day) / 7,
        Frequency::Monthly => months(),
        Frequency::Yearly => i64::from(day.year()) - i64::from(first.year()),
    }
}

fn days_between(one: Date, other: Date) -> i64 {
    one.until(other).map_or(0, |span| i64::from(span.get_days()))
}

/// The first day of the week that `day` is in.
fn week_of(rule: &Rule, day: Date) -> Date {
    let into = day.weekday().since(rule.week_start);
    plus(day, -i64::from(into)).unwrap_or(day)
}

/// The days of period number `period` that the rule names, in order; nothing beyond the last year.
fn days_of(rule: &Rule, first: Date, period: i64) -> Option<BTreeSet<Date>> {
    let months = |many: i64, wanted: &BTreeSet<i8>| {
        let month = i64::from(first.month()) - 1 + many;
        let year = i16::try_from(i64::from(first.year()) + month.div_euclid(12)).ok()?;
        let month = i8::try_from(month.rem_euclid(12) + 1).ok()?;
        let fits = wanted.is_empty() || wanted.contains(&month);
        YEARS.contains(&year).then(|| if fits { of_month(rule, first, year, month) } else { BTreeSet::new() })
    };
    let in_months = |day: &Date| rule.months.is_empty() || rule.months.contains(&day.month());
    match rule.frequency {
        Frequency::Once => Some(BTreeSet::from([first])),
        Frequency::Daily => {
            let day = plus(first, period)?;
            let fits = in_months(&day) && is_month_day(rule, day) && is_weekday(rule, day);
            Some(fits.then_some(day).into_iter().collect())
        }
        Frequency::Weekly => {
            let week = plus(week_of(rule, first), period.checked_mul(7)?)?;
            let days = (0..7).filter_map(|day| plus(week, day));
            let own = |day: &Date| match rule.weekdays.is_empty() {
                true => day.weekday() == first.weekday(),
                false => is_weekday(rule, *day),
            };
            Some(days.filter(own).filter(in_months).collect())
        }
        Frequency::Monthly => months(period, &rule.months),
        Frequency::Yearly => {
            let year =
                i16::try_from(i64::from(first.year()) + period).ok().filter(|year| YEARS.contains(year))?;
            let named =
                if rule.months.is_empty() { BTreeSet::from([first.month()]) } else { rule.months.clone() };
            Some(named.into_iter().flat_map(|month| of_month(rule, first, year, month)).collect())
        }
    }
}

/// The days of a month that the rule names; the day of its start where it names none, in months that have it.
fn of_month(rule: &Rule, first: Date, year: i16, month: i8) -> BTreeSet<Date> {
    let days = (1..=31).filter_map(|day| Date::new(year, month, day).ok());
    if rule.month_days.is_empty() && rule.weekdays.is_empty() {
        return days.filter(|day| day.day() == first.day()).collect();
    }
    days.filter(|day| is_month_day(rule, *day) && is_weekday(rule, *day)).collect()
}

fn is_month_day(rule: &Rule, day: Date) -> bool {
    let from_end = day.day() - day.days_in_month() - 1;
    rule.month_days.is_empty() || rule.month_days.contains(&day.day()) || rule.month_days.contains(&from_end)
}

/// It is one of the days of the week that are named, and the one of its month that is.
fn is_weekday(rule: &Rule, day: Date) -> bool {
    let nth = (day.day() - 1) / 7 + 1;
    let nth_last = -((day.days_in_month() - day.day()) / 7 + 1);
    let is = |(wanted, weekday): &(Option<i8>, Weekday)| {
        *weekday == day.weekday() && wanted.is_none_or(|wanted| wanted == nth || wanted == nth_last)
    };
    rule.weekdays.is_empty() || rule.weekdays.iter().any(is)
}

fn plus(day: Date, days: i64) -> Option<Date> {
    let span = jiff::Span::new().try_days(days).ok()?;
    day.checked_add(span).ok().filter(|day| YEARS.contains(&day.year()))
}
