//! Times as OCSP writes them (RFC 5280 §4.1.2.5.2).

use crate::der;

/// `GeneralizedTime` of seconds since 1970, up to the end of the year 9999.
pub(crate) fn generalized(seconds: u64) -> Vec<u8> {
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    let text = format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    der::value(der::GENERALIZED_TIME, &[text.as_bytes()])
}

/// Year, month and day of the Gregorian calendar. Years begin in March here, so that the odd day comes last.
const fn civil(days: u64) -> (u64, u64, u64) {
    // from the first of March of the year 0
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_its_date() {
        for (seconds, text) in [
            (0, "19700101000000Z"),
            (951_782_399, "20000228235959Z"),
            (951_782_400, "20000229000000Z"),
            (951_868_800, "20000301000000Z"),
            (1_800_000_000, "20270115080000Z"),
            (4_107_542_399, "21000228235959Z"),
            (4_107_542_400, "21000301000000Z"),
            (253_402_300_799, "99991231235959Z"),
        ] {
            assert_eq!(generalized(seconds)[2..], *text.as_bytes(), "{seconds}");
        }
    }
}
