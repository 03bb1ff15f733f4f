//! AES-256-GCM with a random nonce in front: the one cipher of everything that is kept.
//!
//! A random nonce is safe for 2³² messages a key (NIST SP 800-38D §8.3); a data key seals far fewer before it is rotated.

use super::Secret;
use crate::StoreError;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// Bytes of a key.
pub(crate) const KEY_LEN: usize = 32;

/// One key, ready to be used.
pub(crate) struct Cipher(LessSafeKey);

impl Cipher {
    pub(crate) fn new(key: &Secret) -> Result<Self, StoreError> {
        let key = UnboundKey::new(&AES_256_GCM, key.expose());
        key.map(|key| Self(LessSafeKey::new(key)))
            .map_err(|_| StoreError::Key("a key has 32 bytes".to_owned()))
    }

    /// `nonce || ciphertext || tag`; `bound` is authenticated and not kept.
    pub(crate) fn seal(&self, bound: &[u8], plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let nonce: [u8; NONCE_LEN] = random()?;
        let mut text = Vec::with_capacity(plain.len() + AES_256_GCM.tag_len());
        text.extend_from_slice(plain);
        let nonce_used = Nonce::assume_unique_for_key(nonce);
        let sealed = self.0.seal_in_place_append_tag(nonce_used, Aad::from(bound), &mut text);
        sealed.map_err(|_| StoreError::Key("too much to seal at once".to_owned()))?;
        Ok([nonce.as_slice(), &text].concat())
    }

    /// Nothing where any bit, the key or `bound` is another.
    pub(crate) fn unseal(&self, bound: &[u8], sealed: &[u8]) -> Option<Secret> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let length = self.0.open_in_place(nonce, Aad::from(bound), &mut text).ok()?.len();
        text.truncate(length);
        Some(Secret::new(text))
    }
}

/// Bytes from the system's generator.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| StoreError::Key("the system has no random numbers".to_owned()))?;
    Ok(bytes)
}

/// A new key.
pub(crate) fn new_key() -> Result<Secret, StoreError> {
    Ok(Secret::new(random::<KEY_LEN>()?.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_sealed_is_unsealed() {
        let cipher = Cipher::new(&new_key().unwrap()).unwrap();
        let sealed = cipher.seal(b"for this", b"plain").unwrap();
        assert_eq!(cipher.unseal(b"for this", &sealed).unwrap().expose(), b"plain");
        assert_eq!(cipher.unseal(b"for that", &sealed), None);
        for byte in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[byte] ^= 1;
            assert_eq!(cipher.unseal(b"for this", &changed), None, "byte {byte}");
            assert_eq!(cipher.unseal(b"for this", &sealed[..byte]), None, "cut at {byte}");
        }
    }
}
