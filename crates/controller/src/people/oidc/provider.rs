//! The configured provider: what it says of itself, its keys, and the exchange of a code.
//!
//! INVARIANT: we connect to the issuer and to what its own description names, over TLS with the configured authorities
//! (on this machine also without), follow no redirect, and read no more than [`ANSWER`] bytes. Keys are asked for again
//! at most once a minute, whatever tokens strangers send.

use super::Provider;
use super::claims::{self, Claims, Wrong};
use crate::access::Role;
use crate::http::Problem;
use crate::out;
use axum::http::StatusCode;
use jsonwebtoken::jwk::JwkSet;
use nullius_model::Timestamp;
use reqwest::{Client, RequestBuilder, Url, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Bytes of an answer at most.
const ANSWER: usize = 512 * 1024;

/// Keys of a provider at most.
const KEYS: usize = 64;

/// Seconds for which a description and its keys are good.
const GOOD: u64 = 3_600;

/// Seconds between two questions for keys that we lack.
const AGAIN: u64 = 60;

/// The configured provider.
pub(crate) struct Oidc {
    provider: Provider,
    known: Mutex<Option<Known>>,
}

/// What we know of it, and since when.
#[derive(Clone)]
struct Known {
    at: u64,
    found: Arc<Discovered>,
}

/// What it says of itself (OpenID Connect Discovery 1.0, §3), and its keys.
#[derive(Debug)]
pub(crate) struct Discovered {
    authorization: Url,
    token: Url,
    keys: JwkSet,
    client: Client,
}

#[derive(Deserialize)]
struct Description {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct Exchanged {
    id_token: String,
}

impl Oidc {
    pub(crate) fn new(provider: Provider) -> Self {
        Self { provider, known: Mutex::new(None) }
    }

    pub(super) fn issuer(&self) -> &str {
        &self.provider.issuer
    }

    /// What these groups make of somebody: of several roles on a site the one listed first.
    pub(super) fn roles(&self, groups: &BTreeSet<String>) -> BTreeMap<String, Role> {
        let mut mapped = BTreeMap::new();
        for rule in self.provider.roles.iter().filter(|rule| groups.contains(&rule.group)) {
            mapped.entry(rule.site.clone()).or_insert(rule.role);
        }
        mapped
    }

    /// What the provider says of itself, asked for again every hour.
    pub(super) async fn discovered(&self, now: Timestamp) -> Result<Arc<Discovered>, Problem> {
        self.known_since(now.as_secs().saturating_sub(GOOD), now).await
    }

    /// What it says of itself, no older than that.
    async fn known_since(&self, since: u64, now: Timestamp) -> Result<Arc<Discovered>, Problem> {
        let mut known = self.known.lock().await;
        if let Some(known) = known.as_ref().filter(|known| known.at > since) {
            return Ok(Arc::clone(&known.found));
        }
        let found = Arc::new(self.discover().await.map_err(|why| down(&why))?);
        *known = Some(Known { at: now.as_secs(), found: Arc::clone(&found) });
        Ok(found)
    }

    async fn discover(&self) -> Result<Discovered, String> {
        let issuer = &self.provider.issuer;
        let client = self.client()?;
        let described =
            address(&format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')))?;
        let described: Description = json(client.get(described)).await?;
        if described.issuer != *issuer {
            return Err(format!("it calls itself `{}`", nullius_model::inert(&described.issuer)));
        }
        let keys: JwkSet = json(client.get(address(&described.jwks_uri)?)).await?;
        if keys.keys.len() > KEYS {
            return Err("it has too many keys".to_owned());
        }
        let authorization = address(&described.authorization_endpoint)?;
        Ok(Discovered { authorization, token: address(&described.token_endpoint)?, keys, client })
    }

    fn client(&self) -> Result<Client, String> {
        let tls = self.provider.authorities.as_deref().map(out::trust::authorities).transpose();
        let tls = tls.map_err(|error| error.to_string())?;
        out::sink::http::client(tls).map_err(|error| error.to_string())
    }

    /// Where a browser is sent.
    pub(super) fn address(
        &self,
        found: &Discovered,
        redirect: &str,
        more: &[(&str, &str)],
    ) -> Result<String, Problem> {
        let mut address = found.authorization.clone();
        let scope = format!("openid profile {}", self.provider.scopes);
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.provider.client)
            .append_pair("redirect_uri", redirect)
            .append_pair("scope", scope.trim_end())
            .extend_pairs(more);
        Ok(address.into())
    }

    /// The identity token for a code.
    pub(super) async fn exchange(
        &self,
        found: &Discovered,
        code: &str,
        verifier: &str,
        redirect: &str,
    ) -> Result<String, Problem> {
        let mut form = found.token.clone();
        form.query_pairs_mut()
            .clear()
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", redirect)
            .append_pair("client_id", &self.provider.client)
            .append_pair("code_verifier", verifier);
        let request = found
            .client
            .post(found.token.clone())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.query().unwrap_or_default().to_owned());
        let request = match &self.provider.secret {
            Some(secret) => request.basic_auth(&self.provider.client, Some(secret)),
            None => request,
        };
        json::<Exchanged>(request).await.map(|exchanged| exchanged.id_token).map_err(|why| down(&why))
    }

    /// What a token says of somebody; or why it does not count.
    pub(super) async fn claims(
        &self,
        found: &Discovered,
        token: &str,
        nonce: &str,
        now: Timestamp,
    ) -> Result<Result<Claims, &'static str>, Problem> {
        let read = |keys: &JwkSet| claims::read(token, keys, &self.provider, nonce, now);
        let told = match read(&found.keys) {
            Err(Wrong::UnknownKey) => {
                let newer = self.known_since(now.as_secs().saturating_sub(AGAIN), now).await?;
                read(&newer.keys)
            }
            told => told,
        };
        Ok(told.map_err(|wrong| match wrong {
            Wrong::UnknownKey => "the token is signed with a key the provider does not name",
            Wrong::Because(why) => why,
        }))
    }
}

/// An address that we connect to: over TLS, or on this machine.
fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    let here = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    let fits = url.scheme() == "https" || (url.scheme() == "http" && here);
    let plain = url.username().is_empty() && url.password().is_none();
    (fits && plain).then_some(url).ok_or_else(|| "an address of it is not https".to_owned())
}

/// The answer to a question.
async fn json<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, String> {
    let told = |error: reqwest::Error| out::sink::http::chain(&error);
    let mut answer = request.header(header::ACCEPT, "application/json").send().await.map_err(told)?;
    if answer.status() != StatusCode::OK {
        return Err(format!("it answers {}", answer.status()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(told)? {
        if bytes.len() + chunk.len() > ANSWER {
            return Err("it answers too much".to_owned());
        }
        bytes.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&bytes).map_err(|_| "its answer is not understood".to_owned())
}

fn down(why: &str) -> Problem {
    tracing::warn!(why, "the provider could not be asked");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "provider-down", "the provider cannot be asked").with_help(
        "who is signed in stays so; with a password, a passkey, or two codes of two people you still get in",
    )
}

impl fmt::Debug for Oidc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oidc({})", self.provider.issuer)
    }
}
