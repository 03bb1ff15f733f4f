//! A controller over HTTP: a request and its answer.
//!
//! It does not know what is asked. The controller is known by the authority in the context and by nothing else; what it
//! answers is bounded, and shown only after it was made inert.

use reqwest::blocking::{Client as Http, RequestBuilder, Response};
use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Method, StatusCode};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use super::context::Context;
use crate::Failure;

/// Longest wait for an answer. A policy of thousands of devices is compiled in a fraction of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Largest answer that is read: a whole site's export.
const MAX: u64 = 256 << 20;

/// A controller.
pub(crate) struct Client {
    http: Http,
    url: String,
    proof: Proof,
}

/// What shows who asks.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Nothing yet.
    None,
    /// The cookie of a person's session.
    Session(String),
}

/// What a controller says when it does not do something (RFC 9457).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    detail: String,
    help: Option<String>,
    errors: Vec<Fault>,
}

#[derive(Debug, Deserialize)]
struct Fault {
    at: String,
    detail: String,
}

impl Client {
    /// The controller of a context.
    pub(crate) fn of(context: &Context) -> Result<Self, Failure> {
        Self::new(&context.url, &context.authority, Proof::Session(context.session.clone()))
    }

    /// A controller that `authority` (PEM) vouches for.
    pub(crate) fn new(url: &str, authority: &str, proof: Proof) -> Result<Self, Failure> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(authority.as_bytes()) {
            let added = certificate.ok().and_then(|certificate| roots.add(certificate).ok());
            added.ok_or_else(|| Failure::unable("the authority's certificate is none: log in again"))?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|error| Failure::Unable(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self::over(tls, url, proof)
    }

    /// A controller, over whatever TLS proves that it is the one.
    pub(crate) fn over(tls: ClientConfig, url: &str, proof: Proof) -> Result<Self, Failure> {
        if !url.starts_with("https://") {
            return Err(Failure::Unable(format!(
                "`{}` is no controller: write https://HOST:PORT",
                url.escape_debug()
            )));
        }
        let http = Http::builder()
            .use_preconfigured_tls(tls)
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("nullius/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Failure::Unable(chain(&error)))?;
        Ok(Self { http, url: url.trim_end_matches('/').to_owned(), proof })
    }

    /// What stands at `path`.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.send(self.request(Method::GET, path))
    }

    /// All items of a list, page by page.
    pub(crate) fn list<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Failure> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let joint = if path.contains('?') { '&' } else { '?' };
            let page: Page<T> = match &cursor {
                None => self.get(path)?,
                Some(cursor) => self.get(&format!("{path}{joint}cursor={cursor}"))?,
            };
            items.extend(page.items);
            match page.next {
                None => return Ok(items),
                next => cursor = next,
            }
        }
    }

    /// Asks for something to be done. Done once, however often the network makes it arrive.
    pub(crate) fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, Failure> {
        self.send(self.request(Method::POST, path).header("Idempotency-Key", key()?).json(body))
    }

    /// Begins a session; the cookie that proves it.
    pub(crate) fn sign_in(&self, path: &str, body: &Value) -> Result<String, Failure> {
        let response = self.answered(self.request(Method::POST, path).json(body))?;
        let cookie = response.headers().get(SET_COOKIE).and_then(|value| value.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next());
        cookie
            .map(str::to_owned)
            .ok_or_else(|| Failure::unable("the controller began no session: is it newer than this program?"))
    }

    /// Replaces what stands at `path`, in the version that was read.
    pub(crate) fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        version: &str,
        body: &Value,
    ) -> Result<T, Failure> {
        self.send(self.request(Method::PUT, path).header("If-Match", version).json(body))
    }

    /// Takes away what stands at `path`.
    pub(crate) fn delete(&self, path: &str) -> Result<(), Failure> {
        let _: Value = self.send(self.request(Method::DELETE, path))?;
        Ok(())
    }

    /// Bytes as they are: a tile, a checkpoint.
    pub(crate) fn bytes(&self, path: &str) -> Result<Vec<u8>, Failure> {
        body(self.answered(self.request(Method::GET, path))?)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        // no page of anybody's made this request
        let request = request.header("Sec-Fetch-Site", "none");
        match &self.proof {
            Proof::None => request,
            Proof::Session(cookie) => request.header(COOKIE, cookie),
        }
    }

    fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failure> {
        let bytes = body(self.answered(request)?)?;
        let bytes = if bytes.is_empty() { b"null".to_vec() } else { bytes };
        serde_json::from_slice(&bytes).map_err(|error| {
            Failure::Unable(format!(
                "the controller's answer is not understood ({error}): compare `nullius --version` with its own"
            ))
        })
    }

    fn answered(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let response = request
            .send()
            .map_err(|error| Failure::Unable(format!("{} does not answer: {}", self.url, chain(&error))))?;
        match response.status() {
            status if status.is_success() => Ok(response),
            status => Err(refusal(status, &body(response)?)),
        }
    }
}

#[derive(Debug, Deserialize)]
struct Page<T> {
    items: Vec<T>,
    next: Option<String>,
}

fn body(response: Response) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = response.take(MAX).read_to_end(&mut bytes);
    read.map_err(|error| Failure::Unable(format!("the controller hung up: {error}")))?;
    Ok(bytes)
}

/// What was not done, as a command ends with it.
fn refusal(status: StatusCode, body: &[u8]) -> Failure {
    let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
    let detail = match problem.detail.is_empty() {
        true => format!("the controller answered {status}"),
        false => problem.detail,
    };
    let line = match problem.help {
        Some(help) => format!("{detail}: {help}"),
        None if status == StatusCode::UNAUTHORIZED => format!("{detail}: `nullius login`"),
        None => detail,
    };
    let problems = problem.errors.into_iter().map(|fault| format!("{}: {}", fault.at, fault.detail));
    Failure::Refused { line, problems: problems.collect() }
}

/// A request that nobody made before.
fn key() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Failure::unable("the system gives no randomness"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// An error with its causes: the outermost of reqwest's says nothing.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_what_and_what_to_do() {
        let problem =
            br#"{"status":409,"title":"Conflict","code":"x","detail":"it changed","help":"read it again",
            "errors":[{"at":"inventory.toml:3","detail":"no such zone"}]}"#;
        let failure = refusal(StatusCode::CONFLICT, problem);
        assert_eq!(failure.to_string(), "it changed: read it again");
        assert_eq!(failure.problems(), ["inventory.toml:3: no such zone"]);
        let nothing = refusal(StatusCode::BAD_GATEWAY, b"<html>");
        assert_eq!(nothing.to_string(), "the controller answered 502 Bad Gateway");
        let stranger = refusal(StatusCode::UNAUTHORIZED, br#"{"detail":"sign in"}"#);
        assert_eq!(stranger.to_string(), "sign in: `nullius login`");
    }

    #[test]
    fn nothing_is_sent_in_the_clear() {
        let refused =
            Client::new("http://plant:8443", "", Proof::None).err().map(|failure| failure.to_string());
        assert_eq!(refused.as_deref(), Some("`http://plant:8443` is no controller: write https://HOST:PORT"));
    }
}
