//! What EST says on the wire (RFC 7030 §4, RFC 8951): base64 of a PKCS#10 in, base64 of a certs-only PKCS#7 out.

use super::refusal::Refusal;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nullius_protocol::enrol::GENERATION_HEADER;

/// Longest body, in bytes: four times the largest request, as base64 with its line ends. What says that it is longer is
/// refused before a byte of it is read.
pub(super) const BODY: usize = 64 << 10;

/// Characters of base64 a line: what `openssl base64 -d` reads.
const LINE: usize = 64;

/// What is asked with.
pub(super) const REQUEST: &str = "application/pkcs10";

/// What is answered with.
const CERTIFICATES: &str = "application/pkcs7-mime; smime-type=certs-only";

/// The body of a request, whole.
///
/// # Errors
/// [`Refusal::TooLarge`], [`Refusal::Form`].
pub(super) async fn body(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Refusal> {
    let said = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if said.is_some_and(|said| said > BODY) {
        return Err(Refusal::TooLarge);
    }
    // of a body that says nothing of its length
    let read = to_bytes(body, BODY).await;
    read.map(|bytes| bytes.to_vec()).map_err(|error| match std::error::Error::source(&error) {
        Some(source) if source.is::<http_body_util::LengthLimitError>() => Refusal::TooLarge,
        _ => Refusal::Form("not whole"),
    })
}

/// The request (DER) in a body.
///
/// # Errors
/// [`Refusal::ContentType`], [`Refusal::Form`].
pub(super) fn pkcs10(headers: &HeaderMap, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case(REQUEST) {
        return Err(Refusal::ContentType(REQUEST));
    }
    let digits: Vec<u8> = body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    STANDARD.decode(digits).map_err(|_| Refusal::Form("not base64, as RFC 7030 wants it"))
}

/// An answer with certificates.
pub(super) fn certificates(bundle: &[u8], generation: Option<u64>) -> Response {
    let mut response = encoded(CERTIFICATES, bundle);
    if let Some(generation) = generation {
        let name = HeaderName::from_static(GENERATION_HEADER);
        response.headers_mut().insert(name, HeaderValue::from(generation));
    }
    response
}

/// What a request should hold (RFC 7030 §4.5): a P-256 key, and a signature with SHA-256.
pub(super) fn attributes() -> Response {
    encoded("application/csrattrs", &ATTRIBUTES)
}

fn encoded(kind: &'static str, der: &[u8]) -> Response {
    let digits = STANDARD.encode(der);
    let lines = digits.as_bytes().chunks(LINE).flat_map(|line| line.iter().copied().chain([b'\n']));
    let mut response = (StatusCode::OK, lines.collect::<Vec<u8>>()).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    let encoding = HeaderName::from_static("content-transfer-encoding");
    response.headers_mut().insert(encoding, HeaderValue::from_static("base64"));
    response
}

/// `SEQUENCE { ecdsa-with-SHA256, SEQUENCE { id-ecPublicKey, SET { prime256v1 } } }`.
const ATTRIBUTES: [u8; 35] = [
    0x30, 0x21, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02, 0x30, 0x15, 0x06, 0x07, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x31, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01,
    0x07,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(kind: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))])
    }

    #[test]
    fn a_request_is_read_however_its_lines_are_cut_and_no_other_type_is_taken() {
        assert_eq!(pkcs10(&kind("application/pkcs10"), b"AQID\r\nBA==\n"), Ok(vec![1, 2, 3, 4]));
        assert_eq!(pkcs10(&kind("Application/PKCS10; charset=x"), b"AQ=="), Ok(vec![1]));
        assert_eq!(pkcs10(&kind("text/plain"), b"AQ=="), Err(Refusal::ContentType(REQUEST)));
        assert_eq!(pkcs10(&HeaderMap::new(), b"AQ=="), Err(Refusal::ContentType(REQUEST)));
        for bad in [&b"A"[..], b"-----BEGIN", b"\xff", b"AQ"] {
            assert!(matches!(pkcs10(&kind(REQUEST), bad), Err(Refusal::Form(_))));
        }
    }

    #[tokio::test]
    async fn a_body_that_is_too_long_is_refused_by_what_it_says_and_by_what_it_is() {
        let said = HeaderMap::from_iter([(CONTENT_LENGTH, HeaderValue::from(BODY + 1))]);
        assert_eq!(body(&said, Body::from("short")).await, Err(Refusal::TooLarge));
        assert_eq!(body(&HeaderMap::new(), Body::from(vec![0; BODY + 1])).await, Err(Refusal::TooLarge));
        assert_eq!(body(&HeaderMap::new(), Body::from(vec![0; BODY])).await.map(|body| body.len()), Ok(BODY));
    }
}
