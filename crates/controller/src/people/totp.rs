//! Codes of a second factor that change every 30 seconds (RFC 6238, with HMAC-SHA-1 as every authenticator has it).
//!
//! INVARIANT: a step that was used is not good again: whoever saw a code typed cannot type it after.

use aws_lc_rs::{constant_time, hmac};

/// Seconds a step.
const STEP: u64 = 30;

/// Steps before and after now that are good: clocks differ.
const DRIFT: u64 = 1;

/// Bytes of a secret (RFC 4226 §4 recommends 160 bits).
pub(crate) const SECRET: usize = 20;

/// What a secret is sealed for.
pub(crate) fn purpose(person: &str) -> String {
    format!("totp/{person}")
}

/// The step whose code this is, if it is good now and later than `last`.
pub(crate) fn verify(secret: &[u8], code: &str, now: u64, last: u64) -> Option<u64> {
    let step = now / STEP;
    let good = (step.saturating_sub(DRIFT)..=step.saturating_add(DRIFT)).filter(|step| {
        constant_time::verify_slices_are_equal(self::code(secret, *step).as_bytes(), code.as_bytes()).is_ok()
    });
    good.filter(|step| *step > last).max()
}

/// The code of a step (RFC 4226 §5.3).
pub(crate) fn code(secret: &[u8], step: u64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag.last().copied().unwrap_or_default() & 15);
    let word = tag.get(offset..).and_then(|rest| rest.first_chunk::<4>()).copied().unwrap_or_default();
    format!("{:06}", (u32::from_be_bytes(word) & 0x7fff_ffff) % 1_000_000)
}

/// What an authenticator reads from a picture (Key URI format of Google Authenticator).
pub(crate) fn uri(name: &str, secret: &[u8]) -> String {
    format!("otpauth://totp/Nullius:{name}?secret={}&issuer=Nullius", base32(secret))
}

/// RFC 4648 §6, without padding.
pub(crate) fn base32(bytes: &[u8]) -> String {
    let letter =
        |place: u16| char::from_u32(u32::from(place) + if place < 26 { 65 } else { 24 }).unwrap_or('A');
    let (mut text, mut held, mut bits) = (String::new(), 0_u16, 0_u32);
    for byte in bytes {
        held = held << 8 | u16::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(letter(held >> bits & 31));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(letter(held << (5 - bits) & 31));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &[u8] = b"12345678901234567890";

    #[test]
    fn the_vectors_of_rfc_6238_hold() {
        // Appendix B, SHA-1, the last six of eight digits.
        for (seconds, digits) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(SEED, seconds / STEP), digits);
            assert_eq!(verify(SEED, digits, seconds, 0), Some(seconds / STEP));
        }
    }

    #[test]
    fn a_code_is_good_a_step_early_and_late_and_once() {
        let now = 1_000 * STEP;
        for (step, last, good) in [
            (999, 0, true),
            (1_001, 0, true),
            (998, 0, false),
            (1_002, 0, false),
            (1_000, 1_000, false),
            (999, 1_000, false),
        ] {
            assert_eq!(verify(SEED, &code(SEED, step), now, last).is_some(), good, "{step} after {last}");
        }
        for wrong in ["", "28708", "2870822", "abcdef", "٢٨٧٠٨٢"] {
            assert_eq!(verify(SEED, wrong, 59, 0), None);
        }
    }

    #[test]
    fn secrets_are_written_in_base_32() {
        // RFC 4648 §10, without padding.
        for (bytes, text) in
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
        assert_eq!(base32(SEED), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }
}
