//! Times as the log writes them: RFC 3339, UTC, milliseconds, one form only.

use nullius_model::Timestamp;

/// Bytes of `2026-11-22T20:22:00.123Z`.
const LENGTH: usize = 24;

/// Nanoseconds of a millisecond.
const MILLISECOND: u64 = 1_000_000;

/// `2026-11-22T20:22:00.123Z`; what is finer is cut off.
pub(crate) fn text(at: Timestamp) -> String {
    let micros = at.to_string();
    format!("{}Z", micros.get(..LENGTH - 1).unwrap_or_default())
}

/// Reads what [`text`] writes, and nothing else: an instant has one form.
pub(crate) fn parse(written: &str) -> Option<Timestamp> {
    if written.len() != LENGTH {
        return None;
    }
    let number = |from: usize, length: usize| written.get(from..from + length)?.parse::<u64>().ok();
    let days = days_from_civil(number(0, 4)?, number(5, 2)?, number(8, 2)?)?;
    let seconds = days * 86_400 + number(11, 2)? * 3_600 + number(14, 2)? * 60 + number(17, 2)?;
    let millis = seconds.checked_mul(1_000)?.checked_add(number(20, 3)?)?;
    let at = Timestamp::from_nanos(millis.checked_mul(MILLISECOND)?);
    (text(at) == written).then_some(at)
}

/// Days from 1970 to a proleptic Gregorian date (Howard Hinnant, "chrono-compatible low-level date algorithms", 2013).
fn days_from_civil(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = if month <= 2 { year.checked_sub(1)? } else { year };
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * month_from_march + 2) / 5 + day.checked_sub(1)?;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era).checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_it_was_written() {
        for nanos in
            [0, 951_782_399_999_000_000, 951_782_400_000_000_000, 1_795_378_920_123_456_789, u64::MAX]
        {
            let at = Timestamp::from_nanos(nanos);
            let read = parse(&text(at)).map(Timestamp::as_nanos);
            assert_eq!(read, Some(nanos / MILLISECOND * MILLISECOND), "{}", text(at));
        }
        assert_eq!(text(Timestamp::from_nanos(1_352_718_180_264_999_999)), "2012-11-12T11:03:00.264Z");
    }

    #[test]
    fn an_instant_has_one_form() {
        for wrong in [
            "",
            "2026-11-22T20:22:00Z",
            "2026-11-22T20:22:00.123+",
            "2026-11-22t20:22:00.123Z",
            "2026-02-30T20:22:00.123Z",
            "2026-13-01T20:22:00.123Z",
            "2026-11-22T24:00:00.000Z",
            "2026-11-22T20:22:60.000Z",
            "1969-12-31T23:59:59.999Z",
            "0000-00-00T00:00:00.000Z",
            "9999-12-31T23:59:59.999Z",
            "+026-11-22T20:22:00.123Z",
            "2026-11-22T20:22:00.12ü",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
