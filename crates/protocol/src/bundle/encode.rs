//! From a bundle to bytes.

use super::{Body, Bundle, BundleError, SigningKey};
use ciborium::Value;
use coset::{
    CoseSign1Builder, HeaderBuilder, ProtectedHeader, SignatureContext, TaggedCborSerializable as _, iana,
};

/// The version of the payload.
pub(super) const FORMAT: u64 = 1;

pub(super) fn payload(bundle: &Bundle) -> Result<Vec<u8>, BundleError> {
    let body = match &bundle.body {
        Body::Policy(files) => {
            let files = files.iter().map(|(path, text)| (path.as_str(), text.as_str().into())).collect();
            map(vec![("policy", map(vec![("files", map(files))]))])
        }
        Body::Handover(key) => {
            map(vec![("handover", map(vec![("key", Value::Bytes(key.as_bytes().to_vec()))]))])
        }
    };
    let epoch = Value::Array(vec![bundle.epoch.term.into(), bundle.epoch.counter.into()]);
    let whole = map(vec![
        ("by", bundle.by.as_str().into()),
        ("body", body),
        ("made", bundle.made.into()),
        ("epoch", epoch),
        ("format", FORMAT.into()),
    ]);
    let mut bytes = Vec::new();
    ciborium::into_writer(&whole, &mut bytes).map_err(|_| BundleError::TooLarge)?;
    Ok(bytes)
}

/// Keys in the order of their encoded form (RFC 8949 §4.2.1), which for text is length first.
fn map(mut fields: Vec<(&str, Value)>) -> Value {
    fields.sort_by_key(|(key, _)| (key.len(), key.to_owned()));
    Value::Map(fields.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

pub(super) fn signed(payload: Vec<u8>, key: &SigningKey) -> Result<Vec<u8>, BundleError> {
    CoseSign1Builder::new()
        .protected(HeaderBuilder::new().algorithm(iana::Algorithm::EdDSA).build())
        .payload(payload)
        .create_signature(b"", |message| key.sign(message))
        .build()
        .to_tagged_vec()
        .map_err(|_| BundleError::TooLarge)
}

/// What the signature is over (RFC 9052 §4.4), for our one protected header.
pub(super) fn signature_input(payload: &[u8]) -> Vec<u8> {
    let header = HeaderBuilder::new().algorithm(iana::Algorithm::EdDSA).build();
    let protected = ProtectedHeader { original_data: None, header };
    coset::sig_structure_data(SignatureContext::CoseSign1, protected, None, b"", payload)
}
