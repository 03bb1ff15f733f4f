//! Ed25519 keys by which a log signs and is known (c2sp.org/signed-note, "Ed25519 signatures").
//!
//! INVARIANT: a key is bound to its name: the id under which it signs is made from both.

use crate::Hash;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// Signature type of Ed25519.
const ED25519_TYPE: u8 = 1;

/// Bytes of a seed and of a public key (RFC 8032).
const LENGTH: usize = 32;

/// Bytes of a name at most.
const MAX_NAME: usize = 256;

/// What is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not `name+id+key`.
    #[error("this is no verifier key: expected `NAME+ID+KEY`")]
    Form,
    /// The id is not made from this name and key.
    #[error("the id in this verifier key belongs to another name or key: was it copied completely?")]
    Id,
    /// A name is not empty, and has neither spaces nor `+`.
    #[error("a key's name is 1 to {MAX_NAME} bytes, without spaces and `+`")]
    Name,
}

/// Signs for a log. Its `Debug` form shows the public half only.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public: VerifierKey,
}

impl SigningKey {
    /// The key that grows from a seed, under a name.
    ///
    /// # Errors
    /// [`KeyError::Name`], or [`KeyError::Form`] where the seed makes no key.
    pub fn from_seed(name: &str, seed: &[u8; LENGTH]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError::Form)?;
        let key = pair.public_key().as_ref().first_chunk().copied().ok_or(KeyError::Form)?;
        Ok(Self { public: VerifierKey::new(name, key)?, pair })
    }

    /// The half that others know.
    #[must_use]
    pub const fn verifier(&self) -> &VerifierKey {
        &self.public
    }

    pub(crate) fn sign(&self, text: &[u8]) -> Vec<u8> {
        self.pair.sign(text).as_ref().to_vec()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey").field(&self.public).finish()
    }
}

/// Whose signature is taken. Its text form is `name+id+key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    key: [u8; LENGTH],
}

impl VerifierKey {
    fn new(name: &str, key: [u8; LENGTH]) -> Result<Self, KeyError> {
        if !is_name(name) {
            return Err(KeyError::Name);
        }
        Ok(Self { name: name.to_owned(), key })
    }

    /// From its text form.
    ///
    /// # Errors
    /// Where it is none, or its parts do not belong together.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut parts = text.trim_end().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Form);
        };
        let key = STANDARD.decode(key).map_err(|_| KeyError::Form)?;
        let Some((&ED25519_TYPE, key)) = key.split_first() else { return Err(KeyError::Form) };
        let parsed = Self::new(name, key.try_into().map_err(|_| KeyError::Form)?)?;
        if parsed.id_text() == id { Ok(parsed) } else { Err(KeyError::Id) }
    }

    /// Its name, which is that of the log.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of SHA-256 over name, newline, type and key.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let named = [self.name.as_bytes(), b"\n", &[ED25519_TYPE], &self.key].concat();
        Hash::of(&named).0.first_chunk().copied().unwrap_or_default()
    }

    pub(crate) fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.key).verify(text, signature).is_ok()
    }

    fn id_text(&self) -> String {
        format!("{:08x}", u32::from_be_bytes(self.id()))
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[ED25519_TYPE], self.key.as_slice()].concat();
        write!(f, "{}+{}+{}", self.name, self.id_text(), STANDARD.encode(key))
    }
}

pub(crate) fn is_name(name: &str) -> bool {
    let is_fit = |character: char| !character.is_whitespace() && !character.is_control() && character != '+';
    !name.is_empty() && name.len() <= MAX_NAME && name.chars().all(is_fit)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of Go's checksum database, known to every installation of Go (`cmd/go/internal/modfetch/key.go`).
    const GO: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

    #[test]
    fn a_key_that_others_made_is_read_and_written() {
        let key = VerifierKey::parse(GO).unwrap();
        assert_eq!(key.name(), "sum.golang.org");
        assert_eq!(key.id(), [0x03, 0x3d, 0xe0, 0xae]);
        assert_eq!(key.to_string(), GO);
    }

    #[test]
    fn parts_that_do_not_belong_together_are_no_key() {
        for (from, to, expected) in [
            ("033de0ae", "033de0af", KeyError::Id),
            ("033de0ae", "033DE0AE", KeyError::Id),
            ("sum.golang.org", "sum.golang.com", KeyError::Id),
            ("Ac4z", "Ac5z", KeyError::Id),
            ("Ac4z", "BM4z", KeyError::Form),
            ("An8", "An", KeyError::Form),
            ("sum.golang.org", "", KeyError::Name),
            ("sum.golang.org", "sum golang", KeyError::Name),
            ("+033de0ae+", "+", KeyError::Form),
        ] {
            let text = GO.replacen(from, to, 1);
            assert_eq!(VerifierKey::parse(&text), Err(expected), "{text}");
        }
    }
}
