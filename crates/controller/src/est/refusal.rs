//! Why a device gets no certificate: for each case its own word, its own sentence and its own record.
//!
//! INVARIANT: of a token nobody is told what is wrong with it; the record says it.

use crate::http::Problem;
use crate::record::short;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use nullius_audit::{Entry, Phase};
use nullius_identity::BadRequest;
use nullius_model::Timestamp;
use nullius_model::lifecycle::State;

/// Why a device gets no certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Longer than any request is.
    #[error("the body has more bytes than any certificate request needs")]
    TooLarge,
    /// Not what this operation takes.
    #[error("this operation takes `{0}`")]
    ContentType(&'static str),
    /// The body is not what its type says.
    #[error("the body is {0}")]
    Form(&'static str),
    /// The certificate request.
    #[error(transparent)]
    Request(#[from] BadRequest),
    /// It showed neither a token nor a certificate.
    #[error("show a token, the manufacturer's certificate, or the device's current certificate")]
    Stranger,
    /// Renewal goes by the current certificate.
    #[error("renewal needs the device's current certificate")]
    NotByCertificate,
    /// The token; what is wrong with it is for the record.
    #[error("the token is wrong, used, or expired")]
    Token(TokenFault),
    /// Signed by nobody we know.
    #[error("the certificate is neither ours nor of a manufacturer that is known here")]
    UnknownIssuer,
    /// It ran out.
    #[error("the certificate has expired, or is not valid yet: a device recovers, see /enrol/v1/recover")]
    Expired,
    /// A certificate for something else.
    #[error("the certificate makes nobody a device: {0}")]
    NoDevice(String),
    /// A certificate of ours that we have no record of.
    #[error("there is no record of this certificate")]
    NoRecord,
    /// It was revoked.
    #[error("the certificate was revoked")]
    Revoked,
    /// The key was revoked, with whatever certificate.
    #[error("this key was revoked before: make a new one")]
    RevokedKey,
    /// The key is that of another device.
    #[error("this key is already that of another device")]
    OthersKey,
    /// Somebody else has the key, as it seems.
    #[error("enrolment of this device is frozen until a person has looked at it: {0}")]
    Frozen(String),
    /// A newer certificate than the one that is shown was given already: two have its key, or its state was put back.
    #[error("generation {seen} was shown and {last} was given already: somebody else has this key")]
    Clone {
        /// What was shown.
        seen: u64,
        /// What was given last.
        last: u64,
    },
    /// It says that it is a device of another site.
    #[error("the device is not of the site that the address names")]
    OtherSite,
    /// No such device.
    #[error("there is no such device")]
    NoSuchDevice,
    /// It is not in a state in which a device gets anything.
    #[error("the device is {0}")]
    Life(State),
    /// No manifest names it.
    #[error("no manifest of its manufacturer names this serial number")]
    UnknownSerial,
    /// A manifest names its serial number with another key.
    #[error("the manifest has another key for this serial number")]
    WrongKey,
    /// The nonce.
    #[error("the nonce is not one of ours, or too old: ask for another")]
    Nonce,
    /// The signature that recovers.
    #[error("it is not signed by the key of the device's last certificate")]
    Signature,
    /// It recovered too often since it last renewed in good time.
    #[error("it recovered {0} times since it last renewed in good time: a person must allow another")]
    TooManyRecoveries(u32),
    /// A key in software is recovered with a new one.
    #[error("a key in software is not used twice: make a new one")]
    SameKey,
    /// What the log could not say otherwise.
    #[error("{0}")]
    Carried(String),
}

/// What is wrong with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenFault {
    /// It has no form of one.
    Form,
    /// Nobody made it, or it was withdrawn.
    Unknown,
    /// Another secret.
    Secret,
    /// It was used.
    Used,
    /// Its time is over.
    Expired,
}

/// Whose certificate was wanted, and by what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct About {
    /// The site, as far as it is known.
    pub(crate) site: Option<String>,
    /// The device, as far as it is known.
    pub(crate) device: Option<String>,
    /// `token`, `idevid`, `renewal`, `recovery`, or nothing where nobody was known.
    pub(crate) means: &'static str,
    /// A manufacturer's serial number, where it is about one.
    pub(crate) serial: Option<String>,
}

