//! Times as a person types them: durations, instants.
//!
//! It reads no clock.

use nullius_model::Timestamp;
use std::time::Duration;

const UNITS: [(&str, f64); 6] =
    [("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("min", 60.0), ("h", 3_600.0), ("d", 86_400.0)];
const DURATION: &str = "write a number with its unit, as `200ms`, `64s`, `5m`, `8h` or `2d`";

/// `64s`, `1.5h`; more than nothing.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|character: char| !character.is_ascii_digit() && character != '.');
    let (number, unit) = text.split_at_checked(digits.unwrap_or(text.len())).ok_or(DURATION)?;
    let factor = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| factor).ok_or(DURATION)?;
    let seconds = number.parse::<f64>().map_err(|_| DURATION)? * factor;
    let duration = Duration::try_from_secs_f64(seconds).map_err(|_| DURATION)?;
    if duration.is_zero() { Err("nothing happens in no time".to_owned()) } else { Ok(duration) }
}

/// RFC 3339 §5.6, from 1970 on; a blank may stand for the `T`.
pub fn instant(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, zone) = rest.split_at_checked(rest.find(['Z', 'z', '+', '-'])?)?;
    let days = days(date)?;
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [hour, minute, second] = numbers(whole, ':', [24, 60, 61])?;
    let local = days * 86_400 + hour * 3_600 + minute * 60 + second;
    let utc = local.checked_sub(offset(zone)?)?;
    let nanos = nanos(fraction)?;
    let seconds = u64::try_from(utc).ok()?;
    Some(Timestamp::from_nanos(seconds.checked_mul(1_000_000_000)?.checked_add(nanos)?))
}

/// Seconds that a zone's clock is ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let [hours, minutes] = numbers(zone.get(1..)?, ':', [24, 60])?;
    Some(sign * (hours * 3_600 + minutes * 60))
}

/// Digits behind the second's point; nine count.
fn nanos(fraction: &str) -> Option<u64> {
    let digits = fraction.get(..fraction.len().min(9))?;
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let scale = 9_u32.checked_sub(u32::try_from(digits.len()).ok()?)?;
    Some(digits.parse::<u64>().ok()? * 10_u64.pow(scale))
}

/// Days from 1970 to a date (Howard Hinnant, "chrono-compatible low-level date algorithms", 2013).
fn days(date: &str) -> Option<i64> {
    let [year, month, day] = numbers(date, '-', [10_000, 13, 32])?;
    if year < 1970 || month == 0 || day == 0 || day > days_in(year, month) {
        return None;
    }
    let year_from_march = if month <= 2 { year - 1 } else { year };
    let era = year_from_march / 400;
    let year_of_era = year_from_march % 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

const fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Exactly `N` numbers, each of digits only and below its bound.
fn numbers<const N: usize>(text: &str, separator: char, bounds: [i64; N]) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; N];
    for (number, bound) in numbers.iter_mut().zip(bounds) {
        let part = parts.next().filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?;
        *number = part.parse().ok().filter(|number| *number < bound)?;
    }
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_a_unit() {
        for (text, millis) in [("200ms", 200), ("64s", 64_000), ("1.5m", 90_000), ("8h", 28_800_000)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "64", "s", "-1s", "1e3s", "5 m", "0s", "9999999999999999999999999d", "1.2.3s", "3µs"]
        {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_instant_reads_back_as_it_is_printed() {
        let at = Timestamp::from_nanos(1_352_718_180_264_365_000);
        assert_eq!(instant(&at.to_string()), Some(at));
        assert_eq!(instant("2012-11-12"), None);
    }
}
