//! What the controller answers, taken apart: hostile until a chain is verified, and bounded before.

use super::EstError;
use super::http::Heard;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::StatusCode;
use hyper::header::RETRY_AFTER;
use nullius_identity::cms;
use nullius_model::inert;
use nullius_protocol::enrol::{GENERATION_HEADER, RecoverAnswer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde::de::DeserializeOwned;

/// Certificates of an answer at most.
const MAX_CERTIFICATES: usize = 16;

/// Characters of a refusal that are told.
const MAX_TOLD: usize = 300;

/// Longest pause that a controller may ask for, in seconds.
const MAX_PAUSE: u64 = 24 * 3_600;

/// The controller does not want to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the controller refuses ({status}): {said}")]
pub struct Refusal {
    /// The status of HTTP.
    pub status: u16,
    /// Its words, made harmless.
    pub said: String,
    /// Seconds after which it may be asked again, where it said so.
    pub retry_after: Option<u64>,
}

/// A certificate as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Issued {
    /// The leaf first (DER).
    pub(crate) chain: Vec<Vec<u8>>,
    /// Which it is, where the controller says so.
    pub(crate) generation: Option<u64>,
    /// The trust anchors in force and how older ones vouch for newer ones (DER), where they came with it.
    pub(crate) anchors: Vec<Vec<u8>>,
}

#[derive(Debug)]
pub(super) struct Answer(pub(super) Heard);

impl Answer {
    pub(super) fn issued(self) -> Result<Issued, EstError> {
        let generation =
            self.0.headers.get(GENERATION_HEADER).and_then(|value| value.to_str().ok()?.parse().ok());
        Ok(Issued { chain: self.certificates()?, generation, anchors: Vec::new() })
    }

    pub(super) fn certificates(self) -> Result<Vec<Vec<u8>>, EstError> {
        let body = self.good()?.body;
        let digits: Vec<u8> = body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let der = STANDARD.decode(digits).map_err(|_| EstError::Answer("no base64"))?;
        let certificates = cms::read_certs(&der).map_err(|_| EstError::Answer("no certificates"))?;
        few(certificates)
    }

    pub(super) fn json<T: DeserializeOwned>(self) -> Result<T, EstError> {
        serde_json::from_slice(&self.good()?.body).map_err(|_| EstError::Answer("no JSON that is known"))
    }

    fn good(self) -> Result<Heard, EstError> {
        // 202 is "later", with Retry-After (RFC 7030 §4.2.3)
        if self.0.status == StatusCode::OK { Ok(self.0) } else { Err(refusal(&self.0).into()) }
    }
}

impl Issued {
    pub(super) fn recovered(answer: &RecoverAnswer) -> Result<Self, EstError> {
        let generation = Some(answer.generation);
        Ok(Self { chain: certificates(&answer.chain)?, generation, anchors: certificates(&answer.anchors)? })
    }
}

fn certificates(pem: &str) -> Result<Vec<Vec<u8>>, EstError> {
    let list = CertificateDer::pem_slice_iter(pem.as_bytes()).take(MAX_CERTIFICATES + 1);
    let list = list.map(|der| der.map(|der| der.to_vec())).collect::<Result<_, _>>();
    few(list.map_err(|_| EstError::Answer("no certificates"))?)
}

fn few(list: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, EstError> {
    match list.len() {
        0 => Err(EstError::Answer("no certificate")),
        1..=MAX_CERTIFICATES => Ok(list),
        _ => Err(EstError::Answer("too many certificates")),
    }
}

fn refusal(heard: &Heard) -> Refusal {
    let text = String::from_utf8_lossy(&heard.body);
    // a problem (RFC 9457) says it in its detail; others say it in plain words
    let problem: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    let detail = problem.as_ref().and_then(|problem| problem.get("detail")?.as_str());
    let said: String = inert(detail.unwrap_or(&text)).trim().chars().take(MAX_TOLD).collect();
    let retry_after = heard.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    Refusal {
        status: heard.status.as_u16(),
        said,
        retry_after: retry_after.map(|seconds: u64| seconds.min(MAX_PAUSE)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::HeaderMap;

    fn heard(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.extend(value.parse().map(|value| (hyper::header::HeaderName::from_static(name), value)));
        }
        let status = StatusCode::from_u16(status).unwrap_or_default();
        Answer(Heard { status, headers: map, body: body.to_owned().into() })
    }

    #[test]
    fn a_refusal_is_told_in_harmless_words() {
        let problem = r#"{"title":"Forbidden","detail":"the token is\u001b[2J no good"}"#;
        let Err(EstError::Refused(refusal)) = heard(403, &[("retry-after", "90")], problem).issued() else {
            panic!("a refusal");
        };
        assert_eq!((refusal.status, refusal.retry_after), (403, Some(90)));
        assert!(refusal.said.contains("the token is") && !refusal.said.contains('\u{1b}'), "{refusal}");
        let long = heard(500, &[("retry-after", "99999999999")], &"x".repeat(10_000)).issued();
        let Err(EstError::Refused(refusal)) = long else { panic!("a refusal") };
        assert_eq!((refusal.said.len(), refusal.retry_after), (MAX_TOLD, Some(MAX_PAUSE)));
    }

    #[test]
    fn what_is_no_answer_is_refused_and_nothing_panics() {
        for body in ["", "%%%", "AAAA", "MAA=", "MIIB"] {
            assert!(matches!(heard(200, &[], body).issued(), Err(EstError::Answer(_))), "{body}");
        }
        assert!(matches!(heard(200, &[], "{}").json::<RecoverAnswer>(), Err(EstError::Answer(_))));
        let pem = nullius_identity::pem(&[0x30, 0]);
        assert!(certificates(&pem.repeat(MAX_CERTIFICATES)).is_ok());
        assert!(certificates(&pem.repeat(MAX_CERTIFICATES + 1)).is_err());
        assert!(certificates("").is_err());
    }
}
