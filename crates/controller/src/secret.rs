//! Random things: what nobody guesses, and names that nobody else gives.

use crate::http::Problem;
use aws_lc_rs::rand;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nullius_model::Timestamp;
use sha2::{Digest, Sha256};

/// Crockford's base 32.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// `N` random bytes.
///
/// # Errors
/// 500 where the machine has none to give.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Problem> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "no-randomness",
            "the machine gives no random numbers",
        )
    })?;
    Ok(bytes)
}

/// A secret of 256 bits as text, after a prefix by which it is found where it should not be.
pub(crate) fn token(prefix: &str) -> Result<String, Problem> {
    Ok(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(random::<32>()?)))
}

/// What is kept of a secret. It has 256 random bits: nothing is gained by hashing slowly.
pub(crate) fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}

/// A name that sorts by time and that nobody else gives: a ULID.
pub(crate) fn ulid(now: Timestamp) -> Result<String, Problem> {
    let millis = u128::from(now.as_nanos() / 1_000_000) & ((1 << 48) - 1);
    let [a, b, c, d, e, f, g, h, i, j] = random::<10>()?;
    let low = u128::from_be_bytes([0, 0, 0, 0, 0, 0, a, b, c, d, e, f, g, h, i, j]);
    let number = millis << 80 | low;
    Ok((0..26).rev().map(|place| letter(number >> (place * 5))).collect())
}

fn letter(number: u128) -> char {
    let place = usize::try_from(number & 31).unwrap_or_default();
    ALPHABET.get(place).map_or('0', |letter| char::from(*letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ulid_sorts_by_time_and_is_never_given_twice() {
        let at = |seconds| ulid(Timestamp::from_secs(seconds)).unwrap();
        assert!(at(1) < at(2) && at(2) < at(1_800_000_000));
        assert_ne!(at(1), at(1));
        assert_eq!(at(0).len(), 26);
        assert!(at(0).starts_with("0000000000"));
        // 1469918176385 ms is `01ARYZ6S41` (the example of the ULID specification).
        assert!(ulid(Timestamp::from_nanos(1_469_918_176_385_000_000)).unwrap().starts_with("01ARYZ6S41"));
    }
}
