//! From bytes to a bundle, or to what is wrong with them.

use super::cbor::Reader;
use super::encode::FORMAT;
use super::{Body, Bundle, BundleError, MAX_BUNDLE, MAX_FILES, MAX_NAME, PublicKey};
use nullius_model::Epoch;
use std::collections::BTreeMap;

/// The CBOR tag of a COSE_Sign1 message.
const COSE_SIGN1: u64 = 18;

/// The protected header `{1: -8}`: EdDSA. There is one algorithm, so nothing can be talked down.
const PROTECTED: &[u8] = &[0xa1, 0x01, 0x27];

/// Bytes of an Ed25519 signature.
const SIGNATURE: usize = 64;

/// The parts of a message that nobody has checked yet.
#[derive(Debug)]
pub(super) struct Message<'a> {
    pub(super) payload: &'a [u8],
    pub(super) signature: &'a [u8],
}

pub(super) fn message(bytes: &[u8]) -> Result<Message<'_>, BundleError> {
    if bytes.len() > MAX_BUNDLE {
        return Err(BundleError::TooLarge);
    }
    let mut reader = Reader::new(bytes);
    let tagged = reader.tag("message").map_err(not_signed)? == COSE_SIGN1;
    let whole = tagged && reader.array("message").map_err(not_signed)? == 4;
    let protected = whole && reader.bytes("protected").map_err(not_signed)? == PROTECTED;
    if !protected {
        return Err(BundleError::NotSigned);
    }
    reader.map("unprotected", |_, _| Err(BundleError::NotSigned)).map_err(not_signed)?;
    let payload = reader.bytes("payload").map_err(not_signed)?;
    let signature = reader.bytes("signature").map_err(not_signed)?;
    reader.end()?;
    if signature.len() == SIGNATURE {
        Ok(Message { payload, signature })
    } else {
        Err(BundleError::NotSigned)
    }
}

fn not_signed(error: BundleError) -> BundleError {
    if matches!(error, BundleError::WrongType(_)) { BundleError::NotSigned } else { error }
}

/// The format is looked at first: a later one may have any fields.
pub(super) fn payload(bytes: &[u8]) -> Result<Bundle, BundleError> {
    let mut reader = Reader::new(bytes);
    let mut fields = BTreeMap::new();
    reader.map("bundle", |key, reader| {
        fields.insert(key, Reader::new(reader.skip()?));
        Ok(())
    })?;
    reader.end()?;
    let mut field = |name| fields.remove(name).ok_or(BundleError::MissingField(name));
    match field("format")?.unsigned("format")? {
        FORMAT => {}
        other => return Err(BundleError::Format(other)),
    }
    let bundle = Bundle {
        epoch: epoch(field("epoch")?)?,
        made: field("made")?.unsigned("made")?,
        by: name(field("by")?.text("by")?)?,
        body: body(field("body")?)?,
    };
    match fields.keys().next() {
        Some(unknown) => Err(BundleError::UnknownField((*unknown).to_owned())),
        None => Ok(bundle),
    }
}

fn epoch(mut reader: Reader<'_>) -> Result<Epoch, BundleError> {
    if reader.array("epoch")? != 2 {
        return Err(BundleError::WrongType("epoch"));
    }
    Ok(Epoch { term: reader.unsigned("epoch")?, counter: reader.unsigned("epoch")? })
}

fn name(text: &str) -> Result<String, BundleError> {
    let fits = text.len() <= MAX_NAME && !text.chars().any(char::is_control);
    if fits { Ok(text.to_owned()) } else { Err(BundleError::Name) }
}

fn body(mut reader: Reader<'_>) -> Result<Body, BundleError> {
    let mut body = None;
    reader.map("body", |key, reader| {
        if body.is_some() {
            return Err(BundleError::WrongType("body"));
        }
        body = Some(match key {
            "policy" => Body::Policy(policy(reader)?),
            "handover" => Body::Handover(handover(reader)?),
            _ => return Err(BundleError::UnknownField(key.to_owned())),
        });
        Ok(())
    })?;
    body.ok_or(BundleError::MissingField("body"))
}

fn policy(reader: &mut Reader<'_>) -> Result<BTreeMap<String, String>, BundleError> {
    let mut files = None;
    reader.map("policy", |key, reader| match key {
        "files" => {
            files = Some(texts(reader)?);
            Ok(())
        }
        _ => Err(BundleError::UnknownField(key.to_owned())),
    })?;
    files.ok_or(BundleError::MissingField("files"))
}

fn texts(reader: &mut Reader<'_>) -> Result<BTreeMap<String, String>, BundleError> {
    let mut files = BTreeMap::new();
    reader.map("files", |path, reader| {
        if files.len() >= MAX_FILES {
            return Err(BundleError::TooManyFiles);
        }
        if !is_relative(path) {
            return Err(BundleError::Path(path.chars().take(MAX_NAME).collect()));
        }
        files.insert(path.to_owned(), reader.text("files")?.to_owned());
        Ok(())
    })?;
    Ok(files)
}

/// A path that stays inside the directory it is written to, on any system.
fn is_relative(path: &str) -> bool {
    let plain = |part: &str| {
        let letters = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
        !part.is_empty() && part != "." && part != ".." && part.chars().all(letters)
    };
    path.len() <= MAX_NAME && path.split('/').all(plain)
}

fn handover(reader: &mut Reader<'_>) -> Result<PublicKey, BundleError> {
    let mut new = None;
    reader.map("handover", |key, reader| match key {
        "key" => {
            new = Some(PublicKey::from_bytes(reader.bytes("key")?).ok_or(BundleError::WrongType("key"))?);
            Ok(())
        }
        _ => Err(BundleError::UnknownField(key.to_owned())),
    })?;
    new.ok_or(BundleError::MissingField("key"))
}
