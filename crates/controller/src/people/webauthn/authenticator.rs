//! What the authenticator signs: whose it is, who was there, how often it signed (§6.1), and the key it made (§6.5).

use super::Refused;
use ciborium::Value;
use sha2::{Digest, Sha256};

/// Depth of CBOR that we follow: a key is a map of numbers, an attestation one of maps.
const DEPTH: usize = 8;

/// Flags (§6.1).
const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const BACKUP_MAY: u8 = 1 << 3;
const BACKUP_IS: u8 = 1 << 4;
const CREDENTIAL: u8 = 1 << 6;
const EXTENSIONS: u8 = 1 << 7;

/// Bytes of the name of a make (AAGUID), which we do not read.
const MAKE: usize = 16;

pub(super) struct AuthenticatorData {
    party: [u8; 32],
    flags: u8,
    pub(super) counter: u32,
    pub(super) credential: Option<Credential>,
}

pub(super) struct Credential {
    pub(super) id: Vec<u8>,
    pub(super) public_key: Vec<u8>,
}

/// The authenticator data inside of an attestation object. Its statement about the make is not read.
pub(super) fn of_attestation(bytes: &[u8]) -> Result<Vec<u8>, Refused> {
    let mut rest = bytes;
    let object = value(&mut rest)?;
    let fields = object.as_map().filter(|_| rest.is_empty()).ok_or(Refused::Form)?;
    let mut data = fields.iter().filter(|(name, _)| name.as_text() == Some("authData"));
    match (data.next(), data.next()) {
        (Some((_, data)), None) => data.as_bytes().cloned().ok_or(Refused::Form),
        _ => Err(Refused::Form),
    }
}

impl AuthenticatorData {
    /// Reads all of it: bytes that nobody understands are refused.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Refused> {
        let (party, rest) = bytes.split_first_chunk().ok_or(Refused::Form)?;
        let (&[flags], rest) = rest.split_first_chunk().ok_or(Refused::Form)?;
        let (counter, mut rest) = rest.split_first_chunk().ok_or(Refused::Form)?;
        let credential = if flags & CREDENTIAL == 0 { None } else { Some(credential(&mut rest)?) };
        if flags & EXTENSIONS != 0 && !value(&mut rest)?.is_map() {
            return Err(Refused::Form);
        }
        if !rest.is_empty() {
            return Err(Refused::Form);
        }
        Ok(Self { party: *party, flags, counter: u32::from_be_bytes(*counter), credential })
    }

    /// It is for this controller, and its owner was there and showed who they are.
    pub(super) fn check(&self, party: &str) -> Result<(), Refused> {
        if self.party != *Sha256::digest(party) {
            return Err(Refused::Party);
        }
        if self.flags & PRESENT == 0 || self.flags & VERIFIED == 0 {
            return Err(Refused::Unverified);
        }
        if self.flags & BACKUP_IS != 0 && self.flags & BACKUP_MAY == 0 {
            return Err(Refused::Form);
        }
        Ok(())
    }
}

fn credential(rest: &mut &[u8]) -> Result<Credential, Refused> {
    let (_, after) = rest.split_at_checked(MAKE).ok_or(Refused::Form)?;
    let (length, after) = after.split_first_chunk().ok_or(Refused::Form)?;
    let (id, after) = after.split_at_checked(u16::from_be_bytes(*length).into()).ok_or(Refused::Form)?;
    *rest = after;
    value(rest)?;
    let public_key = after.len().checked_sub(rest.len()).and_then(|length| after.get(..length));
    Ok(Credential { id: id.to_vec(), public_key: public_key.ok_or(Refused::Form)?.to_vec() })
}

/// One CBOR value; `rest` is what follows it.
pub(super) fn value(rest: &mut &[u8]) -> Result<Value, Refused> {
    ciborium::de::from_reader_with_recursion_limit(rest, DEPTH).map_err(|_| Refused::Form)
}
