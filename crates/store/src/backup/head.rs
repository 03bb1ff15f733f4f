//! The head of a backup: how to come by the key that opens the rest.

use super::broken;
use crate::StoreError;
use crate::keys::{Descriptor, Kek, Secret, Wrapper};
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};

/// How a backup begins; the number is the version of the format.
const MAGIC: &[u8; 17] = b"nullius-backup-1\n";

/// Longest head that is read: a made-up length must not take memory.
const LENGTH_MAX: u32 = 4096;

/// What the key of the stream is wrapped for.
const PURPOSE: &[u8] = b"nullius backup";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    /// How to come by the key that wraps the other.
    kek: Descriptor,
    /// The key of the stream.
    wrapped: Vec<u8>,
}

impl Head {
    pub(super) fn new(wrapper: &Wrapper, kek: Descriptor, key: &Secret) -> Result<Self, StoreError> {
        Ok(Self { kek, wrapped: wrapper.wrap(PURPOSE, key)? })
    }

    /// The key of the stream.
    pub(super) fn key(&self, kek: &Kek) -> Result<Secret, StoreError> {
        let opens = |wrapper: &Wrapper| Ok(wrapper.unwrap(PURPOSE, &self.wrapped)?.is_some());
        let wrapper = match kek.again(&self.kek, opens) {
            Err(StoreError::WrongKey) => Err(broken("was not written under this key or passphrase")),
            result => result,
        }?;
        wrapper.unwrap(PURPOSE, &self.wrapped)?.ok_or(StoreError::WrongKey)
    }

    /// Writes it; the bytes, to which the stream is bound.
    pub(super) fn write(&self, to: &mut impl Write) -> Result<Vec<u8>, StoreError> {
        let text = serde_json::to_vec(self).map_err(|error| broken(&error.to_string()))?;
        let length = u32::try_from(text.len()).map_err(|error| broken(&error.to_string()))?;
        let bytes = [MAGIC.as_slice(), &length.to_be_bytes(), &text].concat();
        to.write_all(&bytes).map_err(|error| broken(&format!("cannot be written: {error}")))?;
        Ok(bytes)
    }

    pub(super) fn read(from: &mut impl Read) -> Result<(Self, Vec<u8>), StoreError> {
        let foreign = || broken("is none of ours, or of a newer program");
        let mut magic = [0; MAGIC.len()];
        from.read_exact(&mut magic).map_err(|_| foreign())?;
        let mut length = [0; 4];
        from.read_exact(&mut length).map_err(|_| foreign())?;
        let size = u32::from_be_bytes(length);
        if magic != *MAGIC || size > LENGTH_MAX {
            return Err(foreign());
        }
        let mut text = Vec::new();
        from.take(u64::from(size)).read_to_end(&mut text).map_err(|_| foreign())?;
        let head = serde_json::from_slice(&text).map_err(|_| foreign())?;
        Ok((head, [magic.as_slice(), &length, &text].concat()))
    }
}
