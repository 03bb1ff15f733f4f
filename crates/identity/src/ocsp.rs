//! Whether a certificate is revoked, for third parties who ask for one at a time (OCSP, RFC 6960).
//!
//! A request is read within limits and never believed: signatures on requests are not looked at. A response is signed by
//! the authority itself, or by a responder that it made ([`Profile::OcspResponder`](crate::Profile)).

mod response;

pub use response::{NoAnswer, Responder, Status, refusal};

use crate::der::{BadDer, INTEGER, OCTET_STRING, OID, Reader, SEQUENCE, context};

/// Longest request, in bytes: strangers send them.
pub const MAX_OCSP_REQUEST: usize = 4 << 10;

/// Most certificates that are asked about at once: each is a look into the store.
const MAX_ASKED: usize = 16;

/// Longest nonce that is given back (RFC 9654 §2.1).
const MAX_NONCE: usize = 128;

/// Most extensions of a request.
const MAX_EXTENSIONS: usize = 8;

/// 1.3.6.1.5.5.7.48.1.2
pub(crate) const NONCE: [u8; 9] = [0x2b, 6, 1, 5, 5, 7, 48, 1, 2];

/// Bytes that are no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no OCSP request, or it asks for too much")]
pub struct BadOcsp;

impl From<BadDer> for BadOcsp {
    fn from(_: BadDer) -> Self {
        Self
    }
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OcspRequest {
    pub(crate) asked: Vec<Asked>,
    /// As it stands in the extension.
    pub(crate) nonce: Option<Vec<u8>>,
}

/// A certificate that is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The whole `CertID` (DER), which is given back.
    pub(crate) id: Vec<u8>,
    pub(crate) hash: Vec<u8>,
    pub(crate) issuer_name: Vec<u8>,
    pub(crate) issuer_key: Vec<u8>,
    pub(crate) serial: Vec<u8>,
}

impl OcspRequest {
    /// From DER.
    ///
    /// # Errors
    /// [`BadOcsp`].
    pub fn read(der: &[u8]) -> Result<Self, BadOcsp> {
        if der.len() > MAX_OCSP_REQUEST {
            return Err(BadOcsp);
        }
        let mut outer = Reader::new(der);
        let mut request = outer.inside(SEQUENCE)?;
        outer.end()?;
        let mut said = request.inside(SEQUENCE)?;
        request.optional(context(0))?;
        request.end()?;
        said.optional(context(0))?;
        said.optional(context(1))?;
        let mut list = said.inside(SEQUENCE)?;
        let nonce = match said.optional(context(2))? {
            Some(extensions) => nonce(extensions.contents)?,
            None => None,
        };
        said.end()?;
        let mut asked = Vec::new();
        while !list.is_empty() {
            if asked.len() == MAX_ASKED {
                return Err(BadOcsp);
            }
            asked.push(one(list.inside(SEQUENCE)?)?);
        }
        if asked.is_empty() { Err(BadOcsp) } else { Ok(Self { asked, nonce }) }
    }
}

fn one(mut request: Reader<'_>) -> Result<Asked, BadOcsp> {
    let id = request.take(SEQUENCE)?;
    request.optional(context(0))?;
    request.end()?;
    let mut said = Reader::new(id.contents);
    let hash = said.inside(SEQUENCE)?.take(OID)?.contents;
    let (issuer_name, issuer_key) = (said.take(OCTET_STRING)?.contents, said.take(OCTET_STRING)?.contents);
    let serial = said.take(INTEGER)?.contents;
    said.end()?;
    Ok(Asked {
        id: id.whole.to_vec(),
        hash: hash.to_vec(),
        issuer_name: issuer_name.to_vec(),
        issuer_key: issuer_key.to_vec(),
        serial: serial.to_vec(),
    })
}

/// Of all extensions only this one means something here; none can be insisted on that changes the answer.
fn nonce(extensions: &[u8]) -> Result<Option<Vec<u8>>, BadOcsp> {
    let mut outer = Reader::new(extensions);
    let mut list = outer.inside(SEQUENCE)?;
    outer.end()?;
    let (mut nonce, mut count) = (None, 0);
    while !list.is_empty() {
        let mut extension = list.inside(SEQUENCE)?;
        let name = extension.take(OID)?.contents;
        extension.optional(crate::der::BOOLEAN)?;
        let value = extension.take(OCTET_STRING)?.contents;
        extension.end()?;
        count += 1;
        if count > MAX_EXTENSIONS {
            return Err(BadOcsp);
        }
        if name == NONCE {
            // two bytes of frame in the extension
            if value.len() > MAX_NONCE + 3 || nonce.is_some() {
                return Err(BadOcsp);
            }
            nonce = Some(value.to_vec());
        }
    }
    Ok(nonce)
}
