//! Signed in: a random secret in a cookie, its digest in the store.
//!
//! INVARIANT: whoever signs in gets a new session, and the one they came with is over: a session that somebody planted
//! before is worth nothing after.

use super::proof::{SESSION_COOKIE, cookie};
use crate::Config;
use crate::http::Problem;
use crate::secret;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use nullius_model::Timestamp;
use nullius_store::Tx;
use nullius_store::sessions::{self, Session};

/// What a browser is given.
#[derive(Clone, Debug)]
pub(crate) struct Cookie(String);

/// Who signs in, alone or with another.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Who<'a> {
    /// One.
    Person(&'a str),
    /// Two, in an emergency.
    Two(&'a str, &'a str),
}

/// Begins a session, and ends the one whose cookie came with the request.
///
/// # Errors
/// 500 where the store fails.
pub(crate) fn begin(
    tx: &mut Tx<'_>,
    who: Who<'_>,
    config: &Config,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Cookie, Problem> {
    if let Some(before) = cookie(headers, SESSION_COOKIE) {
        sessions::end(tx, &secret::digest(&before))?;
    }
    let secret = secret::token("")?;
    let (person, second, most) = match who {
        Who::Person(person) => (person, None, config.sessions.most),
        Who::Two(first, second) => (first, Some(second), config.sessions.break_glass),
    };
    let session = Session {
        digest: secret::digest(&secret),
        person: person.to_owned(),
        second: second.map(str::to_owned),
        made: now.as_secs(),
        used: now.as_secs(),
        ends: now.after(most).as_secs(),
    };
    sessions::insert(tx, &session)?;
    Ok(Cookie(format!(
        "{SESSION_COOKIE}={secret}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={}",
        most.as_secs()
    )))
}

impl Cookie {
    /// Takes the cookie away.
    pub(crate) fn none() -> Self {
        Self(format!("{SESSION_COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"))
    }

    /// As `Set-Cookie` says it; nothing only where it is not made of plain characters, which it is.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::try_from(&self.0).ok()
    }
}

/// 204, and the cookie.
impl IntoResponse for Cookie {
    fn into_response(self) -> Response {
        let mut response = StatusCode::NO_CONTENT.into_response();
        if let Some(cookie) = self.header() {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}
