//! An issuing key in a hardware module (PKCS#11): made there, never extractable, asked for each signature.
//!
//! Nothing is held open: with the token pulled a signature fails, and the first one after it is back succeeds.

use super::{CaError, Hsm};
use crate::secret::random;
use cryptoki::error::Error;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass};
use cryptoki::session::Session;
use nullius_identity::{RequestedKey, Signer, SignerError};
use nullius_protocol::to_hex;
use nullius_store::{Module, Secret, StoreError};
use sha2::{Digest as _, Sha256};

/// The object identifier of P-256 (RFC 5480 §2.1.1.1), DER.
const P256: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

/// `SubjectPublicKeyInfo` of a P-256 key up to its 65 bytes of point (RFC 5480 §2).
const SPKI: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Bytes of a point: a head and two coordinates.
const POINT: usize = 65;

/// Longest PIN file, in bytes.
const MAX_PIN: usize = 255;

/// A key in a module.
pub(super) struct ModuleKey {
    hsm: Hsm,
    label: String,
    public: RequestedKey,
}

impl ModuleKey {
    /// Makes a new one; its label.
    ///
    /// # Errors
    /// [`CaError::Module`].
    pub(super) fn make(hsm: &Hsm) -> Result<(String, Self), CaError> {
        let label = format!("{} {}", hsm.key, to_hex(&random::<8>().map_err(|_| CaError::Random)?));
        let spki = module(hsm)?.with(|session| generate(session, &label)).map_err(told)?;
        let public = RequestedKey::from_spki(&spki);
        let public = public.map_err(|_| CaError::Module("the module made no P-256 key".to_owned()))?;
        Ok((label.clone(), Self::new(hsm, &label, public)))
    }

    /// One that is there, or will be again.
    pub(super) fn new(hsm: &Hsm, label: &str, public: RequestedKey) -> Self {
        Self { hsm: hsm.clone(), label: label.to_owned(), public }
    }
}

impl Signer for ModuleKey {
    fn public(&self) -> &RequestedKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        let digest = Sha256::digest(message);
        let module = module(&self.hsm).map_err(|error| SignerError(error.to_string()))?;
        let raw = module.with(|session| sign(session, &self.label, &digest));
        let raw = raw.map_err(|error| SignerError(error.to_string()))?;
        let (r, s) = raw.split_at(raw.len() / 2);
        Ok(sequence(&[integer(r), integer(s)].concat()))
    }
}

fn module(hsm: &Hsm) -> Result<Module, CaError> {
    let failed = |reason: String| CaError::File { path: hsm.pin_file.clone(), reason };
    let pin = std::fs::read(&hsm.pin_file).map_err(|error| failed(error.to_string()))?;
    let pin = pin.trim_ascii_end().to_vec();
    if pin.is_empty() || pin.len() > MAX_PIN {
        return Err(failed(format!("a PIN has 1 to {MAX_PIN} characters")));
    }
    Ok(Module::new(&hsm.library, &hsm.token, Secret::new(pin)))
}

fn generate(session: &Session, label: &str) -> Result<Vec<u8>, Error> {
    let label = || Attribute::Label(label.as_bytes().to_vec());
    let public =
        [Attribute::Token(true), Attribute::EcParams(P256.to_vec()), Attribute::Verify(true), label()];
    let private = [
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
        label(),
    ];
    let (public, _) = session.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private)?;
    let found = session.get_attributes(public, &[AttributeType::EcPoint])?;
    let point = found.iter().find_map(|attribute| match attribute {
        // an OCTET STRING around the point, or the point itself: modules differ
        Attribute::EcPoint(bytes) => bytes.split_last_chunk::<POINT>().map(|(_, point)| *point),
        _ => None,
    });
    point.map(|point| [SPKI.as_slice(), &point].concat()).ok_or(Error::InvalidValue)
}

fn sign(session: &Session, label: &str, digest: &[u8]) -> Result<Vec<u8>, Error> {
    let wanted = [
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::KeyType(KeyType::EC),
        Attribute::Label(label.as_bytes().to_vec()),
    ];
    let key = session.find_objects(&wanted)?.first().copied().ok_or(Error::InvalidValue)?;
    session.sign(&Mechanism::Ecdsa, key, digest)
}

/// A positive number of DER: no leading zeros but one before a set highest bit. Coordinates have 32 bytes.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = bytes.get(zeros..).unwrap_or_default();
    let sign = digits.first().is_none_or(|first| first & 0x80 != 0);
    let length = digits.len() + usize::from(sign);
    let head = [0x02, u8::try_from(length).unwrap_or(u8::MAX)];
    [head.as_slice(), if sign { &[0] } else { &[] }, digits].concat()
}

fn sequence(content: &[u8]) -> Vec<u8> {
    [&[0x30, u8::try_from(content.len()).unwrap_or(u8::MAX)], content].concat()
}

fn told(error: StoreError) -> CaError {
    CaError::Module(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_as_der_has_it() {
        assert_eq!(integer(&[0, 0, 1]), [2, 1, 1]);
        assert_eq!(integer(&[0x80, 1]), [2, 3, 0, 0x80, 1]);
        assert_eq!(integer(&[0, 0]), [2, 1, 0]);
        assert_eq!(sequence(&integer(&[5])), [0x30, 3, 2, 1, 5]);
    }
}
