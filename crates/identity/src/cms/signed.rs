//! A detached signature (CMS, RFC 5652 §5) by one signer with a P-256 or Ed25519 key (RFC 5753, RFC 8419), as
//! `openssl cms -sign -binary -outform DER -md sha256` makes it.
//!
//! Of the attributes that are signed two count: that it is data, and its hash. When the signer says it was made is not
//! believed; the certificate must be good now.

use super::{DATA, open};
use crate::RequestedKey;
use crate::chain::{Anchors, BadChain, Purpose};
use crate::der::{BadDer, INTEGER, OCTET_STRING, OID, Reader, SEQUENCE, SET, context, primitive, value};
use crate::peer::parse;
use aws_lc_rs::digest::{Algorithm, SHA256, SHA512, digest};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;

/// Longest signature with its certificates, in bytes.
const MAX_SIGNATURE: usize = 64 << 10;

/// Most attributes that are signed: `openssl` signs four.
const MAX_ATTRIBUTES: usize = 16;

/// 1.2.840.113549.1.9.3
const CONTENT_TYPE: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 3];

/// 1.2.840.113549.1.9.4
const MESSAGE_DIGEST: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4];

/// 2.16.840.1.101.3.4.2.1 and .3
const SHA_256: [u8; 9] = [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
const SHA_512: [u8; 9] = [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3];

/// Why a signature counts for nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// Not such a signature, or bytes behind its end.
    #[error("this is no detached CMS signature in DER by one signer")]
    Form,
    /// The certificate of the signer is not in it.
    #[error("the signer's certificate is not in the signature")]
    NoSigner,
    /// A key or a hash that is not taken.
    #[error("the signature must be by P-256 or Ed25519, with SHA-256 or SHA-512")]
    Algorithm,
    /// What it signs is something else.
    #[error("the signature is over something else")]
    Content,
    /// It was not made by the signer's key.
    #[error("the signature is not by the signer's key")]
    Signature,
    /// The signer is nobody who is trusted for it.
    #[error(transparent)]
    Chain(#[from] BadChain),
}

impl From<BadDer> for BadSignature {
    fn from(_: BadDer) -> Self {
        Self::Form
    }
}

/// Who signed `content`: the certificate (DER), which leads up to an anchor now.
pub(crate) fn verify(
    signature: &[u8],
    content: &[u8],
    anchors: &Anchors,
    now: u64,
) -> Result<Vec<u8>, BadSignature> {
    if signature.len() > MAX_SIGNATURE {
        return Err(BadSignature::Form);
    }
    let mut opened = open(signature)?;
    let signer = Signer::read(opened.signers.inside(SEQUENCE)?)?;
    opened.signers.end()?;
    let own = opened.certificates.iter().position(|der| signer.is(der)).ok_or(BadSignature::NoSigner)?;
    let leaf = opened.certificates.remove(own);
    let certificate = parse(leaf).ok_or(BadSignature::Form)?;
    signer.check(content, &certificate)?;
    let chain: Vec<_> = std::iter::once(leaf).chain(opened.certificates).collect();
    anchors.verify(&chain, Purpose::Documents, now)?;
    if signs_documents(&certificate) { Ok(leaf.to_vec()) } else { Err(BadChain::Purpose.into()) }
}

struct Signer<'b> {
    by: By<'b>,
    hash: &'static Algorithm,
    /// Their contents, without the tag.
    attributes: Option<&'b [u8]>,
    algorithm: &'b [u8],
    signature: &'b [u8],
}

enum By<'b> {
    IssuerAndSerial(&'b [u8], &'b [u8]),
    KeyIdentifier(&'b [u8]),
}

impl<'b> Signer<'b> {
    fn read(mut info: Reader<'b>) -> Result<Self, BadSignature> {
        info.take(INTEGER)?;
        let by = match info.optional(primitive(0))? {
            Some(identifier) => By::KeyIdentifier(identifier.contents),
            None => {
                let mut by = info.inside(SEQUENCE)?;
                let (issuer, serial) = (by.take(SEQUENCE)?.whole, by.take(INTEGER)?.contents);
                by.end()?;
                By::IssuerAndSerial(issuer, serial)
            }
        };
        let hash = match info.inside(SEQUENCE)?.take(OID)?.contents {
            oid if oid == SHA_256 => &SHA256,
            oid if oid == SHA_512 => &SHA512,
            _ => return Err(BadSignature::Algorithm),
        };
        let attributes = info.optional(context(0))?.map(|attributes| attributes.contents);
        let algorithm = info.inside(SEQUENCE)?.take(OID)?.contents;
        let signature = info.take(OCTET_STRING)?.contents;
        // what is not signed is not read
        info.optional(context(1))?;
        info.end()?;
        Ok(Self { by, hash, attributes, algorithm, signature })
    }

    fn is(&self, der: &[u8]) -> bool {
        let Some(certificate) = parse(der) else { return false };
        match self.by {
            By::IssuerAndSerial(issuer, serial) => {
                certificate.issuer().as_raw() == issuer && certificate.raw_serial() == serial
            }
            By::KeyIdentifier(identifier) => certificate.extensions().iter().any(|extension| {
                matches!(extension.parsed_extension(), ParsedExtension::SubjectKeyIdentifier(key) if key.0 == identifier)
            }),
        }
    }

    fn check(&self, content: &[u8], certificate: &X509Certificate<'_>) -> Result<(), BadSignature> {
        let key = RequestedKey::from_info(certificate.public_key()).map_err(|_| BadSignature::Algorithm)?;
        if key.signature().as_bytes() != self.algorithm {
            return Err(BadSignature::Algorithm);
        }
        let signed = match self.attributes {
            Some(attributes) => {
                check_attributes(attributes, digest(self.hash, content).as_ref())?;
                value(SET, &[attributes])
            }
            None => content.to_vec(),
        };
        if key.verifies(&signed, self.signature) { Ok(()) } else { Err(BadSignature::Signature) }
    }
}

/// Both must stand there, once, and be true (RFC 5652 §5.3).
fn check_attributes(attributes: &[u8], hash: &[u8]) -> Result<(), BadSignature> {
    let mut left = Reader::new(attributes);
    let (mut types, mut hashes, mut count) = (0, 0, 0);
    while !left.is_empty() {
        let mut attribute = left.inside(SEQUENCE)?;
        let name = attribute.take(OID)?.contents;
        let mut values = attribute.inside(SET)?;
        attribute.end()?;
        count += 1;
        if name == CONTENT_TYPE {
            types += 1;
            if values.take(OID)?.contents != DATA {
                return Err(BadSignature::Content);
            }
            values.end()?;
        } else if name == MESSAGE_DIGEST {
            hashes += 1;
            if values.take(OCTET_STRING)?.contents != hash {
                return Err(BadSignature::Content);
            }
            values.end()?;
        }
        if count > MAX_ATTRIBUTES {
            return Err(BadSignature::Form);
        }
    }
    if (types, hashes) == (1, 1) { Ok(()) } else { Err(BadSignature::Form) }
}

/// A certificate that says what its key is for must say this.
fn signs_documents(certificate: &X509Certificate<'_>) -> bool {
    match certificate.key_usage() {
        Ok(Some(usage)) => usage.value.digital_signature() || usage.value.non_repudiation(),
        Ok(None) => true,
        Err(_) => false,
    }
}