impl Refusal {
    /// The word that programs compare, and the record has.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::TooLarge | Self::Request(BadRequest::TooLarge) => "too-large",
            Self::ContentType(_) => "content-type",
            Self::Form(_) => "not-understood",
            Self::Request(BadRequest::Form) => "no-request",
            Self::Request(BadRequest::WeakKey) => "weak-key",
            Self::Request(BadRequest::Key) => "other-kind-of-key",
            Self::Request(BadRequest::Proof) => "bad-proof",
            Self::Request(BadRequest::CaWanted) => "ca-wanted",
            Self::Request(BadRequest::OtherName { .. }) => "other-name",
            Self::Request(BadRequest::UnknownCriticalExtension { .. }) => "unknown-critical-extension",
            Self::Stranger => "who-are-you",
            Self::NotByCertificate => "not-by-certificate",
            Self::Token(_) => "token",
            Self::UnknownIssuer => "unknown-issuer",
            Self::Expired => "expired",
            Self::NoDevice(_) => "no-device",
            Self::NoRecord => "no-record",
            Self::Revoked => "revoked",
            Self::RevokedKey => "revoked-key",
            Self::OthersKey => "key-of-another",
            Self::Frozen(_) => "frozen",
            Self::Clone { .. } => "clone",
            Self::OtherSite => "other-site",
            Self::NoSuchDevice => "no-such-device",
            Self::Life(state) => life(*state),
            Self::UnknownSerial => "unknown-serial",
            Self::WrongKey => "wrong-key",
            Self::Nonce => "nonce",
            Self::Signature => "signature",
            Self::TooManyRecoveries(_) => "too-many-recoveries",
            Self::SameKey => "same-key",
            Self::Carried(_) => "not-carried-out",
        }
    }

    const fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge | Self::Request(BadRequest::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ContentType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Form(_) | Self::Request(_) => StatusCode::BAD_REQUEST,
            Self::Stranger | Self::NotByCertificate | Self::Token(_) => StatusCode::UNAUTHORIZED,
            Self::NoSuchDevice => StatusCode::NOT_FOUND,
            Self::Carried(_) => StatusCode::CONFLICT,
            Self::UnknownIssuer
            | Self::Expired
            | Self::NoDevice(_)
            | Self::NoRecord
            | Self::Revoked
            | Self::RevokedKey
            | Self::OthersKey
            | Self::Frozen(_)
            | Self::Clone { .. }
            | Self::OtherSite
            | Self::Life(_)
            | Self::UnknownSerial
            | Self::WrongKey
            | Self::Nonce
            | Self::Signature
            | Self::TooManyRecoveries(_)
            | Self::SameKey => StatusCode::FORBIDDEN,
        }
    }

    /// What the record says beyond what the caller hears.
    const fn reason(&self) -> Option<&'static str> {
        let Self::Token(fault) = self else { return None };
        Some(match fault {
            TokenFault::Form => "token-form",
            TokenFault::Unknown => "token-unknown",
            TokenFault::Secret => "token-secret",
            TokenFault::Used => "token-used",
            TokenFault::Expired => "token-expired",
        })
    }

    /// The record of it.
    pub(crate) fn entry(&self, about: &About, at: Timestamp) -> Entry {
        let object =
            about.device.as_deref().map_or_else(|| "est".to_owned(), |name| format!("device/{name}"));
        let mut entry = Entry::new(Phase::Failed, at, "est", "device.enrol", short(&object))
            .why(short(&self.to_string()))
            .detail("reason", self.reason().unwrap_or_else(|| self.code()));
        if let Some(site) = &about.site {
            entry = entry.site(site.as_str());
        }
        if !about.means.is_empty() {
            entry = entry.detail("by", about.means);
        }
        if let Some(serial) = &about.serial {
            entry = entry.detail("serial_number", short(serial));
        }
        entry
    }

    /// Whether somebody should look at it: a key that is in two hands, or a device that is not what its serial says.
    pub(crate) const fn alarms(&self) -> bool {
        matches!(self, Self::WrongKey | Self::Clone { .. })
    }
}

/// EST asks for a password in the words of HTTP Basic (RFC 7030 §3.2.3).
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = Problem::new(self.status(), self.code(), self.to_string()).into_response();
        if self.status() == StatusCode::UNAUTHORIZED {
            let basic = HeaderValue::from_static("Basic realm=\"enrolment\", charset=\"UTF-8\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, basic);
        }
        response
    }
}

const fn life(state: State) -> &'static str {
    match state {
        State::Manufactured | State::Discovered => "nobodys",
        State::Blocked => "blocked",
        State::Claimed => "claimed",
        State::Enrolled => "enrolled",
        State::Active => "active",
        State::Maintenance => "maintenance",
        State::Suspended => "suspended",
        State::Contained(_) => "contained",
        State::Transferring => "transferring",
        State::Retired => "retired",
        State::Destroyed => "destroyed",
        State::Lost => "lost",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_token_the_record_says_what_the_answer_does_not() {
        let used = Refusal::Token(TokenFault::Used);
        let secret = Refusal::Token(TokenFault::Secret);
        assert_eq!((used.code(), used.to_string()), (secret.code(), secret.to_string()));
        let record = |refusal: &Refusal| {
            let entry = refusal.entry(&About::default(), Timestamp::from_secs(1));
            entry.data.get("reason").and_then(|reason| reason.as_str().map(str::to_owned))
        };
        assert_eq!(record(&used).as_deref(), Some("token-used"));
        assert_eq!(record(&secret).as_deref(), Some("token-secret"));
    }

    #[test]
    fn a_long_name_of_a_stranger_fills_no_record() {
        let name = "\u{202e}x".repeat(10_000);
        let refusal = Refusal::Request(BadRequest::OtherName { name: name.clone() });
        let about = About { serial: Some(name), ..About::default() };
        let entry = refusal.entry(&about, Timestamp::from_secs(1));
        assert!(entry.encode().unwrap().len() < 1_000);
    }
}
