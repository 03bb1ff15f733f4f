//! Public keys as authenticators write them (COSE, RFC 9053 §7): P-256 for ES256, Ed25519 for EdDSA.

use super::Refused;
use super::authenticator::value;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ED25519, UnparsedPublicKey, VerificationAlgorithm};
use ciborium::Value;

/// Labels of a key.
const KIND: i128 = 1;
const ALGORITHM: i128 = 3;
const CURVE: i128 = -1;
const X: i128 = -2;
const Y: i128 = -3;

/// A key of a kind we take.
pub(super) enum PublicKey {
    Es256([u8; 65]),
    EdDsa([u8; 32]),
}

impl PublicKey {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Refused> {
        let mut rest = bytes;
        let key = value(&mut rest)?;
        let fields = key.as_map().filter(|_| rest.is_empty()).ok_or(Refused::Form)?;
        let number = |label| field(fields, label).and_then(Value::as_integer).map(i128::from);
        match (number(KIND), number(ALGORITHM), number(CURVE)) {
            (Some(2), Some(-7), Some(1)) => {
                let (x, y) = (coordinate(fields, X)?, coordinate(fields, Y)?);
                let point = [&[4], x.as_slice(), y.as_slice()].concat();
                point.try_into().map(Self::Es256).map_err(|_| Refused::Form)
            }
            (Some(1), Some(-8), Some(6)) => Ok(Self::EdDsa(coordinate(fields, X)?)),
            _ => Err(Refused::Kind),
        }
    }

    pub(super) fn verify(&self, signed: &[u8], signature: &[u8]) -> Result<(), Refused> {
        let (algorithm, key): (&'static dyn VerificationAlgorithm, &[u8]) = match self {
            Self::Es256(point) => (&ECDSA_P256_SHA256_ASN1, point),
            Self::EdDsa(point) => (&ED25519, point),
        };
        UnparsedPublicKey::new(algorithm, key).verify(signed, signature).map_err(|_| Refused::Signature)
    }
}

fn field(fields: &[(Value, Value)], label: i128) -> Option<&Value> {
    let mut found = fields.iter().filter(|(name, _)| name.as_integer().map(i128::from) == Some(label));
    found.next().map(|(_, value)| value).filter(|_| found.next().is_none())
}

fn coordinate(fields: &[(Value, Value)], label: i128) -> Result<[u8; 32], Refused> {
    let bytes = field(fields, label).and_then(Value::as_bytes).ok_or(Refused::Form)?;
    bytes.as_slice().try_into().map_err(|_| Refused::Form)
}
