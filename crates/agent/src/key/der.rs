//! What hardware answers, as the rest of the world writes it.

use super::Point;

/// The first byte of an uncompressed point.
const UNCOMPRESSED: u8 = 4;

/// A point from its halves, which hardware gives without leading zeros.
pub(super) fn point(x: &[u8], y: &[u8]) -> Option<Point> {
    let bytes = [&[UNCOMPRESSED], &padded(x)?[..], &padded(y)?[..]].concat();
    bytes.try_into().ok()
}

/// Thirty-two bytes of a number, zeros in front.
fn padded(number: &[u8]) -> Option<[u8; 32]> {
    let zeros = 32_usize.checked_sub(number.len())?;
    let bytes: Vec<u8> = std::iter::repeat_n(0, zeros).chain(number.iter().copied()).collect();
    bytes.try_into().ok()
}

/// An ECDSA signature as ASN.1: a sequence of two numbers (RFC 3279 §2.2.3).
pub(super) fn signature(r: &[u8], s: &[u8]) -> Option<Vec<u8>> {
    let body = [integer(r)?, integer(s)?].concat();
    let length = u8::try_from(body.len()).ok().filter(|length| *length < 0x80)?;
    Some([&[0x30, length][..], &body].concat())
}

/// A positive number: no leading zeros but the one that keeps it positive.
fn integer(number: &[u8]) -> Option<Vec<u8>> {
    let start = number.iter().position(|byte| *byte != 0)?;
    let number = number.get(start..)?;
    let sign: &[u8] = if number.first().is_some_and(|first| *first >= 0x80) { &[0] } else { &[] };
    let length = u8::try_from(number.len() + sign.len()).ok().filter(|length| *length <= 33)?;
    Some([&[0x02, length][..], sign, number].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_positive_and_as_short_as_they_can_be() {
        assert_eq!(signature(&[0, 0, 0x80], &[1]), Some(vec![0x30, 7, 2, 2, 0, 0x80, 2, 1, 1]));
        assert_eq!(signature(&[0x7f, 1], &[0, 5]), Some(vec![0x30, 7, 2, 2, 0x7f, 1, 2, 1, 5]));
        assert_eq!(signature(&[0, 0], &[1]), None, "zero is no half of a signature");
        assert_eq!(signature(&[1; 34], &[1]), None);
        assert_eq!(point(&[1; 33], &[1]), None);
        assert_eq!(point(&[7], &[9]).map(|point| (point[0], point[32], point[64])), Some((4, 7, 9)));
    }
}
