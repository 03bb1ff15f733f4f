//! A key made of a passphrase: Argon2id (RFC 9106), with its cost and salt kept beside what it protects.

use super::Secret;
use super::cipher::{Cipher, KEY_LEN, random};
use crate::StoreError;
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};

/// RFC 9106 §4, the second recommended choice: 64 MiB, three passes, four lanes.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;

/// Most memory that a stored description may ask for: 1 GiB. A changed one must not exhaust the machine.
const MEMORY_KIB_MAX: u32 = 1024 * 1024;

/// Most passes that a stored description may ask for.
const PASSES_MAX: u32 = 64;

/// How a passphrase becomes a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stretch {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: [u8; 16],
}

impl Stretch {
    /// Today's cost, a salt of its own.
    pub(crate) fn new() -> Result<Self, StoreError> {
        Ok(Self { memory_kib: MEMORY_KIB, passes: PASSES, lanes: LANES, salt: random()? })
    }

    /// The key. Takes a tenth of a second and 64 MiB.
    pub(crate) fn cipher(&self, passphrase: &Secret) -> Result<Cipher, StoreError> {
        if passphrase.expose().is_empty() {
            return Err(StoreError::Key("the passphrase is empty".to_owned()));
        }
        if self.memory_kib > MEMORY_KIB_MAX || self.passes > PASSES_MAX {
            return Err(cannot());
        }
        let params =
            Params::new(self.memory_kib, self.passes, self.lanes, Some(KEY_LEN)).map_err(|_| cannot())?;
        let mut key = vec![0; KEY_LEN];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_into(passphrase.expose(), &self.salt, &mut key).map_err(|_| cannot())?;
        Cipher::new(&Secret::new(key))
    }
}

fn cannot() -> StoreError {
    StoreError::Key("the passphrase cannot be made into a key: its description was changed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_that_was_changed_does_not_exhaust_the_machine() {
        let passphrase = Secret::new(b"words".to_vec());
        let fine = Stretch { memory_kib: 64, passes: 1, lanes: 1, salt: [7; 16] };
        assert!(fine.cipher(&passphrase).is_ok());
        assert!(fine.cipher(&Secret::new(Vec::new())).is_err(), "no passphrase at all");
        for (memory_kib, passes, lanes) in
            [(u32::MAX, 1, 1), (64, u32::MAX, 1), (64, 1, u32::MAX), (0, 1, 1), (64, 0, 1)]
        {
            let wrong = Stretch { memory_kib, passes, lanes, ..fine.clone() };
            assert!(wrong.cipher(&passphrase).is_err(), "{wrong:?}");
        }
    }
}
