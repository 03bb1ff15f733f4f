//! What is learned and what is read, as a person types it: shares, distances, instants.

use nullius_cli::times::{duration, instant};
use nullius_eval::{Learn, Moment};

const INSTANT: &str =
    "write `2012-11-12T11:03:00Z` (or with an offset, as `+01:00`), or `+10s` from the first frame";

/// `64s`, `50%`, `all`.
pub(super) fn learn(text: &str) -> Result<Learn, String> {
    if matches!(text, "all" | "100%") {
        return Ok(Learn::Everything);
    }
    let Some(percent) = text.strip_suffix('%') else {
        return duration(text).map(Learn::For).map_err(|why| format!("{why}, or a share as `50%`, or `all`"));
    };
    match percent.parse::<f64>() {
        Ok(percent) if percent > 0.0 && percent < 100.0 => Ok(Learn::Share(percent / 100.0)),
        Ok(_) | Err(_) => Err("a share lies between 0% and 100%".to_owned()),
    }
}

/// `+10s`, or an instant of RFC 3339.
pub(super) fn moment(text: &str) -> Result<Moment, String> {
    match text.strip_prefix('+') {
        Some(offset) => duration(offset).map(Moment::AfterFirst),
        None => instant(text).map(Moment::At).ok_or_else(|| INSTANT.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nullius_model::Timestamp;
    use std::time::Duration;

    #[test]
    fn learning_is_a_time_a_share_or_all() {
        assert_eq!(learn("64s"), Ok(Learn::For(Duration::from_secs(64))));
        assert_eq!(learn("50%"), Ok(Learn::Share(0.5)));
        assert_eq!(learn("all"), Ok(Learn::Everything));
        assert_eq!(learn("100%"), Ok(Learn::Everything));
        for text in ["0%", "100.1%", "101%", "NaN%", "inf%", "half", "-5%", "%"] {
            assert!(learn(text).is_err(), "{text}");
        }
    }

    #[test]
    fn instants_are_read_as_they_are_printed() {
        let at = Timestamp::from_nanos(1_352_718_180_264_365_000);
        for text in [
            at.to_string().as_str(),
            "2012-11-12t12:03:00.264365+01:00",
            "2012-11-12 05:33:00.264365000999-05:30",
        ] {
            assert_eq!(moment(text), Ok(Moment::At(at)), "{text}");
        }
        for seconds in [0, 68_169_600, 951_782_400, 4_107_542_399] {
            let at = Timestamp::from_secs(seconds);
            assert_eq!(moment(&at.to_string()), Ok(Moment::At(at)));
        }
        assert_eq!(moment("+10s"), Ok(Moment::AfterFirst(Duration::from_secs(10))));
        for text in [
            "2012-11-12",
            "2012-11-12T11:03:00",
            "2012-02-30T11:03:00Z",
            "2012-11-12T24:03:00Z",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+00:01",
            "2012-11-12T11:03:00.Z",
            "12-11-2012T11:03:00Z",
            "+tomorrow",
            "ü012-11-12T11:03:00Z",
        ] {
            assert!(moment(text).is_err(), "{text}");
        }
    }
}
