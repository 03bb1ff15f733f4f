//! Signing in with a provider: OpenID Connect Core 1.0, authorization code flow with PKCE (RFC 7636), state and nonce.
//!
//! Nothing that a caller sends decides where we connect to: only the configured issuer is asked, and only what it names
//! itself. What it says of somebody counts when its signature, issuer, audience, time and nonce are right. Groups become
//! roles by the configuration, at every sign-in. While the provider is down nobody new comes in this way; who is in stays,
//! and two people can break the glass.
//!
//! INVARIANT: the way back belongs to the browser that went: a state is taken once, together with that browser's cookie.

mod claims;
mod person;
mod provider;
mod settings;
#[cfg(test)]
mod tests;

use super::ceremony;
use super::log::{observed, record};
use super::proof::cookie;
use super::session::{self, Cookie, Who};
use crate::http::{Peer, Problem};
use crate::{App, secret};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claims::Claims;
use nullius_model::Timestamp;
pub(crate) use provider::Oidc;
use serde::{Deserialize, Serialize};
pub use settings::{GroupRole, Provider};
use sha2::{Digest, Sha256};
use utoipa::IntoParams;

const KIND: &str = "oidc";

/// Holds the browser until it is back. `Lax`: it comes back from another site.
const COOKIE: &str = "__Host-nullius-oidc";

/// Where a provider sends the browser back to.
pub(crate) const BACK: &str = "/v1/session/oidc/callback";

/// What waits while a browser is at the provider.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Waiting {
    browser: Vec<u8>,
    nonce: String,
    verifier: String,
}

/// With what a provider sends the browser back.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Back {
    /// What is exchanged for who it is.
    code: Option<String>,
    /// As it was sent there.
    state: Option<String>,
    /// Why it did not let them in.
    error: Option<String>,
    /// Who sends them (RFC 9207).
    iss: Option<String>,
}

/// 303 to somewhere, and a cookie.
#[derive(Clone, Debug)]
pub(crate) struct Go {
    to: String,
    cookie: HeaderValue,
}

/// Sends a browser to the provider.
///
/// # Errors
/// 404 where none is configured; 429 where too many try; 503 where it does not answer.
pub(crate) async fn go(app: &App, peer: Peer) -> Result<Go, Problem> {
    app.guard().sign_in(peer, app.now())?;
    let oidc = app.oidc().ok_or_else(|| Problem::no_such("provider"))?;
    let now = app.now();
    let found = oidc.discovered(now).await?;
    let browser = secret::token("")?;
    let waiting = Waiting {
        browser: secret::digest(&browser),
        nonce: secret::token("")?,
        verifier: secret::token("")?,
    };
    let (nonce, verifier) = (waiting.nonce.clone(), waiting.verifier.clone());
    let state = app.write(move |tx| ceremony::begin(tx, KIND, &waiting, now)).await?;
    let to = oidc.address(
        &found,
        &redirect(app),
        &[
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier))),
            ("code_challenge_method", "S256"),
        ],
    )?;
    let cookie =
        format!("{COOKIE}={browser}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={}", ceremony::PATIENCE);
    Ok(Go { to, cookie: HeaderValue::try_from(cookie).map_err(|_| Problem::no_such("cookie"))? })
}

/// A browser is back from the provider.
///
/// # Errors
/// 401 where it is not the one that went, or the provider did not let it in, or what it says is not right; 403 where no
/// group of theirs gives a role; 503 where the provider does not answer.
pub(crate) async fn back(
    app: &App,
    peer: Peer,
    headers: HeaderMap,
    back: Back,
) -> Result<(Go, Cookie), Problem> {
    app.guard().sign_in(peer, app.now())?;
    let oidc = app.oidc().ok_or_else(|| Problem::no_such("provider"))?;
    let now = app.now();
    let waiting = waiting(app, &headers, back.state.as_deref().unwrap_or_default(), now).await?;
    if back.iss.as_ref().is_some_and(|issuer| *issuer != oidc.issuer()) {
        return refused(app, now, "the answer is another provider's").await;
    }
    let Some(code) = back.code.filter(|_| back.error.is_none()) else {
        return refused(app, now, "the provider did not let them in").await;
    };
    let found = oidc.discovered(now).await?;
    let token = oidc.exchange(&found, &code, &waiting.verifier, &redirect(app)).await?;
    match oidc.claims(&found, &token, &waiting.nonce, now).await? {
        Ok(claims) => welcome(app, headers, claims, now).await,
        Err(why) => refused(app, now, why).await,
    }
}

/// What was begun, where this browser began it.
async fn waiting(app: &App, headers: &HeaderMap, state: &str, now: Timestamp) -> Result<Waiting, Problem> {
    let (browser, state) = (cookie(headers, COOKIE).unwrap_or_default(), state.to_owned());
    let waiting: Waiting = app.write(move |tx| ceremony::take(tx, KIND, &state, now)).await?;
    if waiting.browser == secret::digest(&browser) { Ok(waiting) } else { Err(super::sign_in::refused()) }
}

async fn welcome(
    app: &App,
    headers: HeaderMap,
    claims: Claims,
    now: Timestamp,
) -> Result<(Go, Cookie), Problem> {
    let config = app.config().clone();
    let mapped = app.oidc().map(|oidc| oidc.roles(&claims.groups)).unwrap_or_default();
    let cookie = app
        .write(move |tx| {
            let Some(person) = person::of(tx, &claims, &mapped, now)? else {
                let entry = observed("system", now, "session.refuse", "user");
                record(tx, &entry.why("no group of theirs gives a role, or the account is disabled"))?;
                return Ok(None);
            };
            let id = super::sign_in::welcome(tx, person, "provider", now)?;
            session::begin(tx, Who::Person(&id), &config, &headers, now).map(Some)
        })
        .await?;
    let cookie = cookie.ok_or_else(|| {
        Problem::new(StatusCode::FORBIDDEN, "no-role", "the provider knows you, and you have no role here")
    })?;
    let over =
        HeaderValue::from_static("__Host-nullius-oidc=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
    Ok((Go { to: "/".to_owned(), cookie: over }, cookie))
}

async fn refused<T>(app: &App, now: Timestamp, why: &'static str) -> Result<T, Problem> {
    app.write(move |tx| record(tx, &observed("system", now, "session.refuse", "user").why(why))).await?;
    Err(super::sign_in::refused())
}

fn redirect(app: &App) -> String {
    format!("{}{BACK}", app.config().origin)
}

impl IntoResponse for Go {
    fn into_response(self) -> Response {
        let mut response = StatusCode::SEE_OTHER.into_response();
        let headers = response.headers_mut();
        headers.append(header::SET_COOKIE, self.cookie);
        if let Ok(to) = HeaderValue::try_from(self.to) {
            headers.insert(header::LOCATION, to);
        }
        response
    }
}
