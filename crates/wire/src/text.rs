//! Device-chosen bytes as bounded text.
//!
//! The text is still hostile: whoever prints it escapes it. Here it only becomes valid UTF-8 of a bounded length.

use std::borrow::Cow;

/// Longest text kept, in bytes: facts and names are cut there.
pub const MAX_TEXT: usize = 256;
/// Longest text looked at as a decimal number, in bytes.
pub const MAX_NUMBER: usize = 20;

/// Text in UTF-8 (or ASCII) up to the first NUL, trimmed; what is no UTF-8 becomes U+FFFD. At most [`MAX_TEXT`] bytes
/// are looked at.
pub fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.get(..MAX_TEXT).unwrap_or(bytes);
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let text = bytes.get(..end).unwrap_or(bytes);
    String::from_utf8_lossy(text.trim_ascii())
}

/// Text in ISO 8859-1 up to the first NUL, trimmed.
pub fn latin1(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.get(..MAX_TEXT).unwrap_or(bytes);
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let text = bytes.get(..end).unwrap_or(bytes).trim_ascii();
    match std::str::from_utf8(text) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(text.iter().map(|byte| char::from(*byte)).collect()),
    }
}

/// Text in big-endian UTF-16, up to the first NUL, trimmed.
pub fn utf16_be(bytes: &[u8]) -> String {
    let units = bytes
        .chunks_exact(2)
        .take(MAX_TEXT / 2)
        .filter_map(|pair| pair.try_into().ok().map(u16::from_be_bytes));
    let text: String = char::decode_utf16(units.take_while(|unit| *unit != 0))
        .map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    text.trim().to_owned()
}

/// Lower-case hexadecimal, at most [`MAX_TEXT`] digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().take(MAX_TEXT / 2).fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A payload that is one plain decimal number, in thousandths; what is finer is cut off.
pub fn milli(payload: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(payload).ok().filter(|text| text.len() <= MAX_NUMBER)?;
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let thousandths =
        fraction.bytes().chain(*b"000").take(3).fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    let value = whole.parse::<i64>().ok()?.checked_mul(1000)?.checked_add(thousandths)?;
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_bounded_trimmed_and_valid() {
        assert_eq!(utf8(b" plc-1 \0rubbish"), "plc-1");
        assert_eq!(utf8(b"a\xffb"), "a\u{fffd}b");
        assert_eq!(utf8(&[b'x'; 1000]).len(), MAX_TEXT);
        assert_eq!(latin1(b"K\xfcche"), "Küche");
        assert_eq!(utf16_be(b"\0A\0B\0\0\0C"), "AB");
        assert_eq!(hex(&[0, 0xab]), "00ab");
    }

    #[test]
    fn a_payload_is_a_number_only_if_it_is_nothing_else() {
        for (payload, value) in [
            (&b"21.5"[..], Some(21_500)),
            (b"-0.0419", Some(-41)),
            (b"7", Some(7_000)),
            (b"", None),
            (b"-", None),
            (b"1.", None),
            (b".5", None),
            (b"1e3", None),
            (b"+1", None),
            (b"9223372036854775807", None),
            (b"123456789012345678901234", None),
        ] {
            assert_eq!(milli(payload), value, "{payload:?}");
        }
    }
}
