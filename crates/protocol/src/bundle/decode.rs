//! From bytes to a bundle, or to what is wrong with them.

use super::cbor::Reader;
use super::encode::FORMAT;
use super::{
    Body, Bundle, BundleError, FilesDigest, MAX_BUNDLE, MAX_FILES, MAX_NAME, PolicyDelta, PublicKey,
};
use crate::order::Order;
use nullius_model::Epoch;
use std::collections::{BTreeMap, BTreeSet};

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
    let mut fields = Fields::read("bundle", &mut reader)?;
    reader.end()?;
    match fields.take("format")?.unsigned("format")? {
        FORMAT => {}
        other => return Err(BundleError::Format(other)),
    }
    let bundle = Bundle {
        epoch: epoch(fields.take("epoch")?)?,
        made: fields.take("made")?.unsigned("made")?,
        by: name(fields.take("by")?.text("by")?)?,
        body: body(fields.take("body")?)?,
    };
    fields.end()?;
    Ok(bundle)
}

/// The fields of a map, each to be read once.
struct Fields<'a>(BTreeMap<&'a str, &'a [u8]>);

impl<'a> Fields<'a> {
    fn read(name: &'static str, reader: &mut Reader<'a>) -> Result<Self, BundleError> {
        let mut fields = BTreeMap::new();
        reader.map(name, |key, reader| {
            fields.insert(key, reader.skip()?);
            Ok(())
        })?;
        Ok(Self(fields))
    }

    fn take(&mut self, name: &'static str) -> Result<Reader<'a>, BundleError> {
        self.bytes(name).map(Reader::new)
    }

    fn bytes(&mut self, name: &'static str) -> Result<&'a [u8], BundleError> {
        self.0.remove(name).ok_or(BundleError::MissingField(name))
    }

    /// A field that nobody asked for would be ignored where it was meant to matter.
    fn end(self) -> Result<(), BundleError> {
        match self.0.keys().next() {
            Some(unknown) => Err(BundleError::UnknownField((*unknown).to_owned())),
            None => Ok(()),
        }
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
            "policy_delta" => Body::PolicyDelta(policy_delta(reader)?),
            "order" => order(reader)?,
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

fn policy_delta(reader: &mut Reader<'_>) -> Result<PolicyDelta, BundleError> {
    let mut fields = Fields::read("policy_delta", reader)?;
    let delta = PolicyDelta {
        base: epoch(fields.take("base")?)?,
        base_digest: digest(fields.take("base_digest")?, "base_digest")?,
        put: texts(&mut fields.take("put")?)?,
        drop: paths(fields.take("drop")?)?,
        result: digest(fields.take("result")?, "result")?,
    };
    fields.end()?;
    Ok(delta)
}

fn digest(mut reader: Reader<'_>, field: &'static str) -> Result<FilesDigest, BundleError> {
    reader.bytes(field)?.try_into().map_err(|_| BundleError::WrongType(field))
}

/// Paths in ascending order, so that there is one spelling.
fn paths(mut reader: Reader<'_>) -> Result<BTreeSet<String>, BundleError> {
    let mut paths = BTreeSet::new();
    for _ in 0..reader.array("drop")? {
        let path = relative(reader.text("drop")?)?;
        if paths.len() >= MAX_FILES {
            return Err(BundleError::TooManyFiles);
        }
        if paths.last().is_some_and(|last: &String| last.as_str() >= path) {
            return Err(BundleError::NotDeterministic("paths out of order"));
        }
        paths.insert(path.to_owned());
    }
    Ok(paths)
}

fn order(reader: &mut Reader<'_>) -> Result<Body, BundleError> {
    let mut fields = Fields::read("order", reader)?;
    let key = name(fields.take("key")?.text("key")?)?;
    let order = Order::decode(fields.bytes("order")?)?;
    fields.end()?;
    Ok(Body::Order { key, order })
}

fn texts(reader: &mut Reader<'_>) -> Result<BTreeMap<String, String>, BundleError> {
    let mut files = BTreeMap::new();
    reader.map("files", |path, reader| {
        if files.len() >= MAX_FILES {
            return Err(BundleError::TooManyFiles);
        }
        files.insert(relative(path)?.to_owned(), reader.text("files")?.to_owned());
        Ok(())
    })?;
    Ok(files)
}

fn relative(path: &str) -> Result<&str, BundleError> {
    let refused = || BundleError::Path(path.chars().take(MAX_NAME).collect());
    if is_relative(path) { Ok(path) } else { Err(refused()) }
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
