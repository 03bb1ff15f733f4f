//! The answer, and who signs it.

use super::{Asked, NONCE, OcspRequest};
use crate::authority::LAST;
use crate::der::{BIT_STRING, ENUMERATED, OCTET_STRING, OID, SEQUENCE, context, primitive, value};
use crate::peer::parse;
use crate::time::generalized;
use crate::{Authority, BadAuthority, Reason, RequestedKey, Signer, Validity};
use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use rcgen::PublicKeyData as _;

/// 1.3.6.1.5.5.7.48.1.1
const BASIC: [u8; 9] = [0x2b, 6, 1, 5, 5, 7, 48, 1, 1];

/// 1.3.14.3.2.26: what nearly everybody names an issuer by (RFC 5019 §2.1.1). It protects nothing here.
const SHA_1: [u8; 5] = [0x2b, 14, 3, 2, 26];

/// 2.16.840.1.101.3.4.2.1
const SHA_256: [u8; 9] = [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];

/// What there is to say about a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It was issued and not revoked.
    Good,
    /// It is worth nothing since then, in seconds since 1970.
    Revoked {
        /// When.
        at: u64,
        /// Why.
        reason: Reason,
    },
    /// It was never issued.
    Unknown,
}

/// Why a request is not answered (RFC 6960 §4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// It could not be read.
    Malformed,
    /// Something failed here.
    Internal,
    /// Ask later.
    TryLater,
}

/// A key that answers in an authority's place, with its certificate (DER).
#[derive(Clone, Copy)]
pub struct Responder<'r> {
    /// The key.
    pub signer: &'r dyn Signer,
    /// The certificate, made with [`Profile::OcspResponder`](crate::Profile).
    pub certificate: &'r [u8],
}

impl std::fmt::Debug for Responder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Responder").field("key", self.signer.public()).finish_non_exhaustive()
    }
}

/// The response (DER) that there is no answer.
pub fn refusal(why: NoAnswer) -> Vec<u8> {
    let code = match why {
        NoAnswer::Malformed => 1,
        NoAnswer::Internal => 2,
        NoAnswer::TryLater => 3,
    };
    value(SEQUENCE, &[&value(ENUMERATED, &[&[code]])])
}

impl Authority {
    /// The response (DER) to a request, said at `validity.from` and good until its end. `status` is asked for each
    /// serial, as it stands in a certificate; a certificate of somebody else is unknown.
    ///
    /// # Errors
    /// [`BadAuthority`].
    pub fn ocsp(
        &self,
        request: &OcspRequest,
        mut status: impl FnMut(&[u8]) -> Status,
        validity: Validity,
        responder: Option<Responder<'_>>,
    ) -> Result<Vec<u8>, BadAuthority> {
        if validity.until <= validity.from || validity.until > LAST {
            return Err(BadAuthority::Validity);
        }
        let singles: Vec<_> = request
            .asked
            .iter()
            .map(|asked| {
                let ours = self.is_issuer_of(asked);
                single(asked, if ours { status(&asked.serial) } else { Status::Unknown }, validity)
            })
            .collect();
        let signer = responder.map_or(self.signer(), |responder| responder.signer);
        let data = data(signer.public(), &singles, request.nonce.as_deref(), validity);
        let signature = signer.sign(&data)?;
        let certificate = responder.map_or(self.certificate(), |responder| responder.certificate);
        Ok(framed(&data, signer.public(), &signature, certificate))
    }

    fn is_issuer_of(&self, asked: &Asked) -> bool {
        let algorithm: &Algorithm = match asked.hash.as_slice() {
            oid if oid == SHA_1 => &SHA1_FOR_LEGACY_USE_ONLY,
            oid if oid == SHA_256 => &SHA256,
            _ => return false,
        };
        let Some(own) = parse(self.certificate()) else { return false };
        digest(algorithm, own.subject().as_raw()).as_ref() == asked.issuer_name
            && digest(algorithm, self.key().der_bytes()).as_ref() == asked.issuer_key
    }
}

fn single(asked: &Asked, status: Status, validity: Validity) -> Vec<u8> {
    let status = match status {
        Status::Good => value(primitive(0), &[]),
        Status::Revoked { at, reason } => revoked(at.min(LAST), reason),
        Status::Unknown => value(primitive(2), &[]),
    };
    let next = value(context(0), &[&generalized(validity.until)]);
    value(SEQUENCE, &[&asked.id, &status, &generalized(validity.from), &next])
}

fn revoked(at: u64, reason: Reason) -> Vec<u8> {
    let code = value(ENUMERATED, &[&[reason.code()]]);
    value(context(1), &[&generalized(at), &value(context(0), &[&code])])
}

/// What is signed.
fn data(key: &RequestedKey, singles: &[Vec<u8>], nonce: Option<&[u8]>, validity: Validity) -> Vec<u8> {
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, key.der_bytes());
    let by = value(context(2), &[&value(OCTET_STRING, &[hash.as_ref()])]);
    let singles: Vec<&[u8]> = singles.iter().map(Vec::as_slice).collect();
    let extensions = nonce.map(|nonce| {
        let extension = value(SEQUENCE, &[&value(OID, &[&NONCE]), &value(OCTET_STRING, &[nonce])]);
        value(context(1), &[&value(SEQUENCE, &[&extension])])
    });
    let extensions = extensions.unwrap_or_default();
    value(SEQUENCE, &[&by, &generalized(validity.from), &value(SEQUENCE, &singles), &extensions])
}

fn framed(data: &[u8], key: &RequestedKey, signature: &[u8], certificate: &[u8]) -> Vec<u8> {
    // no bit of the last byte is unused
    let bits = value(BIT_STRING, &[&[0], signature]);
    let certificates = value(context(0), &[&value(SEQUENCE, &[certificate])]);
    let basic = value(SEQUENCE, &[data, &key.algorithm_identifier(), &bits, &certificates]);
    let bytes = value(SEQUENCE, &[&value(OID, &[&BASIC]), &value(OCTET_STRING, &[&basic])]);
    value(SEQUENCE, &[&value(ENUMERATED, &[&[0]]), &value(context(0), &[&bytes])])
}
