//! A controller for tests: a throw-away store, a clock that the test moves, and callers of every kind.

use crate::access::{Permission, Role};
use crate::people::session::{self, Who};
use crate::people::{LOCAL, setup};
use crate::{App, Clock, Config, bundles, router, secret};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, header};
use http_body_util::BodyExt as _;
use nullius_model::Timestamp;
use nullius_store::people::roles::{self, HeldRole};
use nullius_store::testing::{Scratch, sqlite};
use nullius_store::tokens::{self, Token};
use nullius_store::{StoreError, audit, people};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tower::ServiceExt as _;

/// When tests begin: a Friday.
const BEGIN: Timestamp = Timestamp::from_secs(1_790_000_000);

/// A clock that stands still until the test moves it.
#[derive(Debug)]
pub(crate) struct TestClock(Mutex<Timestamp>);

/// A controller, and the doors to it.
pub(crate) struct Stage {
    pub(crate) app: App,
    clock: Arc<TestClock>,
    router: Router,
    _scratch: Scratch,
}

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<(String, String)>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stage {
    /// A controller over SQLite.
    pub(crate) fn new() -> Self {
        Self::over(sqlite(), Config::default())
    }

    /// A controller over that store.
    pub(crate) fn over(scratch: Scratch, config: Config) -> Self {
        let clock = Arc::new(TestClock(Mutex::new(BEGIN)));
        let app = App::new(scratch.store.clone(), Arc::<TestClock>::clone(&clock), config);
        Self { router: router(&app), app, clock, _scratch: scratch }
    }

    /// Time goes by.
    pub(crate) fn pass(&self, by: Duration) {
        let mut now = self.clock.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.after(by);
    }

    /// The API with all that stands around it.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    /// Sends a request.
    pub(crate) async fn send(&self, ask: &Ask) -> Told {
        self.send_to(&self.router, ask).await
    }

    /// Sends a request to other operations.
    pub(crate) async fn send_to(&self, router: &Router, ask: &Ask) -> Told {
        let Ok(response) = router.clone().oneshot(ask.request()).await;
        told(response).await
    }

    /// The beginning of a stream: so many events, or less where it ends.
    pub(crate) async fn stream(&self, ask: &Ask, events: usize) -> String {
        let Ok(response) = self.router.clone().oneshot(ask.request()).await;
        let (mut body, mut text) = (response.into_body(), String::new());
        while text.matches("\n\n").count() < events {
            let Some(Ok(frame)) = body.frame().await else { break };
            text.push_str(&String::from_utf8_lossy(&frame.into_data().unwrap_or_default()));
        }
        text
    }

    /// An account with these roles; its id.
    pub(crate) fn person(&self, name: &str, held: &[(&str, Role)]) -> String {
        let now = self.app.now();
        let id = secret::ulid(now).unwrap_or_default();
        let person = setup::fresh(id.clone(), name.to_owned(), now);
        self.write(|tx| {
            people::insert(tx, &person)?;
            held.iter().try_for_each(|(site, role)| {
                let (site, role, source) = ((*site).to_owned(), role.name().to_owned(), LOCAL.to_owned());
                roles::set(tx, &person.id, &HeldRole { site, role, source })
            })
        });
        id
    }

    /// The cookie of somebody who just signed in.
    pub(crate) fn session(&self, person: &str) -> String {
        let (config, now) = (self.app.config().clone(), self.app.now());
        let cookie = self.write(|tx| {
            session::begin(tx, Who::Person(person), &config, &HeaderMap::new(), now)
                .map_err(|problem| StoreError::Database(problem.detail().to_owned()))
        });
        cookie_of(
            &cookie.header().map(|value| value.to_str().unwrap_or_default().to_owned()).unwrap_or_default(),
        )
    }

    /// The secret of a token.
    pub(crate) fn token(&self, owner: &str, permissions: &[Permission], sites: &[&str]) -> String {
        let now = self.app.now();
        let secret = secret::token("nullius_").unwrap_or_default();
        let id = secret::ulid(now).unwrap_or_default();
        let token = Token {
            digest: secret::digest(&secret),
            name: id.to_lowercase(),
            id,
            owner: owner.to_owned(),
            permissions: permissions.iter().map(|permission| permission.name().to_owned()).collect(),
            sites: sites.iter().map(|site| (*site).to_owned()).collect(),
            made: now.as_secs(),
            expires: now.as_secs() + 86_400,
            used: None,
        };
        self.write(|tx| tokens::insert(tx, &token));
        secret
    }

    /// What the log says, oldest first: `who what object why`.
    pub(crate) fn log(&self) -> Vec<String> {
        let leaves = self.write(|tx| audit::leaves(tx, 0, 10_000));
        leaves.iter().map(|leaf| line(&serde_json::from_str(&leaf.record).unwrap_or_default())).collect()
    }

    /// A site.
    pub(crate) fn site(&self, name: &str) {
        let now = self.app.now();
        let made = self._scratch.store.write(|tx| bundles::add_site(tx, name, "user:root", now));
        made.expect("the site of the test is made");
    }

    /// Writes to the store.
    pub(crate) fn write<T>(
        &self,
        mut work: impl FnMut(&mut nullius_store::Tx<'_>) -> Result<T, StoreError>,
    ) -> T {
        self._scratch.store.write(&mut work).expect("the store of the test writes")
    }
}

impl Ask {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: None }
    }

    /// With a header.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// From our own page, with the cookie of a session.
    pub(crate) fn session(self, cookie: &str) -> Self {
        self.with("cookie", cookie).with("origin", &Config::default().origin)
    }

    /// With a token.
    pub(crate) fn token(self, secret: &str) -> Self {
        self.with("authorization", &format!("Bearer {secret}"))
    }

    /// With a body.
    pub(crate) fn json(self, body: Value) -> Self {
        self.text("application/json", &body.to_string())
    }

    /// With a body of another kind.
    pub(crate) fn text(mut self, kind: &str, body: &str) -> Self {
        self.body = Some((kind.to_owned(), body.to_owned()));
        self
    }

    fn request(&self) -> Request<Body> {
        let mut request = Request::builder().method(self.method.as_str()).uri(self.path.as_str());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let body = self.body.as_ref().map_or_else(Body::empty, |(_, body)| Body::from(body.clone()));
        if let Some((kind, _)) = &self.body {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        request.body(body).expect("the request of the test is one")
    }
}

impl Told {
    /// The cookie that a browser would send from now on.
    pub(crate) fn cookie(&self) -> Option<String> {
        self.headers.get(header::SET_COOKIE).and_then(|cookie| cookie.to_str().ok()).map(cookie_of)
    }

    /// A text of the body.
    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }
}

async fn told(response: Response<Body>) -> Told {
    let (parts, body) = response.into_parts();
    // A stream has no end to wait for.
    let streams = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
    let body = if streams { Body::empty() } else { body };
    let bytes = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Told { status: parts.status.as_u16(), headers: parts.headers, body }
}

fn cookie_of(header: &str) -> String {
    header.split(';').next().unwrap_or_default().to_owned()
}

fn line(entry: &Value) -> String {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    format!("{} {} {} {}", text("who"), text("what"), text("object"), text("why")).trim_end().to_owned()
}
