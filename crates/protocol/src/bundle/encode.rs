//! From a bundle to bytes.

use super::{Body, Bundle, BundleError, PolicyDelta, SigningKey};
use ciborium::Value;
use coset::{
    CoseSign1Builder, HeaderBuilder, ProtectedHeader, SignatureContext, TaggedCborSerializable as _, iana,
};
use nullius_model::Epoch;
use std::collections::BTreeMap;

/// The version of the payload.
pub(super) const FORMAT: u64 = 1;

pub(super) fn payload(bundle: &Bundle) -> Result<Vec<u8>, BundleError> {
    let body = match &bundle.body {
        Body::Policy(files) => map(vec![("policy", map(vec![("files", texts(files))]))]),
        Body::PolicyDelta(delta) => map(vec![("policy_delta", policy_delta(delta))]),
        Body::Order { key, order } => {
            let fields = vec![("key", key.as_str().into()), ("order", order.value()?)];
            map(vec![("order", map(fields))])
        }
        Body::Handover(key) => {
            map(vec![("handover", map(vec![("key", Value::Bytes(key.as_bytes().to_vec()))]))])
        }
    };
    let whole = map(vec![
        ("by", bundle.by.as_str().into()),
        ("body", body),
        ("made", bundle.made.into()),
        ("epoch", epoch(bundle.epoch)),
        ("format", FORMAT.into()),
    ]);
    written(&whole)
}

/// What the digest of a policy is over.
pub(super) fn files(files: &BTreeMap<String, String>) -> Result<Vec<u8>, BundleError> {
    written(&texts(files))
}

fn written(value: &Value) -> Result<Vec<u8>, BundleError> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).map_err(|_| BundleError::TooLarge)?;
    Ok(bytes)
}

fn epoch(epoch: Epoch) -> Value {
    Value::Array(vec![epoch.term.into(), epoch.counter.into()])
}

fn texts(files: &BTreeMap<String, String>) -> Value {
    map(files.iter().map(|(path, text)| (path.as_str(), text.as_str().into())).collect())
}

fn policy_delta(delta: &PolicyDelta) -> Value {
    map(vec![
        ("base", epoch(delta.base)),
        ("base_digest", Value::Bytes(delta.base_digest.to_vec())),
        ("put", texts(&delta.put)),
        ("drop", Value::Array(delta.drop.iter().map(|path| path.as_str().into()).collect())),
        ("result", Value::Bytes(delta.result.to_vec())),
    ])
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
