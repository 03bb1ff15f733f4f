//! Numbers of devices as [`Values::Milli`].

use nullius_model::Values;

/// A number in floating point, in thousandths. One too large, infinity included, is told as the largest there is, so
/// that it is above every limit; what is no number is no value.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a number out of range saturates, which is still its order"
)]
pub(crate) fn milli(number: f64) -> Option<i64> {
    (!number.is_nan()).then(|| (number * 1000.0).round() as i64)
}

/// The same as values.
pub(crate) fn milli_values(number: f64) -> Values<'static> {
    milli(number).map_or(Values::None, Values::Milli)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_its_order_and_what_is_none_has_no_value() {
        for (number, thousandths) in [
            (1.5, Some(1500)),
            (-0.0006, Some(-1)),
            (f64::from(21.3_f32), Some(21_300)),
            (1e300, Some(i64::MAX)),
            (f64::INFINITY, Some(i64::MAX)),
            (f64::NEG_INFINITY, Some(i64::MIN)),
            (f64::NAN, None),
        ] {
            assert_eq!(milli(number), thousandths, "{number}");
        }
    }
}
