//! SHA-256 as a Merkle tree uses it: leaves and inner nodes are told apart by their first byte (RFC 6962 §2.1).
//!
//! INVARIANT: no entry hashes to what an inner node hashes to, so that a record cannot pass for a subtree.

use aws_lc_rs::digest::{Context, SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// What stands before the bytes of a leaf.
const LEAF: u8 = 0;

/// What stands before the two halves of a node.
const NODE: u8 = 1;

/// A SHA-256 hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; Hash::LENGTH]);

impl Hash {
    /// Bytes.
    pub const LENGTH: usize = 32;

    /// Of bytes as they are, for instance of what a decision was made from.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_digest(digest(&SHA256, bytes).as_ref())
    }

    /// Of an entry of the log.
    #[must_use]
    pub fn leaf(entry: &[u8]) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(&[LEAF]);
        context.update(entry);
        Self::from_digest(context.finish().as_ref())
    }

    /// Of two neighbours.
    #[must_use]
    pub fn node(left: Self, right: Self) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(&[NODE]);
        context.update(&left.0);
        context.update(&right.0);
        Self::from_digest(context.finish().as_ref())
    }

    /// Of the tree without entries.
    #[must_use]
    pub fn empty() -> Self {
        Self::of(&[])
    }

    /// From exactly 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// From 64 hexadecimal digits in lower case.
    #[must_use]
    pub fn from_hex(digits: &str) -> Option<Self> {
        if digits.len() != 2 * Self::LENGTH {
            return None;
        }
        let mut bytes = [0; Self::LENGTH];
        for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
            let [high, low] = pair.first_chunk()?.map(nibble);
            *byte = high? << 4 | low?;
        }
        Some(Self(bytes))
    }

    pub(crate) fn from_base64(text: &str) -> Option<Self> {
        STANDARD.decode(text).ok().and_then(|bytes| Self::from_bytes(&bytes))
    }

    pub(crate) fn to_base64(self) -> String {
        STANDARD.encode(self.0)
    }

    fn from_digest(digest: &[u8]) -> Self {
        Self(digest.first_chunk().copied().unwrap_or_default())
    }
}

/// 64 hexadecimal digits.
impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_written_and_read_in_two_ways() {
        let hash = Hash::of(b"abc");
        let digits = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash.to_string(), digits);
        assert_eq!(Hash::from_hex(digits), Some(hash));
        assert_eq!(Hash::from_base64(&hash.to_base64()), Some(hash));
        for wrong in ["", "ba", &digits.to_uppercase(), &"é".repeat(32)] {
            assert_eq!(Hash::from_hex(wrong), None, "{wrong}");
        }
    }
}
