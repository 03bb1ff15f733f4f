//! When a verdict changes by itself, because time passes.

use crate::compiled::clock::Clock;
use crate::inputs::{Inputs, Moment, Posture};
use std::collections::BTreeSet;
use std::time::Duration;

/// Seconds of a minute, a day and a week.
const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;
const WEEK: i64 = 7 * DAY;
/// Points in time looked at; beyond them nothing is promised. A policy with thousands of comparisons must not hold up all
/// others.
const MAX_POINTS: usize = 64;

/// Time until `differs` is first true, looking at every point where the clock's comparisons can change. Never later than
/// the first difference; nothing where there can be none.
pub(super) fn first_change(
    clock: &Clock,
    inputs: &Inputs,
    moment: &Moment,
    differs: impl Fn(&Inputs, &Moment) -> bool,
) -> Option<Duration> {
    let (points, is_all) = points(clock, inputs, moment);
    let mut last = None;
    for point in points {
        let (inputs, moment) = later(inputs, moment, point);
        last = Some(point);
        if differs(&inputs, &moment) {
            return last.map(duration);
        }
    }
    if is_all { None } else { last.map(duration) }
}

/// Seconds from now at which something can change, in order, and whether these are all there will ever be: after a week
/// the time repeats itself.
fn points(clock: &Clock, inputs: &Inputs, moment: &Moment) -> (BTreeSet<i64>, bool) {
    let mut points = of_time(clock, moment);
    let mut is_all = true;
    if let Some(posture) = inputs.posture {
        let age = i64::from(posture.age);
        points.extend(clock.ages.iter().map(|at| at.saturating_sub(age)).filter(|point| *point > 0));
    }
    if let Some(change) = moment.mode_change.filter(|_| clock.mode) {
        promise_a_week(&mut points, i64::from(change.after).max(1));
        is_all = false;
    }
    // Where any minute or second may change something, nothing is known beyond the next.
    if let Some(next) = next_tick(clock, inputs, moment) {
        points.retain(|point| *point <= next);
        points.insert(next);
        is_all = false;
    }
    // Ages beyond the horizon come together with times of day that were not looked at.
    let horizon = 2 * WEEK;
    if points.last().is_some_and(|point| *point > horizon) {
        points.retain(|point| *point <= horizon);
        points.insert(horizon);
        is_all = false;
    }
    if let Some(excess) = points.iter().nth(MAX_POINTS).copied() {
        points.split_off(&excess);
        is_all = false;
    }
    (points, is_all)
}

/// What is said before the mode changes repeats itself for a week at most after it has: looked at are the change and the
/// week behind it, or the week before it where it is further off.
fn promise_a_week(points: &mut BTreeSet<i64>, change: i64) {
    let end = if change > WEEK { WEEK } else { change + WEEK };
    points.retain(|point| *point < end);
    points.insert(end);
    if change < end {
        points.insert(change);
    }
}

/// Seconds until something may change that is used for more than comparing it.
fn next_tick(clock: &Clock, inputs: &Inputs, moment: &Moment) -> Option<i64> {
    if clock.every_second && inputs.posture.is_some() {
        return Some(1);
    }
    clock.every_minute.then(|| MINUTE - i64::from(moment.second).min(MINUTE - 1))
}

/// The points of the time of day over two weeks: every pattern of a week beside every age.
fn of_time(clock: &Clock, moment: &Moment) -> BTreeSet<i64> {
    let now = i64::from(moment.minute) * MINUTE + i64::from(moment.second);
    let mut points = BTreeSet::new();
    let minutes = clock.minutes.iter().copied().chain(clock.midnight.then_some(0));
    for minute in minutes.filter(|minute| (0..DAY / MINUTE).contains(minute)) {
        points.extend((0..=14).map(|day| day * DAY + minute * MINUTE - now).filter(|point| *point > 0));
    }
    points
}

/// Inputs and moment `seconds` later.
fn later(inputs: &Inputs, moment: &Moment, seconds: i64) -> (Inputs, Moment) {
    let now = i64::from(moment.minute) * MINUTE + i64::from(moment.second) + seconds;
    let weekday = (i64::from(moment.weekday) - 1 + now.div_euclid(DAY)).rem_euclid(7) + 1;
    let second = now.rem_euclid(DAY);
    let moment = Moment {
        minute: u16::try_from(second / MINUTE).unwrap_or_default(),
        second: u8::try_from(second % MINUTE).unwrap_or_default(),
        weekday: u8::try_from(weekday).unwrap_or_default(),
        ..in_mode(moment, seconds)
    };
    let aged = |posture: Posture| Posture {
        age: u32::try_from(i64::from(posture.age).saturating_add(seconds)).unwrap_or(u32::MAX),
        ..posture
    };
    (Inputs { posture: inputs.posture.map(aged), ..*inputs }, moment)
}

/// The mode that holds `seconds` later.
fn in_mode(moment: &Moment, seconds: i64) -> Moment {
    match moment.mode_change {
        Some(change) if i64::from(change.after).max(1) <= seconds => {
            Moment { mode: change.mode, mode_change: None, ..*moment }
        }
        Some(_) | None => *moment,
    }
}

fn duration(seconds: i64) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}
